package master

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
)

// TestNodeThatCannotStartThreeAccountsIsAtFaultAndTheyAreNot has a node give up three accounts within a minute: none is parked, the node is
// given nothing for five minutes and then tried again, and a person is told meanwhile.
func TestNodeThatCannotStartThreeAccountsIsAtFaultAndTheyAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCluster(t)
		broken := s.hire("w1", 5)
		ids := s.add(3)
		for i, id := range ids {
			s.gives(broken, id)
			synctest.Wait()
			if parked := s.board.Load().Account(messages.AccountID(id)).Record.GetParked(); parked != (i < 2) {
				t.Errorf("after %d failures on the only node: parked %v", i+1, parked)
			}
		}
		time.Sleep(10 * time.Second)
		for _, id := range ids {
			if a := s.board.Load().Account(messages.AccountID(id)); a.Record.GetParked() || a.Online {
				t.Errorf("%s: parked %v, online %v", id, a.Record.GetParked(), a.Online)
			}
		}
		if open := s.alarms(); len(open) != 1 || open[0] != nodeFaulty {
			t.Fatalf("alarms %v", open)
		}
		sound := s.hire("w2", 2)
		time.Sleep(30 * time.Second)
		if n := len(sound.pairs(true)); n != 2 {
			t.Errorf("%d accounts run on the sound node, which has room for two", n)
		}
		if n := len(broken.pairs(true)); n != 0 {
			t.Errorf("%d accounts run on the faulty node", n)
		}
		time.Sleep(faultyFor)
		if n := len(broken.pairs(true)); n != 1 || slices.Contains(s.alarms(), nodeFaulty) {
			t.Errorf("%d accounts run on the node that is trusted again, alarms %v", n, s.alarms())
		}
	})
}

// gives has a node give an account up.
func (s *stage) gives(h *hand, id string) {
	epoch := s.board.Load().Account(messages.AccountID(id)).Record.GetEpoch()
	master, _ := s.present()
	s.sys.Root.Send(master, &messages.AccountFailed{Account: id, Epoch: epoch, Reason: "Chromium died at every start"})
	h.mu.Lock()
	delete(h.held, id)
	h.mu.Unlock()
	s.sys.Root.RequestWithCustomSender(master, &messages.AccountRevoked{Account: id, Epoch: epoch, Incarnation: h.id}, h.pid)
}

// alarms are the names of the open ones.
func (s *stage) alarms() (names []string) {
	synctest.Wait()
	for _, a := range s.board.Load().Alarms {
		if a.GetClearedAt() == 0 {
			names = append(names, a.GetName())
		}
	}
	return names
}
