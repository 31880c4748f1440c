package placement

import (
	"slices"
	"testing"

	"troupe/messages"
)

func online(id messages.NodeID, accounts, capacity int) Node {
	return Node{ID: id, Online: true, Accounts: accounts, Capacity: capacity}
}

func TestChoose(t *testing.T) {
	account := Account{ID: "dy_1", Platform: "douyin"}
	onlySandbox := Node{ID: "s", Online: true, Capacity: 9, Platforms: []messages.PlatformName{"sandbox"}}
	for _, c := range []struct {
		name    string
		account Account
		nodes   []Node
		current messages.NodeID
		want    messages.NodeID
		reason  string
	}{
		{"no nodes", account, nil, "", "", NoNode},
		{"all offline", account, []Node{{ID: "a", Capacity: 9}}, "a", "", NoNode},
		{"wrong platform", account, []Node{onlySandbox}, "", "", NoPlatform},
		{"full", account, []Node{online("a", 2, 2), onlySandbox}, "", "", NoRoom},
		{"draining", account, []Node{{ID: "a", Online: true, Capacity: 9, Draining: true}}, "a", "", NoRoom},
		{"says it is full", account, []Node{{ID: "a", Online: true, Capacity: 9, Full: true}, online("b", 8, 9)}, "a", "b", OnlyNode},
		{"one can", account, []Node{online("a", 2, 2), online("b", 1, 2), onlySandbox}, "a", "b", OnlyNode},
		{"profile before load", Account{ID: "dy_1", Profile: "b"}, []Node{online("a", 0, 9), online("b", 8, 9)}, "a", "b", HasProfile},
		{"full node's profile does not count", Account{ID: "dy_1", Profile: "b"}, []Node{online("a", 0, 9), online("b", 9, 9)}, "", "a", OnlyNode},
		{"load by share", account, []Node{online("a", 2, 4), online("b", 3, 9)}, "a", "b", LeastLoaded},
		{"equal load stays", account, []Node{online("a", 1, 2), online("b", 2, 4)}, "b", "b", WasThere},
		{"failed there", Account{ID: "dy_1", Profile: "a", FailedOn: []messages.NodeID{"a"}}, []Node{online("a", 0, 9), online("b", 8, 9)}, "a", "b", OnlyNode},
		{"failed everywhere", Account{ID: "dy_1", FailedOn: []messages.NodeID{"a"}}, []Node{online("a", 0, 9)}, "", "a", OnlyNode},
	} {
		t.Run(c.name, func(t *testing.T) {
			node, reason := Choose(c.account, c.nodes, c.current)
			if node != c.want || reason != c.reason {
				t.Errorf("got %q (%s), want %q (%s)", node, reason, c.want, c.reason)
			}
		})
	}
}

func TestEqualsAreChosenByIdWhateverTheirOrder(t *testing.T) {
	nodes := []Node{online("a", 0, 9), online("b", 0, 9), online("c", 0, 9)}
	used := map[messages.NodeID]bool{}
	for _, id := range []messages.AccountID{"dy_1", "dy_2", "dy_3", "dy_4", "dy_5", "dy_6", "dy_7", "dy_8"} {
		first, reason := Choose(Account{ID: id}, nodes, "")
		slices.Reverse(nodes)
		if again, _ := Choose(Account{ID: id}, nodes, ""); again != first || reason != ByName {
			t.Errorf("%s: %s, then %s (%s)", id, first, again, reason)
		}
		used[first] = true
	}
	if len(used) < 2 {
		t.Errorf("all accounts on one of three equal nodes")
	}
}
