package gateway

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/im"
	"troupe/actors/master/board"
	"troupe/messages"
	"troupe/testkit"
	"troupe/testkit/imclient"
)

// stage is a house with two clients in each namespace, and what the master and the store do in each row.
type stage struct {
	*house
	pairs map[string]*pair
	acts  map[string]func() // by event, or "event: case"
}

type pair struct{ caller, other *imclient.Client }

func newStage(t *testing.T) *stage {
	t.Helper()
	h := open(t, func(c *Config) {
		c.ChannelSpacing = 20 * time.Millisecond
		c.PushMessages = true
		c.ReadState = func(state []byte) ([]byte, error) {
			if !json.Valid(state) {
				return nil, errors.New("no JSON")
			}
			return []byte("plain"), nil
		}
	})
	s := &stage{house: h, pairs: map[string]*pair{}}
	for _, id := range []string{"sb_1", "sb_2"} {
		h.observe(id, work("w1", "春天"), comment("c1", "w1", "好看"), comment("c8", "w1", "在哪买"),
			direct("m1", "own_"+id+":u_1", "在吗"), direct("m8", "own_"+id+":u_1", "你好"), direct("m9", "own_"+id+":u_1", "？"))
	}
	h.observe("sb_1", direct("m7", "own_sb_1:u_1", "有人吗"))
	h.nodeIs(true)
	var targets []imclient.Target
	for _, namespace := range im.Namespaces {
		targets = append(targets, imclient.Target{URL: h.url + namespace}, imclient.Target{URL: h.url + namespace})
	}
	clients := imclient.StartAll(t, targets...)
	for i, namespace := range im.Namespaces {
		s.pairs[namespace] = &pair{clients[2*i], clients[2*i+1]}
	}
	for _, c := range clients {
		c.Expect("$connect", nil)
	}
	s.acts = map[string]func(){
		"monitor:reply":                                func() { s.acceptReply(messages.ReplyConfirmedState) },
		"monitor:reply: direct message":                func() { s.acceptReply(messages.ReplyFailedState) },
		"monitor:reply: no owner takes it":             s.refuseReply,
		"monitor:mark_topic_as_read":                   func() { h.markRead() },
		"monitor:mark_conversation_as_read":            func() { h.markRead() },
		"monitor:mark_as_read":                         func() { h.markRead() },
		"monitor:mark_as_read: not held":               func() {},
		"monitor:mark_batch_as_read":                   func() { h.markRead() },
		"monitor:create_account":                       s.createAccount,
		"monitor:create_account: refused":              func() {},
		"monitor:delete_account":                       s.deleteAccount,
		"monitor:delete_account: refused":              s.refuseRemoval,
		"client:manual-login-success":                  s.takeLogin,
		"client:manual-login-success: unknown account": func() {},
		"master:login:start":                           s.startLogin,
		"master:login:start: no owner":                 s.refuseLogin,
		"master:login:user_input":                      s.takeInput,
	}
	for _, namespace := range im.Namespaces {
		s.settle(t, namespace)
	}
	return s
}

// probes are what a client asks to learn that it has everything that was sent before, and the answer.
var probes = map[string][2]string{
	im.Inbox:   {im.RequestPlatformsEvent, im.PlatformsEvent},
	im.Desktop: {im.ManualLoginEvent, im.ManualLoginErrorEvent},
	im.Admin:   {im.AdminStatusEvent, im.AdminStatusAnswerEvent},
}

// settle waits until both clients of a namespace have everything that was sent so far.
func (s *stage) settle(t *testing.T, namespace string) {
	t.Helper()
	time.Sleep(2 * s.gw.ChannelSpacing) // a broadcast of channels may still be due
	for _, c := range []*imclient.Client{s.pairs[namespace].caller, s.pairs[namespace].other} {
		before := len(c.Events())
		c.Emit(probes[namespace][0], map[string]string{"accountId": "probe"})
		await(t, c, before, []string{probes[namespace][1]})
	}
}

func (s *stage) acceptReply(end string) {
	submit, session := testkit.ExpectFrom[*messages.SubmitReply](s.master, nil)
	r := &messages.Reply{
		Id: submit.GetId(), RequestId: "req_1", Account: submit.GetAccount(), Topic: submit.GetTopic(), Target: submit.GetTarget(), Content: submit.GetContent(),
		State: messages.ReplyAcceptedState, AcceptedAt: s.gw.Now().UnixMilli(),
	}
	s.master.Send(session, &messages.ReplyAccepted{Reply: r})
	s.replyIs(r)
	done := proto.CloneOf(r)
	done.State, done.EndedAt = end, s.gw.Now().UnixMilli()
	if end != messages.ReplyConfirmedState {
		done.Reason = "blocked"
	}
	s.replyIs(done)
}

func (s *stage) refuseReply() {
	_, session := testkit.ExpectFrom[*messages.SubmitReply](s.master, nil)
	s.master.Send(session, &messages.Refused{Code: "unavailable", Message: "no node can take it"})
}

func (s *stage) createAccount() {
	_, session := testkit.ExpectFrom[*messages.CreateAccount](s.master, nil)
	added := loggedIn("sb_3")
	s.master.Send(session, &messages.AccountDone{Account: added.Record})
	s.state.Accounts = append(s.state.Accounts, added)
	s.publishBoard(board.Changed{Accounts: []messages.AccountID{"sb_3"}})
}

func (s *stage) deleteAccount() {
	_, session := testkit.ExpectFrom[*messages.RemoveAccount](s.master, nil)
	s.master.Send(session, &messages.AccountDone{Account: loggedIn("sb_3").Record})
	s.state.Accounts = s.state.Accounts[:2]
	s.publishBoard(board.Changed{Accounts: []messages.AccountID{"sb_3"}})
}

func (s *stage) refuseRemoval() {
	_, session := testkit.ExpectFrom[*messages.RemoveAccount](s.master, nil)
	s.master.Send(session, &messages.Refused{Code: "not_found", Message: "there is no such account"})
}

func (s *stage) takeLogin() {
	_, job := testkit.ExpectFrom[*messages.PauseAccount](s.master, nil)
	s.accountIs("sb_1", messages.Paused, true)
	s.master.Send(job, &messages.AccountDone{Account: loggedIn("sb_1").Record})
	_, job = testkit.ExpectFrom[*messages.WriteVault](s.master, nil)
	s.master.Send(job, &messages.Refused{Code: "conflict", Message: "it is still being closed"})
	_, job = testkit.ExpectFrom(s.master, func(m *messages.WriteVault) bool { return string(m.GetState()) == "plain" })
	s.master.Send(job, &messages.VaultWritten{Account: "sb_1", Counter: 2})
	testkit.Expect(s.master, func(m *messages.ResumeAccount) bool { return m.GetAccount() == "sb_1" })
	s.pairs[im.Desktop].caller.Expect(im.ManualLoginAckEvent, nil)
	s.accountIs("sb_1", messages.Starting, false)
	s.accountIs("sb_1", messages.Watching, false)
}

func (s *stage) startLogin() {
	start, session := testkit.ExpectFrom[*messages.StartLogin](s.master, nil)
	l := &messages.LoginSession{
		Session: start.GetSession(), Account: start.GetAccount(), Status: "pending", CreatedAt: s.gw.Now().UnixMilli(), ExpiresAt: s.gw.Now().Add(5 * time.Minute).UnixMilli(),
	}
	s.master.Send(session, &messages.LoginStarted{Session: l.Session, Account: l.Account, ExpiresAt: l.ExpiresAt})
	s.state.Logins = []*messages.LoginSession{l}
	s.publishBoard(board.Changed{})
	s.step("qrcode_ready")
}

func (s *stage) refuseLogin() {
	_, session := testkit.ExpectFrom[*messages.StartLogin](s.master, nil)
	s.master.Send(session, &messages.Refused{Code: "unavailable", Message: "no node runs the account"})
}

func (s *stage) takeInput() {
	input, session := testkit.ExpectFrom(s.master, func(m *messages.LoginInput) bool { return string(m.GetValue()) == "123456" })
	s.master.Send(session, &messages.LoginStarted{Session: input.GetSession()})
}

func (s *stage) step(status string) {
	step := &messages.LoginStep{Session: "session-1700000000000-abc", Account: "sb_1", Status: status, At: s.gw.Now().UnixMilli(), Step: "verification_code"}
	if status == "qrcode_ready" || status == "qrcode_refreshed" {
		step.QrPng, step.ExpiresAt = []byte("png"), s.gw.Now().Add(time.Minute).UnixMilli()
	}
	s.master.Send(s.gateway, step)
}

func (s *stage) ended(status string) {
	s.master.Send(s.gateway, &messages.LoginEnded{
		Session: "session-1700000000000-abc", Account: "sb_1", Status: status, Reason: "because", At: s.gw.Now().UnixMilli(), Profile: &messages.Profile{Nickname: "店"},
	})
}

// tellStories makes happen what no request causes.
func (s *stage) tellStories() {
	s.observe("sb_1", comment("c2", "w1", "多少钱"), direct("m2", "own_sb_1:u_1", "还有吗"))
	for _, status := range []string{"qrcode_refreshed", "scanning", "sms_input_required"} {
		s.step(status)
	}
	for _, status := range []string{"success", "failed", "cancelled", "timeout", "expired"} {
		s.ended(status)
	}
	s.accountIs("sb_1", messages.LoggedOut, false)
	s.nodeIs(false)
	s.nodeIs(true)
	s.publishBoard(board.Changed{Alarms: []*messages.Alarm{{Id: "a1", Name: "challenge", Account: "sb_1", Reason: "the site asks for a captcha", RaisedAt: s.gw.Now().UnixMilli()}}})
}

// accountIs makes a state of an account known.
func (s *stage) accountIs(id string, state messages.AccountState, paused bool) {
	a := loggedIn(id)
	a.Record.Paused = paused
	a.Status.State = string(state)
	i := slices.IndexFunc(s.state.Accounts, func(a *board.Account) bool { return a.Record.GetId() == id })
	s.state.Accounts[i] = a
	s.publishBoard(board.Changed{Accounts: []messages.AccountID{messages.AccountID(id)}})
}

// nodeIs makes it known that the one node came or went.
func (h *house) nodeIs(online bool) {
	h.state.Nodes = []*board.Node{{Status: &messages.NodeStatus{Worker: "worker-1"}, Online: online}}
	h.publishBoard(board.Changed{})
}
