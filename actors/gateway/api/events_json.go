package api

import (
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// The types of events on a stream.
const (
	ItemType    = "item"    // data: ItemEvent; its id is the cursor
	AccountType = "account" // data: Account, or AccountGone
	ReplyType   = "reply"   // data: Reply
	LoginType   = "login"   // data: Login
	AlarmType   = "alarm"   // data: Alarm
	ReadyType   = "ready"   // data: Ready; all before it is what was missed and where things stand
	ResetType   = "reset"   // data: Ready; a full read is due: the cursor is older than the log, or of another data folder
)

// eventTypes are what ?types= may name; ready and reset always come.
var eventTypes = []string{ItemType, AccountType, ReplyType, LoginType, AlarmType}

// ItemEvent is one changed item, as it is now. The same change may come twice, after a reconnect; its id stays the same.
type ItemEvent struct {
	Change string `json:"change"`          // new changed deleted
	Item   Item   `json:"item"`            // of a deleted one only account, collection, id and rev
	Unread Unread `json:"unread"`          // of the whole account
	Topic  *Topic `json:"topic,omitempty"` // what the item stands in, as it is now; absent for a deleted item or a notification
}

// AccountGone says that an account was removed.
type AccountGone struct {
	ID      string `json:"id"`
	Removed bool   `json:"removed"`
}

// EventsVersion is the version of the events' shapes. It grows when a client that knows the one before would misread them.
const EventsVersion = 1

// Ready says where a stream stands.
type Ready struct {
	Version int    `json:"version"` // of the events: EventsVersion
	Cursor  string `json:"cursor"`
	LogFrom string `json:"log_from"` // a client that comes back with a cursor before this has to read the lists again
}

// itemEventOf describes a change; v is nil when the account is gone.
func itemEventOf(ch dataset.Change, v *dataset.View) ItemEvent {
	out := ItemEvent{Change: "deleted", Item: Item{Account: string(ch.Account), Collection: ch.Collection, ID: ch.ID, Rev: revText(ch.Rev)}}
	if v == nil {
		return out
	}
	out.Unread = unreadOf(v.Unread)
	item, held := itemIn(v, ch.Collection, ch.ID)
	if ch.Deleted || !held { // gone now, whatever it was then
		return out
	}
	out.Change, out.Item = "changed", item
	if ch.New {
		out.Change = "new"
	}
	if _, kind, id, ok := messages.TopicID(item.Topic).Parts(); ok {
		if t := v.Topic(kind, id); t != nil {
			topic := topicOf(v.Account, t)
			out.Topic = &topic
		}
	}
	return out
}

// itemIn finds an item of a view by its name.
func itemIn(v *dataset.View, collection, id string) (Item, bool) {
	switch collection {
	case messages.Contents:
		if w := v.Work(id); w != nil {
			return workItem(v.Account, w), true
		}
	case messages.Comments, messages.Discussions:
		if c := v.Comment(id); c != nil {
			return commentItem(v.Account, c), true
		}
	case messages.Conversations:
		if c := v.Conversation(id); c != nil {
			return conversationItem(v.Account, c), true
		}
	case messages.Messages:
		if m := v.Message(id); m != nil {
			return messageItem(v.Account, m), true
		}
	case messages.Notifications:
		if e, held := v.Entry(collection, id); held {
			return notificationItem(v.Account, e.Header, e.Item().GetNotification()), true
		}
	}
	return Item{}, false
}
