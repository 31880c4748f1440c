package messages

import (
	"hash/fnv"

	"google.golang.org/protobuf/proto"
)

// Hash is a fingerprint of what a page said of an item. Two observations with the same hash need not both
// be sent. Fields that only the store sets are left out; so are the time of the crawl, and ids that repeat the id.
func (i *Item) Hash() uint64 {
	c := proto.CloneOf(i)
	switch e := c.GetEntity().(type) {
	case *Item_Content:
		e.Content.LastCrawlTime, e.Content.IsNew, e.Content.DetectedAt, e.Content.WorkId = 0, false, 0, ""
	case *Item_Comment:
		e.Comment.IsNew, e.Comment.IsRead, e.Comment.IsReplied, e.Comment.DetectedAt = false, false, false, 0
		e.Comment.PlatformCommentId = ""
	case *Item_Discussion:
		e.Discussion.IsNew, e.Discussion.IsRead, e.Discussion.DetectedAt, e.Discussion.PlatformDiscussionId = false, false, 0, ""
	case *Item_Conversation:
		e.Conversation.ConversationId = ""
	case *Item_Message:
		e.Message.IsNew, e.Message.IsRead, e.Message.DetectedAt, e.Message.MsgId = false, false, 0, ""
	case *Item_Notification:
		e.Notification.IsNew, e.Notification.IsRead, e.Notification.DetectedAt = false, false, 0
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(b) // a hash never fails
	return h.Sum64()
}

// KnownKey is an item's name in caches and in AssignAccount.known: collection/id.
func (i *Item) KnownKey() (string, bool) {
	collection, id, ok := i.Key()
	return collection + "/" + id, ok
}
