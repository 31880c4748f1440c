package dataset

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"time"

	"troupe/messages"
)

// remembered is how long the names of expired items are known, so that none of them comes back as new.
const remembered = 30 * day

// Sweep expires what was neither seen nor changed for the retention: never what is unread, never a work or a
// conversation that still holds items, the oldest first, and in one run never more than a fifth of the account, so that
// a jumping clock cannot empty it. Since last sight is known to the day, an item may be kept a day longer.
func (d *Dataset) Sweep(id messages.AccountID, now time.Time) *Delta {
	c := d.begin(id, now)
	c.forget()
	due := c.due()
	if most := (c.w.data.size() + 4) / 5; len(due) > most {
		due = due[:most]
	}
	for _, e := range due {
		h, collection := e.head(), e.collection()
		c.w.data.remove(e, &c.tally)
		c.delta.Writes = append(c.delta.Writes, Write{Collection: collection, ID: h.ID})
		c.delta.Changes = append(c.delta.Changes,
			Change{Rev: d.Next(), Account: c.w.id, Collection: collection, ID: h.ID, Deleted: true})
		hash := hashOf(collection, h.ID)
		c.w.expired[hash] = c.now
		c.delta.Expired = append(c.delta.Expired, Expiry{Hash: hash, At: c.now})
	}
	if len(due) > 0 {
		c.w.reword()
	}
	return c.end()
}

// due returns what may expire, oldest first.
func (c *change) due() []entry {
	before := c.now - c.d.retention - day
	var out []entry
	for e := range c.w.data.all("") {
		if last(e) < before && !c.needed(e) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b entry) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), strings.Compare(a.collection(), b.collection()),
			strings.Compare(a.head().ID, b.head().ID))
	})
	return out
}

// last is when the item was last seen or changed.
func last(e entry) int64 { return max(e.head().SeenAt, e.head().ChangedAt) }

// needed says whether an item must stay whatever its age.
func (c *change) needed(e entry) bool {
	switch e := e.(type) {
	case *Comment:
		return e.Unread()
	case *DirectMessage:
		return e.Unread()
	case *Work:
		return find(c.w.data.topics, topicKey(messages.WorkTopic, e.ID)).Count > 0
	case *Conversation:
		return find(c.w.data.topics, topicKey(messages.ConversationTopic, e.ID)).Count > 0
	}
	return false
}

// forget drops names that expired long ago.
func (c *change) forget() {
	for hash, at := range c.w.expired {
		if at < c.now-remembered {
			delete(c.w.expired, hash)
			c.delta.Expired = append(c.delta.Expired, Expiry{Hash: hash, At: at, Forgotten: true})
		}
	}
}

// reword makes the table of shared words anew: words of expired items go with them.
func (w *writer) reword() {
	kept := make(words, len(w.words))
	for e := range w.data.all("") {
		switch e := e.(type) {
		case *Work:
			kept.keep(e.ID, e.AuthorID, e.AuthorName)
		case *Comment:
			kept.keep(e.WorkID, e.Root, e.AuthorID, e.AuthorName, e.AuthorAvatar, e.ReplyToUser)
		case *Conversation:
			kept.keep(e.ID, e.PeerID, e.PeerName, e.PeerAvatar, e.Status)
		case *DirectMessage:
			kept.keep(e.ConversationID, e.SenderID, e.SenderName, e.SenderAvatar, e.RecipientID, e.RecipientName, e.Type)
		case *Notification:
			kept.keep(e.Type, e.Title, e.RelatedKind, e.Priority, e.FromID, e.FromName)
		}
	}
	w.words = kept
}

func (w words) keep(all ...string) {
	for _, s := range all {
		w.share(s)
	}
}

// hashOf is the name of an item in 64 bits.
func hashOf(collection, id string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, collection+"/"+id) // a hash never fails
	return h.Sum64()
}
