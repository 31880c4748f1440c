package master

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

// forget asks the master to forget worker-1, and returns why it does not; "" = it did.
func (s *stage) forget() string {
	s.t.Helper()
	s.client.Send(s.master, &messages.ForgetNode{Worker: "worker-1"})
	why := ""
	testkit.Expect(s.client, func(answer any) bool {
		if m, no := answer.(*messages.Refused); no {
			why = m.GetCode() + ": " + m.GetMessage()
			return true
		}
		_, done := answer.(*messages.NodeForgotten)
		return done
	})
	return why
}

func TestNodeIsForgottenOnlyWhenItIsAwayAndHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIdleStage(t)
		var refused []messages.NodeID
		disk := errors.New("disk full")
		s.configure = func(cfg *Config) {
			cfg.Forget = func(id messages.NodeID) error {
				if disk == nil {
					refused = append(refused, id)
				}
				return disk
			}
		}
		s.start()
		s.add(1)
		a := testkit.Expect[*messages.AssignAccount](s.worker, nil)
		id := a.GetAccount().GetId()
		s.worker.Send(s.master, &messages.AccountAssigned{Account: id, Epoch: a.GetEpoch(), Incarnation: "1"})
		held := []*messages.Held{{Account: id, Epoch: a.GetEpoch(), Open: true}}
		if _, err := s.leases.Beat(t.Context(), &messages.Beat{Worker: "worker-1", Incarnation: "1", Seq: 1, Held: held}); err != nil { // its last
			t.Fatal(err)
		}
		lapses := time.Now().Add(17 * time.Second)
		wants := func(why string, words ...string) {
			t.Helper()
			for _, w := range words {
				if !strings.Contains(why, w) {
					t.Errorf("it does not say %q: %s", w, why)
				}
			}
		}
		wants(s.forget(), "conflict", "online", "troupe node drain worker-1")
		time.Sleep(16 * time.Second) // the last beat's lease holds for one more
		wants(s.forget(), "conflict", "may still act for 1 accounts", id, lapses.Add(2*time.Second).Format(time.TimeOnly))
		time.Sleep(4 * time.Second)
		wants(s.forget(), "unavailable")
		disk = nil
		if why := s.forget(); why != "" {
			t.Fatal(why)
		}
		if len(refused) != 1 || refused[0] != "worker-1" {
			t.Errorf("certificates of %v are refused", refused)
		}
		wants(s.forget(), "not_found")
		s.restart()
		synctest.Wait()
		if nodes := s.board.Load().Nodes; len(nodes) != 0 {
			t.Errorf("after a restart: %v", nodes[0].Status)
		}
		s.sayNode() // it joined anew
		synctest.Wait()
		if nodes := s.board.Load().Nodes; len(nodes) != 1 || !nodes[0].Online {
			t.Errorf("the new node of that name is not there: %v", nodes)
		}
	})
}
