package dataset

import (
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// pick is the rule of every platform field: what a source did not say never overwrites, and a known value
// is replaced only if over.
func pick[T comparable](over bool, known, said T) T {
	var absent T
	if said == absent || known != absent && !over {
		return known
	}
	return said
}

func (w *Work) merged(in entry, over bool) entry {
	n, o := *w, in.(*Work)
	n.Title = pick(over, w.Title, o.Title)
	n.Description = pick(over, w.Description, o.Description)
	n.AuthorName = pick(over, w.AuthorName, o.AuthorName)
	n.AuthorID = pick(over, w.AuthorID, o.AuthorID)
	n.CoverURL = pick(over, w.CoverURL, o.CoverURL)
	n.VideoURL = pick(over, w.VideoURL, o.VideoURL)
	n.URL = pick(over, w.URL, o.URL)
	n.PublishTime = pick(over, w.PublishTime, o.PublishTime)
	n.Likes = pick(over, w.Likes, o.Likes)
	n.Comments = pick(over, w.Comments, o.Comments)
	n.Shares = pick(over, w.Shares, o.Shares)
	n.Statistics = mergedStatistics(w.Statistics, o.Statistics, over)
	if n == *w {
		return w
	}
	return &n
}

// mergedStatistics returns known itself when nothing changes; neither argument is written to.
func mergedStatistics(known, said *messages.Statistics, over bool) *messages.Statistics {
	if said == nil {
		return known
	}
	weak, strong := known, said
	if !over {
		weak, strong = said, known
	}
	both := proto.CloneOf(weak)
	if both == nil {
		both = &messages.Statistics{}
	}
	proto.Merge(both, strong)
	if known != nil && proto.Equal(both, known) {
		return known
	}
	return both
}

func (c *Comment) merged(in entry, over bool) entry {
	n, o := *c, in.(*Comment)
	n.WorkID = pick(over, c.WorkID, o.WorkID)
	n.Text = pick(over, c.Text, o.Text)
	n.AuthorName = pick(over, c.AuthorName, o.AuthorName)
	n.AuthorID = pick(over, c.AuthorID, o.AuthorID)
	n.AuthorAvatar = pick(over, c.AuthorAvatar, o.AuthorAvatar)
	n.Root = pick(over, c.Root, o.Root)
	n.ReplyToID = pick(over, c.ReplyToID, o.ReplyToID)
	n.ReplyToUser = pick(over, c.ReplyToUser, o.ReplyToUser)
	n.CreateTime = pick(over, c.CreateTime, o.CreateTime)
	n.Likes = pick(over, c.Likes, o.Likes)
	n.Own = c.Own || o.Own
	n.Replied = c.Replied || o.Replied
	if n == *c {
		return c
	}
	return &n
}

func (c *Conversation) merged(in entry, over bool) entry {
	n, o := *c, in.(*Conversation)
	n.PeerID = pick(over, c.PeerID, o.PeerID)
	n.PeerName = pick(over, c.PeerName, o.PeerName)
	n.PeerAvatar = pick(over, c.PeerAvatar, o.PeerAvatar)
	n.LastMessage = pick(over, c.LastMessage, o.LastMessage)
	n.LastMessageTime = pick(over, c.LastMessageTime, o.LastMessageTime)
	n.Status = pick(over, c.Status, o.Status)
	n.PlatformUnread = pick(over, c.PlatformUnread, o.PlatformUnread)
	n.CreateTime = pick(over, c.CreateTime, o.CreateTime)
	n.UpdateTime = pick(over, c.UpdateTime, o.UpdateTime)
	if over {
		n.Pinned, n.Muted = o.Pinned, o.Muted
	}
	if n == *c {
		return c
	}
	return &n
}

func (m *DirectMessage) merged(in entry, over bool) entry {
	n, o := *m, in.(*DirectMessage)
	n.ConversationID = pick(over, m.ConversationID, o.ConversationID)
	n.SenderID = pick(over, m.SenderID, o.SenderID)
	n.SenderName = pick(over, m.SenderName, o.SenderName)
	n.SenderAvatar = pick(over, m.SenderAvatar, o.SenderAvatar)
	n.RecipientID = pick(over, m.RecipientID, o.RecipientID)
	n.RecipientName = pick(over, m.RecipientName, o.RecipientName)
	n.Text = pick(over, m.Text, o.Text)
	n.Type = pick(over, m.Type, o.Type)
	n.FileURL = pick(over, m.FileURL, o.FileURL)
	n.FileName = pick(over, m.FileName, o.FileName)
	n.CreateTime = pick(over, m.CreateTime, o.CreateTime)
	n.Outbound = m.Outbound || o.Outbound
	n.Recalled = m.Recalled || o.Recalled
	if n == *m {
		return m
	}
	return &n
}

func (n *Notification) merged(in entry, over bool) entry {
	c, o := *n, in.(*Notification)
	c.Type = pick(over, n.Type, o.Type)
	c.Title = pick(over, n.Title, o.Title)
	c.Text = pick(over, n.Text, o.Text)
	c.RelatedID = pick(over, n.RelatedID, o.RelatedID)
	c.RelatedKind = pick(over, n.RelatedKind, o.RelatedKind)
	c.Priority = pick(over, n.Priority, o.Priority)
	c.FromID = pick(over, n.FromID, o.FromID)
	c.FromName = pick(over, n.FromName, o.FromName)
	c.CreateTime = pick(over, n.CreateTime, o.CreateTime)
	if c == *n {
		return n
	}
	return &c
}
