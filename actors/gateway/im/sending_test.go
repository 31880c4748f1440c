package im

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/messages"
)

var toComment = &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_DISCUSSION, WorkId: "w1", CommentId: "c1", DiscussionId: "d2", Text: "不客气"}

func TestSendingQueueHasTheContractsShape(t *testing.T) {
	a := account("dy_1")
	private := reply("r1", "dy_1", messages.ConversationTopic, "own_1:u_li", &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE})
	private.FromName, private.FromId = "阿明", "monitor_1_x"
	a.Queue = []*messages.Reply{private, reply("r2", "dy_1", messages.WorkTopic, "w1", toComment)}
	b := &board.Board{Accounts: []*board.Account{a}}
	golden(t, "sending_queue", []SendingQueue{
		SendingQueueOf("dy_1.c.own_1:u_li", b, now),
		SendingQueueOf("dy_1.w.w1", b, now),
		SendingQueueOf("dy_1.w.w2", b, now),
	})
}

func TestQueueEntryEndsAfterTwoMinutesAndShowsAsWaiting(t *testing.T) {
	a := account("dy_1")
	r := reply("r1", "dy_1", messages.WorkTopic, "w1", toComment)
	a.Queue = []*messages.Reply{r}
	b := &board.Board{Accounts: []*board.Account{a}, Replies: a.Queue}
	v := data("dy_1").View("dy_1")
	topic := messages.TopicID(r.GetTopic())
	just := now.Add(QueueTime - time.Millisecond)
	if n := len(SendingQueueOf(topic, b, just).SendingMessages); n != 1 {
		t.Errorf("%d entries just before", n)
	}
	if m := find(Messages(topic, b, v, just), "r1"); m != nil {
		t.Error("shown in the queue and in the history")
	}
	if n := len(SendingQueueOf(topic, b, now.Add(QueueTime)).SendingMessages); n != 0 {
		t.Errorf("%d entries after", n)
	}
	if m := find(Messages(topic, b, v, now.Add(QueueTime)), "r1"); m == nil || m.Content != "[等待发送] 您好" {
		t.Errorf("history shows %+v", m)
	}
}

// ended is a reply in the comment thread that ended some minutes after now.
func ended(id, state string, minutes int64) *messages.Reply {
	r := reply(id, "dy_1", messages.WorkTopic, "w1", toComment)
	r.State, r.EndedAt, r.DispatchedAt = state, now.UnixMilli()+minutes*minute, now.UnixMilli()
	return r
}

func TestHowAReplyEndedIsSeenInItsTopic(t *testing.T) {
	refused := ended("r1", messages.ReplyFailedState, 1)
	refused.Reason = "blocked"
	posted := ended("r1", messages.ReplyConfirmedState, 1)
	posted.PlatformId = "p77"
	onPage := ended("r1", messages.ReplyConfirmedState, 1)
	onPage.PlatformId = "d1" // an own discussion of the fixture
	byText := ended("r1", messages.ReplyConfirmedState, 1)
	byText.Content, byText.DispatchedAt = "谢谢", start+minute
	for name, test := range map[string]struct {
		replies []*messages.Reply
		at      time.Duration // after now
		id      string
		want    string // the text; empty = not shown
	}{
		"failed":                       {[]*messages.Reply{ended("r1", messages.ReplyFailedState, 1)}, time.Hour, "r1", "[发送失败] 您好"},
		"failed with a reason":         {[]*messages.Reply{refused}, time.Hour, "r1", "[发送失败: blocked] 您好"},
		"failed a day ago":             {[]*messages.Reply{ended("r1", messages.ReplyFailedState, 1)}, 25 * time.Hour, "r1", ""},
		"failed, then another success": {[]*messages.Reply{ended("r1", messages.ReplyFailedState, 1), ended("r2", messages.ReplyConfirmedState, 2)}, time.Hour, "r1", ""},
		"success, then failed":         {[]*messages.Reply{ended("r1", messages.ReplyFailedState, 3), ended("r2", messages.ReplyConfirmedState, 2)}, time.Hour, "r1", "[发送失败] 您好"},
		"unknown is never shown sent":  {[]*messages.Reply{ended("r1", messages.ReplyUnknownState, 1)}, time.Hour, "r1", "[未确认是否送达] 您好"},
		"confirmed, not yet collected": {[]*messages.Reply{posted}, time.Hour, "p77", "您好"},
		"confirmed and collected":      {[]*messages.Reply{onPage}, time.Hour, "r1", ""},
		"collected without an id":      {[]*messages.Reply{byText}, time.Hour, "r1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &board.Board{Accounts: []*board.Account{account("dy_1")}, Replies: test.replies}
			list := Messages("dy_1.w.w1", b, data("dy_1").View("dy_1"), now.Add(test.at))
			m := find(list, test.id)
			if test.want == "" {
				if m != nil {
					t.Errorf("shown: %+v", m)
				}
				return
			}
			if m == nil || m.Content != test.want {
				t.Fatalf("got %+v", m)
			}
			if m.Direction != "outbound" || !m.IsRead || m.FromName != "客服" || m.ReplyToID == nil || *m.ReplyToID != "c1" {
				t.Errorf("it does not look like an own reply below the comment: %+v", m)
			}
			for i := 1; i < len(list.Messages); i++ {
				if list.Messages[i-1].Timestamp > list.Messages[i].Timestamp {
					t.Error("the list is not in order")
				}
			}
		})
	}
}

func TestFailedPrivateReplyStandsInTheConversation(t *testing.T) {
	r := ended("r1", messages.ReplyFailedState, 1)
	r.Topic = "dy_1.c.own_1:u_li"
	r.Target = proto.CloneOf(&messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, PersonId: "u_li", PersonName: "小李"})
	b := &board.Board{Accounts: []*board.Account{account("dy_1")}, Replies: []*messages.Reply{r}}
	v := data("dy_1").View("dy_1")
	m := find(Messages("dy_1.c.own_1:u_li", b, v, now), "r1")
	if m == nil || m.MessageCategory != "private" || m.Type != "text" || *m.RecipientID != "u_li" || m.ReplyToID != nil {
		t.Errorf("got %+v", m)
	}
	if find(Messages("dy_1.w.w1", b, v, now), "r1") != nil {
		t.Error("it stands in another topic too")
	}
}

func find(list MessageList, id string) *Message {
	for i := range list.Messages {
		if list.Messages[i].ID == id {
			return &list.Messages[i]
		}
	}
	return nil
}
