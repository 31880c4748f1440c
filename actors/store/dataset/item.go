package dataset

import "troupe/messages"

func (w *Work) entity() *messages.Item {
	return &messages.Item{Source: w.Source, Entity: &messages.Item_Content{Content: &messages.Content{
		Id: w.ID, WorkId: w.ID, Title: w.Title, Description: w.Description, AuthorName: w.AuthorName, AuthorId: w.AuthorID,
		PublishTime: w.PublishTime, LikeCount: w.Likes.optional(), CommentCount: w.Comments.optional(), ShareCount: w.Shares.optional(),
		CoverUrl: w.CoverURL, VideoUrl: w.VideoURL, LastCrawlTime: w.LastCrawlTime, Url: w.URL, Statistics: w.Statistics,
		IsNew: w.IsNew, DetectedAt: w.DetectedAt,
	}}}
}

func (c *Comment) entity() *messages.Item {
	if c.Discussion() {
		return &messages.Item{Source: c.Source, Entity: &messages.Item_Discussion{Discussion: &messages.Discussion{
			Id: c.ID, PlatformDiscussionId: c.ID, CommentId: c.Root, WorkId: c.WorkID, Content: c.Text, AuthorName: c.AuthorName,
			AuthorId: c.AuthorID, AuthorAvatar: c.AuthorAvatar, CreateTime: c.CreateTime, IsNew: c.IsNew, DetectedAt: c.DetectedAt,
			ReplyToId: c.ReplyToID, ReplyToUser: c.ReplyToUser, IsRead: c.IsRead, IsOwn: c.Own, LikeCount: c.Likes.optional(),
		}}}
	}
	return &messages.Item{Source: c.Source, Entity: &messages.Item_Comment{Comment: &messages.Comment{
		Id: c.ID, PlatformCommentId: c.ID, WorkId: c.WorkID, Content: c.Text, AuthorName: c.AuthorName, AuthorId: c.AuthorID,
		AuthorAvatar: c.AuthorAvatar, CreateTime: c.CreateTime, LikeCount: c.Likes.optional(), IsNew: c.IsNew, IsReplied: c.Replied,
		ParentCommentId: c.ReplyToID, DetectedAt: c.DetectedAt, IsRead: c.IsRead, IsOwn: c.Own,
	}}}
}

func (c *Conversation) entity() *messages.Item {
	return &messages.Item{Source: c.Source, Entity: &messages.Item_Conversation{Conversation: &messages.Conversation{
		Id: c.ID, ConversationId: c.ID, Participant: person(c.PeerID, c.PeerName, c.PeerAvatar), LastMessage: c.LastMessage,
		LastMessageTime: c.LastMessageTime, UnreadCount: c.PlatformUnread.optional(), CreateTime: c.CreateTime,
		UpdateTime: c.UpdateTime, Status: c.Status, IsPinned: c.Pinned, IsMuted: c.Muted,
	}}}
}

func (m *DirectMessage) entity() *messages.Item {
	return &messages.Item{Source: m.Source, Entity: &messages.Item_Message{Message: &messages.DirectMessage{
		Id: m.ID, MsgId: m.ID, ConversationId: m.ConversationID, Sender: person(m.SenderID, m.SenderName, m.SenderAvatar),
		Recipient: person(m.RecipientID, m.RecipientName, ""), Content: m.Text, MsgType: m.Type, CreateTime: m.CreateTime,
		IsRead: m.IsRead, IsNew: m.IsNew, DetectedAt: m.DetectedAt, IsOutbound: m.Outbound, FileUrl: m.FileURL,
		FileName: m.FileName, IsRecalled: m.Recalled,
	}}}
}

func (n *Notification) entity() *messages.Item {
	return &messages.Item{Source: n.Source, Entity: &messages.Item_Notification{Notification: &messages.Notification{
		Id: n.ID, Type: n.Type, Title: n.Title, Content: n.Text, RelatedId: n.RelatedID, RelatedKind: n.RelatedKind,
		CreatedAt: n.CreateTime, IsRead: n.IsRead, Priority: n.Priority, DetectedAt: n.DetectedAt, IsNew: n.IsNew,
		FromId: n.FromID, FromName: n.FromName,
	}}}
}

// person is nil when nothing is known, so that an absent sender stays absent.
func person(id, name, avatar string) *messages.Person {
	if id == "" && name == "" && avatar == "" {
		return nil
	}
	return &messages.Person{UserId: id, UserName: name, Avatar: avatar}
}

func (c Count) optional() *int64 {
	if !c.Known {
		return nil
	}
	return &c.N
}
