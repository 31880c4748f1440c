package dataset

import (
	"strings"

	"troupe/messages"
)

// entry is one item of any collection. Once it is in an account it is never changed: a change makes a new one.
type entry interface {
	head() *Header
	collection() string
	// own says whether the account itself made it.
	own() bool
	// born is when it came to be on the platform, ms; 0 = never said.
	born() int64
	// entity is the item as it travels, with the header's marks where it has fields for them.
	entity() *messages.Item
	// merged returns the entry with what in adds; over says whether known values may be replaced. It returns
	// the entry itself when nothing changed. The header is not looked at.
	merged(in entry, over bool) entry
	// clone returns a copy whose header may be written.
	clone() entry
}

func (h *Header) head() *Header { return h }

func (w *Work) collection() string          { return messages.Contents }
func (c *Conversation) collection() string  { return messages.Conversations }
func (m *DirectMessage) collection() string { return messages.Messages }
func (n *Notification) collection() string  { return messages.Notifications }
func (c *Comment) collection() string {
	if c.Discussion() {
		return messages.Discussions
	}
	return messages.Comments
}

func (w *Work) own() bool          { return false }
func (c *Conversation) own() bool  { return false }
func (c *Comment) own() bool       { return c.Own }
func (m *DirectMessage) own() bool { return m.Outbound }
func (n *Notification) own() bool  { return false }

func (w *Work) born() int64          { return w.PublishTime }
func (c *Conversation) born() int64  { return c.CreateTime }
func (c *Comment) born() int64       { return c.CreateTime }
func (m *DirectMessage) born() int64 { return m.CreateTime }
func (n *Notification) born() int64  { return n.CreateTime }

func (w *Work) clone() entry          { n := *w; return &n }
func (c *Conversation) clone() entry  { n := *c; return &n }
func (c *Comment) clone() entry       { n := *c; return &n }
func (m *DirectMessage) clone() entry { n := *m; return &n }
func (n *Notification) clone() entry  { o := *n; return &o }

// words makes equal strings share their bytes, within one account. Names, avatars and ids of people repeat in
// almost every item; so the table costs less than a third of what it saves.
type words map[string]string

// share returns s, sharing the bytes with every equal string seen before.
func (w words) share(s string) string {
	if s == "" {
		return ""
	}
	if known, ok := w[s]; ok {
		return known
	}
	s = valid(s)
	w[s] = s
	return s
}

// valid returns s with what is not UTF-8 replaced: it comes from a stranger's page and must be storable.
func valid(s string) string { return strings.ToValidUTF8(s, "�") }

// observed turns an item into an entry of this account; nil for an item without id. A discussion without its root
// comment cannot be placed and is nil as well.
func (w words) observed(item *messages.Item) entry {
	_, id, ok := item.Key()
	if !ok {
		return nil
	}
	h := Header{ID: valid(id), Source: item.GetSource()}
	switch e := item.GetEntity().(type) {
	case *messages.Item_Content:
		return w.work(h, e.Content)
	case *messages.Item_Comment:
		return w.comment(h, e.Comment)
	case *messages.Item_Discussion:
		if e.Discussion.GetCommentId() == "" {
			return nil
		}
		return w.discussion(h, e.Discussion)
	case *messages.Item_Conversation:
		return w.conversation(h, e.Conversation)
	case *messages.Item_Message:
		return w.message(h, e.Message)
	case *messages.Item_Notification:
		return w.notification(h, e.Notification)
	}
	return nil
}

func (w words) work(h Header, c *messages.Content) *Work {
	h.ID = w.share(h.ID)
	return &Work{
		Header: h, Title: valid(c.GetTitle()), Description: valid(c.GetDescription()),
		AuthorName: w.share(c.GetAuthorName()), AuthorID: w.share(c.GetAuthorId()),
		CoverURL: valid(c.GetCoverUrl()), VideoURL: valid(c.GetVideoUrl()), URL: valid(c.GetUrl()),
		PublishTime: c.GetPublishTime(), LastCrawlTime: c.GetLastCrawlTime(),
		Likes: count(c.LikeCount), Comments: count(c.CommentCount), Shares: count(c.ShareCount), Statistics: c.GetStatistics(),
	}
}

func (w words) comment(h Header, c *messages.Comment) *Comment {
	h.IsRead = c.GetIsRead()
	return &Comment{
		Header: h, WorkID: w.share(c.GetWorkId()), Text: valid(c.GetContent()), AuthorName: w.share(c.GetAuthorName()),
		AuthorID: w.share(c.GetAuthorId()), AuthorAvatar: w.share(c.GetAuthorAvatar()), ReplyToID: valid(c.GetParentCommentId()),
		CreateTime: max(0, c.GetCreateTime()), Likes: count(c.LikeCount), Own: c.GetIsOwn(), Replied: c.GetIsReplied(),
	}
}

func (w words) discussion(h Header, d *messages.Discussion) *Comment {
	h.IsRead = d.GetIsRead()
	return &Comment{
		Header: h, WorkID: w.share(d.GetWorkId()), Text: valid(d.GetContent()), AuthorName: w.share(d.GetAuthorName()),
		AuthorID: w.share(d.GetAuthorId()), AuthorAvatar: w.share(d.GetAuthorAvatar()), Root: w.share(d.GetCommentId()),
		ReplyToID: valid(d.GetReplyToId()), ReplyToUser: w.share(d.GetReplyToUser()),
		CreateTime: max(0, d.GetCreateTime()), Likes: count(d.LikeCount), Own: d.GetIsOwn(),
	}
}

func (w words) conversation(h Header, c *messages.Conversation) *Conversation {
	h.ID = w.share(h.ID)
	return &Conversation{
		Header: h, PeerID: w.share(c.GetParticipant().GetUserId()), PeerName: w.share(c.GetParticipant().GetUserName()),
		PeerAvatar: w.share(c.GetParticipant().GetAvatar()), LastMessage: valid(c.GetLastMessage()), Status: w.share(c.GetStatus()),
		LastMessageTime: c.GetLastMessageTime(), PlatformUnread: count(c.UnreadCount), CreateTime: max(0, c.GetCreateTime()),
		UpdateTime: c.GetUpdateTime(), Pinned: c.GetIsPinned(), Muted: c.GetIsMuted(),
	}
}

func (w words) message(h Header, m *messages.DirectMessage) *DirectMessage {
	h.IsRead = m.GetIsRead()
	return &DirectMessage{
		Header: h, ConversationID: w.share(m.GetConversationId()), SenderID: w.share(m.GetSender().GetUserId()),
		SenderName: w.share(m.GetSender().GetUserName()), SenderAvatar: w.share(m.GetSender().GetAvatar()),
		RecipientID: w.share(m.GetRecipient().GetUserId()), RecipientName: w.share(m.GetRecipient().GetUserName()),
		Text: valid(m.GetContent()), Type: w.share(m.GetMsgType()), FileURL: valid(m.GetFileUrl()), FileName: valid(m.GetFileName()),
		CreateTime: max(0, m.GetCreateTime()), Outbound: m.GetIsOutbound(), Recalled: m.GetIsRecalled(),
	}
}

func (w words) notification(h Header, n *messages.Notification) *Notification {
	h.IsRead = n.GetIsRead()
	return &Notification{
		Header: h, Type: w.share(n.GetType()), Title: w.share(n.GetTitle()), Text: valid(n.GetContent()), RelatedID: valid(n.GetRelatedId()),
		RelatedKind: w.share(n.GetRelatedKind()), Priority: w.share(n.GetPriority()), FromID: w.share(n.GetFromId()),
		FromName: w.share(n.GetFromName()), CreateTime: max(0, n.GetCreatedAt()),
	}
}

func count(n *int64) Count {
	if n == nil {
		return Count{}
	}
	return Count{N: *n, Known: true}
}
