package store

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/messages"
)

// known answers with hashes of what is on disk: a hash of something that a crash takes away would keep its item
// from ever being sent again.
func (s *store) known(c actor.Context, m *messages.KnownItems, to *actor.PID) {
	v := s.Views.Get(messages.AccountID(m.GetAccount()))
	if v == nil {
		s.answer(c, to, &messages.ItemsKnown{})
		return
	}
	actors.Job(c, func(context.Context) any {
		return answered{to, &messages.ItemsKnown{Known: v.Known(int(m.GetLimit())), Whole: v.Metadata.GetBaseline()}}
	})
}

// control answers with every control record.
func (s *store) control(c actor.Context, to *actor.PID) {
	db := s.db
	actors.Job(c, func(context.Context) any {
		records, err := db.Control()
		if err != nil {
			return failed{err}
		}
		return answered{to, &messages.ControlLoaded{Records: records}}
	})
}

// onSweep lets every loaded account expire, each in its own turn.
func (s *store) onSweep(c actor.Context) {
	for _, v := range s.Views.All() {
		if v.Loaded {
			c.Send(c.Self(), sweepAccount{v.Account})
		}
	}
}
