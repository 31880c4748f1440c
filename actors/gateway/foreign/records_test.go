package foreign

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"troupe/messages"
)

func parsed(t *testing.T, text string) record {
	t.Helper()
	r, err := recordOf(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecordsAreReadInBothSpellings(t *testing.T) {
	const list = messages.Source_SOURCE_LIST
	work := &messages.Item{Source: list, Entity: &messages.Item_Content{Content: &messages.Content{
		Id: "w1", WorkId: "w1", Title: "春天", PublishTime: 1698765432000, LikeCount: proto.Int64(7),
		Statistics: &messages.Statistics{ViewCount: proto.Int64(9), LikeRate: proto.Float64(0.5)},
	}}}
	comment := &messages.Item{Source: list, Entity: &messages.Item_Comment{Comment: &messages.Comment{
		Id: "c1", PlatformCommentId: "c1", WorkId: "w1", Content: "你好", AuthorName: "路人", AuthorId: "u1", CreateTime: 1698765432000,
	}}}
	answer := &messages.Item{Source: list, Entity: &messages.Item_Discussion{Discussion: &messages.Discussion{
		Id: "d1", PlatformDiscussionId: "d1", CommentId: "c1", WorkId: "w1", Content: "谢谢", CreateTime: 1698765432000, ReplyToId: "c1", IsOwn: true,
	}}}
	chat := &messages.Item{Source: list, Entity: &messages.Item_Conversation{Conversation: &messages.Conversation{
		Id: "k1", ConversationId: "k1", Participant: &messages.Person{UserId: "u1", UserName: "路人"}, LastMessageTime: 1698765432000,
		UnreadCount: proto.Int64(5), Status: "active",
	}}}
	said := &messages.Item{Source: list, Entity: &messages.Item_Message{Message: &messages.DirectMessage{
		Id: "m1", MsgId: "m1", ConversationId: "k1", Sender: &messages.Person{UserId: "u1", UserName: "路人"}, Recipient: &messages.Person{},
		Content: "在吗", MsgType: "text", CreateTime: 1698765432000,
	}}}
	notice := &messages.Item{Source: list, Entity: &messages.Item_Notification{Notification: &messages.Notification{
		Id: "n1", Type: "comment", Title: "新评论", RelatedId: "c1", CreatedAt: 1698765432000, Priority: "normal",
	}}}
	want := []*messages.Item{work, comment, answer, chat, said, notice}
	for spelling, text := range map[string]string{
		"camel": `{
			"contents": [{"contentId": "w1", "id": 5, "title": "春天", "publishTime": 1698765432, "likeCount": 7, "viewCount": "9", "likeRate": 0.5}],
			"comments": [
				{"commentId": "c1", "contentId": "w1", "content": "你好", "authorId": "u1", "authorName": "路人", "createdAt": 1698765432000, "parentCommentId": "0", "isRead": true},
				{"commentId": "d1", "contentId": "w1", "content": "谢谢", "createdAt": "1698765432", "parentCommentId": "c1", "isAuthorReply": true}],
			"conversations": [{"conversationId": "k1", "userId": "u1", "userName": "路人", "lastMessageTime": "2023-10-31T15:17:12Z", "unreadCount": 5}],
			"messages": [{"messageId": "m1", "conversationId": "k1", "senderId": "u1", "senderName": "路人", "content": "在吗", "type": "text", "direction": "incoming", "createdAt": 1698765432}],
			"notifications": [{"id": "n1", "type": "comment", "title": "新评论", "relatedId": "c1", "createdAt": 1698765432}]}`,
		"snake": `{
			"contents": {"w1": {"id": "w1", "work_id": "7123456789", "title": "春天", "publish_time": 1698765432000, "like_count": 7, "view_count": 9, "like_rate": 0.5}},
			"comments": [{"id": "c1", "platform_comment_id": "7123", "work_id": "w1", "content": "你好", "author_name": "路人", "author_id": "u1", "create_time": 1698765432000, "parent_comment_id": null}],
			"discussions": [{"id": "d1", "comment_id": "c1", "work_id": "w1", "content": "谢谢", "create_time": 1698765432000, "is_own": 1}],
			"conversations": [{"id": "k1", "conversation_id": "conv_123", "participant": {"user_id": "u1", "user_name": "路人"}, "last_message_time": 1698765432000, "unread_count": 5, "status": "active"}],
			"messages": [{"id": "m1", "msg_id": "msg_123", "conversation_id": "k1", "sender": {"user_id": "u1", "user_name": "路人"}, "content": "在吗", "msg_type": "text", "create_time": 1698765432000}],
			"notifications": [{"id": "n1", "type": "comment", "title": "新评论", "related_id": "c1", "created_at": 1698765432000, "priority": "normal"}]}`,
	} {
		s, err := snapshotOf(parsed(t, text))
		if err != nil {
			t.Fatalf("%s: %v", spelling, err)
		}
		if diff := cmp.Diff(want, s.items, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spelling, diff)
		}
	}
}

func TestAnswersHangOnTheRootHoweverDeep(t *testing.T) {
	s, err := snapshotOf(parsed(t, `{"comments": [
		{"commentId": "a", "contentId": "w"}, {"commentId": "b", "contentId": "w", "parentCommentId": "a"},
		{"commentId": "c", "contentId": "w", "parentCommentId": "b"},
		{"commentId": "x", "contentId": "w", "parentCommentId": "y"}, {"commentId": "y", "contentId": "w", "parentCommentId": "x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	roots := map[string]string{}
	for _, item := range s.items {
		if d := item.GetDiscussion(); d != nil {
			roots[d.GetId()] = d.GetCommentId()
		}
	}
	if roots["b"] != "a" || roots["c"] != "a" || len(roots) != 4 {
		t.Errorf("roots %v", roots)
	}
}

func TestTimesOfEveryFormAreMilliseconds(t *testing.T) {
	for text, want := range map[string]int64{
		`1698765432`: 1698765432000, `1698765432123`: 1698765432123, `"1698765432"`: 1698765432000, `1698765432.5`: 1698765432500,
		`"2023-10-31T15:17:12Z"`: 1698765432000, `"2023-10-31 23:17:12"`: 1698765432000,
		`"发布于2023年10月31日 23:17"`: 1698765420000, `"2023年10月31日"`: time.Date(2023, 10, 30, 16, 0, 0, 0, time.UTC).UnixMilli(),
		`"刚刚"`: 0, `null`: 0, `{}`: 0, `-5`: 0, `1e300`: 0, `"NaN"`: 0,
	} {
		if got := parsed(t, `{"at": `+text+`}`).at("at"); got != want {
			t.Errorf("%s is %d, want %d", text, got, want)
		}
	}
}

func TestMalformedPayloadsAreRefusedWithAReason(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for name, c := range map[string]struct{ event, payload, want string }{
		"no object":          {"worker:heartbeat", `[1]`, "object"},
		"nothing":            {"worker:heartbeat", ``, "object"},
		"too deep":           {"worker:heartbeat", deep, "object"},
		"no name":            {"worker:register", `{}`, "workerId"},
		"no session":         {"worker:login:status", `{"status": "success"}`, "session_id"},
		"no reply":           {"worker:reply:result", `{"success": true}`, "reply_id"},
		"no account":         {"worker:message:detected", `{"type": "comment", "messages": []}`, "accountId"},
		"unknown kind":       {"worker:message:detected", `{"type": "gift", "account_id": "a", "messages": []}`, "type"},
		"messages no array":  {"worker:message:detected", `{"type": "comment", "account_id": "a", "messages": 5}`, "array"},
		"other version":      {"message", `{"type": "worker:heartbeat", "version": "v2", "payload": {}, "timestamp": 1}`, "version"},
		"no timestamp":       {"message", `{"type": "worker:heartbeat", "version": "v1", "payload": {}}`, "timestamp"},
		"unknown type":       {"message", `{"type": "worker:dance", "version": "v1", "payload": {}, "timestamp": 1}`, "not known"},
		"payload no object":  {"message", `{"type": "worker:heartbeat", "version": "v1", "payload": 3, "timestamp": 1}`, "object"},
		"sync without data":  {"message", `{"type": "worker:data:sync", "version": "v1", "payload": {"accountId": "a"}, "timestamp": 1}`, "snapshot.data"},
		"comments no list":   {"message", `{"type": "worker:data:sync", "version": "v1", "payload": {"accountId": "a", "snapshot": {"data": {"comments": 1}}}, "timestamp": 1}`, "comments must be an array"},
		"states are no list": {"message", `{"type": "worker:account:status", "version": "v1", "payload": {"account_statuses": 1}, "timestamp": 1}`, "account_statuses"},
	} {
		for _, e := range events {
			if e.name != c.event {
				continue
			}
			if _, err := e.read(json.RawMessage(c.payload)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want something about %q", name, err, c.want)
			}
		}
	}
}

func TestSnapshotWithoutBoundIsRefused(t *testing.T) {
	many := `{"contents": [` + strings.TrimSuffix(strings.Repeat(`{"contentId": 1},`, mostItems+1), ",") + `]}`
	if _, err := snapshotOf(parsed(t, many)); err == nil {
		t.Error("it was taken")
	}
	s, err := snapshotOf(parsed(t, `{"contents": [{"title": "no id"}, 5, {"contentId": "w"}]}`))
	if err != nil || len(s.items) != 1 || s.skipped != 1 {
		t.Errorf("%v, %d items, %d skipped", err, len(s.items), s.skipped)
	}
}

func TestVerdictsThatKnowNothingAreUnknown(t *testing.T) {
	for text, want := range map[string]string{
		`{"status": "success"}`:  messages.ReplyConfirmedState,
		`{"success": true}`:      messages.ReplyConfirmedState,
		`{"success": false}`:     messages.ReplyFailedState,
		`{"status": "failed"}`:   messages.ReplyFailedState,
		`{"status": "blocked"}`:  messages.ReplyFailedState,
		`{"status": "error"}`:    messages.ReplyUnknownState,
		`{"status": "launched"}`: messages.ReplyUnknownState,
		`{}`:                     messages.ReplyUnknownState,
		`{"status": "error", "error_code": "TARGET_NOT_FOUND"}`: messages.ReplyFailedState,
		`{"status": "failed", "error_code": "NETWORK_ERROR"}`:   messages.ReplyUnknownState,
		`{"success": false, "error_code": "UNKNOWN_ERROR"}`:     messages.ReplyUnknownState,
	} {
		if got, _ := outcomeOf(parsed(t, text)); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestOnlyAPictureIsShownAsOne(t *testing.T) {
	const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
	for data, ok := range map[string]bool{
		"data:image/png;base64," + png: true, png: true, "": false, "data:image/svg+xml;base64,PHN2Zz4=": false, "https://x.test/qr.png": false,
		png + strings.Repeat("AAAA", mostPicture/3): false,
	} {
		if _, err := pictureOf(data); (err == nil) != ok {
			t.Errorf("%.40s: %v", data, err)
		}
	}
}
