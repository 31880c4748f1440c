package im

import (
	"cmp"
	"slices"
	"time"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// How the client is told that the business itself wrote something.
const (
	serviceName = "客服"
	serviceID   = "monitor_client"
	nobody      = "未知用户"
)

// Categories of messages: the client's tabs.
const (
	commentCategory = "comment"
	privateCategory = "private"
)

const (
	inbound  = "inbound"
	outbound = "outbound"
)

// Message is a comment, a discussion or a private message.
type Message struct {
	ID              string  `json:"id"`
	ChannelID       string  `json:"channelId"`
	TopicID         string  `json:"topicId"`
	FromName        string  `json:"fromName"`
	FromID          string  `json:"fromId"`
	AuthorAvatar    *string `json:"authorAvatar"`
	Content         string  `json:"content"`
	Type            string  `json:"type"` // comment text image file ...
	MessageCategory string  `json:"messageCategory"`
	Timestamp       int64   `json:"timestamp"`
	ServerTimestamp int64   `json:"serverTimestamp"`
	ReplyToID       *string `json:"replyToId"` // the first-level comment; null when it is none of the list
	ReplyToContent  *string `json:"replyToContent"`
	Direction       string  `json:"direction"` // inbound outbound
	IsRead          bool    `json:"isRead"`

	IsAuthorReply *bool   `json:"isAuthorReply,omitempty"` // of comments
	RecipientID   *string `json:"recipientId,omitempty"`   // of private messages
	RecipientName *string `json:"recipientName,omitempty"` // of private messages
	FileURL       string  `json:"fileUrl,omitempty"`
	FileName      string  `json:"fileName,omitempty"`
}

// MessageList is the payload of monitor:messages; it replaces what the client had of that topic.
type MessageList struct {
	TopicID  string    `json:"topicId"`
	Messages []Message `json:"messages"`
}

// Messages lists a topic's whole history by time, and in it those replies that the client would otherwise not learn about
// (see annotations). A topic that nobody knows is an empty list. v may be nil; one that is not loaded yet must not be shaped.
func Messages(topic messages.TopicID, b *board.Board, v *dataset.View, now time.Time) MessageList {
	list := MessageList{TopicID: string(topic), Messages: []Message{}}
	account, kind, id, ok := topic.Parts()
	if !ok || v == nil || v.Account != account {
		return list
	}
	t := thread{account: account, topic: topic, kind: kind}
	if kind == messages.WorkTopic {
		t.comments(v.Thread(id))
	} else {
		t.chat(v.Conversation(id), v.Messages(id), b.Account(account))
	}
	t.annotations(b.Replies, now)
	slices.SortStableFunc(t.out, func(a, b Message) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	if t.out != nil {
		list.Messages = t.out
	}
	return list
}

// thread gathers the messages of one topic.
type thread struct {
	account messages.AccountID
	topic   messages.TopicID
	kind    messages.TopicKind
	roots   map[string]bool // first-level comments that are held
	out     []Message
}

func (t *thread) comments(held []*dataset.Comment) {
	t.roots = make(map[string]bool, len(held))
	for _, c := range held {
		if !c.Discussion() {
			t.roots[c.ID] = true
		}
	}
	t.out = make([]Message, 0, len(held))
	for _, c := range held {
		t.out = append(t.out, t.comment(c))
	}
}

func (t *thread) comment(c *dataset.Comment) Message {
	m := t.message(c.Header, c.Own, c.AuthorID, c.AuthorName)
	m.AuthorAvatar = orNull(c.AuthorAvatar)
	m.Content = c.Text
	m.Type = commentCategory
	m.MessageCategory = commentCategory
	m.Timestamp = cmp.Or(c.CreateTime, c.DetectedAt)
	m.ReplyToID = t.parent(c.Root)
	m.IsAuthorReply = new(c.Own)
	return m
}

// parent is the comment that the client shows a reply under: it knows two levels only, and hides a reply whose parent it has not.
func (t *thread) parent(root string) *string {
	if !t.roots[root] {
		return nil
	}
	return &root
}

func (t *thread) chat(c *dataset.Conversation, held []*dataset.DirectMessage, a *board.Account) {
	var own, peer string
	if a != nil {
		own = a.Record.GetProfile().GetAvatar()
	}
	if c != nil {
		peer = c.PeerAvatar
	}
	t.out = make([]Message, 0, len(held))
	for _, d := range held {
		m := t.message(d.Header, d.Outbound, d.SenderID, d.SenderName)
		avatar := peer
		if d.Outbound {
			avatar = own
		}
		m.AuthorAvatar = orNull(cmp.Or(avatar, d.SenderAvatar))
		m.Content = d.Text
		if d.Recalled {
			m.Content = "[已撤回] " + d.Text
		}
		m.Type = cmp.Or(d.Type, "text")
		m.MessageCategory = privateCategory
		m.Timestamp = cmp.Or(d.CreateTime, d.DetectedAt)
		m.RecipientID, m.RecipientName = &d.RecipientID, &d.RecipientName
		m.FileURL, m.FileName = d.FileURL, d.FileName
		t.out = append(t.out, m)
	}
}

// message is what comments and private messages have in common.
func (t *thread) message(h dataset.Header, own bool, fromID, fromName string) Message {
	m := Message{
		ID:              h.ID,
		ChannelID:       string(t.account),
		TopicID:         string(t.topic),
		FromID:          fromID,
		FromName:        cmp.Or(fromName, nobody),
		ServerTimestamp: h.DetectedAt,
		Direction:       inbound,
		IsRead:          own || h.IsRead,
	}
	if own {
		m.FromID, m.FromName, m.Direction = serviceID, serviceName, outbound
	}
	return m
}

// Refreshed lists the topics that got an item in a commit, in the order in which they first appear.
func Refreshed(p *dataset.Published) []messages.TopicID {
	var topics []messages.TopicID
	for _, c := range p.Changes {
		topic := messages.TopicID("")
		switch {
		case !c.New || c.Deleted:
		case c.Collection == messages.Comments || c.Collection == messages.Discussions:
			if e := p.View.Comment(c.ID); e != nil && e.WorkID != "" {
				topic = messages.TopicOf(p.View.Account, messages.WorkTopic, e.WorkID)
			}
		case c.Collection == messages.Messages:
			if e := p.View.Message(c.ID); e != nil {
				topic = messages.TopicOf(p.View.Account, messages.ConversationTopic, e.ConversationID)
			}
		}
		if topic != "" && !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	return topics
}
