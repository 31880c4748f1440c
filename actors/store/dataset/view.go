package dataset

import (
	"troupe/messages"
)

// Entities are held as plain structs, not protobuf: a third of the heap objects (docs/decisions). They are
// immutable once published: a change makes a new one. The header is what the store alone knows.

// Header is what the store knows of every item beside its content.
type Header struct {
	ID         string
	Rev        messages.Rev
	Epoch      messages.Epoch // of the observation that last wrote it
	DetectedAt int64          // ms, first observed
	ChangedAt  int64          // ms, last real change
	SeenAt     int64          // ms, last observed, to the day
	PageAt     int64          // ms, when the page received it
	Trace      messages.TraceID
	Source     messages.Source
	IsNew      bool // first seen after the collection's baseline, not own
	IsRead     bool // own items are read; else the master's mark
}

// Work is a content (作品).
type Work struct {
	Header
	Title, Description, AuthorName, AuthorID, CoverURL, VideoURL, URL string
	PublishTime, LastCrawlTime                                        int64
	Likes, Comments, Shares                                           Count
	Statistics                                                        *messages.Statistics // nil when the platform shows none
}

// Count is a platform's number that may be unknown.
type Count struct {
	N     int64
	Known bool
}

// Comment is a first-level comment, or a discussion below one (Root set).
type Comment struct {
	Header
	WorkID, Text, AuthorName, AuthorID, AuthorAvatar string
	Root                                             string // of a discussion: the first-level comment's id
	ReplyToID, ReplyToUser                           string // of a discussion
	CreateTime                                       int64
	Likes                                            Count
	Own, Replied                                     bool
}

// Discussion says whether it stands below a first-level comment.
func (c *Comment) Discussion() bool { return c.Root != "" }

// Unread says whether an agent still has to read it.
func (c *Comment) Unread() bool { return !c.Own && !c.IsRead }

// Conversation is a private chat.
type Conversation struct {
	Header
	PeerID, PeerName, PeerAvatar string
	LastMessage, Status          string
	LastMessageTime              int64
	PlatformUnread               Count
	CreateTime, UpdateTime       int64
	Pinned, Muted                bool
}

// DirectMessage is one private message.
type DirectMessage struct {
	Header
	ConversationID, SenderID, SenderName, SenderAvatar, RecipientID, RecipientName string
	Text, Type, FileURL, FileName                                                  string
	CreateTime                                                                     int64
	Outbound, Recalled                                                             bool
}

// Unread says whether an agent still has to read it.
func (m *DirectMessage) Unread() bool { return !m.Outbound && !m.IsRead }

// Notification is a platform's notice.
type Notification struct {
	Header
	Type, Title, Text, RelatedID, RelatedKind, Priority, FromID, FromName string
	CreateTime                                                            int64
}

// Unread counts what an agent has not read yet.
type Unread struct{ Comments, Messages int }

// Total is the badge of the account.
func (u Unread) Total() int { return u.Comments + u.Messages }

// Last is the newest comment or message, for lists.
type Last struct {
	Text, From string
	At         int64 // ms; 0 = there is none
}

// Summary is what is known of an account before its items are loaded; it is persisted in each of its batches.
type Summary struct {
	Account  messages.AccountID
	Rev      messages.Rev
	Counts   messages.Counts
	Unread   Unread
	Last     Last
	Metadata *messages.Metadata
}

// Topic is a work with its comments, or a conversation with its messages. A work or conversation that was
// not observed itself yet stands in with its id, and the peer's name as far as its messages tell.
type Topic struct {
	Kind         messages.TopicKind
	Work         *Work         // of a work; never nil then
	Conversation *Conversation // of a conversation; never nil then
	Count        int           // comments and discussions, or messages
	Unread       int
	Last         Last // zero while it holds no items
}

// ID is the work's or conversation's id within the account.
func (t *Topic) ID() string {
	if t.Work != nil {
		return t.Work.ID
	}
	return t.Conversation.ID
}

// At is when something last happened in the topic, for sorting: its newest item's time, else what the
// platform said of the conversation, else when the work was last seen.
func (t *Topic) At() int64 {
	switch {
	case t.Last.At != 0:
		return t.Last.At
	case t.Work != nil:
		return t.Work.LastCrawlTime
	default:
		return t.Conversation.LastMessageTime
	}
}

// View is one account's published state: immutable, safe for any goroutine.
type View struct {
	Summary
	Loaded bool // false: only the summary is known yet; lists answer "loading", never empty

	data   *account // frozen
	stream string   // of the last observation
	n      uint64
}

// Change names one changed item, for those who follow by Rev.
type Change struct {
	Rev        messages.Rev
	Account    messages.AccountID
	Collection string
	ID         string
	New        bool // first time in the dataset
	Deleted    bool
}

// Published is what the store tells its subscribers after a commit: in the order of Rev per account.
type Published struct {
	View    *View
	Changes []Change
	// Announce are the items that are new to the account, inbound, past the baseline: what a hint is made of.
	Announce []Change
	Trace    messages.TraceID
	PageAt   int64
}
