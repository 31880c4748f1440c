package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/messages"
	"troupe/testkit"
)

// told waits until each of the events came, in any order, and fails when any frame meanwhile holds a word.
func (l *line) told(namespace, but string, events ...string) {
	l.t.Helper()
	for missing := events; len(missing) > 0; {
		frames := l.until("42" + prefix(namespace))
		frame := frames[len(frames)-1]
		if strings.Contains(frame, but) {
			l.t.Errorf("%s hears of %s: %s", namespace, but, frame)
		}
		missing = slices.DeleteFunc(missing, func(event string) bool {
			return strings.HasPrefix(frame, fmt.Sprintf("42%s[%q", prefix(namespace), event))
		})
	}
}

// stranger is a request of every kind about an account that the sender does not see.
const stranger = `{"channelId":"sb_2","topicId":"sb_2.w.w2","conversationId":"sb_2.w.w2","accountId":"sb_2","account_id":"sb_2","session_id":"s2",
	"type":"comment","id":"c2","ids":["c2"],"content":"hello","platform":"sandbox","account_name":"new","input_type":"verification_code","value":"1",
	"storageState":{"cookies":[]},"token":"none"}`

// TestNoEventReachesAnAccountThatIsNotSeen sends every event about another's account, as every role that can be limited.
func TestNoEventReachesAnAccountThatIsNotSeen(t *testing.T) {
	h := open(t)
	h.gw.ReadState = func(state []byte) ([]byte, error) { return state, nil }
	h.observe("sb_2", work("w2", "secret work"), comment("c2", "w2", "secret comment"))
	h.state.Logins = []*messages.LoginSession{{Session: "s2", Account: "sb_2", Status: "pending"}}
	h.publishBoard(board.Changed{})
	s := h.hire()
	for _, role := range []people.Role{people.Viewer, people.Agent, people.Operator} {
		token := s.token(string(role), role, 0, "sb_1")
		for _, namespace := range im.Namespaces {
			l := h.dial()
			if !l.join(namespace, token) {
				t.Fatalf("%s was not let in to %s", role, namespace)
			}
			for _, e := range im.Events {
				if e.Namespace != namespace || e.Direction != im.In {
					continue
				}
				l.say("42" + prefix(namespace) + fmt.Sprintf("[%q,%s]", e.Name, stranger))
				answer := strings.Join(l.until("42"+prefix(namespace)), "")
				for _, word := range []string{"secret", "店 sb_2", `"sb_2":`, `"s2"`} {
					if strings.Contains(answer, word) {
						t.Errorf("%s as %s: %s", e.Name, role, answer)
					}
				}
			}
		}
	}
	for name, box := range map[string]*testkit.Mailbox{"master": h.master, "store": h.store} {
		if n := len(box.Letters()); n != 0 {
			t.Errorf("%d commands reached the %s: %T", n, name, (<-box.Letters()).Message)
		}
	}
}

// TestWhoIsLimitedHearsOfHisAccountsOnly lets everything happen to another's account, and then to an own one.
func TestWhoIsLimitedHearsOfHisAccountsOnly(t *testing.T) {
	h := open(t, func(c *Config) { c.PushMessages, c.ChannelSpacing = true, time.Millisecond })
	token := h.hire().token("robot", people.Operator, 0, "sb_1")
	lines := map[string]*line{}
	for _, namespace := range im.Namespaces {
		lines[namespace] = h.dial()
		if !lines[namespace].join(namespace, token) {
			t.Fatal("not let in")
		}
		lines[namespace].heard(namespace, "nothing", "{}") // it is seated
	}
	h.observe("sb_1", work("w1", "spring"))
	h.observe("sb_2", work("w2", "autumn"))
	for _, topic := range []string{"sb_1.w.w1", "sb_2.w.w2"} { // what grows in what it looks at it is told
		if answer := lines[im.Inbox].heard(im.Inbox, im.RequestMessagesEvent, fmt.Sprintf(`{"topicId":%q}`, topic)); strings.Contains(answer, "autumn") {
			t.Errorf("asked for %s: %s", topic, answer)
		}
	}
	for _, account := range []string{"sb_2", "sb_1"} {
		happens(h, account)
	}
	lines[im.Inbox].told(im.Inbox, "sb_2", im.HintEvent, im.MessageEvent, im.TopicsEvent, im.MessagesEvent, im.SendingQueueEvent, im.ChannelStatusEvent, im.ChannelsEvent)
	lines[im.Admin].told(im.Admin, "sb_2", im.LoginUpdateEvent, im.NotificationEvent)
	lines[im.Desktop].told(im.Desktop, "sb_2", im.ServerReplyResultEvent, im.ChannelStatusEvent)
	list := lines[im.Inbox].heard(im.Inbox, im.RequestChannelsEvent, "null")
	if !strings.Contains(list, `"sb_1"`) || strings.Contains(list, "sb_2") {
		t.Errorf("the accounts are %s", list)
	}
}

// happens lets everything happen to an account of which clients are told.
func happens(h *house, account string) {
	h.observe(account, comment("c_"+account, "w"+account[3:], "hello "+account), direct("m_"+account, "u_1", "psst "+account))
	topic := account + ".w.w" + account[3:]
	r := &messages.Reply{Id: "r_" + account, Account: account, Topic: topic, State: messages.ReplyAcceptedState, AcceptedAt: time.Now().UnixMilli(), Target: &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_WORK}}
	h.replyIs(r)
	ended := &messages.Reply{Id: r.Id, Account: account, Topic: topic, State: messages.ReplyFailedState, Reason: "no", Target: r.Target}
	h.replyIs(ended)
	h.master.Send(h.gateway, &messages.LoginStep{Account: account, Session: "s_" + account, Status: "scanning"})
	h.master.Send(h.gateway, &messages.LoginEnded{Account: account, Session: "s_" + account, Status: "failed"})
	for i, a := range h.state.Accounts {
		if a.Record.GetId() == account {
			out := loggedIn(account)
			out.Record.LoggedIn, out.Record.LoginStatus, out.Status.State = false, "logged_out", string(messages.LoggedOut)
			h.state.Accounts[i] = out
		}
	}
	alarm := &messages.Alarm{Id: "al_" + account, Account: account, Name: "logged_out", Reason: "scan again"}
	h.publishBoard(board.Changed{Accounts: []messages.AccountID{messages.AccountID(account)}, Alarms: []*messages.Alarm{alarm}})
}
