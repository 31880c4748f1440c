package master

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

// backup is a copy of the records as they are now.
func (s *stage) backup() map[string]map[string][]byte {
	synctest.Wait()
	s.shelf.Lock()
	defer s.shelf.Unlock()
	kept := map[string]map[string][]byte{}
	for table, rows := range s.records {
		kept[table] = maps.Clone(rows)
	}
	return kept
}

// restore gives the stage the records of a backup, as the command does, and starts a master on them.
func (s *stage) restore(backup map[string]map[string][]byte) {
	if err := s.sys.Root.StopFuture(s.master).Wait(); err != nil {
		s.t.Fatal(err)
	}
	s.shelf.Lock()
	s.records = map[string]map[string][]byte{}
	var puts []*messages.Put
	for table, rows := range backup {
		s.records[table] = maps.Clone(rows)
		for key, value := range rows {
			puts = append(puts, &messages.Put{Table: table, Key: key, Value: value})
		}
	}
	for _, p := range Restored(puts, time.Now()) {
		if s.records[p.GetTable()] == nil {
			s.records[p.GetTable()] = map[string][]byte{}
		}
		s.records[p.GetTable()][p.GetKey()] = p.GetValue()
	}
	s.shelf.Unlock()
	s.start()
}

// claims has the worker beat with a pair, and counts the grants that cover anything.
func (s *stage) claims(account string, epoch messages.Epoch, covered *int) {
	table, life, done := s.leases, "of before", make(chan struct{})
	s.t.Cleanup(func() { <-done })
	ctx := s.t.Context()
	go func() {
		defer close(done)
		for seq := uint64(1); ctx.Err() == nil; seq++ {
			beat := &messages.Beat{Worker: "worker-1", Incarnation: life, Seq: seq, Held: []*messages.Held{{Account: account, Epoch: uint64(epoch)}}}
			if grant, err := table.Beat(ctx, beat); err == nil && len(grant.GetCovers()) > 0 {
				*covered++
			}
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}()
}

// TestRestoredMasterAssignsNothingThatMayStillRunAndNoEpochTwice plays a master that was restored to before its last assignments.
func TestRestoredMasterAssignsNothingThatMayStillRunAndNoEpochTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account := s.running()
		kept := s.backup()
		later := messages.EpochOf(uint32(time.Now().Unix())+500, 3) // by a clock that went ahead
		covered := 0
		s.restore(kept)
		s.claims(account, later, &covered)
		testkit.ExpectNone[*messages.AssignAccount](s.worker, s.leases.PartingHorizon()-time.Second)
		if covered > 0 {
			t.Error("a lease of before the restore was prolonged")
		}
		if why := s.board.Load().Account(messages.AccountID(account)).Status.GetReason(); why == "" {
			t.Error("nobody is told why the account does not run")
		}
		m := testkit.Expect[*messages.AssignAccount](s.worker, nil)
		if messages.Epoch(m.GetEpoch()) <= later {
			t.Errorf("assigned as %s, and a worker ran %s", messages.Epoch(m.GetEpoch()), later)
		}
		if m.GetProfileUsable() {
			t.Error("the profile is taken for that of the epoch before")
		}
	})
}

func TestRestoringTheSameBackupTwiceGivesNoEpochTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.running()
		kept := s.backup()
		var epochs []messages.Epoch
		for range 2 {
			s.restore(kept)
			testkit.ExpectNone[*messages.AssignAccount](s.worker, s.leases.PartingHorizon()-time.Second)
			s.sayNode()
			epochs = append(epochs, messages.Epoch(testkit.Expect[*messages.AssignAccount](s.worker, nil).GetEpoch()))
		}
		if epochs[0] <= messages.EpochOf(0, 1) || epochs[1] <= epochs[0] {
			t.Errorf("assigned as %v", epochs)
		}
	})
}

func TestRestartDuringTheWaitWaitsAgainAndOneAfterItDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.running()
		s.restore(s.backup())
		time.Sleep(time.Minute)
		s.crash()
		testkit.ExpectNone[*messages.AssignAccount](s.worker, s.leases.PartingHorizon()-time.Second)
		s.sayNode()
		s.takeUp()
		s.crash()
		s.takeUp()
	})
}

// TestOpenReplyOfABackupIsLookedForAndNeverTyped: it may have been sent after the backup.
func TestOpenReplyOfABackupIsLookedForAndNeverTyped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.begun("r1")
		s.restore(s.backup())
		wantState(t, s.reply("r1"), messages.ReplyUnknownState)
		time.Sleep(s.leases.PartingHorizon())
		s.sayNode()
		s.takeUp()
		testkit.Expect[*messages.FindReply](s.account, nil)
		s.account.Send(s.master, &messages.ReplyFound{Reply: "r1", Read: true, Found: true, PlatformId: "p9"})
		wantState(t, s.reply("r1"), messages.ReplyConfirmedState)
		testkit.ExpectNone[*messages.ExecuteReply](s.account, time.Minute)
	})
}
