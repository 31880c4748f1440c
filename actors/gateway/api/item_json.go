package api

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Item is an entity of any of the six collections in JSON. Which fields are set depends on the collection; what
// the platform did not say is absent.
type Item struct {
	Account    string `json:"account"`
	Collection string `json:"collection"` // contents comments discussions conversations messages notifications
	ID         string `json:"id"`         // within the account and collection
	Rev        string `json:"rev"`        // of its last change
	Topic      string `json:"topic,omitempty"`
	At         int64  `json:"at"`                  // when it was written, published or begun
	ActiveAt   int64  `json:"active_at,omitempty"` // when something last happened in a conversation
	DetectedAt int64  `json:"detected_at"`
	ChangedAt  int64  `json:"changed_at"`
	IsNew      bool   `json:"is_new"`
	IsRead     bool   `json:"is_read"`
	IsOwn      bool   `json:"is_own"` // written by the account itself

	Title string  `json:"title,omitempty"`
	Text  string  `json:"text"`
	From  *Person `json:"from,omitempty"`
	To    *Person `json:"to,omitempty"`

	WorkID         string `json:"work_id,omitempty"`
	ConversationID string `json:"conversation_id,omitempty"`
	CommentID      string `json:"comment_id,omitempty"`  // the first-level comment that a discussion stands below
	ReplyToID      string `json:"reply_to_id,omitempty"` // what a discussion answers
	ReplyToName    string `json:"reply_to_name,omitempty"`
	Replied        bool   `json:"replied,omitempty"` // an own answer stands below it
	Recalled       bool   `json:"recalled,omitempty"`

	Type     string `json:"type,omitempty"` // of a message or notification
	FileURL  string `json:"file_url,omitempty"`
	FileName string `json:"file_name,omitempty"`
	Related  string `json:"related,omitempty"` // what a notification is about: kind/id
	Priority string `json:"priority,omitempty"`
	Status   string `json:"status,omitempty"` // of a conversation
	Pinned   bool   `json:"pinned,omitempty"`
	Muted    bool   `json:"muted,omitempty"`

	URL        string         `json:"url,omitempty"`
	CoverURL   string         `json:"cover_url,omitempty"`
	VideoURL   string         `json:"video_url,omitempty"`
	Likes      *int64         `json:"likes,omitempty"`
	Comments   *int64         `json:"comments,omitempty"` // as the platform counts
	Shares     *int64         `json:"shares,omitempty"`
	Statistics map[string]any `json:"statistics,omitempty"` // numbers by the names of messages.Statistics
}

// Person is somebody on the platform.
type Person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"`
}

func itemOf(account messages.AccountID, collection string, h *dataset.Header) Item {
	return Item{
		Account: string(account), Collection: collection, ID: h.ID, Rev: revText(h.Rev), DetectedAt: h.DetectedAt,
		ChangedAt: h.ChangedAt, IsNew: h.IsNew, IsRead: h.IsRead,
	}
}

func workItem(account messages.AccountID, w *dataset.Work) Item {
	out := itemOf(account, messages.Contents, &w.Header)
	out.Topic, out.At, out.IsOwn = string(messages.TopicOf(account, messages.WorkTopic, w.ID)), w.PublishTime, true
	out.Title, out.Text, out.From, out.WorkID = w.Title, w.Description, personOf(w.AuthorID, w.AuthorName, ""), w.ID
	out.URL, out.CoverURL, out.VideoURL = w.URL, w.CoverURL, w.VideoURL
	out.Likes, out.Comments, out.Shares = numberOf(w.Likes), numberOf(w.Comments), numberOf(w.Shares)
	out.Statistics = numbersOf(w.Statistics)
	return out
}

func commentItem(account messages.AccountID, c *dataset.Comment) Item {
	collection := messages.Comments
	if c.Discussion() {
		collection = messages.Discussions
	}
	out := itemOf(account, collection, &c.Header)
	out.Topic, out.At, out.IsOwn = string(messages.TopicOf(account, messages.WorkTopic, c.WorkID)), c.CreateTime, c.Own
	out.Text, out.From, out.WorkID = c.Text, personOf(c.AuthorID, c.AuthorName, c.AuthorAvatar), c.WorkID
	out.CommentID, out.ReplyToID, out.ReplyToName, out.Replied = c.Root, c.ReplyToID, c.ReplyToUser, c.Replied
	out.Likes = numberOf(c.Likes)
	return out
}

func conversationItem(account messages.AccountID, c *dataset.Conversation) Item {
	out := itemOf(account, messages.Conversations, &c.Header)
	out.Topic, out.At, out.ActiveAt = string(messages.TopicOf(account, messages.ConversationTopic, c.ID)), c.CreateTime, c.LastMessageTime
	out.Title, out.Text, out.From = c.PeerName, c.LastMessage, personOf(c.PeerID, c.PeerName, c.PeerAvatar)
	out.ConversationID, out.Status, out.Pinned, out.Muted = c.ID, c.Status, c.Pinned, c.Muted
	return out
}

func messageItem(account messages.AccountID, m *dataset.DirectMessage) Item {
	out := itemOf(account, messages.Messages, &m.Header)
	out.Topic, out.At = string(messages.TopicOf(account, messages.ConversationTopic, m.ConversationID)), m.CreateTime
	out.IsOwn, out.Text, out.ConversationID = m.Outbound, m.Text, m.ConversationID
	out.From, out.To = personOf(m.SenderID, m.SenderName, m.SenderAvatar), personOf(m.RecipientID, m.RecipientName, "")
	out.Type, out.FileURL, out.FileName, out.Recalled = m.Type, m.FileURL, m.FileName, m.Recalled
	return out
}

func notificationItem(account messages.AccountID, h *dataset.Header, n *messages.Notification) Item {
	out := itemOf(account, messages.Notifications, h)
	out.At, out.Title, out.Text, out.From = n.GetCreatedAt(), n.GetTitle(), n.GetContent(), personOf(n.GetFromId(), n.GetFromName(), "")
	out.Type, out.Priority = n.GetType(), n.GetPriority()
	if n.GetRelatedId() != "" {
		out.Related = n.GetRelatedKind() + "/" + n.GetRelatedId()
	}
	return out
}

func personOf(id, name, avatar string) *Person {
	if id == "" && name == "" {
		return nil
	}
	return &Person{id, name, avatar}
}

func numberOf(c dataset.Count) *int64 {
	if !c.Known {
		return nil
	}
	return &c.N
}

// numbersOf lists the statistics that the platform shows.
func numbersOf(s *messages.Statistics) map[string]any {
	if s == nil {
		return nil
	}
	out := map[string]any{}
	s.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		out[string(f.Name())] = v.Interface()
		return true
	})
	return out
}
