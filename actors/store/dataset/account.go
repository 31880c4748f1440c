package dataset

import (
	"iter"

	"troupe/messages"
)

// account is what is held of one account: the six collections by id, and what finds them by work, comment and
// conversation. A frozen one (in a View) is only read; the writer's own shares its nodes with every frozen one.
type account struct {
	works         *table[Work]
	comments      *table[Comment]
	discussions   *table[Comment]
	conversations *table[Conversation]
	messages      *table[DirectMessage]
	notifications *table[Notification]

	threads *index[Comment]       // comments and discussions by work
	replies *index[Comment]       // discussions by root comment
	chats   *index[DirectMessage] // messages by conversation

	topics *table[Topic] // by kind and id
	order  *index[Topic] // by urgency
	unread Unread        // the sum over topics
	last   Last          // the newest over topics
	lastIn string        // the key of its topic
}

func newAccount() *account {
	return &account{
		works: newTable[Work](), comments: newTable[Comment](), discussions: newTable[Comment](),
		conversations: newTable[Conversation](), messages: newTable[DirectMessage](), notifications: newTable[Notification](),
		threads: newIndex(byWork), replies: newIndex(byRoot), chats: newIndex(byConversation),
		topics: newTable[Topic](), order: newIndex(byUrgency),
	}
}

// freeze returns a copy that later changes of a do not touch.
func (a *account) freeze() *account {
	return &account{
		works: a.works.Clone(), comments: a.comments.Clone(), discussions: a.discussions.Clone(),
		conversations: a.conversations.Clone(), messages: a.messages.Clone(), notifications: a.notifications.Clone(),
		threads: a.threads.Clone(), replies: a.replies.Clone(), chats: a.chats.Clone(),
		topics: a.topics.Clone(), order: a.order.Clone(), unread: a.unread, last: a.last, lastIn: a.lastIn,
	}
}

// get returns the entry, or nil.
func (a *account) get(collection, id string) entry {
	switch collection {
	case messages.Contents:
		return entryOf(find(a.works, id))
	case messages.Comments:
		return entryOf(find(a.comments, id))
	case messages.Discussions:
		return entryOf(find(a.discussions, id))
	case messages.Conversations:
		return entryOf(find(a.conversations, id))
	case messages.Messages:
		return entryOf(find(a.messages, id))
	case messages.Notifications:
		return entryOf(find(a.notifications, id))
	}
	return nil
}

// entryOf keeps a nil pointer a nil entry.
func entryOf[T any, P interface {
	*T
	entry
}](p P) entry {
	if p == nil {
		return nil
	}
	return p
}

// all goes through the entries of one collection by id, or of all six for "".
func (a *account) all(collection string) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for _, name := range messages.Collections {
			if collection != "" && collection != name {
				continue
			}
			if !a.each(name, yield) {
				return
			}
		}
	}
}

func (a *account) each(collection string, yield func(entry) bool) bool {
	switch collection {
	case messages.Contents:
		return every(a.works, yield)
	case messages.Comments:
		return every(a.comments, yield)
	case messages.Discussions:
		return every(a.discussions, yield)
	case messages.Conversations:
		return every(a.conversations, yield)
	case messages.Messages:
		return every(a.messages, yield)
	default:
		return every(a.notifications, yield)
	}
}

func every[T any, P interface {
	*T
	entry
}](t *table[T], yield func(entry) bool) bool {
	for _, v := range t.Ascend(first, end) {
		if !yield(P(v)) {
			return false
		}
	}
	return true
}

// size is how many items are held.
func (a *account) size() int {
	return a.works.Len() + a.comments.Len() + a.discussions.Len() + a.conversations.Len() + a.messages.Len() + a.notifications.Len()
}

// repliedTo says whether an own discussion stands below a comment.
func (a *account) repliedTo(root string) bool {
	s := below(root)
	for d := range a.replies.Ascend(s.from, s.to) {
		if d.Own {
			return true
		}
	}
	return false
}
