package store

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/store/disk"
	"troupe/messages"
)

// MakeCheckpoint asks for a copy of the folder, as of now, in Dir; what is there is removed first. Where Dir is on the same file system,
// files are linked, so that it takes little time and room. The copy belongs to who asked.
type MakeCheckpoint struct{ Dir string }

// CheckpointMade answers MakeCheckpoint. Everything that was acknowledged before it was asked for is in the copy.
type CheckpointMade struct{ Err error }

func (s *store) makeCheckpoint(c actor.Context, m MakeCheckpoint, to *actor.PID) {
	db := s.db
	actors.Job(c, func(context.Context) any {
		err := os.RemoveAll(m.Dir)
		if err == nil {
			err = db.Checkpoint(m.Dir)
		}
		return answered{to, &CheckpointMade{err}}
	})
}

// Survey says what a checkpoint holds.
type Survey struct {
	Schema   int
	Rev      messages.Rev
	Accounts int
	Items    int64
}

// SurveyCheckpoint opens a copy of the folder, proving that it can be, and counts. It changes no record.
func SurveyCheckpoint(dir string, log *slog.Logger) (s Survey, err error) {
	db := disk.New(disk.Config{Dir: dir, ReadOnly: true, Log: log})
	if err := db.Open(); err != nil {
		return s, err
	}
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	state, err := db.State()
	if err != nil {
		return s, err
	}
	s.Schema, s.Rev = disk.Schema, state.Rev
	err = db.Summaries(func(_ messages.AccountID, held *messages.StoredSummary) error {
		n := held.GetCounts()
		s.Accounts++
		s.Items += n.GetContents() + n.GetComments() + n.GetDiscussions() + n.GetConversations() + n.GetMessages() + n.GetNotifications()
		return nil
	})
	return s, err
}

// revJump is how far a restored store's revs begin after its backup's: beyond whatever the lost store gave out after it.
const revJump = 1 << 32

// Restamp makes a copy of the folder fit to follow a store that went on after it: control gets its control records and returns those to
// change; every cursor of before lies behind the log of changes then, so that clients begin anew. Nobody may have the folder open.
func Restamp(dir string, log *slog.Logger, control func([]*messages.Put) []*messages.Put) (err error) {
	db := disk.New(disk.Config{Dir: dir, Log: log})
	if err := db.Open(); err != nil {
		return err
	}
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	state, err := db.State()
	if err != nil {
		return err
	}
	records, err := db.Control()
	if err != nil {
		return err
	}
	b := db.Batch()
	for _, p := range control(records) {
		b.Control(p)
	}
	b.TrimLog(state.Rev + revJump)
	b.Rev(state.Rev + revJump)
	if err := b.Commit(); err != nil {
		return fmt.Errorf("stamp the restored store: %w", err)
	}
	return nil
}
