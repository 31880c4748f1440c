package im

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit/hostile"
)

// TestHostileTextsPassThroughEveryField puts 500 hostile texts into every text of every entity, and looks at the JSON that clients get:
// it can always be read, holds what was said (with the mark of broken characters in their place), and no text becomes anything else.
func TestHostileTextsPassThroughEveryField(t *testing.T) {
	a := account("dy_1")
	for i, text := range hostile.Texts() {
		clean := strings.ToValidUTF8(text, "\ufffd")
		d := data("dy_1")
		var filled []*messages.Item
		for _, item := range items() {
			item = proto.CloneOf(item) // the fixture's persons are shared
			hostile.Fill(item, text)
			filled = append(filled, item)
		}
		for _, w := range d.Merge(observed("dy_1", filled...), now).Writes {
			if _, err := w.Encode(); err != nil && text == clean {
				t.Fatalf("text %d cannot be stored: %v", i, err)
			}
		}
		if text != clean {
			continue // what is no UTF-8 is refused before it is stored; the shapes are tested below
		}
		v, b := d.View("dy_1"), &board.Board{Accounts: []*board.Account{a}}
		views := func(messages.AccountID) *dataset.View { return v }
		shaped := []any{listed(t, b, views), Topics("dy_1", v), ChannelStatusOf(a, v)}
		for _, topic := range v.Topics() {
			shaped = append(shaped, Messages(messages.TopicOf("dy_1", topic.Kind, topic.ID()), b, v, now))
		}
		whole := ""
		for _, s := range shaped {
			whole += roundTrip(t, s)
		}
		if len(text) > 0 && !strings.Contains(whole, clean) {
			t.Errorf("text %d %.40q is nowhere in what clients get", i, text)
		}
	}
}

// TestBrokenUTF8NeverBreaksAFrame holds for texts that come from elsewhere than the store: an operator's name of an account, a reason.
func TestBrokenUTF8NeverBreaksAFrame(t *testing.T) {
	for _, text := range hostile.Texts() {
		a := account("dy_1")
		a.Record.Name, a.Record.Profile = text, &messages.Profile{Nickname: text, Avatar: text}
		b := &board.Board{Accounts: []*board.Account{a}}
		channel := listed(t, b, func(messages.AccountID) *dataset.View { return nil })
		roundTrip(t, channel)
		if info := channel.Channels[0].UserInfo; info == nil || !json.Valid([]byte(*info)) {
			t.Errorf("user info of %.40q is no JSON", text)
		}
		roundTrip(t, ReplyError{Error: text})
		roundTrip(t, LoginUpdateOf(&messages.LoginStep{Status: "sms_input_required", Message: text, Step: text}))
		roundTrip(t, AlarmNotification(&messages.Alarm{Id: text, Reason: text}, a, now))
	}
}

// TestHostileRequestsAreReadOrRefused sends the texts in every field of every request, and as the request itself.
func TestHostileRequestsAreReadOrRefused(t *testing.T) {
	for _, text := range hostile.Texts() {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, payload := range []string{
			string(quoted), "[" + string(quoted) + "]", `{` + string(quoted) + `:1}`,
			fmt.Sprintf(`{"channelId":%[1]s,"topicId":%[1]s,"conversationId":%[1]s,"content":%[1]s,"replyToId":%[1]s,"fromName":%[1]s,"type":"comment","id":%[1]s,"ids":[%[1]s],`+
				`"accountId":%[1]s,"account_name":%[1]s,"platform":%[1]s,"session_id":%[1]s,"input_type":%[1]s,"value":%[1]s,"token":%[1]s,"monitor_interval":%[1]s,"__proto__":{"channelId":"x"}}`, quoted),
		} {
			raw := json.RawMessage(payload)
			for _, read := range []func() error{
				func() error { _, err := Parse[Register](raw); return err },
				func() error { _, err := Parse[TopicsRequest](raw); return err },
				func() error { _, err := Parse[MessagesRequest](raw); return err },
				func() error { _, err := Parse[ReplyRequest](raw); return err },
				func() error { _, err := Parse[MarkTopicRequest](raw); return err },
				func() error { _, err := Parse[MarkItemsRequest](raw); return err },
				func() error { _, err := Parse[CreateAccountRequest](raw); return err },
				func() error { _, err := Parse[DeleteAccountRequest](raw); return err },
				func() error { _, err := Parse[LoginStart](raw); return err },
				func() error { _, err := Parse[LoginInput](raw); return err },
				func() error { _, err := Parse[ManualLogin](raw); return err },
			} {
				if err := read(); err != nil && len(text) > 12 && strings.Contains(err.Error(), text) {
					t.Errorf("an error repeats what was sent: %.80v", err)
				}
			}
		}
	}
}

// roundTrip encodes a shape, reads it again, and returns all its texts.
func roundTrip(t *testing.T, shape any) string {
	t.Helper()
	raw, err := json.Marshal(shape)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v: %.200s", err, raw)
	}
	var texts strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			texts.WriteString(v + "\n")
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return texts.String()
}
