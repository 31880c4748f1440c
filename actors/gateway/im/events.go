package im

// Direction says who sends an event.
type Direction string

// The two directions.
const (
	In  Direction = "in"  // client to master
	Out Direction = "out" // master to client
)

// Agent is the role that a client needs for the inbox.
const Agent = "agent"

// Event is one row of the contract: an event of namespace "/".
type Event struct {
	Name      string
	Direction Direction
	Role      string  // who may send it; of an outbound event: who gets it
	MaxBytes  int     // of an inbound payload; 0 = the server's general bound
	PerSecond float64 // of an inbound event, per client; 0 = as fast as the client is served
	Burst     int
	About     string
}

// Inbound events.
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

// Outbound events.
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
	MessageStatusEvent      = "channel:message:status"
	ErrorEvent              = "error"
)

const (
	smallPayload = 8 << 10  // ids and names
	replyPayload = 64 << 10 // a text and the quoted one
	batchPayload = 512 << 10
)

// Events is the whole contract of namespace "/": what is not listed is neither answered nor sent.
var Events = []Event{
	{RegisterEvent, In, Agent, smallPayload, 5, 20, "says who it is; answered by channels and registered"},
	{RequestChannelsEvent, In, Agent, smallPayload, 0, 0, "asks for the accounts"},
	{SyncEvent, In, Agent, smallPayload, 0, 0, "asks for the accounts, every 30 s and after a reconnect"},
	{RequestTopicsEvent, In, Agent, smallPayload, 0, 0, "asks for an account's works and conversations; one per account after each list of accounts"},
	{RequestMessagesEvent, In, Agent, smallPayload, 0, 0, "asks for a topic's messages and sending queue"},
	{ReplyEvent, In, Agent, replyPayload, 5, 20, "answers a comment, a work or a message"},
	{MarkTopicEvent, In, Agent, smallPayload, 50, 200, "marks a work's comments read"},
	{MarkConversationEvent, In, Agent, smallPayload, 50, 200, "marks a conversation read"},
	{MarkItemEvent, In, Agent, smallPayload, 50, 200, "marks one comment or message read"},
	{MarkBatchEvent, In, Agent, batchPayload, 10, 50, "marks several comments or messages read"},
	{UnreadCountEvent, In, Agent, smallPayload, 50, 200, "asks for unread counts"},
	{RequestPlatformsEvent, In, Agent, smallPayload, 10, 50, "asks which platforms an account can be on"},
	{RequestWorkersEvent, In, Agent, smallPayload, 10, 50, "asks for the nodes"},
	{CreateAccountEvent, In, Agent, smallPayload, 1, 20, "adds an account"},
	{DeleteAccountEvent, In, Agent, smallPayload, 1, 20, "removes an account and erases its data"},

	{Name: ChannelsEvent, Direction: Out, Role: Agent, About: "all accounts; to the caller, and to all on a real change, at most one a second"},
	{Name: RegisteredEvent, Direction: Out, Role: Agent, About: "answer to register"},
	{Name: TopicsEvent, Direction: Out, Role: Agent, About: "an account's topics, replaces; to the caller, and to all on a change"},
	{Name: MessagesEvent, Direction: Out, Role: Agent, About: "a topic's messages, replaces; to the caller, and to all on a change"},
	{Name: SendingQueueEvent, Direction: Out, Role: Agent, About: "a topic's replies under way, replaces; at least one per reply"},
	{Name: HintEvent, Direction: Out, Role: Agent, About: "something new came in; topics follow at once"},
	{Name: ChannelStatusEvent, Direction: Out, Role: Agent, About: "an account's login or profile changed; channels follow"},
	{Name: PlatformsEvent, Direction: Out, Role: Agent, About: "answer to request_platforms"},
	{Name: WorkersEvent, Direction: Out, Role: Agent, About: "answer to request_workers"},
	{Name: AccountCreatedEvent, Direction: Out, Role: Agent, About: "answer to create_account"},
	{Name: AccountDeletedEvent, Direction: Out, Role: Agent, About: "answer to delete_account"},
	{Name: TopicMarkedEvent, Direction: Out, Role: Agent, About: "answer to mark_topic_as_read"},
	{Name: ConversationMarkedEvent, Direction: Out, Role: Agent, About: "answer to mark_conversation_as_read"},
	{Name: TopicReadEvent, Direction: Out, Role: Agent, About: "to all: a work's comments were read"},
	{Name: ConversationReadEvent, Direction: Out, Role: Agent, About: "to all: a conversation was read"},
	{Name: ItemMarkedEvent, Direction: Out, Role: Agent, About: "answer to mark_as_read"},
	{Name: ItemReadEvent, Direction: Out, Role: Agent, About: "to all: one item was read"},
	{Name: BatchMarkedEvent, Direction: Out, Role: Agent, About: "answer to mark_batch_as_read"},
	{Name: BatchReadEvent, Direction: Out, Role: Agent, About: "to all: several items were read"},
	{Name: UnreadEvent, Direction: Out, Role: Agent, About: "answer to get_unread_count"},
	{Name: ReplySuccessEvent, Direction: Out, Role: Agent, About: "a reply is on disk and will be sent"},
	{Name: ReplyErrorEvent, Direction: Out, Role: Agent, About: "a reply was not taken"},
	{Name: MessageStatusEvent, Direction: Out, Role: Agent, About: "to all: a reply failed, or nobody knows whether it was sent"},
	{Name: ErrorEvent, Direction: Out, Role: Agent, About: "an event was not understood"},
}
