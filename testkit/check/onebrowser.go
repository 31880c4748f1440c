package check

import (
	"cmp"
	"slices"
	"time"

	"troupe/testkit/site"
)

// Lease is the time in which one node may act for an owner, as its grants said.
type Lease struct {
	Owner  string // platform user id
	Epoch  uint64
	Source string // address from which that node's gate dials
	From   time.Time
	Until  time.Time // zero = still held
}

func (l Lease) covers(at time.Time, slack time.Duration) bool {
	return !at.Before(l.From.Add(-slack)) && (l.Until.IsZero() || !at.After(l.Until.Add(slack)))
}

// span is a time in which an owner's browser was connected from an address.
type span struct {
	source    string
	from, end time.Time
}

// overlaps reports each pair of sources once.
func overlaps(owner string, all []span) []Problem {
	slices.SortFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	latest := map[string]time.Time{} // source: latest end so far
	told := map[string]bool{}
	var found []Problem
	for _, s := range all {
		for other, end := range latest {
			pair := min(other, s.source) + " and " + max(other, s.source)
			if other != s.source && s.from.Before(end) && !told[pair] {
				told[pair] = true
				found = append(found, problem("P1", "owner %s was connected from %s at the same time, at %s", owner, pair, s.from.Format(time.RFC3339Nano)))
			}
		}
		if s.end.After(latest[s.source]) {
			latest[s.source] = s.end
		}
	}
	return found
}

// InsideLeases finds bytes of an owner that arrived from an address outside every lease of that address (P1), and
// leases of one owner that overlap. Slack is what the way and the clocks may take. Owners without a lease are not judged.
func InsideLeases(arrivals []site.Arrival, leases []Lease, slack time.Duration) []Problem {
	held := map[string][]Lease{}
	for _, l := range leases {
		held[l.Owner] = append(held[l.Owner], l)
	}
	var found []Problem
	for owner, own := range held {
		slices.SortFunc(own, func(a, b Lease) int { return a.From.Compare(b.From) })
		for i := 1; i < len(own); i++ {
			if own[i-1].Until.IsZero() || own[i].From.Before(own[i-1].Until) {
				found = append(found, problem("P1", "owner %s: leases of epoch %d and %d overlap", owner, own[i-1].Epoch, own[i].Epoch))
			}
		}
	}
	type stray struct{ owner, source string }
	bytes, first := map[stray]int64{}, map[stray]time.Time{}
	for _, a := range arrivals {
		own, judged := held[a.Owner]
		if !judged || slices.ContainsFunc(own, func(l Lease) bool { return l.Source == a.Source && l.covers(a.At, slack) }) {
			continue
		}
		s := stray{a.Owner, a.Source}
		if bytes[s] == 0 {
			first[s] = a.At
		}
		bytes[s] += a.N
	}
	for s, n := range bytes {
		found = append(found, problem("P1", "owner %s: %d bytes from %s outside its leases, first at %s", s.owner, n, s.source, first[s].Format(time.RFC3339Nano)))
	}
	slices.SortFunc(found, byText)
	return found
}

func byText(a, b Problem) int { return cmp.Compare(a.Text, b.Text) }
