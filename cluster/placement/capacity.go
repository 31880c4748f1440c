package placement

import (
	"cmp"
	"slices"

	"troupe/messages"
)

// Free is how many further accounts the nodes can take now.
func Free(nodes []Node) int {
	free := 0
	for _, n := range nodes {
		free += n.room()
	}
	return free
}

// Spare is how many nodes may fail, the largest first, before one of the accounts (how many there are of each platform) has no place; -1 when
// one has none even now. Each platform is judged by the nodes that can run it, and all together by all.
func Spare(nodes []Node, accounts map[messages.PlatformName]int) int {
	total := 0
	spare := len(nodes)
	for platform, wanted := range accounts {
		total += wanted
		if wanted > 0 {
			spare = min(spare, mayFail(nodes, wanted, func(n Node) bool { return n.runs(platform) }))
		}
	}
	if total == 0 {
		return spare
	}
	return min(spare, mayFail(nodes, total, func(Node) bool { return true }))
}

// mayFail is how many of the nodes that fit may fail before they carry less than wanted.
func mayFail(nodes []Node, wanted int, fits func(Node) bool) int {
	var carries []int
	left := 0
	for _, n := range nodes {
		if c := n.carries(); c > 0 && fits(n) {
			carries = append(carries, c)
			left += c
		}
	}
	slices.SortFunc(carries, func(a, b int) int { return cmp.Compare(b, a) })
	failed := -1
	for i := 0; left >= wanted; i++ {
		failed++
		if i == len(carries) {
			break
		}
		left -= carries[i]
	}
	return failed
}

// carries is how many accounts the node can have in all.
func (n Node) carries() int {
	switch {
	case !n.Online || n.Draining:
		return 0
	case n.Full:
		return min(n.Accounts, n.Capacity)
	}
	return n.Capacity
}

func (n Node) room() int { return max(0, n.carries()-n.Accounts) }

func (n Node) runs(platform messages.PlatformName) bool {
	return len(n.Platforms) == 0 || slices.Contains(n.Platforms, platform)
}
