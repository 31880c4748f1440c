package im

import (
	"cmp"
	"time"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// hintAge is how old an item may be to be hinted at; older ones come from a first look or a restart.
const hintAge = 10 * time.Minute

// Hint is the payload of monitor:new_message_hint: so many new items in one topic.
type Hint struct {
	ChannelID        string  `json:"channelId"`
	Platform         string  `json:"platform"`
	MessageType      string  `json:"messageType"` // comment private_message
	TopicID          *string `json:"topicId,omitempty"`
	TopicTitle       *string `json:"topicTitle,omitempty"`
	CommentCount     *int    `json:"commentCount,omitempty"`
	ConversationID   *string `json:"conversationId,omitempty"`
	FromUserID       *string `json:"fromUserId,omitempty"`
	FromUserName     *string `json:"fromUserName,omitempty"`
	MessageCount     *int    `json:"messageCount,omitempty"`
	TotalUnreadCount int     `json:"totalUnreadCount"` // of the account, after it
	Timestamp        int64   `json:"timestamp"`
}

// Hints groups what a commit announced by work and conversation, in the order in which they first appear. An item is
// hinted at when it is inbound and was created within the last ten minutes.
func Hints(a *board.Account, p *dataset.Published, now time.Time) []Hint {
	var order []messages.TopicID
	counts := map[messages.TopicID]*int{}
	last := map[messages.TopicID]*dataset.DirectMessage{}
	for _, c := range p.Announce {
		topic, message := announced(p.View, c, now)
		if topic == "" {
			continue
		}
		if counts[topic] == nil {
			order = append(order, topic)
			counts[topic] = new(0)
		}
		*counts[topic]++
		last[topic] = message
	}
	var hints []Hint
	for _, topic := range order {
		h := Hint{
			ChannelID:        a.Record.GetId(),
			Platform:         a.Record.GetPlatform(),
			TotalUnreadCount: p.View.Unread.Total(),
			Timestamp:        now.UnixMilli(),
		}
		if message := last[topic]; message != nil {
			h.ofConversation(topic, message, counts[topic])
		} else {
			h.ofWork(topic, p.View, counts[topic])
		}
		hints = append(hints, h)
	}
	return hints
}

// NewMessages are the messages that a commit's hints tell of, as their topics' histories show them.
func NewMessages(b *board.Board, p *dataset.Published, now time.Time) []Message {
	byTopic := map[messages.TopicID]MessageList{}
	var out []Message
	for _, c := range p.Announce {
		topic, _ := announced(p.View, c, now)
		if topic == "" {
			continue
		}
		if _, shaped := byTopic[topic]; !shaped {
			byTopic[topic] = Messages(topic, b, p.View, now)
		}
		for _, m := range byTopic[topic].Messages {
			if m.ID == c.ID {
				out = append(out, m)
			}
		}
	}
	return out
}

// announced is the topic of a change that deserves a hint, and the message if it is one.
func announced(v *dataset.View, c dataset.Change, now time.Time) (messages.TopicID, *dataset.DirectMessage) {
	oldest := now.Add(-hintAge).UnixMilli()
	switch c.Collection {
	case messages.Comments, messages.Discussions:
		if e := v.Comment(c.ID); e != nil && !e.Own && e.WorkID != "" && e.CreateTime >= oldest {
			return messages.TopicOf(v.Account, messages.WorkTopic, e.WorkID), nil
		}
	case messages.Messages:
		if e := v.Message(c.ID); e != nil && !e.Outbound && e.CreateTime >= oldest {
			return messages.TopicOf(v.Account, messages.ConversationTopic, e.ConversationID), e
		}
	}
	return "", nil
}

func (h *Hint) ofWork(topic messages.TopicID, v *dataset.View, count *int) {
	title := "未知作品"
	if _, kind, id, _ := topic.Parts(); v.Topic(kind, id) != nil {
		title = cmp.Or(v.Topic(kind, id).Work.Title, title)
	}
	h.MessageType = "comment"
	h.TopicID, h.TopicTitle, h.CommentCount = new(string(topic)), &title, count
}

func (h *Hint) ofConversation(topic messages.TopicID, m *dataset.DirectMessage, count *int) {
	h.MessageType = "private_message"
	h.ConversationID, h.MessageCount = new(string(topic)), count
	h.FromUserID, h.FromUserName = &m.SenderID, new(cmp.Or(m.SenderName, nobody))
}
