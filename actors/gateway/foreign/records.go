package foreign

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// What a worker holds, as items. The ids by which its records refer to each other are the items' ids: contentId and its like; of
// records in snake_case, the field id. Read marks are the master's and are not taken over.

// mostItems bounds one snapshot.
const mostItems = 20_000

var errTooMany = fmt.Errorf("a snapshot may hold at most %d records", mostItems)

// snapshot is what one data sync holds.
type snapshot struct {
	items   []*messages.Item
	counts  map[string]int // of items, by collection
	skipped int            // records without an id
}

// snapshotOf reads the collections of a snapshot's data.
func snapshotOf(data record) (*snapshot, error) {
	s := &snapshot{counts: map[string]int{}}
	lists := map[string][]record{}
	for _, name := range messages.Collections {
		list, ok := data.list(name)
		if !ok {
			return nil, errors.New(name + " must be an array")
		}
		lists[name] = list
		if len(s.items) > mostItems {
			return nil, errTooMany
		}
	}
	for _, r := range lists[messages.Contents] {
		s.add(content(r))
	}
	s.addComments(lists[messages.Comments])
	for _, r := range lists[messages.Discussions] {
		s.add(discussion(r, r.text("commentId", "comment_id", "parentCommentId", "parent_comment_id")))
	}
	for _, r := range lists[messages.Conversations] {
		s.add(conversation(r))
	}
	for _, r := range lists[messages.Messages] {
		s.add(message(r))
	}
	for _, r := range lists[messages.Notifications] {
		s.add(notification(r))
	}
	if len(s.items) > mostItems {
		return nil, errTooMany
	}
	return s, nil
}

func (s *snapshot) add(item *messages.Item) {
	collection, _, ok := item.Key()
	if !ok {
		s.skipped++
		return
	}
	if item.Source == messages.Source_SOURCE_UNKNOWN {
		item.Source = messages.Source_SOURCE_LIST
	}
	s.items = append(s.items, item)
	s.counts[collection]++
}

// addComments tells comments from discussions: what answers another comment hangs on that one's root.
func (s *snapshot) addComments(list []record) {
	parents := map[string]string{}
	for _, r := range list {
		parents[commentID(r)] = parentOf(r)
	}
	for _, r := range list {
		parent := parentOf(r)
		if parent == "" {
			s.add(comment(r))
			continue
		}
		root := parent
		for range len(list) { // a ring of parents ends as well
			above := parents[root]
			if above == "" {
				break
			}
			root = above
		}
		if root == commentID(r) {
			root = parent
		}
		s.add(discussion(r, root))
	}
}

func commentID(r record) string {
	return r.text("commentId", "id", "cid", "comment_id", "platform_comment_id")
}

// parentOf is the comment that is answered; "0" is how some platforms write none.
func parentOf(r record) string {
	parent := r.text("parentCommentId", "parent_comment_id", "parentId", "parent_id")
	if parent == "0" || parent == commentID(r) {
		return ""
	}
	return parent
}

func workOf(r record) string {
	return r.text("contentId", "workId", "work_id", "content_id", "videoId", "video_id", "post_id", "target_id")
}

// own says whether the account itself wrote it.
func own(r record) bool {
	switch strings.ToLower(r.text("direction")) {
	case "outgoing", "outbound":
		return true
	}
	return r.flag("isAuthorReply", "is_author_reply", "isOwn", "is_own")
}

func content(r record) *messages.Item {
	id := r.text("contentId", "id", "content_id", "work_id", "workId")
	return &messages.Item{Entity: &messages.Item_Content{Content: &messages.Content{
		Id: id, WorkId: id, Title: r.text("title"), Description: r.text("description"),
		AuthorName: r.text("authorName", "author_name"), AuthorId: r.text("authorId", "author_id"),
		PublishTime: r.at("publishTime", "publish_time", "createdAt", "create_time"),
		LikeCount:   r.number("likeCount", "like_count"), CommentCount: r.number("commentCount", "comment_count"),
		ShareCount: r.number("shareCount", "share_count"),
		CoverUrl:   r.text("coverUrl", "cover_url"), VideoUrl: r.text("videoUrl", "video_url"), Url: r.text("url"),
		Statistics: statistics(r),
	}}}
}

// statistics are nil when the record has none.
func statistics(r record) *messages.Statistics {
	s := &messages.Statistics{
		ViewCount: r.number("viewCount", "view_count"), FavoriteCount: r.number("favoriteCount", "favorite_count"),
		DanmakuCount: r.number("danmakuCount", "danmaku_count"), DislikeCount: r.number("dislikeCount", "dislike_count"),
		DownloadCount: r.number("downloadCount", "download_count"), SubscribeCount: r.number("subscribeCount", "subscribe_count"),
		UnsubscribeCount: r.number("unsubscribeCount", "unsubscribe_count"),
		LikeRate:         r.fraction("likeRate", "like_rate"), CommentRate: r.fraction("commentRate", "comment_rate"),
		ShareRate: r.fraction("shareRate", "share_rate"), FavoriteRate: r.fraction("favoriteRate", "favorite_rate"),
		DislikeRate: r.fraction("dislikeRate", "dislike_rate"), SubscribeRate: r.fraction("subscribeRate", "subscribe_rate"),
		UnsubscribeRate:   r.fraction("unsubscribeRate", "unsubscribe_rate"),
		AvgViewProportion: r.fraction("avgViewProportion", "avg_view_proportion"), BounceRate_2S: r.fraction("bounceRate2s", "bounce_rate_2s"),
		CompletionRate: r.fraction("completionRate", "completion_rate"), CompletionRate_5S: r.fraction("completionRate5s", "completion_rate_5s"),
		FanViewProportion: r.fraction("fanViewProportion", "fan_view_proportion"), AvgViewSecond: r.fraction("avgViewSecond", "avg_view_second"),
		CoverShow: r.fraction("coverShow", "cover_show"), HomepageVisitCount: r.fraction("homepageVisitCount", "homepage_visit_count"),
	}
	if proto.Equal(s, &messages.Statistics{}) {
		return nil
	}
	return s
}

func comment(r record) *messages.Item {
	id := commentID(r)
	return &messages.Item{Entity: &messages.Item_Comment{Comment: &messages.Comment{
		Id: id, PlatformCommentId: id, WorkId: workOf(r), Content: r.text("content", "text"),
		AuthorName: r.text("authorName", "author_name"), AuthorId: r.text("authorId", "author_id"), AuthorAvatar: r.text("authorAvatar", "author_avatar"),
		CreateTime: r.at("createdAt", "createTime", "create_time", "created_at", "detectedAt", "detected_at"),
		LikeCount:  r.number("likeCount", "like_count"), IsOwn: own(r),
	}}}
}

func discussion(r record, root string) *messages.Item {
	id := r.text("discussionId", "commentId", "id", "cid", "platform_discussion_id")
	if r.text("discussionId") == "" && root != "" && root == r.text("commentId") {
		id = r.text("id", "platform_discussion_id") // commentId names the root here
	}
	answered := parentOf(r)
	if answered == "" {
		answered = root
	}
	return &messages.Item{Entity: &messages.Item_Discussion{Discussion: &messages.Discussion{
		Id: id, PlatformDiscussionId: id, CommentId: root, WorkId: workOf(r), Content: r.text("content", "text"),
		AuthorName: r.text("authorName", "author_name"), AuthorId: r.text("authorId", "author_id"), AuthorAvatar: r.text("authorAvatar", "author_avatar"),
		CreateTime: r.at("createdAt", "createTime", "create_time", "created_at", "detectedAt", "detected_at"),
		ReplyToId:  answered, ReplyToUser: r.text("replyToUserName", "reply_to_user_name"), LikeCount: r.number("likeCount", "like_count"), IsOwn: own(r),
	}}}
}

func conversation(r record) *messages.Item {
	id := r.text("conversationId", "id", "conversation_id")
	return &messages.Item{Entity: &messages.Item_Conversation{Conversation: &messages.Conversation{
		Id: id, ConversationId: id, Participant: &messages.Person{
			UserId:   cmp.Or(r.object("participant").text("userId", "user_id"), r.text("userId", "user_id")),
			UserName: cmp.Or(r.object("participant").text("userName", "user_name"), r.text("userName", "user_name")),
			Avatar:   cmp.Or(r.object("participant").text("avatar"), r.text("userAvatar", "user_avatar", "platform_user_avatar")),
		},
		LastMessage: r.text("lastMessage", "last_message", "lastMessageContent"), LastMessageTime: r.at("lastMessageTime", "last_message_time"),
		UnreadCount: r.number("unreadCount", "unread_count"), CreateTime: r.at("createdAt", "createTime", "create_time"),
		UpdateTime: r.at("updatedAt", "updateTime", "update_time"), Status: cmp.Or(r.text("status"), "active"),
		IsPinned: r.flag("isPinned", "is_pinned"), IsMuted: r.flag("isMuted", "is_muted"),
	}}}
}

// message is a private message. One that names no conversation belongs to the one with its sender.
func message(r record) *messages.Item {
	id := r.text("messageId", "id", "msg_id", "message_id", "platform_message_id")
	sender, recipient := person(r, "sender"), person(r, "recipient")
	peer := sender.GetUserId()
	if own(r) {
		peer = recipient.GetUserId()
	}
	return &messages.Item{Entity: &messages.Item_Message{Message: &messages.DirectMessage{
		Id: id, MsgId: id, ConversationId: cmp.Or(r.text("conversationId", "conversation_id"), peer), Sender: sender, Recipient: recipient,
		Content: r.text("content", "text"), MsgType: cmp.Or(r.text("type", "messageType", "message_type", "msg_type"), "text"),
		CreateTime: r.at("createdAt", "createTime", "create_time", "created_at", "detectedAt", "detected_at"),
		IsOutbound: own(r),
		IsRecalled: r.flag("isRecalled", "is_recalled"),
	}}}
}

// person reads senderId, sender_id or sender.user_id, and their likes.
func person(r record, who string) *messages.Person {
	o := r.object(who)
	return &messages.Person{
		UserId:   cmp.Or(o.text("userId", "user_id", "id"), r.text(who+"Id", who+"_id")),
		UserName: cmp.Or(o.text("userName", "user_name", "name"), r.text(who+"Name", who+"_name")),
		Avatar:   cmp.Or(o.text("avatar"), r.text(who+"Avatar", who+"_avatar")),
	}
}

// notification is a notice. One that is pushed has no id of its own: what it says makes one, so that a repeated one is the same.
func notification(r record) *messages.Item {
	n := &messages.Notification{
		Id: r.text("notificationId", "id", "notification_id"), Type: cmp.Or(r.text("type"), "system"), Title: r.text("title"), Content: r.text("content"),
		RelatedId: r.text("relatedId", "related_id"), CreatedAt: r.at("createdAt", "created_at", "create_time", "timestamp"),
		Priority: cmp.Or(r.text("priority"), "normal"),
	}
	if n.Id == "" && (n.Title != "" || n.Content != "") {
		sum := sha256.Sum256([]byte(strings.Join([]string{n.Type, n.Title, n.Content, n.RelatedId}, "\x00")))
		n.Id = "push_" + hex.EncodeToString(sum[:8])
	}
	return &messages.Item{Entity: &messages.Item_Notification{Notification: n}}
}

// detectedOf reads what a worker announces as just detected: comments or private messages.
func detectedOf(r record) (*snapshot, error) {
	list, ok := r.list("messages")
	if !ok {
		return nil, errors.New("messages must be an array")
	}
	if len(list) > mostItems {
		return nil, errTooMany
	}
	s := &snapshot{counts: map[string]int{}}
	switch kind := r.text("type"); kind {
	case "comment", "comments":
		for _, one := range list {
			if title := one.text("contentTitle", "content_title", "post_title", "video_title"); title != "" && workOf(one) != "" {
				s.add(&messages.Item{Source: messages.Source_SOURCE_DOM, Entity: &messages.Item_Content{Content: &messages.Content{
					Id: workOf(one), WorkId: workOf(one), Title: title,
				}}})
			}
		}
		s.addComments(list)
	case "direct_message", "direct_messages", "message":
		for _, one := range list {
			s.add(message(one))
		}
	default:
		return nil, errors.New(`type must be "comment" or "direct_message"`)
	}
	return s, nil
}

// profileOf reads a user_info, whose names differ by platform; nil when it says nothing.
func profileOf(r record) *messages.Profile {
	p := &messages.Profile{
		PlatformUserId: r.text("platform_user_id", "platformUserId", "douyin_id", "uid", "user_id"),
		Nickname:       r.text("nickname", "platform_username", "platformUsername"), Avatar: r.text("avatar"),
		Followers: r.number("followers", "total_followers"), Following: r.number("following", "total_following"), Signature: r.text("signature"),
	}
	if p.PlatformUserId == "" && p.Nickname == "" {
		return nil
	}
	return p
}
