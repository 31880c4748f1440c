package store

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
)

// Meter is told how the store works. Its methods are called from the store's mailbox and its jobs and return at once.
type Meter interface {
	Committed(took time.Duration) // one batch is on disk
	Waiting(commands int)         // for the next batch
	Size(bytes uint64)            // of the folder's files, about once a minute
}

type unmeasured struct{}

func (unmeasured) Committed(time.Duration) {}
func (unmeasured) Waiting(int)             {}
func (unmeasured) Size(uint64)             {}

// measure tells the folder's size.
func (s *store) measure(c actor.Context) {
	db := s.db
	actors.Job(c, func(context.Context) any {
		s.Meter.Size(db.Size())
		return nil
	})
}
