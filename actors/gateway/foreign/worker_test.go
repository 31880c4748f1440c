package foreign

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit"
)

// socket is a Node worker's end: what was sent to it.
type socket struct {
	id string

	mu     sync.Mutex
	events []string // event name, blank, payload
	closed bool
}

func (s *socket) ID() string { return s.id }

func (s *socket) Emit(event string, payload any) {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event+" "+string(text))
}

func (s *socket) EmitError(message string) { s.Emit("error", message) }

func (s *socket) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// got counts what was sent that begins with that event and holds all of the words.
func (s *socket) got(event string, words ...string) int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.events {
		holds := strings.HasPrefix(e, event+" ")
		for _, w := range words {
			holds = holds && strings.Contains(e, w)
		}
		if holds {
			n++
		}
	}
	return n
}

// scene is the room between probes.
type scene struct {
	t             *testing.T
	sys           *actor.ActorSystem
	desk          *Desk
	master, store *testkit.Mailbox
	board         *board.Holder
	rules         map[string]event

	mu    sync.Mutex
	audit []string // what, outcome and targets of what workers did
}

// noted keeps what the audit log is told.
func (s *scene) noted(what, outcome string, targets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.audit = append(s.audit, strings.Join(append([]string{what, outcome}, targets...), " "))
}

// log is the audit log so far.
func (s *scene) log() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.audit, "\n")
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, sys: testkit.System(t), board: &board.Holder{}, rules: map[string]event{}}
	s.master, s.store = testkit.Probe(t, s.sys), testkit.Probe(t, s.sys)
	s.desk = New(Config{
		Master: s.master.PID(), Store: s.store.PID(), Board: s.board, Now: time.Now, Log: testkit.Quiet(),
		View: func(messages.AccountID) *dataset.View { return nil },
		OpenSecret: func(_ string, sealed *messages.SealedSecret) (messages.Secret, error) {
			if sealed.GetKeyId() == "lost" {
				return nil, fmt.Errorf("no such key")
			}
			return messages.Secret("proxypassword"), nil
		},
	})
	pid := s.sys.Root.Spawn(s.desk.Props())
	t.Cleanup(func() { _ = s.sys.Root.StopFuture(pid).Wait() })
	for _, e := range events {
		s.rules[e.name] = e
	}
	return s
}

func (s *scene) connect(id string) *socket {
	peer := &socket{id: id}
	s.desk.tell(joined{peer, Visit{Note: s.noted}})
	return peer
}

// says sends an event of the worker; what it is acknowledged by comes back.
func (s *scene) says(peer *socket, name, payload string) (ack string) {
	s.t.Helper()
	h, err := s.rules[name].read(json.RawMessage(payload))
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	var mu sync.Mutex
	h.ack = func(v any) {
		text, _ := json.Marshal(v)
		mu.Lock()
		defer mu.Unlock()
		ack = string(text)
	}
	s.desk.tell(said{peer.id, h})
	synctest.Wait()
	mu.Lock()
	defer mu.Unlock()
	return ack
}

func envelopeOf(kind, payload string) string {
	return `{"type": "` + kind + `", "version": "v1", "timestamp": 1, "requestId": "q1", "payload": ` + payload + `}`
}

func assign(epoch uint64) *messages.AssignAccount {
	return &messages.AssignAccount{Account: &messages.Account{Id: "a1", Platform: "sandbox", Name: "小店", AccountId: "own-name", Foreign: "w"}, Epoch: epoch}
}

// registered connects a worker that has the account a1 in epoch 1.
func (s *scene) registered(id string, w wire) (*socket, *actor.PID) {
	s.t.Helper()
	peer := s.connect(id)
	if w == byEnvelope {
		s.says(peer, messageEvent, envelopeOf("worker:register", `{"worker_id": "w"}`))
	} else {
		s.says(peer, "worker:register", `{"workerId": "w", "maxAccounts": 3, "capabilities": ["sandbox"]}`)
	}
	_, pid := testkit.ExpectFrom[*messages.RegisterForeign](s.master, nil)
	s.master.Send(pid, &messages.ForeignRegistered{Assignments: []*messages.AssignAccount{assign(1)}})
	testkit.Expect[*messages.AccountAssigned](s.master, nil)
	return peer, pid
}

func TestRegistrationIsAnsweredOnTheWireThatItCameOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		one, _ := s.registered("one", byEvent)
		if one.got("worker:registered", `"success":true`, `"a1"`) != 1 || one.got("master:task:assign", `"a1"`) != 1 || one.got(messageEvent) != 0 {
			t.Errorf("on the wire of events: %v", one.events)
		}
		two, _ := s.registered("two", byEnvelope)
		if two.got(messageEvent, "worker:register:ack", `"requestId":"q1"`, `"a1"`) != 1 || two.got("master:task:assign") != 0 {
			t.Errorf("on the wire of envelopes: %v", two.events)
		}
		if !one.closed {
			t.Error("the earlier connection of the same worker is still open")
		}
	})
}

func TestNothingIsHeardBeforeTheRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer := s.connect("one")
		if ack := s.says(peer, "worker:heartbeat", `{}`); !strings.Contains(ack, "register first") {
			t.Error(ack)
		}
		s.says(peer, "worker:register", `{"workerId": "w"}`)
		_, pid := testkit.ExpectFrom[*messages.RegisterForeign](s.master, nil)
		s.master.Send(pid, &messages.Refused{Code: "conflict", Message: "the name is taken"})
		if peer.got("error", "the name is taken") != 1 {
			t.Errorf("a refused worker learns nothing: %v", peer.events)
		}
	})
}

func TestSyncIsAcknowledgedOnlyWhenItIsOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, _ := s.registered("one", byEnvelope)
		sync := envelopeOf("worker:data:sync", `{"accountId": "own-name", "snapshot": {"data": {"contents": [{"contentId": "w1"}], "comments": [{"commentId": "c1", "contentId": "w1"}]}}}`)
		s.says(peer, messageEvent, sync)
		o, pid := testkit.ExpectFrom[*messages.Observed](s.store, nil)
		if len(o.GetItems()) != 2 || o.GetAccount() != "a1" || o.GetEpoch() != 1 || len(o.GetComplete()) != 3 {
			t.Errorf("observed %v", o)
		}
		if peer.got(messageEvent, syncAck) != 0 {
			t.Error("acknowledged before it was on disk")
		}
		s.store.Send(pid, &messages.Acked{Account: "a1", Stream: o.GetStream(), N: o.GetN()})
		if peer.got(messageEvent, syncAck, `"success":true`, `"comments":1`) != 1 {
			t.Errorf("not acknowledged: %v", peer.events)
		}
		testkit.Expect(s.master, func(m *messages.AccountStatus) bool {
			return m.GetState() == string(messages.Watching) && m.GetRounds() == 1
		})

		s.says(peer, messageEvent, sync)
		if again := testkit.Expect[*messages.Observed](s.store, nil); len(again.GetItems()) != 0 {
			t.Errorf("what the store has is sent again: %v", again)
		}
		time.Sleep(25 * time.Hour)
		s.says(peer, messageEvent, sync)
		if next := testkit.Expect[*messages.Observed](s.store, nil); len(next.GetItems()) != 2 || len(next.GetComplete()) != 6 {
			t.Errorf("the next day the store must hear that the page still shows it: %v", next)
		}
	})
}

func TestDataOfAnAccountThatIsNotPinnedHereIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, pid := s.registered("one", byEnvelope)
		s.says(peer, messageEvent, envelopeOf("worker:data:sync", `{"accountId": "other", "snapshot": {"data": {}}}`))
		if peer.got(messageEvent, syncAck, `"success":false`, "not assigned") != 1 {
			t.Errorf("%v", peer.events)
		}
		s.master.Send(pid, &messages.RevokeAccount{Account: "a1", Epoch: 1, Reason: "pinned elsewhere"})
		testkit.Expect[*messages.AccountRevoked](s.master, nil)
		if peer.got(messageEvent, "master:task:revoke", `"accountIds":["a1"]`) != 1 {
			t.Errorf("not told to let it go: %v", peer.events)
		}
		if ack := s.says(peer, "worker:message:detected", `{"type": "comment", "account_id": "a1", "messages": [{"id": "c"}]}`); !strings.Contains(ack, "not assigned") {
			t.Error(ack)
		}
		testkit.ExpectNone[*messages.Observed](s.store, time.Second)
	})
}

func execute(attempt uint32) *messages.ExecuteReply {
	return &messages.ExecuteReply{Reply: &messages.Reply{
		Id: "r1", RequestId: "q1", Account: "a1", Attempt: attempt, Content: "谢谢",
		Target: &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: "w1", CommentId: "c1"},
	}}
}

func TestReplyIsPutIntoTheSocketOnceAndOnlyWithATicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, pid := s.registered("one", byEvent)
		s.master.Send(pid, execute(1))
		if m := testkit.Expect[*messages.BeginCommit](s.master, nil); m.GetEpoch() != 1 || m.GetAttempt() != 1 {
			t.Errorf("%v", m)
		}
		if peer.got("master:reply:execute") != 0 {
			t.Fatal("sent without a ticket")
		}
		for range 2 {
			s.master.Send(pid, &messages.CommitTicket{Reply: "r1", Attempt: 1})
		}
		if n := peer.got("master:reply:execute", `"comment_id":"c1"`); n != 1 || peer.got("master:reply:request") != 0 {
			t.Fatalf("sent %d times", n)
		}
		s.says(peer, "worker:reply:result", `{"reply_id": "r1", "success": true, "platform_reply_id": "p1"}`)
		testkit.Expect(s.master, func(m *messages.ReplyResult) bool {
			return m.GetOutcome() == messages.ReplyConfirmedState && m.GetPlatformId() == "p1" && m.GetAttempt() == 1
		})
		if ack := s.says(peer, "worker:reply:result", `{"reply_id": "never-given", "success": true}`); !strings.Contains(ack, "not given") {
			t.Error(ack)
		}
		testkit.ExpectNone[*messages.ReplyResult](s.master, time.Second)
	})
}

func TestReplyThatWasNotSentIsHandedBackWhenTheWorkerGoes(t *testing.T) {
	for _, emitted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			peer, pid := s.registered("one", byEnvelope)
			s.master.Send(pid, execute(1))
			testkit.Expect[*messages.BeginCommit](s.master, nil)
			if emitted {
				s.master.Send(pid, &messages.CommitTicket{Reply: "r1", Attempt: 1})
				if peer.got("master:reply:request", `"target_id":"c1"`) != 1 {
					t.Fatal("not sent")
				}
			}
			s.desk.tell(left{peer.id})
			var returned bool
			for gone := false; !gone; {
				switch m := (<-s.master.Letters()).Message.(type) {
				case *messages.ReplyResult:
					returned = m.GetOutcome() == messages.ReplyReturned
				case *messages.ForeignGone:
					gone = true
				}
			}
			if returned == emitted {
				t.Errorf("emitted %t, handed back %t", emitted, returned)
			}
		})
	}
}

func TestLoginShowsItsPictureAndKeepsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, pid := s.registered("one", byEvent)
		s.master.Send(pid, &messages.StartLogin{Account: "a1", Session: "s1"})
		if peer.got("master:login:start", `"session_id":"s1"`, `"proxy":null`) != 1 {
			t.Fatalf("%v", peer.events)
		}
		const png = "iVBORw0KGgo="
		s.says(peer, "worker:login:qrcode", `{"session_id": "s1", "qr_code_data": "data:image/png;base64,`+png+`"}`)
		testkit.Expect(s.master, func(m *messages.LoginStep) bool { return m.GetStatus() == "qrcode_ready" && len(m.GetQrPng()) == 8 })
		s.says(peer, "worker:login:status", `{"session_id": "s1", "status": "qrcode_ready", "qr_code_data": "`+png+`", "expires_at": 1700000000}`)
		testkit.Expect(s.master, func(m *messages.LoginStep) bool {
			return m.GetStatus() == "qrcode_refreshed" && m.GetExpiresAt() == 1700000000000
		})
		s.master.Send(pid, &messages.LoginInput{Session: "s1", Kind: "verification_code", Value: []byte("123456")})
		if peer.got("master:login:user_input", `"value":"123456"`) != 1 {
			t.Errorf("%v", peer.events)
		}
		s.says(peer, "worker:login:status", `{"session_id": "s1", "status": "success", "cookies": [{"value": "topsecret"}], "user_info": {"nickname": "阿月", "uid": 5}}`)
		ended := testkit.Expect[*messages.LoginEnded](s.master, nil)
		if ended.GetStatus() != "success" || ended.GetProfile().GetPlatformUserId() != "5" || strings.Contains(ended.String(), "topsecret") {
			t.Errorf("%v", ended)
		}
		testkit.Expect(s.master, func(m *messages.AccountStatus) bool { return m.GetState() == string(messages.Watching) })
		if ack := s.says(peer, "worker:login:status", `{"session_id": "s1", "status": "failed"}`); !strings.Contains(ack, "not open") {
			t.Errorf("a session ends twice: %s", ack)
		}
	})
}

func TestAccountGoesOutByItsProxyOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, pid := s.registered("one", byEvent)
		given := assign(2)
		given.Account.Id = "a2"
		given.Upstream = &messages.Upstream{Proxy: "p", Scheme: "http", Host: "proxy.test", Port: 3128, Username: "u", Password: &messages.SealedSecret{KeyId: "k"}}
		s.master.Send(pid, given)
		if peer.got("master:task:assign", `"server":"proxy.test:3128"`, `"password":"proxypassword"`) != 1 {
			t.Errorf("%v", peer.events)
		}
		lost := assign(3)
		lost.Account.Id = "a3"
		lost.Upstream = &messages.Upstream{Proxy: "p", Password: &messages.SealedSecret{KeyId: "lost"}}
		s.master.Send(pid, lost)
		testkit.Expect(s.master, func(m *messages.AccountAssigned) bool { return m.GetAccount() == "a3" && m.GetRefused() != "" })
		if peer.got("master:task:assign", "a3") != 0 {
			t.Error("given without its proxy")
		}
	})
}

func TestSilentWorkerIsNotShownAsOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, _ := s.registered("one", byEvent)
		testkit.Expect[*messages.NodeStatus](s.master, nil)
		time.Sleep(2 * silentAfter)
		synctest.Wait()
		for len(s.master.Letters()) > 0 {
			<-s.master.Letters()
		}
		testkit.ExpectNone[*messages.NodeStatus](s.master, time.Minute)
		s.says(peer, "worker:heartbeat", `{"workerId": "w", "stats": {"activeAccounts": 1, "memoryUsage": 512}}`)
		testkit.Expect(s.master, func(m *messages.NodeStatus) bool { return m.GetForeign() && m.GetMemoryRss() == 512<<20 })
	})
}

func TestLoginThatExpiredNeedsAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, _ := s.registered("one", byEnvelope)
		s.says(peer, messageEvent, envelopeOf("worker:account:status",
			`{"worker_id": "w", "account_statuses": [{"account_id": "a1", "status": {"worker_status": "online", "login_status": "logged_in"}}, {"account_id": "other"}]}`))
		testkit.Expect(s.master, func(m *messages.AccountStatus) bool { return m.GetState() == string(messages.Watching) })
		s.says(peer, messageEvent, envelopeOf("worker:account:status",
			`{"worker_id": "w", "account_statuses": [{"account_id": "a1", "status": {"login_status": "not_logged_in"}}]}`))
		testkit.Expect(s.master, func(m *messages.AccountStatus) bool { return m.GetState() == string(messages.LoggedOut) })
	})
}

// TestWhatAWorkerDoesStandsInTheAuditLog: it registers, syncs, ends a login, and says what became of a reply.
func TestWhatAWorkerDoesStandsInTheAuditLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		peer, pid := s.registered("one", byEvent)
		sync := func(id string) {
			s.says(peer, "worker:message:detected", `{"type": "comment", "account_id": "a1", "messages": [{"commentId": "`+id+`", "contentId": "w1", "content": "secret text"}]}`)
			o, from := testkit.ExpectFrom[*messages.Observed](s.store, nil)
			s.store.Send(from, &messages.Acked{Account: "a1", Stream: o.GetStream(), N: o.GetN()})
			synctest.Wait()
		}
		for _, id := range []string{"c1", "c2", "c3"} {
			sync(id)
		}
		time.Sleep(tallyEvery + time.Minute)
		sync("c4")
		sync("c5")
		s.master.Send(pid, &messages.StartLogin{Account: "a1", Session: "s1"})
		synctest.Wait()
		s.says(peer, "worker:login:status", `{"session_id": "s1", "status": "failed", "error_message": "secret text"}`)
		s.master.Send(pid, execute(1))
		s.master.Send(pid, &messages.CommitTicket{Reply: "r1", Attempt: 1})
		synctest.Wait()
		s.says(peer, "worker:reply:result", `{"reply_id": "r1", "success": true}`)
		s.desk.tell(left{peer.id})
		want := []string{
			"worker:register ok w a1", "worker:data:sync ok w a1 items=1", "worker:data:sync ok w a1 items=2", "worker:login:status failed a1 s1",
			"worker:reply:result confirmed a1 r1", "worker:data:sync ok w a1 items=2",
		}
		if got := s.log(); got != strings.Join(want, "\n") {
			t.Errorf("the log says\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	})
}
