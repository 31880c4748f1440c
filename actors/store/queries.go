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

// control answers with control records: one table's, or those that the master starts from.
func (s *store) control(c actor.Context, m *messages.LoadControl, to *actor.PID) {
	db := s.db
	actors.Job(c, func(context.Context) any {
		read := db.Control
		if m.GetTable() != "" {
			read = func() ([]*messages.Put, error) { return db.Table(m.GetTable(), m.GetAfter(), int(m.GetLimit())) }
		}
		records, err := read()
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
