package master

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/actors/master/board"
	"troupe/messages"
	"troupe/testkit"
)

// visitor is a foreign worker: the probe that plays its connection.
type visitor struct {
	*testkit.Mailbox
	s    *stage
	name string
	life string
}

// visit connects a foreign worker and keeps it alive until the test ends.
func (s *stage) visit(name, life string) *visitor {
	v := &visitor{testkit.Probe(s.t, s.sys), s, name, life}
	v.Send(s.master, &messages.RegisterForeign{Status: v.status()})
	ctx := s.t.Context()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(5 * time.Second):
				v.Send(s.master, v.status())
			}
		}
	}()
	return v
}

func (v *visitor) status() *messages.NodeStatus {
	return &messages.NodeStatus{Worker: v.name, Incarnation: v.life, Foreign: true, MaxAccounts: 10}
}

// taken answers an assignment and lets its account watch.
func (v *visitor) taken(m *messages.AssignAccount) *messages.AssignAccount {
	id := m.GetAccount().GetId()
	v.Send(v.s.master, &messages.AccountAssigned{Account: id, Epoch: m.GetEpoch()})
	v.Send(v.s.master, &messages.AccountStatus{Account: id, Epoch: m.GetEpoch(), State: string(messages.Watching)})
	return m
}

func (v *visitor) gone() {
	v.Send(v.s.master, &messages.ForeignGone{Worker: v.name, Incarnation: v.life})
}

func (s *stage) pin(id, worker string) {
	s.client.Send(s.master, &messages.PinAccount{Account: id, Worker: worker})
}

// abroad makes an account that is pinned from the start, and a foreign worker that has it.
func (s *stage) abroad() (string, *visitor) {
	s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "小店", Foreign: "worker-7"})
	id := testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount().GetId()
	v := s.visit("worker-7", "a")
	v.taken(testkit.Expect[*messages.ForeignRegistered](v.Mailbox, nil).GetAssignments()[0])
	return id, v
}

func (s *stage) onBoard(id string) *board.Account {
	synctest.Wait()
	a := s.board.Load().Account(messages.AccountID(id))
	if a == nil {
		s.t.Fatalf("no account %s on the board", id)
	}
	return a
}

func TestForeignWorkerGetsOnlyWhatIsPinnedToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		own := s.running()
		id, v := s.abroad()
		if a := s.onBoard(id); !a.Online || a.Record.GetWorker() != "" || a.Record.GetAbroad() != "worker-7" {
			t.Errorf("pinned account: %v", a.Record)
		}
		if a := s.onBoard(own); a.Record.GetWorker() != "worker-1" || a.Record.GetAbroad() != "" {
			t.Errorf("own account: %v", a.Record)
		}
		testkit.ExpectNone[*messages.AssignAccount](v.Mailbox, time.Minute)
		if covers, _ := s.leases.Beat(t.Context(), &messages.Beat{Worker: "worker-7", Incarnation: "x", Seq: 1}); len(covers.GetCovers()) != 0 {
			t.Errorf("a foreign worker was granted a lease: %v", covers)
		}
	})
}

func TestPinnedAccountIsNeverMovedByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, v := s.abroad()
		v.gone()
		testkit.ExpectNone[*messages.AssignAccount](s.worker, 10*time.Minute)
		a := s.onBoard(id)
		if a.Online || !strings.Contains(a.Status.GetReason(), "worker-7") {
			t.Errorf("while its worker is away: %v", a.Status)
		}
		if !s.alarmOpen(id, alarmWorkerGone) {
			t.Error("nobody was told that its worker is away")
		}
		again := s.visit("worker-7", "b")
		m := again.taken(testkit.Expect[*messages.ForeignRegistered](again.Mailbox, nil).GetAssignments()[0])
		if m.GetEpoch() != 2 {
			t.Errorf("epoch %d, want a new one", m.GetEpoch())
		}
		if a := s.onBoard(id); !a.Online || s.alarmOpen(id, alarmWorkerGone) {
			t.Errorf("its worker is back: %v", a.Status)
		}
	})
}

func (s *stage) alarmOpen(id, name string) bool {
	for _, al := range s.board.Load().Alarms {
		if al.GetAccount() == id && al.GetName() == name && al.GetClearedAt() == 0 {
			return true
		}
	}
	return false
}

func TestPinWaitsForTheProofThatOurOwnEpochIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		v := s.visit("worker-7", "a")
		s.pin(id, "worker-7")
		revoke := testkit.Expect[*messages.RevokeAccount](s.worker, nil)
		testkit.ExpectNone[*messages.AssignAccount](v.Mailbox, 10*time.Second) // the worker still beats for it
		s.worker.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: revoke.GetEpoch(), Clean: true, Incarnation: strconv.Itoa(s.life)})
		if m := testkit.Expect[*messages.AssignAccount](v.Mailbox, nil); m.GetEpoch() != revoke.GetEpoch()+1 {
			t.Errorf("epoch %d follows %d", m.GetEpoch(), revoke.GetEpoch())
		}
	})
}

func TestTakenBackAccountStaysPausedUntilAPersonResumesIt(t *testing.T) {
	for _, crash := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			id, v := s.abroad()
			s.pin(id, "")
			revoke := testkit.Expect[*messages.RevokeAccount](v.Mailbox, nil)
			v.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: revoke.GetEpoch()})
			if crash {
				synctest.Wait()
				s.crash()
			}
			testkit.ExpectNone[*messages.AssignAccount](s.worker, time.Minute)
			if a := s.onBoard(id); a.Status.GetState() != string(messages.Paused) || a.Record.GetAbroad() != "worker-7" {
				t.Errorf("taken back: %v %v", a.Status, a.Record)
			}
			s.sayNode()
			s.client.Send(s.master, &messages.ResumeAccount{Account: id})
			s.takeUp()
			if a := s.onBoard(id); a.Record.GetWorker() != "worker-1" || a.Record.GetAbroad() != "" {
				t.Errorf("resumed: %v", a.Record)
			}
		})
	}
}

func TestAccountThatNoForeignWorkerHadComesBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "小店", Foreign: "mistyped"})
		id := testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount().GetId()
		testkit.ExpectNone[*messages.AssignAccount](s.worker, 10*time.Second)
		s.pin(id, "")
		s.takeUp()
	})
}

func TestReplyThatAForeignWorkerWasGivenIsNeverGivenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, v := s.abroad()
		s.client.Send(s.master, submit(id, "r1"))
		r := testkit.Expect[*messages.ExecuteReply](v.Mailbox, nil).GetReply()
		v.Send(s.master, &messages.BeginCommit{Reply: "r1", Attempt: r.GetAttempt(), Account: id, Epoch: r.GetEpoch()})
		if refused := testkit.Expect[*messages.CommitTicket](v.Mailbox, nil).GetRefused(); refused != "" {
			t.Fatal(refused)
		}
		v.gone()
		wantState(t, s.reply("r1"), messages.ReplyUnknownState)
		again := s.visit("worker-7", "b")
		again.taken(testkit.Expect[*messages.ForeignRegistered](again.Mailbox, nil).GetAssignments()[0])
		testkit.ExpectNone[*messages.ExecuteReply](again.Mailbox, time.Hour)
		again.Send(s.master, &messages.ReplyResult{Reply: "r1", Attempt: r.GetAttempt(), Account: id, Outcome: messages.ReplyConfirmedState, PlatformId: "p1"})
		wantState(t, s.reply("r1"), messages.ReplyConfirmedState)
	})
}

func TestLoginAtAForeignWorkerTakesTheUsualWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, v := s.abroad()
		s.client.Send(s.master, &messages.StartLogin{Account: id, Session: "s1"})
		testkit.Expect[*messages.LoginStarted](s.client, nil)
		if m := testkit.Expect[*messages.StartLogin](v.Mailbox, nil); m.GetSession() != "s1" {
			t.Errorf("started %v", m)
		}
		v.Send(s.master, &messages.LoginEnded{Session: "s1", Account: id, Status: "success", Profile: &messages.Profile{Nickname: "阿月"}})
		if a := s.onBoard(id); !a.Record.GetLoggedIn() || a.Record.GetProfile().GetNickname() != "阿月" {
			t.Errorf("after the login: %v", a.Record)
		}
	})
}

func TestNewestConnectionOfAForeignWorkerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, old := s.abroad()
		v := s.visit("worker-7", "b")
		m := v.taken(testkit.Expect[*messages.ForeignRegistered](v.Mailbox, nil).GetAssignments()[0])
		old.gone() // the end of the earlier connection is noticed late
		if a := s.onBoard(id); !a.Online || a.Record.GetEpoch() != m.GetEpoch() {
			t.Errorf("the earlier connection ended the newer one: %v", a.Record)
		}
	})
}

func TestForeignWorkerMayNotHaveTheNameOfANode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		v := s.visit("worker-1", "a")
		if refused := testkit.Expect[*messages.Refused](v.Mailbox, nil); !strings.Contains(refused.GetMessage(), "node of troupe's own") {
			t.Error(refused.GetMessage())
		}
		for _, name := range []string{"worker-1", "no name", strings.Repeat("x", 65)} {
			s.pin(id, name)
			testkit.Expect[*messages.Refused](s.client, nil)
		}
	})
}

func TestRemovedAccountIsTakenFromItsForeignWorkerFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, v := s.abroad()
		s.client.Send(s.master, &messages.RemoveAccount{Account: id})
		revoke := testkit.Expect[*messages.RevokeAccount](v.Mailbox, nil)
		v.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: revoke.GetEpoch()})
		testkit.Expect[*messages.AccountDone](s.client, nil)
		synctest.Wait()
		if s.board.Load().Account(messages.AccountID(id)) != nil {
			t.Error("it is still there")
		}
	})
}

func TestRestartLeavesAPinnedAccountToItsWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, _ := s.abroad()
		s.crash()
		testkit.ExpectNone[*messages.AssignAccount](s.worker, time.Minute)
		v := s.visit("worker-7", "b")
		if m := testkit.Expect[*messages.ForeignRegistered](v.Mailbox, nil).GetAssignments(); len(m) != 1 || m[0].GetAccount().GetId() != id || m[0].GetEpoch() != 2 {
			t.Errorf("given after the restart: %v", m)
		}
	})
}
