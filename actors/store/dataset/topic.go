package dataset

import "troupe/messages"

// tally is how a command changed the figures of the topics that it touched. The topics themselves are
// renewed once, when the command ends.
type tally struct {
	topics  map[string]*figures
	removed bool // the newest item went away or changed its place
}

type figures struct{ count, unread int }

func (t *tally) touch(key string) *figures {
	f := t.topics[key]
	if f == nil {
		if t.topics == nil {
			t.topics = make(map[string]*figures)
		}
		f = &figures{}
		t.topics[key] = f
	}
	return f
}

// add counts n comments or messages of a topic, all of them unread or none.
func (t *tally) add(kind messages.TopicKind, id string, n int, unread bool) {
	if id == "" {
		return // not known yet where it belongs: shown and counted nowhere
	}
	f := t.touch(topicKey(kind, id))
	f.count += n
	if unread {
		f.unread += n
	}
}

func topicKey(kind messages.TopicKind, id string) string { return string(rune(kind)) + id }

// put stores n in the place of old, which is nil or has the same collection and id.
func (a *account) put(old, n entry, t *tally) {
	if old != nil {
		a.unindex(old, t)
	}
	switch e := n.(type) {
	case *Work:
		a.works.ReplaceOrInsert(e.ID, e)
		t.touch(topicKey(messages.WorkTopic, e.ID))
	case *Conversation:
		a.conversations.ReplaceOrInsert(e.ID, e)
		t.touch(topicKey(messages.ConversationTopic, e.ID))
	case *Notification:
		a.notifications.ReplaceOrInsert(e.ID, e)
	case *Comment:
		if e.Discussion() {
			a.discussions.ReplaceOrInsert(e.ID, e)
			a.replies.ReplaceOrInsert(e, struct{}{})
		} else {
			a.comments.ReplaceOrInsert(e.ID, e)
		}
		a.threads.ReplaceOrInsert(e, struct{}{})
		t.add(messages.WorkTopic, e.WorkID, 1, e.Unread())
	case *DirectMessage:
		a.messages.ReplaceOrInsert(e.ID, e)
		a.chats.ReplaceOrInsert(e, struct{}{})
		t.add(messages.ConversationTopic, e.ConversationID, 1, e.Unread())
	}
}

// unindex takes an entry out of the indexes and counts, but not out of its collection.
func (a *account) unindex(old entry, t *tally) {
	switch e := old.(type) {
	case *Comment:
		a.threads.Delete(e)
		if e.Discussion() {
			a.replies.Delete(e)
		}
		t.add(messages.WorkTopic, e.WorkID, -1, e.Unread())
		t.removed = t.removed || e.CreateTime >= a.last.At
	case *DirectMessage:
		a.chats.Delete(e)
		t.add(messages.ConversationTopic, e.ConversationID, -1, e.Unread())
		t.removed = t.removed || e.CreateTime >= a.last.At
	}
}

// remove takes an entry out of everything.
func (a *account) remove(old entry, t *tally) {
	a.unindex(old, t)
	id := old.head().ID
	switch e := old.(type) {
	case *Work:
		a.works.Delete(id)
		t.touch(topicKey(messages.WorkTopic, id))
	case *Conversation:
		a.conversations.Delete(id)
		t.touch(topicKey(messages.ConversationTopic, id))
	case *Notification:
		a.notifications.Delete(id)
	case *DirectMessage:
		a.messages.Delete(id)
	case *Comment:
		if e.Discussion() {
			a.discussions.Delete(id)
		} else {
			a.comments.Delete(id)
		}
	}
}

// settle renews every topic that the command touched, and the account's sums.
func (a *account) settle(t *tally) {
	for key, f := range t.topics {
		old := find(a.topics, key)
		n := a.topic(key, old, f)
		if old != nil {
			a.order.Delete(old)
			a.sum(old, -1)
		}
		if n == nil {
			a.topics.Delete(key)
			continue
		}
		a.topics.ReplaceOrInsert(key, n)
		a.order.ReplaceOrInsert(n, struct{}{})
		a.sum(n, 1)
		a.newer(key, n.Last)
	}
	if t.removed {
		a.last, a.lastIn = Last{}, ""
		for key, topic := range a.topics.Ascend(first, end) {
			a.newer(key, topic.Last)
		}
	}
}

// newer takes a topic's newest item for the account's, if it is. Of two at the same time the later topic's stays, so
// that it does not matter in which order they are looked at.
func (a *account) newer(key string, l Last) {
	if l.At > a.last.At || l.At == a.last.At && l.At != 0 && key >= a.lastIn {
		a.last, a.lastIn = l, key
	}
}

// sum adds a topic's unread items to the account's, or takes them off.
func (a *account) sum(t *Topic, sign int) {
	if t.Kind == messages.WorkTopic {
		a.unread.Comments += sign * t.Unread
	} else {
		a.unread.Messages += sign * t.Unread
	}
}

// topic makes the topic anew; nil when neither it nor anything in it is held.
func (a *account) topic(key string, old *Topic, f *figures) *Topic {
	kind, id := messages.TopicKind(key[0]), key[1:]
	n := &Topic{Kind: kind, Count: f.count, Unread: f.unread}
	if old != nil {
		n.Count += old.Count
		n.Unread += old.Unread
	}
	if kind == messages.WorkTopic {
		n.Work = find(a.works, id)
		if n.Work == nil && n.Count == 0 {
			return nil
		}
		if c := newest(a.threads, under(id)); c != nil {
			n.Last = Last{Text: c.Text, From: c.AuthorName, At: c.CreateTime}
		}
		if n.Work == nil {
			n.Work = &Work{Header: Header{ID: id}}
		}
		return n
	}
	n.Conversation = find(a.conversations, id)
	if n.Conversation == nil && n.Count == 0 {
		return nil
	}
	m := newest(a.chats, within(id))
	if m != nil {
		n.Last = Last{Text: m.Text, From: m.SenderName, At: m.CreateTime}
	}
	if n.Conversation == nil {
		n.Conversation = standIn(id, m)
	}
	return n
}

// standIn is what is known of a conversation from its newest message alone.
func standIn(id string, m *DirectMessage) *Conversation {
	c := &Conversation{Header: Header{ID: id}}
	if m.Outbound {
		c.PeerID, c.PeerName = m.RecipientID, m.RecipientName
	} else {
		c.PeerID, c.PeerName, c.PeerAvatar = m.SenderID, m.SenderName, m.SenderAvatar
	}
	return c
}
