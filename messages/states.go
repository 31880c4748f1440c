package messages

// AccountState is what a running account is doing; one vocabulary for people, API and logs.
type AccountState string

// The states of an account (design.md section 2).
const (
	Starting    AccountState = "starting"
	Watching    AccountState = "watching"
	LoggingIn   AccountState = "logging_in"
	LoggedOut   AccountState = "logged_out"
	Challenge   AccountState = "challenge"
	PageChanged AccountState = "page_changed"
	RateLimited AccountState = "rate_limited"
	ProxyDown   AccountState = "proxy_down"
	Paused      AccountState = "paused"
	Draining    AccountState = "draining"
	Parked      AccountState = "parked"
)

// NeedsPerson says whether the account waits for a person.
func (s AccountState) NeedsPerson() bool {
	switch s {
	case Challenge, PageChanged, LoggedOut, ProxyDown, Parked:
		return true
	}
	return false
}

// The states of a reply: the first three are open, the others final (unknown may still be settled by reading).
const (
	ReplyAcceptedState    = "accepted"
	ReplyAssignedState    = "assigned"
	ReplyDispatchingState = "dispatching"
	ReplyConfirmedState   = "confirmed"
	ReplyFailedState      = "failed"
	ReplyUnknownState     = "unknown"
	// ReplyReturned is an outcome, never a state: nothing was sent, the reply may run again.
	ReplyReturned = "returned"
)

// ReplyOpen says whether a reply in that state still has to end.
func ReplyOpen(state string) bool {
	return state == ReplyAcceptedState || state == ReplyAssignedState || state == ReplyDispatchingState
}

// The six collections, as they are named in Observed.complete and in metadata.
const (
	Contents      = "contents"
	Comments      = "comments"
	Discussions   = "discussions"
	Conversations = "conversations"
	Messages      = "messages"
	Notifications = "notifications"
)

// Collections lists the six in the specification's order.
var Collections = []string{Contents, Comments, Discussions, Conversations, Messages, Notifications}

// Key is an item's name within its account: collection and id. ok is false for an empty item.
func (i *Item) Key() (collection, id string, ok bool) {
	switch e := i.GetEntity().(type) {
	case *Item_Content:
		return Contents, e.Content.GetId(), e.Content.GetId() != ""
	case *Item_Comment:
		return Comments, e.Comment.GetId(), e.Comment.GetId() != ""
	case *Item_Discussion:
		return Discussions, e.Discussion.GetId(), e.Discussion.GetId() != ""
	case *Item_Conversation:
		return Conversations, e.Conversation.GetId(), e.Conversation.GetId() != ""
	case *Item_Message:
		return Messages, e.Message.GetId(), e.Message.GetId() != ""
	case *Item_Notification:
		return Notifications, e.Notification.GetId(), e.Notification.GetId() != ""
	}
	return "", "", false
}
