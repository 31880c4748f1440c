package dataset

import (
	"time"

	"troupe/messages"
)

// MarkRead sets read marks and returns how many items were unread before. Marks are never taken back.
func (d *Dataset) MarkRead(m *messages.MarkRead, now time.Time) (*Delta, int64) {
	c := d.begin(messages.AccountID(m.GetAccount()), now)
	for _, e := range c.marked(m) {
		n := e.clone()
		n.head().IsRead = true
		c.stamp(e, n)
	}
	return c.end(), int64(len(c.delta.Changes))
}

// marked returns the unread items that the command names, each once.
func (c *change) marked(m *messages.MarkRead) []entry {
	a := c.w.data
	var out []entry
	seen := make(map[*Header]bool)
	take := func(e entry, unread bool) {
		if unread && !seen[e.head()] {
			seen[e.head()] = true
			out = append(out, e)
		}
	}
	if m.GetWorkId() != "" {
		for _, e := range collect(a.threads, under(m.GetWorkId())) {
			take(e, e.Unread())
		}
	}
	if m.GetConversationId() != "" {
		for _, e := range collect(a.chats, within(m.GetConversationId())) {
			take(e, e.Unread())
		}
	}
	for _, id := range m.GetCommentIds() {
		if e := find(a.comments, id); e != nil {
			take(e, e.Unread())
		}
		if e := find(a.discussions, id); e != nil {
			take(e, e.Unread())
		}
	}
	for _, id := range m.GetMessageIds() {
		if e := find(a.messages, id); e != nil {
			take(e, e.Unread())
		}
	}
	return out
}
