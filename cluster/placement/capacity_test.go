package placement

import (
	"testing"

	"troupe/messages"
)

func TestSpareCountsTheLargestNodesFirst(t *testing.T) {
	only := func(n Node, p messages.PlatformName) Node {
		n.Platforms = []messages.PlatformName{p}
		return n
	}
	full := online("f", 3, 9)
	full.Full = true
	drained := online("d", 0, 9)
	drained.Draining = true
	for _, c := range []struct {
		name        string
		nodes       []Node
		accounts    map[messages.PlatformName]int
		spare, free int
	}{
		{"no node, no account", nil, nil, 0, 0},
		{"no node", nil, map[messages.PlatformName]int{"a": 1}, -1, 0},
		{"one node", []Node{online("a", 2, 9)}, map[messages.PlatformName]int{"a": 2}, 0, 7},
		{"too small already", []Node{online("a", 2, 2)}, map[messages.PlatformName]int{"a": 3}, -1, 0},
		{"the large one fails", []Node{online("a", 2, 9), online("b", 0, 2), online("c", 0, 1)}, map[messages.PlatformName]int{"a": 4}, 0, 10},
		{"two of three", []Node{online("a", 1, 3), online("b", 1, 3), online("c", 1, 3)}, map[messages.PlatformName]int{"a": 3}, 2, 6},
		{"full and drained nodes carry no more", []Node{full, drained, online("c", 0, 3)}, map[messages.PlatformName]int{"a": 3}, 1, 3},
		{"one platform has one node", []Node{only(online("a", 1, 9), "x"), online("b", 0, 9), only(online("c", 0, 9), "y")}, map[messages.PlatformName]int{"x": 1, "y": 1}, 1, 26},
		{"a platform without a node", []Node{only(online("a", 0, 9), "x")}, map[messages.PlatformName]int{"y": 1}, -1, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Spare(c.nodes, c.accounts); got != c.spare {
				t.Errorf("spare %d, want %d", got, c.spare)
			}
			if got := Free(c.nodes); got != c.free {
				t.Errorf("free %d, want %d", got, c.free)
			}
		})
	}
}
