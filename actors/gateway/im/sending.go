package im

import (
	"cmp"
	"slices"
	"time"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

const (
	// QueueTime is how long a reply shows as "sending" at the most; the client has no time-out of its own.
	QueueTime = 120 * time.Second
	// annotationTime is how long an ended reply may still be shown by us.
	annotationTime = 24 * time.Hour
)

// SendingMessage is a reply under way. The client draws it with "正在发送".
type SendingMessage struct {
	ID              string  `json:"id"`
	TopicID         string  `json:"topicId"`
	ChannelID       string  `json:"channelId"`
	Content         string  `json:"content"`
	FromName        string  `json:"fromName"`
	FromID          string  `json:"fromId"`
	AuthorAvatar    *string `json:"authorAvatar"` // always null
	MessageCategory string  `json:"messageCategory"`
	Status          string  `json:"status"` // sending
	Timestamp       int64   `json:"timestamp"`
	ReplyToID       *string `json:"replyToId"`
	ReplyToContent  *string `json:"replyToContent"`
}

// SendingQueue is the payload of monitor:sending_queue; an empty one clears, and gives the client its button back.
type SendingQueue struct {
	TopicID         string           `json:"topicId"`
	SendingMessages []SendingMessage `json:"sendingMessages"`
}

// SendingQueueOf lists a topic's open replies, oldest first, that are not older than QueueTime.
func SendingQueueOf(topic messages.TopicID, b *board.Board, now time.Time) SendingQueue {
	queue := SendingQueue{TopicID: string(topic), SendingMessages: []SendingMessage{}}
	account, _, _, ok := topic.Parts()
	if !ok {
		return queue
	}
	a := b.Account(account)
	if a == nil {
		return queue
	}
	for _, r := range a.Queue {
		if r.GetTopic() == string(topic) && messages.ReplyOpen(r.GetState()) && !overdue(r, now) {
			queue.SendingMessages = append(queue.SendingMessages, sendingMessage(r))
		}
	}
	return queue
}

// overdue says whether a reply waited longer than the client should be kept waiting.
func overdue(r *messages.Reply, now time.Time) bool {
	return now.UnixMilli()-r.GetAcceptedAt() >= QueueTime.Milliseconds()
}

func sendingMessage(r *messages.Reply) SendingMessage {
	return SendingMessage{
		ID:              r.GetId(),
		TopicID:         r.GetTopic(),
		ChannelID:       r.GetAccount(),
		Content:         r.GetContent(),
		FromName:        cmp.Or(r.GetFromName(), serviceName),
		FromID:          cmp.Or(r.GetFromId(), serviceID),
		MessageCategory: categoryOf(r.GetTarget()),
		Status:          "sending",
		Timestamp:       r.GetAcceptedAt(),
		ReplyToID:       orNull(r.GetTarget().GetCommentId()),
		ReplyToContent:  orNull(r.GetTarget().GetText()),
	}
}

func categoryOf(t *messages.ReplyTarget) string {
	if t.GetKind() == messages.ReplyKind_REPLY_MESSAGE {
		return privateCategory
	}
	return commentCategory
}

// Replied says whether the board has replies to a topic, ended ones too.
func Replied(topic messages.TopicID, b *board.Board) bool {
	return slices.ContainsFunc(b.Replies, func(r *messages.Reply) bool { return r.GetTopic() == string(topic) })
}

// annotations adds to a topic's history the replies that the client would not learn about otherwise:
//
//   - failed, and those of which nobody knows: as an own message whose text begins with a mark, for a day or until a later
//     reply in that topic succeeds (the client listens to no failure event);
//   - open for so long that the sending queue dropped them;
//   - confirmed, until the page shows them among the items.
func (t *thread) annotations(replies []*messages.Reply, now time.Time) {
	var mine []*messages.Reply
	var success int64 // when the last one ended well
	for _, r := range replies {
		if r.GetTopic() != string(t.topic) {
			continue
		}
		mine = append(mine, r)
		if r.GetState() == messages.ReplyConfirmedState {
			success = max(success, r.GetEndedAt())
		}
	}
	for _, r := range mine {
		if mark, shown := t.mark(r, success, now); shown {
			t.out = append(t.out, t.annotation(r, mark))
		}
	}
}

// mark says whether a reply is to be shown, and what its text begins with.
func (t *thread) mark(r *messages.Reply, success int64, now time.Time) (mark string, shown bool) {
	state := r.GetState()
	if messages.ReplyOpen(state) {
		return "[等待发送] ", overdue(r, now)
	}
	if now.UnixMilli()-r.GetEndedAt() >= annotationTime.Milliseconds() {
		return "", false
	}
	if state == messages.ReplyConfirmedState {
		return "", !t.holds(r)
	}
	if r.GetEndedAt() < success {
		return "", false
	}
	if state == messages.ReplyUnknownState {
		return "[未确认是否送达] ", true
	}
	if r.GetReason() != "" {
		return "[发送失败: " + r.GetReason() + "] ", true
	}
	return "[发送失败] ", true
}

// holds says whether the page already showed what a confirmed reply posted: by the platform's id, else by the text.
func (t *thread) holds(r *messages.Reply) bool {
	const clocks = 60_000 // ms that the platform's clock and ours may differ
	for _, m := range t.out {
		if r.GetPlatformId() != "" && m.ID == r.GetPlatformId() {
			return true
		}
		if r.GetPlatformId() == "" && m.Direction == outbound && m.Content == r.GetContent() &&
			m.Timestamp >= r.GetDispatchedAt()-clocks {
			return true
		}
	}
	return false
}

func (t *thread) annotation(r *messages.Reply, mark string) Message {
	id := r.GetId()
	if r.GetState() == messages.ReplyConfirmedState {
		id = cmp.Or(r.GetPlatformId(), id)
	}
	m := t.message(dataset.Header{ID: id, DetectedAt: r.GetAcceptedAt()}, true, "", "")
	m.Content = mark + r.GetContent()
	m.Timestamp = cmp.Or(r.GetEndedAt(), r.GetAcceptedAt())
	m.Type, m.MessageCategory = "text", privateCategory
	if t.kind == messages.WorkTopic {
		m.Type, m.MessageCategory = commentCategory, commentCategory
		m.IsAuthorReply = new(true)
		m.ReplyToID = t.parent(r.GetTarget().GetCommentId())
	} else {
		m.RecipientID, m.RecipientName = new(r.GetTarget().GetPersonId()), new(r.GetTarget().GetPersonName())
	}
	return m
}
