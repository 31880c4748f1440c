package dataset

import (
	"cmp"
	"slices"

	"github.com/RaduBerinde/btreemap"

	"troupe/messages"
)

// Topics are the account's works and conversations, also those without comments or messages: most unread first,
// then the newest. The caller owns the slice.
func (v *View) Topics() []*Topic {
	out := make([]*Topic, 0, v.data.order.Len())
	for t := range v.data.order.Ascend(btreemap.Min[*Topic](), btreemap.Max[*Topic]()) {
		out = append(out, t)
	}
	return out
}

// Topic finds a work or conversation by its id within the account; nil when there is none.
func (v *View) Topic(kind messages.TopicKind, id string) *Topic {
	return find(v.data.topics, topicKey(kind, id))
}

// Thread is what stands under a work: comments and discussions of every level, oldest first. The caller owns the slice.
func (v *View) Thread(workID string) []*Comment { return collect(v.data.threads, under(workID)) }

// Discussions is what stands below a first-level comment, oldest first. The caller owns the slice.
func (v *View) Discussions(commentID string) []*Comment {
	return collect(v.data.replies, below(commentID))
}

// Comment finds a first-level comment, else a discussion; nil when there is none.
func (v *View) Comment(id string) *Comment {
	if c := find(v.data.comments, id); c != nil {
		return c
	}
	return find(v.data.discussions, id)
}

// Work finds a work; nil when there is none.
func (v *View) Work(id string) *Work { return find(v.data.works, id) }

// Conversation finds a conversation; nil when there is none.
func (v *View) Conversation(id string) *Conversation { return find(v.data.conversations, id) }

// Messages are those of a conversation, oldest first. The caller owns the slice.
func (v *View) Messages(conversationID string) []*DirectMessage {
	return collect(v.data.chats, within(conversationID))
}

// Message finds a direct message; nil when there is none.
func (v *View) Message(id string) *DirectMessage { return find(v.data.messages, id) }

// Works are the account's own works, newest first. The caller owns the slice.
func (v *View) Works() []*Work {
	return sorted(v.data.works, func(a, b *Work) int {
		return cmp.Or(cmp.Compare(b.PublishTime, a.PublishTime), cmp.Compare(a.ID, b.ID))
	})
}

// Conversations are the account's private chats, newest first. The caller owns the slice.
func (v *View) Conversations() []*Conversation {
	return sorted(v.data.conversations, func(a, b *Conversation) int {
		return cmp.Or(cmp.Compare(b.LastMessageTime, a.LastMessageTime), cmp.Compare(a.ID, b.ID))
	})
}

// Notifications are the platform's notices, newest first. The caller owns the slice.
func (v *View) Notifications() []*Notification {
	return sorted(v.data.notifications, func(a, b *Notification) int {
		return cmp.Or(cmp.Compare(b.CreateTime, a.CreateTime), cmp.Compare(a.ID, b.ID))
	})
}

func sorted[T any](t *table[T], order func(a, b *T) int) []*T {
	out := make([]*T, 0, t.Len())
	for _, e := range t.Ascend(first, end) {
		out = append(out, e)
	}
	slices.SortFunc(out, order)
	return out
}

// Item is one item as it travels, with the store's marks; nil when it is not held. The caller owns it, except for
// a work's statistics, which nobody may change.
func (v *View) Item(collection, id string) *messages.Item {
	e := v.data.get(collection, id)
	if e == nil {
		return nil
	}
	return e.entity()
}

// Entry is one item with what the store knows of it.
type Entry struct {
	*Header
	Collection string
	item       entry
}

// Item is the entry as it travels.
func (e Entry) Item() *messages.Item { return e.item.entity() }

// Own says whether the account itself wrote it.
func (e Entry) Own() bool { return e.item.own() }

// CreateTime is when it came to be on the platform, ms.
func (e Entry) CreateTime() int64 { return e.item.born() }

// Entry finds one item; ok is false when it is not held.
func (v *View) Entry(collection, id string) (Entry, bool) {
	e := v.data.get(collection, id)
	if e == nil {
		return Entry{}, false
	}
	return Entry{Header: e.head(), Collection: collection, item: e}, true
}

// Filter narrows a list of items. The zero Filter takes everything.
type Filter struct {
	Unread bool         // only what an agent still has to read
	After  messages.Rev // only what changed after it
	Before messages.Rev // only what changed before it; 0 = no limit. A page's cursor: the Rev of its last entry
	Limit  int          // at most so many; 0 = no limit
}

// Items lists one collection, or all for "": the latest changed first. The caller owns the slice.
func (v *View) Items(collection string, f Filter) []Entry {
	var out []Entry
	for e := range v.data.all(collection) {
		if h := e.head(); h.Rev > f.After && (f.Before == 0 || h.Rev < f.Before) && (!f.Unread || unread(e)) {
			out = append(out, Entry{Header: h, Collection: e.collection(), item: e})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(b.Rev, a.Rev) })
	if f.Limit > 0 && len(out) > f.Limit {
		out = slices.Clip(out[:f.Limit])
	}
	return out
}

// unread says whether an item still has to be read. Works, conversations and own items never have.
func unread(e entry) bool {
	switch e := e.(type) {
	case *Comment:
		return e.Unread()
	case *DirectMessage:
		return e.Unread()
	case *Notification:
		return !e.IsRead
	}
	return false
}

// Known are the names and hashes of the items that changed last, for whoever observes the account next: what it
// sees with the same hash is held already. At most limit; 0 = all.
func (v *View) Known(limit int) map[string]uint64 {
	entries := v.Items("", Filter{Limit: limit})
	known := make(map[string]uint64, len(entries))
	for _, e := range entries {
		item := e.Item()
		if key, ok := item.KnownKey(); ok {
			known[key] = item.Hash()
		}
	}
	return known
}
