package master

import (
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
)

func TestNodeWhoseDiskIsFullHasOneAlarmUntilThereIsRoomAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		for _, c := range []struct {
			name       string
			free, size int64
			alarmed    bool
		}{
			{"a program that does not say", 0, 0, false},
			{"room", 2 << 30, 20 << 30, false},
			{"next to none", 900 << 20, 20 << 30, true},
			{"none, said again after the master's restart", 0, 20 << 30, true},
			{"a little more than scarce", 1100 << 20, 20 << 30, true},
			{"room again", 2 << 30, 20 << 30, false},
			{"a small disk, nearly full", 10 << 20, 256 << 20, true},
			{"a small disk", 30 << 20, 256 << 20, false},
		} {
			if c.free == 0 && c.alarmed {
				s.crash()
			}
			open := s.diskAlarms(c.free, c.size)
			if alarmed := len(open) == 1 && open[0].GetWorker() == "worker-1"; alarmed != c.alarmed || len(open) > 1 {
				t.Errorf("%s: %v", c.name, open)
			}
		}
	})
}

func TestAlarmOfANodesDiskEndsWhenTheNodeIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIdleStage(t)
		s.configure = func(cfg *Config) { cfg.Forget = func(messages.NodeID) error { return nil } }
		s.start()
		if open := s.diskAlarms(0, 1<<30); len(open) != 1 {
			t.Fatalf("%v", open)
		}
		time.Sleep(5 * time.Minute)
		if why := s.forget(); why != "" {
			t.Fatal(why)
		}
		time.Sleep(time.Second)
		if names := s.openAlarms(); len(names) != 0 {
			t.Errorf("the node is forgotten, and there is still %q", names)
		}
	})
}

// diskAlarms has the worker say how full its disk is, and returns what is open then.
func (s *stage) diskAlarms(free, size int64) []*messages.Alarm {
	s.worker.Send(s.master, &messages.NodeStatus{
		Worker: "worker-1", Incarnation: strconv.Itoa(s.life), Proof: true, MaxAccounts: 10, Platforms: []string{"sandbox"}, DiskFree: free, DiskSize: size,
	})
	time.Sleep(time.Second)
	return slices.DeleteFunc(slices.Clone(s.board.Load().Alarms), func(a *messages.Alarm) bool { return a.GetName() != diskFull || a.GetClearedAt() != 0 })
}
