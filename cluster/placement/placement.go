// Package placement says on which node an account shall run. It is pure: the master asks it with what it knows, and does the
// rest (epoch, lease, assignment) itself. It never moves an account that runs; that is the master's decision.
package placement

import (
	"cmp"
	"hash/fnv"
	"slices"

	"troupe/messages"
)

// Account is what matters of the account that needs a node.
type Account struct {
	ID       messages.AccountID
	Platform messages.PlatformName
	// Profile is the node that has a profile which may be used: closed cleanly by the account's previous epoch. "" = none.
	Profile messages.NodeID
	// Chosen is the node that it was promised, by a person or a drain: taken if it can. "" = none.
	Chosen messages.NodeID
	// FailedOn are nodes on which it could not start: taken only if there is no other.
	FailedOn []messages.NodeID
}

// Node is what matters of a node.
type Node struct {
	ID        messages.NodeID
	Online    bool                    // its lease is fresh
	Draining  bool                    // it takes nothing new
	Full      bool                    // it says that it can carry no more
	Platforms []messages.PlatformName // that it can run; empty means all
	Accounts  int                     // that are assigned to it
	Capacity  int                     // how many it may have
}

// The reasons of a choice, in the order in which they count; for logs and people.
const (
	OnlyNode    = "the only node that can take it"
	AsChosen    = "it was chosen for it"
	HasProfile  = "has a profile that can be used"
	LeastLoaded = "has the most room"
	WasThere    = "the account was there"
	ByName      = "equal to others, chosen by the account's id"
	// The reasons for no node at all.
	NoNode     = "no node is online"
	NoPlatform = "no node online can run the platform"
	NoRoom     = "every node that could run it is full or draining"
)

// Choose names the node for an account and why, or "" and why not. What it can and how much it may take come first; then the node
// that was chosen for it, a usable profile, the lesser load, the node where the account was last (current), and, among equals, a choice that depends only on the ids.
func Choose(account Account, nodes []Node, current messages.NodeID) (node messages.NodeID, reason string) {
	able, reason := capable(account, nodes)
	if len(able) == 0 {
		return "", reason
	}
	fit := slices.DeleteFunc(slices.Clone(able), func(n Node) bool { return n.ID != account.Chosen && slices.Contains(account.FailedOn, n.ID) })
	if len(fit) == 0 {
		fit = able
	}
	reason = OnlyNode
	for _, rule := range rules(account, current) {
		if len(fit) == 1 {
			break
		}
		best := slices.MinFunc(fit, rule.order)
		left := slices.DeleteFunc(slices.Clone(fit), func(n Node) bool { return rule.order(n, best) != 0 })
		if len(left) < len(fit) {
			fit, reason = left, rule.reason
		}
	}
	return fit[0].ID, reason
}

// capable are the nodes that can run the account now, and the reason if there is none.
func capable(account Account, nodes []Node) (able []Node, reason string) {
	reason = NoNode
	for _, n := range nodes {
		switch {
		case !n.Online:
		case !n.runs(account.Platform):
			if reason == NoNode {
				reason = NoPlatform
			}
		case n.room() == 0:
			reason = NoRoom
		default:
			able = append(able, n)
		}
	}
	return able, reason
}

type rule struct {
	order  func(a, b Node) int // the lesser is the better
	reason string
}

func rules(account Account, current messages.NodeID) []rule {
	return []rule{
		{prefer(account.Chosen), AsChosen},
		{prefer(account.Profile), HasProfile},
		{byLoad, LeastLoaded},
		{prefer(current), WasThere},
		{func(a, b Node) int { return cmp.Compare(lot(account.ID, a.ID), lot(account.ID, b.ID)) }, ByName},
	}
}

func prefer(id messages.NodeID) func(a, b Node) int {
	rank := func(n Node) int {
		if n.ID == id {
			return 0
		}
		return 1
	}
	return func(a, b Node) int { return rank(a) - rank(b) }
}

// byLoad compares used shares without rounding.
func byLoad(a, b Node) int { return cmp.Compare(a.Accounts*b.Capacity, b.Accounts*a.Capacity) }

// lot is the account's own order of nodes: it stays when other nodes come and go.
func lot(account messages.AccountID, node messages.NodeID) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(account) + "\x00" + string(node)))
	return h.Sum64()
}
