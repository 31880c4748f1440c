package foreign

import (
	"cmp"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// replyExecute is a reply on the wire of events. TargetID is the work.
type replyExecute struct {
	ReplyID   string  `json:"reply_id"`
	AccountID string  `json:"account_id"`
	Platform  string  `json:"platform"`
	ReplyType string  `json:"reply_type"` // comment message
	Content   string  `json:"content"`
	CommentID *string `json:"comment_id"`
	TargetID  *string `json:"target_id"`
	MessageID *string `json:"message_id"`
	SenderID  *string `json:"sender_id"`
}

func executeOf(r *messages.Reply, platform string, v *dataset.View) replyExecute {
	t := r.GetTarget()
	out := replyExecute{ReplyID: r.GetId(), AccountID: r.GetAccount(), Platform: platform, ReplyType: "comment", Content: r.GetContent()}
	if t.GetKind() == messages.ReplyKind_REPLY_MESSAGE {
		out.ReplyType, out.MessageID, out.SenderID = "message", answeredMessage(v, t), orNull(t.GetPersonId())
		return out
	}
	out.CommentID, out.TargetID = orNull(cmp.Or(t.GetDiscussionId(), t.GetCommentId())), orNull(t.GetWorkId())
	return out
}

// replyRequest is a reply on the wire of envelopes. TargetID is what is answered: null for a work.
type replyRequest struct {
	ReplyID           string       `json:"reply_id"`
	RequestID         string       `json:"request_id"`
	Platform          string       `json:"platform"`
	AccountID         string       `json:"account_id"`
	TargetType        string       `json:"target_type"` // comment work direct_message
	TargetID          *string      `json:"target_id"`
	ConversationID    *string      `json:"conversation_id,omitempty"`
	PlatformMessageID *string      `json:"platform_message_id,omitempty"`
	ReplyContent      string       `json:"reply_content"`
	AssignedWorkerID  string       `json:"assigned_worker_id"`
	CreatedAt         int64        `json:"created_at"`  // ms
	SubmitTime        int64        `json:"submit_time"` // ms
	Context           replyContext `json:"context"`
}

type replyContext struct {
	ReplyToContent *string     `json:"reply_to_content"`
	ChannelName    string      `json:"channel_name"`
	VideoID        *string     `json:"video_id"`
	UserID         *string     `json:"user_id"`
	VideoContent   *workRow    `json:"video_content"`
	TargetComment  *commentRow `json:"target_comment"`
}

// workRow and commentRow are records as the worker synchronised them.
type (
	workRow struct {
		ContentID   string `json:"contentId"`
		Title       string `json:"title"`
		Description string `json:"description"`
		CoverURL    string `json:"coverUrl"`
		URL         string `json:"url"`
		PublishTime int64  `json:"publishTime"`
	}
	commentRow struct {
		CommentID       string  `json:"commentId"`
		ContentID       string  `json:"contentId"`
		ParentCommentID *string `json:"parentCommentId"`
		AuthorID        string  `json:"authorId"`
		AuthorName      string  `json:"authorName"`
		Content         string  `json:"content"`
		CreatedAt       int64   `json:"createdAt"`
	}
)

func requestOf(r *messages.Reply, a *messages.Account, worker messages.NodeID, v *dataset.View) replyRequest {
	t := r.GetTarget()
	out := replyRequest{
		ReplyID: r.GetId(), RequestID: r.GetRequestId(), Platform: a.GetPlatform(), AccountID: r.GetAccount(), ReplyContent: r.GetContent(),
		AssignedWorkerID: string(worker), CreatedAt: r.GetAcceptedAt(), SubmitTime: r.GetAcceptedAt(),
		Context: replyContext{
			ReplyToContent: orNull(t.GetText()), ChannelName: nameOf(a), VideoID: orNull(t.GetWorkId()), UserID: orNull(t.GetPersonId()),
		},
	}
	switch t.GetKind() {
	case messages.ReplyKind_REPLY_MESSAGE:
		out.TargetType, out.TargetID, out.ConversationID = "direct_message", orNull(t.GetConversationId()), orNull(t.GetConversationId())
		out.PlatformMessageID = answeredMessage(v, t)
	case messages.ReplyKind_REPLY_WORK:
		out.TargetType = "work"
	default:
		out.TargetType, out.TargetID = "comment", orNull(cmp.Or(t.GetDiscussionId(), t.GetCommentId()))
	}
	out.Context.fill(v, t)
	return out
}

// fill adds the work and the comment as far as they are held.
func (c *replyContext) fill(v *dataset.View, t *messages.ReplyTarget) {
	if v == nil || !v.Loaded || t.GetWorkId() == "" {
		return
	}
	if work := v.Work(t.GetWorkId()); work != nil {
		c.VideoContent = &workRow{work.ID, work.Title, work.Description, work.CoverURL, work.URL, work.PublishTime}
	}
	if one := v.Comment(cmp.Or(t.GetDiscussionId(), t.GetCommentId())); one != nil {
		c.TargetComment = &commentRow{one.ID, one.WorkID, orNull(one.ReplyToID), one.AuthorID, one.AuthorName, one.Text, one.CreateTime}
	}
}

// answeredMessage is the newest message of the conversation with the answered text; nil when there is none.
func answeredMessage(v *dataset.View, t *messages.ReplyTarget) *string {
	if v == nil || !v.Loaded || t.GetText() == "" {
		return nil
	}
	var id *string
	for _, m := range v.Messages(t.GetConversationId()) {
		if !m.Outbound && m.Text == t.GetText() {
			id = &m.ID
		}
	}
	return id
}

func nameOf(r *messages.Account) string {
	return cmp.Or(r.GetProfile().GetNickname(), r.GetName(), r.GetId())
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
