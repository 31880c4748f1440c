package im

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// parse is Parse, reduced to its error's text.
func parse[R any, P Request[R]](payload string) string {
	if _, err := Parse[R, P](json.RawMessage(payload)); err != nil {
		return err.Error()
	}
	return ""
}

func TestPayloadsAreCheckedByField(t *testing.T) {
	long := strings.Repeat("长", maxContent+1)
	for _, test := range []struct {
		name, got, want string
	}{
		{"register without payload", parse[Register](``), ""},
		{"register with a number", parse[Register](`{"clientId":7}`), "clientId must be a string"},
		{"nothing, null", parse[Nothing](`null`), ""},
		{"nothing, anything", parse[Nothing](`[1]`), ""},
		{"topics without channel", parse[TopicsRequest](``), "channelId is missing"},
		{"topics, payload is a text", parse[TopicsRequest](`"x"`), "payload must be an object"},
		{"topics, huge id", parse[TopicsRequest](`{"channelId":"` + strings.Repeat("x", 600) + `"}`), "channelId is longer than 512 bytes"},
		{"messages", parse[MessagesRequest](`{"topicId":"dy_1.w.w1","channelId":"dy_1","messageType":"comment"}`), ""},
		{"messages without topic", parse[MessagesRequest](`{}`), "topicId is missing"},
		{"reply", parse[ReplyRequest](`{"channelId":"dy_1","topicId":"dy_1.w.w1","type":"comment","messageCategory":"comment","replyToId":null,"content":" hi ","authorAvatar":null}`), ""},
		{"reply without text", parse[ReplyRequest](`{"topicId":"dy_1.w.w1","content":" \n "}`), "content is empty"},
		{"reply without topic", parse[ReplyRequest](`{"content":"x"}`), "topicId is missing"},
		{"reply too long", parse[ReplyRequest](`{"topicId":"t","content":"` + long + `"}`), "content is longer than 5000 characters"},
		{"mark topic without channel", parse[MarkTopicRequest](`{"topicId":"t"}`), "channelId is missing"},
		{"mark topic without topic", parse[MarkTopicRequest](`{"channelId":"dy_1"}`), "topicId is missing"},
		{"mark conversation", parse[MarkTopicRequest](`{"channelId":"dy_1","conversationId":"c"}`), ""},
		{"mark item of no type", parse[MarkItemsRequest](`{"id":"c1"}`), "type must be comment or message"},
		{"mark no item", parse[MarkItemsRequest](`{"type":"comment"}`), "id or ids is missing"},
		{"mark an empty id", parse[MarkItemsRequest](`{"type":"comment","ids":["a",""]}`), "ids is missing"},
		{"mark too many", parse[MarkItemsRequest](`{"type":"comment","ids":["` + strings.Repeat(`a","`, maxBatch) + `a"]}`), "ids holds more than 1000"},
		{"create, interval as text", parse[CreateAccountRequest](`{"platform":"douyin","account_name":"店","monitor_interval":"30","status":"active","assigned_worker_id":null}`), ""},
		{"create, interval empty", parse[CreateAccountRequest](`{"platform":"douyin","account_name":"店","monitor_interval":""}`), ""},
		{"create, interval no number", parse[CreateAccountRequest](`{"platform":"douyin","account_name":"店","monitor_interval":"soon"}`), "payload cannot be read"},
		{"create, interval too short", parse[CreateAccountRequest](`{"platform":"douyin","account_name":"店","monitor_interval":3}`), "monitor_interval must be 10 to 300 seconds"},
		{"create without name", parse[CreateAccountRequest](`{"platform":"douyin","account_name":" "}`), "account_name must have 1 to 50 characters"},
		{"create without platform", parse[CreateAccountRequest](`{"account_name":"店"}`), "platform is missing"},
		{"delete", parse[DeleteAccountRequest](`{}`), "accountId is missing"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, test.got, test.want)
		}
	}
}

func TestErrorsNeverRepeatWhatWasSent(t *testing.T) {
	for _, payload := range []string{`{"topicId":"canary","content":{"canary":1}}`, `{"content":["canary"]}`, `"canary"`} {
		if why := parse[ReplyRequest](payload); why == "" || strings.Contains(why, "canary") {
			t.Errorf("%s: %q", payload, why)
		}
	}
}

func TestIntervalIsANumberOrANumberAsText(t *testing.T) {
	for payload, want := range map[string]int64{`30`: 30, `"45"`: 45, `" 60 "`: 60, `""`: 0, `null`: 0} {
		r, err := Parse[CreateAccountRequest](json.RawMessage(`{"platform":"douyin","account_name":"店","monitor_interval":` + payload + `}`))
		if err != nil || CreateAccount(r).GetMonitorInterval() != want {
			t.Errorf("%s: %d, %v", payload, r.MonitorInterval, err)
		}
	}
}

func TestReplyIsResolvedToWhatStandsOnThePage(t *testing.T) {
	d := data("dy_1")
	for name, test := range map[string]struct {
		topic, replyTo string
		want           string // the target as protobuf JSON, or the error
	}{
		"work":                 {"dy_1.w.w1", "", `{"kind":"REPLY_WORK","workId":"w1","workTitle":"春天的花"}`},
		"work, zero id":        {"dy_1.w.w1", "0", `{"kind":"REPLY_WORK","workId":"w1","workTitle":"春天的花"}`},
		"comment":              {"dy_1.w.w1", "c1", `{"kind":"REPLY_COMMENT","workId":"w1","commentId":"c1","personId":"u_wang","personName":"小王","text":"好看 <3","workTitle":"春天的花"}`},
		"discussion":           {"dy_1.w.w1", "d2", `{"kind":"REPLY_DISCUSSION","workId":"w1","commentId":"c1","discussionId":"d2","personId":"u_wang","personName":"小王","text":"不客气","workTitle":"春天的花"}`},
		"conversation":         {"dy_1.c.own_1:u_li", "", `{"kind":"REPLY_MESSAGE","conversationId":"own_1:u_li","personId":"u_li","personName":"小李"}`},
		"message":              {"dy_1.c.own_1:u_li", "m1", `{"kind":"REPLY_MESSAGE","conversationId":"own_1:u_li","personId":"u_li","personName":"小李","text":"在吗"}`},
		"message that is gone": {"dy_1.c.own_1:u_li", "m9", `{"kind":"REPLY_MESSAGE","conversationId":"own_1:u_li","personId":"u_li","personName":"小李"}`},
		"comment that is gone": {"dy_1.w.w1", "c9", errNotHeld.Error()},
		"another work's":       {"dy_1.w.w2", "c1", errNotHeld.Error()},
		"unknown work":         {"dy_1.w.w9", "", errTopic.Error()},
		"unknown account":      {"dy_9.w.w1", "", errTopic.Error()},
		"another account's":    {"dy_2.w.w1", "", errChannel.Error()},
		"no topic id of ours":  {"w1", "", errTopic.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			channel := "dy_1"
			if test.topic == "dy_9.w.w1" {
				channel = ""
			}
			r, err := Parse[ReplyRequest](payload(t, map[string]any{
				"channelId": channel, "topicId": test.topic, "replyToId": test.replyTo, "content": " 您好 ", "fromName": "阿明", "fromId": "monitor_1_x",
			}))
			if err != nil {
				t.Fatal(err)
			}
			command, err := SubmitReply("reply_1", r, d.View)
			if err != nil {
				if err.Error() != test.want {
					t.Errorf("got error %q", err)
				}
				return
			}
			var want messages.ReplyTarget
			if err := protojson.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatalf("was accepted: %v", command)
			}
			if !proto.Equal(command.GetTarget(), &want) {
				t.Errorf("got %v", command.GetTarget())
			}
			if command.GetId() != "reply_1" || command.GetAccount() != "dy_1" || command.GetContent() != "您好" || command.GetTopic() != test.topic || command.GetFromName() != "阿明" {
				t.Errorf("got %v", command)
			}
		})
	}
}

func payload(t *testing.T, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestMarksGoToTheRightItems(t *testing.T) {
	mark, err := MarkTopic(MarkTopicRequest{ChannelID: "dy_1", TopicID: "dy_1.w.w1"}, now)
	if err != nil || mark.GetAccount() != "dy_1" || mark.GetWorkId() != "w1" || mark.GetAt() != now.UnixMilli() {
		t.Errorf("work: %v, %v", mark, err)
	}
	mark, err = MarkTopic(MarkTopicRequest{ChannelID: "dy_1", ConversationID: "dy_1.c.own_1:u_li"}, now)
	if err != nil || mark.GetConversationId() != "own_1:u_li" {
		t.Errorf("conversation: %v, %v", mark, err)
	}
	if _, err = MarkTopic(MarkTopicRequest{ChannelID: "dy_2", TopicID: "dy_1.w.w1"}, now); err != errChannel {
		t.Errorf("another channel: %v", err)
	}
	if _, err = MarkTopic(MarkTopicRequest{ChannelID: "dy_1", TopicID: "w1"}, now); err != errTopic {
		t.Errorf("no topic of ours: %v", err)
	}
}

func TestSingleItemsAreMarkedOnlyWhereTheyAre(t *testing.T) {
	both, one := data("dy_1", "dy_2"), data("dy_1")
	accounts := []messages.AccountID{"dy_1", "dy_2"}
	for name, test := range map[string]struct {
		data    *dataset.Dataset
		request MarkItemsRequest
		want    error
	}{
		"the channel is named":      {both, MarkItemsRequest{Type: "comment", ID: "c1", ChannelID: "dy_1"}, nil},
		"only one account holds it": {one, MarkItemsRequest{Type: "comment", ID: "c1"}, nil},
		"two accounts hold it":      {both, MarkItemsRequest{Type: "comment", ID: "c1"}, errAmbiguous},
		"nobody holds it":           {both, MarkItemsRequest{Type: "message", ID: "c1"}, errNotHeld},
		"one of them is missing":    {one, MarkItemsRequest{Type: "message", IDs: []string{"m1", "m9"}}, errNotHeld},
		"a batch":                   {one, MarkItemsRequest{Type: "message", IDs: []string{"m1", "m3"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			mark, err := MarkItems(test.request, accounts, test.data.View, now)
			if err != test.want {
				t.Fatalf("got %v", err)
			}
			if err == nil && (mark.GetAccount() != "dy_1" || len(mark.GetCommentIds())+len(mark.GetMessageIds()) != max(1, len(test.request.IDs))) {
				t.Errorf("got %v", mark)
			}
		})
	}
}
