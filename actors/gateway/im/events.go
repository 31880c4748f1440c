package im

import "slices"

// Direction says who sends an event.
type Direction string

// The two directions.
const (
	In  Direction = "in"  // client to master
	Out Direction = "out" // master to client
)

// The namespaces.
const (
	Inbox   = "/"       // the PC client's window
	Desktop = "/client" // its Electron main process: logins made in a browser of the agent's machine
	Admin   = "/admin"  // the web administration
)

// Namespaces lists them.
var Namespaces = []string{Inbox, Desktop, Admin}

// The roles that rows ask for; each holds what the ones before it may do.
const (
	Anyone   = "anyone" // every client, also before it said who it is
	Viewer   = "viewer"
	Agent    = "agent"
	Operator = "operator"
)

// Event is one row of the contract.
type Event struct {
	Namespace string
	Name      string
	Direction Direction
	Role      string  // who may send it; of an outbound event: who gets it
	MaxBytes  int     // of an inbound payload; 0 = the server's general bound
	PerSecond float64 // of an inbound event, per client; 0 = as fast as the client is served
	Burst     int
	About     string
}

// Inbound events of the inbox.
const (
	RegisterEvent         = "monitor:register"
	RequestChannelsEvent  = "monitor:request_channels"
	SyncEvent             = "monitor:sync"
	RequestTopicsEvent    = "monitor:request_topics"
	RequestMessagesEvent  = "monitor:request_messages"
	ReplyEvent            = "monitor:reply"
	MarkTopicEvent        = "monitor:mark_topic_as_read"
	MarkConversationEvent = "monitor:mark_conversation_as_read"
	MarkItemEvent         = "monitor:mark_as_read"
	MarkBatchEvent        = "monitor:mark_batch_as_read"
	UnreadCountEvent      = "monitor:get_unread_count"
	RequestPlatformsEvent = "monitor:request_platforms"
	RequestWorkersEvent   = "monitor:request_workers"
	CreateAccountEvent    = "monitor:create_account"
	DeleteAccountEvent    = "monitor:delete_account"
)

// Outbound events of the inbox.
const (
	ChannelsEvent           = "monitor:channels"
	RegisteredEvent         = "monitor:registered"
	TopicsEvent             = "monitor:topics"
	MessagesEvent           = "monitor:messages"
	SendingQueueEvent       = "monitor:sending_queue"
	HintEvent               = "monitor:new_message_hint"
	ChannelStatusEvent      = "channel:status_update"
	PlatformsEvent          = "monitor:platforms"
	WorkersEvent            = "monitor:workers"
	AccountCreatedEvent     = "monitor:create_account_result"
	AccountDeletedEvent     = "monitor:delete_account_result"
	TopicMarkedEvent        = "monitor:mark_topic_as_read_response"
	ConversationMarkedEvent = "monitor:mark_conversation_as_read_response"
	TopicReadEvent          = "monitor:topic_read"
	ConversationReadEvent   = "monitor:conversation_read"
	ItemMarkedEvent         = "monitor:mark_as_read_response"
	ItemReadEvent           = "monitor:message_read"
	BatchMarkedEvent        = "monitor:mark_batch_as_read_response"
	BatchReadEvent          = "monitor:messages_read"
	UnreadEvent             = "monitor:unread_count_response"
	ReplySuccessEvent       = "reply:success"
	ReplyErrorEvent         = "reply:error"
	MessageEvent            = "channel:message"
	MessageStatusEvent      = "channel:message:status"
	ErrorEvent              = "error"
)

const (
	smallPayload = 8 << 10  // ids and names
	replyPayload = 64 << 10 // a text and the quoted one
	batchPayload = 512 << 10
)

// After each list of channels, at most one a second, the PC client asks for the topics of every channel at once: these bounds are far above
// what a thousand accounts make it ask.
const (
	topicsPerSecond = 2500
	topicsBurst     = 5000
)

// Events is the whole contract: what is not listed is neither answered nor sent.
var Events = slices.Concat(inboxEvents, desktopEvents, adminEvents)

var inboxEvents = []Event{
	{Inbox, RegisterEvent, In, Agent, smallPayload, 5, 20, "says who it is; answered by channels and registered"},
	{Inbox, RequestChannelsEvent, In, Agent, smallPayload, 10, 100, "asks for the accounts"},
	{Inbox, SyncEvent, In, Agent, smallPayload, 10, 100, "asks for the accounts, every 30 s and after a reconnect"},
	{Inbox, RequestTopicsEvent, In, Agent, smallPayload, topicsPerSecond, topicsBurst, "asks for an account's works and conversations; one per account after each list of accounts"},
	{Inbox, RequestMessagesEvent, In, Agent, smallPayload, 50, 500, "asks for a topic's messages and sending queue"},
	{Inbox, ReplyEvent, In, Agent, replyPayload, 5, 20, "answers a comment, a work or a message"},
	{Inbox, MarkTopicEvent, In, Agent, smallPayload, 50, 200, "marks a work's comments read"},
	{Inbox, MarkConversationEvent, In, Agent, smallPayload, 50, 200, "marks a conversation read"},
	{Inbox, MarkItemEvent, In, Agent, smallPayload, 50, 200, "marks one comment or message read"},
	{Inbox, MarkBatchEvent, In, Agent, batchPayload, 10, 50, "marks several comments or messages read"},
	{Inbox, UnreadCountEvent, In, Agent, smallPayload, 50, 200, "asks for unread counts"},
	{Inbox, RequestPlatformsEvent, In, Agent, smallPayload, 10, 50, "asks which platforms an account can be on"},
	{Inbox, RequestWorkersEvent, In, Agent, smallPayload, 10, 50, "asks for the nodes"},
	{Inbox, CreateAccountEvent, In, Agent, smallPayload, 1, 20, "adds an account"},
	{Inbox, DeleteAccountEvent, In, Agent, smallPayload, 1, 20, "removes an account and erases its data"},

	{Inbox, ChannelsEvent, Out, Agent, 0, 0, 0, "all accounts; to the caller, and to all on a real change, at most one a second"},
	{Inbox, RegisteredEvent, Out, Agent, 0, 0, 0, "answer to register"},
	{Inbox, TopicsEvent, Out, Agent, 0, 0, 0, "an account's topics, replaces; to the caller, and to all on a change"},
	{Inbox, MessagesEvent, Out, Agent, 0, 0, 0, "a topic's messages, replaces; to the caller, and to all on a change"},
	{Inbox, SendingQueueEvent, Out, Agent, 0, 0, 0, "a topic's replies under way, replaces; at least one per reply"},
	{Inbox, HintEvent, Out, Agent, 0, 0, 0, "something new came in; topics follow at once"},
	{Inbox, ChannelStatusEvent, Out, Agent, 0, 0, 0, "an account's login or profile changed; channels follow"},
	{Inbox, PlatformsEvent, Out, Agent, 0, 0, 0, "answer to request_platforms"},
	{Inbox, WorkersEvent, Out, Agent, 0, 0, 0, "answer to request_workers"},
	{Inbox, AccountCreatedEvent, Out, Agent, 0, 0, 0, "answer to create_account"},
	{Inbox, AccountDeletedEvent, Out, Agent, 0, 0, 0, "answer to delete_account"},
	{Inbox, TopicMarkedEvent, Out, Agent, 0, 0, 0, "answer to mark_topic_as_read"},
	{Inbox, ConversationMarkedEvent, Out, Agent, 0, 0, 0, "answer to mark_conversation_as_read"},
	{Inbox, TopicReadEvent, Out, Agent, 0, 0, 0, "to all: a work's comments were read"},
	{Inbox, ConversationReadEvent, Out, Agent, 0, 0, 0, "to all: a conversation was read"},
	{Inbox, ItemMarkedEvent, Out, Agent, 0, 0, 0, "answer to mark_as_read"},
	{Inbox, ItemReadEvent, Out, Agent, 0, 0, 0, "to all: one item was read"},
	{Inbox, BatchMarkedEvent, Out, Agent, 0, 0, 0, "answer to mark_batch_as_read"},
	{Inbox, BatchReadEvent, Out, Agent, 0, 0, 0, "to all: several items were read"},
	{Inbox, UnreadEvent, Out, Agent, 0, 0, 0, "answer to get_unread_count"},
	{Inbox, ReplySuccessEvent, Out, Agent, 0, 0, 0, "a reply is on disk and will be sent"},
	{Inbox, ReplyErrorEvent, Out, Agent, 0, 0, 0, "a reply was not taken"},
	{Inbox, MessageEvent, Out, Agent, 0, 0, 0, "one new inbound message, to all; only where the operator wants it: the client comes to the front"},
	{Inbox, MessageStatusEvent, Out, Agent, 0, 0, 0, "to all: a reply failed, or nobody knows whether it was sent"},
	{Inbox, ErrorEvent, Out, Agent, 0, 0, 0, "an event was not understood"},
}
