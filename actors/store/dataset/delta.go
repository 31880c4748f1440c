package dataset

import (
	"time"

	"troupe/messages"
)

// Delta is what one command did to one account: what has to be persisted, and what there is to tell.
type Delta struct {
	Account  messages.AccountID
	Rev      messages.Rev // the dataset's, after it
	Changes  []Change     // in the order of Rev
	Announce []Change     // those of Changes that are new, inbound and past the baseline
	Writes   []Write      // may hold items that did not change, but were seen again
	Expired  []Expiry
	Baseline bool // a collection's first complete pass ended
	Erased   bool
	Trace    messages.TraceID
	PageAt   int64
}

// Durable says whether there is anything to persist before the command may be answered.
func (d *Delta) Durable() bool {
	return d.Erased || d.Baseline || len(d.Writes) > 0 || len(d.Expired) > 0
}

// Write is one item to persist.
type Write struct {
	Collection, ID string
	item           entry // nil: delete it
}

// Expiry remembers, or forgets, that an item expired.
type Expiry struct {
	Hash      uint64
	At        int64 // ms
	Forgotten bool
}

// change is one command at work on one account.
type change struct {
	d     *Dataset
	w     *writer
	now   int64
	tally tally
	delta *Delta
}

func (d *Dataset) begin(id messages.AccountID, now time.Time) *change {
	return &change{d: d, w: d.writer(id), now: now.UnixMilli(), delta: &Delta{Account: id}}
}

// end renews the topics and closes the delta.
func (c *change) end() *Delta {
	c.w.data.settle(&c.tally)
	c.delta.Rev = c.d.rev
	if n := len(c.delta.Changes); n > 0 {
		c.w.rev = c.delta.Changes[n-1].Rev
	}
	return c.delta
}

// stamp gives n the next rev and stores it in the place of old. n's header may still be written.
func (c *change) stamp(old, n entry) Change {
	h := n.head()
	h.Rev, h.ChangedAt = c.d.Next(), c.now
	what := Change{Rev: h.Rev, Account: c.w.id, Collection: n.collection(), ID: h.ID, New: old == nil}
	c.delta.Changes = append(c.delta.Changes, what)
	c.keep(old, n)
	return what
}

// keep stores n in the place of old without calling it a change.
func (c *change) keep(old, n entry) {
	c.w.data.put(old, n, &c.tally)
	c.delta.Writes = append(c.delta.Writes, Write{Collection: n.collection(), ID: n.head().ID, item: n})
}
