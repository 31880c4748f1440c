package apitest

import (
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// store stands in for the store: the real dataset without a disk.
type store struct {
	data        *dataset.Dataset
	views       *dataset.Views
	control     []*messages.Put
	commands    []proto.Message
	subscribers []*actor.PID
}

func (s *store) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case board.Subscribe:
		s.subscribers = append(s.subscribers, c.Sender())
	case listCommands:
		c.Respond(slices.Clone(s.commands))
	case *messages.Observed:
		s.publish(c, s.data.Merge(m, time.Now()))
		c.Respond(&messages.Acked{})
	case *messages.EraseAccount:
		s.publish(c, s.data.Erase(messages.AccountID(m.GetAccount())))
		c.Respond(&messages.AccountErased{})
	case *messages.Append:
		for _, r := range m.GetPuts() {
			s.control = slices.DeleteFunc(s.control, func(old *messages.Put) bool { return old.GetTable() == r.GetTable() && old.GetKey() == r.GetKey() })
			if len(r.GetValue()) > 0 {
				s.control = append(s.control, r)
			}
		}
		c.Respond(&messages.Appended{})
	case *messages.LoadControl:
		c.Respond(&messages.ControlLoaded{Records: s.table(m)})
	case *messages.MarkRead:
		s.commands = append(s.commands, m)
		delta, count := s.data.MarkRead(m, time.Now())
		s.publish(c, delta)
		c.Respond(&messages.MarkedRead{Count: count, Rev: uint64(delta.Rev), At: m.GetAt()})
	}
}

func (s *store) publish(c actor.Context, d *dataset.Delta) {
	p := dataset.Publication{Rev: d.Rev, Changes: d.Changes}
	view := s.data.View(d.Account)
	if d.Erased {
		p.Gone = []messages.AccountID{d.Account}
	} else {
		p.Views = []*dataset.View{view}
	}
	s.views.Publish(p)
	for _, who := range s.subscribers {
		c.Send(who, &dataset.Published{View: view, Changes: d.Changes, Announce: d.Announce})
	}
}

// table reads control records of one table, in the order of their keys.
func (s *store) table(m *messages.LoadControl) (out []*messages.Put) {
	for _, r := range s.control {
		if r.GetTable() == m.GetTable() && r.GetKey() > m.GetAfter() {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *messages.Put) int { return strings.Compare(a.GetKey(), b.GetKey()) })
	if limit := int(m.GetLimit()); limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}
