package master

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/master/board"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/testkit"
)

// stage is a master among probes: a store that keeps records in memory, a worker, an account, a client.
type stage struct {
	t         *testing.T
	sys       *actor.ActorSystem
	records   map[string]map[string][]byte
	worker    *testkit.Mailbox
	account   *testkit.Mailbox
	client    *testkit.Mailbox
	board     *board.Holder
	master    *actor.PID
	leases    *lease.Table
	life      int
	mu        sync.Mutex // of master and leases, where another goroutine reads them
	shelf     sync.Mutex // of the records, where they are copied while the master lives
	keys      Keys
	configure func(*Config) // nil: as it is
	appends   int           // how many more changes the store takes before it falls silent; negative = any number
}

func newStage(t *testing.T) *stage { return newStageWith(t, nil) }

func newStageWith(t *testing.T, keys Keys) *stage {
	s := newIdleStage(t)
	s.keys = keys
	s.start()
	return s
}

// newIdleStage is a stage whose master does not run yet.
func newIdleStage(t *testing.T) *stage {
	s := &stage{t: t, appends: -1, sys: testkit.System(t), records: map[string]map[string][]byte{}}
	// What is still on its way with a delay arrives before the system ends: a dead letter just then would keep a goroutine of the library's.
	t.Cleanup(func() { time.Sleep(time.Minute) })
	s.worker, s.client = testkit.Probe(t, s.sys), testkit.Probe(t, s.sys)
	return s
}

// start begins one life of the master on the records of the lives before, and its worker speaks.
func (s *stage) start() {
	s.startMaster()
	s.sayNode()
}

func (s *stage) startMaster() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life++
	store, err := s.sys.Root.SpawnNamed(actor.PropsFromFunc(s.store), "store"+strconv.Itoa(s.life))
	if err != nil {
		s.t.Fatal(err)
	}
	s.board, s.leases = &board.Holder{}, lease.NewTable(lease.DefaultFigures(), sinceBoot, "m")
	cfg := Config{
		Store: store, Leases: s.leases, Board: s.board,
		Platforms: []Platform{{
			Name: "sandbox", Prefix: "sb", Site: "creator.sandbox.test:443",
			CanReply: map[messages.ReplyKind]bool{messages.ReplyKind_REPLY_COMMENT: true},
		}},
		SealSecret: seal, Keys: s.keys,
		Clock: sinceBoot, Now: time.Now, Log: testkit.Quiet(),
	}
	if s.configure != nil {
		s.configure(&cfg)
	}
	s.master = s.sys.Root.Spawn(Props(cfg))
	master := s.master
	s.t.Cleanup(func() { s.sys.Root.Stop(master) })
}

// sayNode is the worker's sign of life.
func (s *stage) sayNode() {
	s.worker.Send(s.master, &messages.NodeStatus{
		Worker: "worker-1", Incarnation: strconv.Itoa(s.life), Proof: true, MaxAccounts: 10, Platforms: []string{"sandbox"},
	})
}

// crash ends the master without a word and starts another one.
func (s *stage) crash() {
	if err := s.sys.Root.StopFuture(s.master).Wait(); err != nil {
		s.t.Fatal(err)
	}
	s.start()
}

// booted is before the time at which a bubble begins.
var booted = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)

func sinceBoot() time.Duration { return time.Since(booted) }

func (s *stage) store(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.LoadControl:
		s.shelf.Lock()
		defer s.shelf.Unlock()
		loaded := &messages.ControlLoaded{}
		for table, rows := range s.records {
			for key, value := range rows {
				loaded.Records = append(loaded.Records, &messages.Put{Table: table, Key: key, Value: value})
			}
		}
		c.Respond(loaded)
	case *messages.Append:
		if s.appends == 0 {
			return
		}
		s.appends--
		s.shelf.Lock()
		defer s.shelf.Unlock()
		for _, p := range m.GetPuts() {
			if s.records[p.GetTable()] == nil {
				s.records[p.GetTable()] = map[string][]byte{}
			}
			if len(p.GetValue()) == 0 {
				delete(s.records[p.GetTable()], p.GetKey())
			} else {
				s.records[p.GetTable()][p.GetKey()] = p.GetValue()
			}
		}
		c.Respond(&messages.Appended{})
	case *messages.KnownItems:
		c.Respond(&messages.ItemsKnown{})
	case *messages.EraseAccount:
		c.Respond(&messages.AccountErased{Account: m.GetAccount()})
	}
}

// running makes an account and answers for its worker until it watches.
func (s *stage) running() string {
	s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "小店"})
	id := testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount().GetId()
	s.takeUp()
	return id
}

// takeUp plays the worker and the account of the next assignment.
func (s *stage) takeUp() *messages.AssignAccount {
	m := testkit.Expect[*messages.AssignAccount](s.worker, nil)
	name := "worker/sandbox/" + messages.ActorName(messages.AccountID(m.GetAccount().GetId()), messages.Epoch(m.GetEpoch()))
	s.account = testkit.Probe(s.t, s.sys, name)
	s.worker.Send(s.master, &messages.AccountAssigned{Account: m.GetAccount().GetId(), Epoch: m.GetEpoch(), Incarnation: strconv.Itoa(s.life)})
	s.beat(&messages.Held{Account: m.GetAccount().GetId(), Epoch: m.GetEpoch(), Open: true})
	s.say(m.GetAccount().GetId(), m.GetEpoch(), messages.Watching, "")
	return m
}

// beat keeps the worker's lease alive until the test ends.
func (s *stage) beat(held *messages.Held) {
	ctx, table, life := s.t.Context(), s.leases, strconv.Itoa(s.life)
	go func() {
		for seq := uint64(1); ctx.Err() == nil; seq++ {
			_, _ = table.Beat(ctx, &messages.Beat{Worker: "worker-1", Incarnation: life, Seq: seq, Held: []*messages.Held{held}})
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}()
}

func (s *stage) say(id string, epoch uint64, state messages.AccountState, reason string) {
	s.account.Send(s.master, &messages.AccountStatus{Account: id, Epoch: epoch, State: string(state), Reason: reason})
}

func (s *stage) reply(id string) *messages.Reply {
	synctest.Wait()
	for _, r := range s.board.Load().Replies {
		if r.GetId() == id {
			return r
		}
	}
	s.t.Fatalf("no reply %s on the board", id)
	return nil
}

func submit(account, id string) *messages.SubmitReply {
	return &messages.SubmitReply{Id: id, Account: account, Content: "谢谢", Target: &messages.ReplyTarget{
		Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: "w1", CommentId: "c1", PersonId: "u1", PersonName: "路人",
	}}
}

// begun brings a reply up to the point where the account holds it.
func (s *stage) begun(id string) (account string, r *messages.Reply) {
	account = s.running()
	s.client.Send(s.master, submit(account, id))
	testkit.Expect[*messages.ReplyAccepted](s.client, nil)
	return account, testkit.Expect[*messages.ExecuteReply](s.account, nil).GetReply()
}

func (s *stage) ticket(account string, r *messages.Reply) *messages.CommitTicket {
	s.account.Send(s.master, &messages.BeginCommit{Reply: r.GetId(), Attempt: r.GetAttempt(), Account: account, Epoch: r.GetEpoch()})
	return testkit.Expect[*messages.CommitTicket](s.account, nil)
}

func (s *stage) result(account string, r *messages.Reply, outcome string) {
	s.account.Send(s.master, &messages.ReplyResult{
		Reply: r.GetId(), Attempt: r.GetAttempt(), Account: account, Epoch: r.GetEpoch(), Outcome: outcome, PlatformId: "p1",
	})
}

func wantState(t *testing.T, r *messages.Reply, state string) {
	t.Helper()
	if r.GetState() != state {
		t.Fatalf("reply is %s (%s), want %s", r.GetState(), r.GetReason(), state)
	}
}

func TestReplyIsConfirmedOnceAndItsKeyIsNeverSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account, r := s.begun("r1")
		if refused := s.ticket(account, r).GetRefused(); refused != "" {
			t.Fatal(refused)
		}
		if again := s.ticket(account, r).GetRefused(); again == "" {
			t.Fatal("a second ticket was given out for one attempt")
		}
		s.result(account, r, messages.ReplyConfirmedState)
		wantState(t, s.reply("r1"), messages.ReplyConfirmedState)
		s.client.Send(s.master, submit(account, "r1"))
		if !testkit.Expect[*messages.ReplyAccepted](s.client, nil).GetExisted() {
			t.Fatal("the same key was accepted as another reply")
		}
		testkit.ExpectNone[*messages.ExecuteReply](s.account, time.Minute)
	})
}

func TestReplyHandedBackRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account, r := s.begun("r1")
		s.result(account, r, messages.ReplyReturned)
		again := testkit.Expect[*messages.ExecuteReply](s.account, nil).GetReply()
		if again.GetAttempt() != 2 {
			t.Fatalf("attempt %d, want 2", again.GetAttempt())
		}
		if s.ticket(account, r).GetRefused() == "" {
			t.Fatal("the first attempt got a ticket while the second runs")
		}
	})
}

func TestCrashBeforeTheTicketSendsAgainAndAfterItNever(t *testing.T) {
	for _, ticketed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			account, r := s.begun("r1")
			if ticketed {
				s.ticket(account, r)
			}
			s.crash()
			s.takeUp()
			if !ticketed {
				testkit.Expect(s.account, func(m *messages.ExecuteReply) bool { return m.GetReply().GetAttempt() == 2 })
				return
			}
			wantState(t, s.reply("r1"), messages.ReplyUnknownState)
			testkit.Expect[*messages.FindReply](s.account, nil)
			s.account.Send(s.master, &messages.ReplyFound{Reply: "r1", Read: true, Found: true, PlatformId: "p9"})
			wantState(t, s.reply("r1"), messages.ReplyConfirmedState)
			testkit.ExpectNone[*messages.ExecuteReply](s.account, time.Minute)
		})
	}
}

func TestUnknownReplyIsSettledByThreeReadsAndNeverTypedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account, r := s.begun("r1")
		s.ticket(account, r)
		s.result(account, r, messages.ReplyUnknownState)
		for range 3 {
			testkit.Expect[*messages.FindReply](s.account, nil)
			s.account.Send(s.master, &messages.ReplyFound{Reply: "r1", Read: true})
		}
		got := s.reply("r1")
		wantState(t, got, messages.ReplyUnknownState)
		if !got.GetSettled() {
			t.Fatal("not settled after three reads")
		}
		testkit.ExpectNone[*messages.ExecuteReply](s.account, time.Hour)
	})
}

func TestReplyThatCannotBeBegunExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account := s.running()
		s.say(account, 1, messages.LoggedOut, "log in")
		s.client.Send(s.master, submit(account, "r1"))
		testkit.Expect[*messages.ReplyAccepted](s.client, nil)
		time.Sleep(11 * time.Minute)
		wantState(t, s.reply("r1"), messages.ReplyFailedState)
	})
}

func TestAlarmIsRaisedOnceAndClearedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account := s.running()
		s.client.Send(s.master, board.Subscribe{})
		for range 3 {
			s.say(account, 1, messages.Challenge, "a captcha")
		}
		synctest.Wait()
		s.say(account, 1, messages.Watching, "")
		synctest.Wait()
		raised, cleared := 0, 0
		for range 20 {
			select {
			case l := <-s.client.Letters():
				if m, ok := l.Message.(board.Changed); ok {
					for _, a := range m.Alarms {
						if a.GetClearedAt() == 0 {
							raised++
						} else {
							cleared++
						}
					}
				}
			default:
			}
		}
		if raised != 1 || cleared != 1 {
			t.Fatalf("raised %d times, cleared %d times", raised, cleared)
		}
	})
}

func TestDrainedAccountIsNotPlacedOnTheStoppingNodeAgainAndKeepsItsProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		s.worker.Send(s.master, &messages.NodeStatus{
			Worker: "worker-1", Incarnation: strconv.Itoa(s.life), Proof: true, MaxAccounts: 10, Platforms: []string{"sandbox"}, Draining: true,
		})
		s.worker.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: 1, Clean: true, Incarnation: strconv.Itoa(s.life)})
		testkit.ExpectNone[*messages.AssignAccount](s.worker, 10*time.Second)
		s.crash()
		if m := s.takeUp(); m.GetEpoch() != 2 || !m.GetProfileUsable() {
			t.Errorf("epoch %d, profile usable %v", m.GetEpoch(), m.GetProfileUsable())
		}
	})
}

func TestEpochGrowsWithEveryAssignmentAndCleanProfileIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		s.client.Send(s.master, &messages.PauseAccount{Account: id})
		m := testkit.Expect[*messages.RevokeAccount](s.worker, nil)
		s.worker.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: m.GetEpoch(), Clean: true, Incarnation: strconv.Itoa(s.life)})
		s.client.Send(s.master, &messages.ResumeAccount{Account: id})
		second := s.takeUp()
		if second.GetEpoch() != 2 || !second.GetProfileUsable() {
			t.Fatalf("epoch %d, profile usable %v", second.GetEpoch(), second.GetProfileUsable())
		}
		s.crash()
		third := s.takeUp()
		if third.GetEpoch() != 3 || third.GetProfileUsable() {
			t.Fatalf("after a crash: epoch %d, profile usable %v", third.GetEpoch(), third.GetProfileUsable())
		}
	})
}

func TestAccountThatNoNodeCanStartIsParkedUntilResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		s.worker.Send(s.master, &messages.AccountFailed{Account: id, Epoch: 1, Reason: "Chromium died at every start"})
		s.worker.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: 1, Incarnation: strconv.Itoa(s.life)})
		testkit.ExpectNone[*messages.AssignAccount](s.worker, time.Minute)
		got := s.board.Load().Account(messages.AccountID(id)).Status
		if got.GetState() != string(messages.Parked) || got.GetReason() == "" {
			t.Fatalf("state %s, reason %q", got.GetState(), got.GetReason())
		}
		s.sayNode()
		s.client.Send(s.master, &messages.ResumeAccount{Account: id})
		s.takeUp()
	})
}

func TestCrashDuringALoginEndsItAsFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		s.client.Send(s.master, &messages.StartLogin{Account: id, Session: "s1"})
		testkit.Expect[*messages.LoginStarted](s.client, nil)
		s.crash()
		synctest.Wait()
		logins := s.board.Load().Logins
		if len(logins) != 1 || logins[0].GetStatus() != "failed" {
			t.Fatalf("logins after the crash: %v", logins)
		}
	})
}

func TestRemovedAccountLeavesNoRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account, _ := s.begun("r1")
		s.client.Send(s.master, &messages.RemoveAccount{Account: account})
		m := testkit.Expect[*messages.RevokeAccount](s.worker, nil)
		if !m.GetErase() {
			t.Fatal("the worker was not told to erase the profile")
		}
		s.worker.Send(s.master, &messages.AccountRevoked{Account: account, Epoch: m.GetEpoch(), Incarnation: strconv.Itoa(s.life)})
		testkit.Expect[*messages.AccountDone](s.client, nil)
		for table, rows := range s.records {
			if table != tableMeta && table != tableNodes && len(rows) > 0 {
				t.Errorf("table %s still has %d records", table, len(rows))
			}
		}
	})
}
