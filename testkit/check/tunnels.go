package check

import (
	"slices"
	"time"

	"troupe/testkit/site"
)

// End is the instant by which all connections of an owner from one address were over at their own end, as a gate's log or a
// test that cut the address off says. The site may take them for open: nobody told it.
type End struct {
	Owner  string // platform user id; "" = every owner's, such as when the whole machine has gone
	Source string
	At     time.Time
}

// OneNode finds times in which connections of one owner were open from two addresses, or payload arrived through them (P1). A
// connection lasts from its opening until the site saw its end; one that was opened before an End of its owner and address, until then;
// and in any case until its last byte. Connections without an owner are not judged: nobody was logged in.
func OneNode(tunnels []site.Tunnel, ends ...End) []Problem {
	var last time.Time
	for _, t := range tunnels {
		for _, at := range []time.Time{t.OpenedAt, t.LastAt, t.EndedAt} {
			last = later(last, at)
		}
	}
	spans := map[string][]span{}
	for _, t := range tunnels {
		if t.Owner == "" {
			continue
		}
		until := t.EndedAt
		if until.IsZero() {
			until = last
		}
		for _, e := range ends {
			if (e.Owner == "" || e.Owner == t.Owner) && e.Source == t.Source && !e.At.Before(t.OpenedAt) && e.At.Before(until) {
				until = e.At
			}
		}
		spans[t.Owner] = append(spans[t.Owner], span{t.Source, t.OpenedAt, later(until, t.LastAt)})
	}
	var found []Problem
	for owner, all := range spans {
		found = append(found, overlaps(owner, all)...)
	}
	slices.SortFunc(found, byText)
	return found
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
