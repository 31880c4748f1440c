package dataset

import (
	"cmp"
	"slices"
	"time"

	"troupe/messages"
)

// day is how exactly it is kept when an item was last seen: finer would rewrite every item in every round.
const day = int64(24 * time.Hour / time.Millisecond)

// Merge folds an observation into its account. Of a value that is known already, the one of the newer epoch and
// the stronger source stays; an observation that is weaker, or arrives after a later one of its stream, adds
// items and fills gaps but overwrites nothing. So merging again, whatever was merged since, does no harm.
func (d *Dataset) Merge(o *messages.Observed, now time.Time) *Delta {
	c := &merging{change: d.begin(messages.AccountID(o.GetAccount()), now), from: o}
	w := c.w
	c.late = o.GetStream() != "" && o.GetStream() == w.stream && o.GetN() <= w.n
	c.delta.Trace, c.delta.PageAt = messages.TraceID(o.GetTraceId()), o.GetPageAt()
	for _, item := range o.GetItems() {
		if in := w.words.observed(item); in != nil {
			c.observe(in)
		}
	}
	for _, name := range o.GetComplete() {
		if slices.Contains(messages.Collections, name) && !slices.Contains(w.baseline, name) {
			w.baseline = append(slices.Clone(w.baseline), name)
			c.delta.Baseline = true
		}
	}
	w.sync = c.now
	if o.GetRound() {
		w.crawl = c.now
	}
	if !c.late {
		w.stream, w.n = o.GetStream(), o.GetN()
	}
	return c.end()
}

// merging is one observation at work.
type merging struct {
	*change
	from *messages.Observed
	late bool // a later one of the same stream was merged before it
}

func (c *merging) observe(in entry) {
	c.w.counts[slices.Index(messages.Collections, in.collection())]++
	c.claim(in)
	if old := c.w.data.get(in.collection(), in.head().ID); old != nil {
		c.update(old, in)
	} else {
		c.add(in)
	}
}

// claim marks what the account itself wrote.
func (c *merging) claim(in entry) {
	owner := c.from.GetOwner()
	if owner == "" {
		return
	}
	switch e := in.(type) {
	case *Comment:
		e.Own = e.Own || e.AuthorID == owner
	case *DirectMessage:
		e.Outbound = e.Outbound || e.SenderID == owner
	}
}

// add stores an item that is not held, unless it is too old or expired before.
func (c *merging) add(in entry) {
	h, w := in.head(), c.w
	_, known := w.expired[hashOf(in.collection(), h.ID)]
	if ages(in) && (known || in.born() != 0 && in.born() < c.now-c.d.retention) {
		return
	}
	h.DetectedAt, h.SeenAt = c.now, c.now
	h.Epoch, h.PageAt, h.Trace = messages.Epoch(c.from.GetEpoch()), c.from.GetPageAt(), c.delta.Trace
	c.dated(in)
	h.IsRead = h.IsRead || in.own()
	h.IsNew = !known && !in.own() && !system(in) && slices.Contains(w.baseline, in.collection())
	if e, ok := in.(*Comment); ok && !e.Discussion() {
		e.Replied = e.Replied || w.data.repliedTo(e.ID)
	}
	what := c.stamp(nil, in)
	if h.IsNew && announced(in) {
		c.delta.Announce = append(c.delta.Announce, what)
	}
	c.answered(in)
}

// dated gives an item that came without a time the time of its detection.
func (c *merging) dated(in entry) {
	switch e := in.(type) {
	case *Work:
		e.LastCrawlTime = c.now
	case *Comment:
		e.CreateTime = cmp.Or(e.CreateTime, c.now)
	case *DirectMessage:
		e.CreateTime = cmp.Or(e.CreateTime, c.now)
	case *Notification:
		e.CreateTime = cmp.Or(e.CreateTime, c.now)
	case *Conversation:
		e.CreateTime = cmp.Or(e.CreateTime, c.now)
	}
}

// update merges what was observed into the item that is held.
func (c *merging) update(old, in entry) {
	was, said := old.head(), in.head()
	epoch := messages.Epoch(c.from.GetEpoch())
	over := !c.late && epoch >= was.Epoch && said.Source >= was.Source
	n := old.merged(in, over)
	changed := n != old || (said.IsRead || n.own()) && !was.IsRead
	ranked := over && (epoch > was.Epoch || said.Source > was.Source)
	seen := c.now-was.SeenAt >= day
	if !changed && !ranked && !seen {
		return
	}
	if n == old {
		n = old.clone()
	}
	h := n.head()
	h.IsRead = was.IsRead || said.IsRead || n.own()
	h.IsNew = was.IsNew && !n.own()
	if over {
		h.Epoch, h.Source = epoch, said.Source
	}
	if seen || changed {
		h.SeenAt = max(was.SeenAt, c.now)
	}
	if w, ok := n.(*Work); ok {
		w.LastCrawlTime = max(w.LastCrawlTime, c.now)
	}
	if !changed {
		c.keep(old, n)
		return
	}
	h.PageAt, h.Trace = c.from.GetPageAt(), c.delta.Trace
	c.stamp(old, n)
	c.answered(n)
}

// answered marks the comment that an own discussion stands below.
func (c *merging) answered(in entry) {
	d, ok := in.(*Comment)
	if !ok || !d.Own || !d.Discussion() {
		return
	}
	root := find(c.w.data.comments, d.Root)
	if root == nil || root.Replied {
		return
	}
	n := *root
	n.Replied = true
	c.stamp(root, &n)
}

// ages says whether items of the kind are refused when they are old: works and conversations are what
// new items hang on.
func ages(e entry) bool {
	switch e.(type) {
	case *Work, *Conversation:
		return false
	}
	return true
}

// announced says whether a new item of the kind is news to an agent.
func announced(e entry) bool { return ages(e) }

// system says whether the platform itself speaks: never news.
func system(e entry) bool {
	switch n := e.(type) {
	case *Notification:
		return n.Type == "system"
	case *DirectMessage:
		return n.Type == "system"
	}
	return false
}
