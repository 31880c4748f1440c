package master

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/testkit"
)

// hire adds a worker that takes and ends everything at once, and beats.
func (s *stage) hire(id string, most int64) *hand {
	h := &hand{id: id, most: most, held: map[string]uint64{}}
	h.pid = s.sys.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) { master, _ := s.present(); h.receive(master)(c) }))
	ctx, done := s.t.Context(), make(chan struct{})
	s.t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		for seq := uint64(1); ctx.Err() == nil; seq++ {
			master, leases := s.present()
			_, _ = leases.Beat(ctx, &messages.Beat{Worker: id, Incarnation: id, Seq: seq, Held: h.pairs(true)})
			if seq%5 == 1 {
				h.say(s.sys.Root, master)
			}
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}()
	synctest.Wait()
	return h
}

// present is the master that there is, for other goroutines than the test's.
func (s *stage) present() (*actor.PID, *lease.Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.master, s.leases
}

// restart begins another life of the master among the same workers.
func (s *stage) restart() {
	if err := s.sys.Root.StopFuture(s.master).Wait(); err != nil {
		s.t.Fatal(err)
	}
	s.startMaster()
}

func (s *stage) add(n int) (ids []string) {
	for i := range n {
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: fmt.Sprint(i)})
		ids = append(ids, testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount().GetId())
	}
	time.Sleep(time.Second)
	return ids
}

func (s *stage) decisions(id string) []*messages.Decision {
	synctest.Wait()
	return s.board.Load().Account(messages.AccountID(id)).Decisions
}

func newCluster(t *testing.T) *stage {
	s := newIdleStage(t)
	s.startMaster()
	return s
}

func TestRestartedMasterAdoptsWhatRunsAndEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCluster(t)
		first, second := s.hire("w1", 5), s.hire("w2", 5)
		ids := s.add(4)
		s.restart()
		time.Sleep(time.Minute)
		if first.given.Load() != 2 || second.given.Load() != 2 || first.ended.Load()+second.ended.Load() != 0 {
			t.Errorf("given %d and %d, ended %d and %d", first.given.Load(), second.given.Load(), first.ended.Load(), second.ended.Load())
		}
		for _, id := range ids {
			made := s.decisions(id)
			if last := made[len(made)-1]; last.GetWhat() != "adopted" || !s.board.Load().Account(messages.AccountID(id)).Online {
				t.Errorf("%s: %v", id, made)
			}
		}
	})
}

func TestMovedAccountGoesWhereItsPlaceWasKeptAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCluster(t)
		s.hire("w1", 5)
		id := s.add(1)[0]
		s.hire("w2", 1)
		s.client.Send(s.master, &messages.MoveAccount{Account: id, Worker: "w2"})
		if a := testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount(); a.GetWorker() != "w2" || a.GetEpoch() != 2 {
			t.Errorf("it runs on %s under epoch %d", a.GetWorker(), a.GetEpoch())
		}
		var what []string
		for _, d := range s.decisions(id) {
			what = append(what, d.GetWhat())
		}
		if fmt.Sprint(what) != "[waiting assigned moving assigned]" && fmt.Sprint(what) != "[assigned moving assigned]" {
			t.Errorf("decisions %v", what)
		}
		for _, c := range []struct{ worker, code string }{{"w2", "conflict"}, {"w3", "not_found"}} {
			s.client.Send(s.master, &messages.MoveAccount{Account: id, Worker: c.worker})
			if r := testkit.Expect[*messages.Refused](s.client, nil); r.GetCode() != c.code {
				t.Errorf("to %s: %s", c.worker, r)
			}
		}
		other := s.add(1)[0] // on w1: w2 is full
		s.client.Send(s.master, &messages.MoveAccount{Account: other, Worker: "w2"})
		testkit.Expect(s.client, func(r *messages.Refused) bool { return r.GetCode() == "unavailable" })
	})
}

func TestDrainMovesTwoAtATimeAndNamesWhatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCluster(t)
		first := s.hire("w1", 5)
		s.add(5)
		second := s.hire("w2", 3)
		s.client.Send(s.master, &messages.DrainWorker{Worker: "w1"})
		done := testkit.Expect[*messages.WorkerDrained](s.client, nil)
		if done.GetAccounts() != 3 || len(done.GetLeft()) != 2 || done.GetLeft()[0].GetReason() == "" {
			t.Errorf("%v", done)
		}
		if first.ended.Load() != 3 || second.given.Load() != 3 {
			t.Errorf("%d ended, %d begun: more was ended than there was room for", first.ended.Load(), second.given.Load())
		}
		if most := second.most; int64(len(second.pairs(true))) != most {
			t.Errorf("the other node holds %d", len(second.pairs(true)))
		}
	})
}

func TestDrainGoesOnAfterTheMastersRestartAndUntilItIsUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCluster(t)
		first := s.hire("w1", 9)
		s.add(4)
		second := s.hire("w2", 9)
		first.slow.Store(true)
		s.client.Send(s.master, &messages.DrainWorker{Worker: "w1"})
		time.Sleep(time.Second)
		s.restart()
		first.slow.Store(false)
		time.Sleep(time.Minute)
		if n := len(second.pairs(true)); n != 4 {
			t.Errorf("%d of 4 accounts were moved", n)
		}
		s.add(1)
		if n := len(first.pairs(true)); n != 0 {
			t.Errorf("a drained node was given %d accounts", n)
		}
		s.client.Send(s.master, &messages.UndrainWorker{Worker: "w1"})
		testkit.Expect[*messages.WorkerUndrained](s.client, nil)
		s.add(1)
		if n := len(first.pairs(true)); n != 1 {
			t.Errorf("an undrained node has %d accounts", n)
		}
	})
}

func TestAnotherLifesAnswerProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		s.client.Send(s.master, &messages.PauseAccount{Account: id})
		testkit.Expect[*messages.RevokeAccount](s.worker, nil)
		s.worker.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: 1, Incarnation: "another"})
		testkit.Expect[*messages.RevokeAccount](s.worker, nil) // asked again
		if r := s.board.Load().Account(messages.AccountID(id)).Record; r.GetEpochOver() {
			t.Error("the epoch is over by the word of a life that never had it")
		}
	})
}

func TestAssignmentThatIsNotAnsweredIsSaidAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "一"})
		first := testkit.Expect[*messages.AssignAccount](s.worker, nil)
		again := testkit.Expect[*messages.AssignAccount](s.worker, nil)
		if first.GetEpoch() != again.GetEpoch() {
			t.Errorf("epoch %d, then %d", first.GetEpoch(), again.GetEpoch())
		}
	})
}

func TestClusterThatMayLoseNoNodeSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCluster(t)
		s.hire("w1", 2)
		s.hire("w2", 2)
		s.add(3)
		time.Sleep(2 * time.Minute)
		if names := s.openAlarms(); len(names) != 1 || names[0] != noSpareNode+" " {
			t.Errorf("alarms %q", names)
		}
		if c := s.board.Load().Capacity; c.Placed != 3 || c.Free != 1 || c.Spare != 0 {
			t.Errorf("capacity %+v", c)
		}
		s.hire("w3", 2)
		time.Sleep(5 * time.Second)
		if names := s.openAlarms(); len(names) != 0 {
			t.Errorf("a node came, and there is still %q", names)
		}
	})
}
