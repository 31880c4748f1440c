package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/store/dataset"
	"troupe/actors/store/disk"
	"troupe/messages"
)

// flight is one batch: what it did, and whom to tell once it is on disk.
type flight struct {
	deltas  []*dataset.Delta
	views   map[messages.AccountID]*dataset.View // of every account that it touched, as it will be published
	gone    []messages.AccountID
	forget  []messages.Rev // their entries in the change log
	puts    []*messages.Put
	rev     messages.Rev
	durable bool // there is something to write
	stale   bool // summaries are to be written too
	then    []func(actor.Context)
	slow    context.CancelFunc
	began   time.Time
}

// committed says that the flight landed.
type committed struct {
	flight *flight
	err    error
}

// onObserved drops observations while the disk cannot keep up: they are sent again until they are acknowledged.
func (s *store) onObserved(c actor.Context, m *messages.Observed) {
	full := len(s.pending) >= maxPending
	if full != s.shedding {
		s.shedding = full
		s.Log.Warn("the disk cannot keep up with what is observed", "shedding", full, "pending", len(s.pending))
	}
	if !full {
		s.enqueue(c, request{m, c.Sender()})
	}
}

func (s *store) enqueue(c actor.Context, r request) {
	s.pending = append(s.pending, r)
	s.pump(c)
}

// pump makes the next batch of what is pending, unless one is in flight.
func (s *store) pump(c actor.Context) {
	defer func() { s.Meter.Waiting(len(s.pending)) }()
	for s.data != nil && s.flight == nil && len(s.pending) > 0 {
		batch := s.pending[:min(len(s.pending), maxBatch)]
		s.pending = s.pending[len(batch):]
		f := &flight{views: make(map[messages.AccountID]*dataset.View)}
		for _, r := range batch {
			s.apply(c, f, r)
		}
		f.rev = s.data.Rev()
		for id := range f.views {
			f.views[id] = s.data.View(id) // nil when it was erased
		}
		if f.durable {
			s.flight = f
			s.commit(c, f)
		} else {
			s.land(c, f)
		}
	}
}

// apply does one command in memory and notes its answer for later.
func (s *store) apply(c actor.Context, f *flight, r request) {
	if id, bound := accountOf(r.message); bound && s.unloaded[id] != nil {
		s.waiting[id] = append(s.waiting[id], r)
		s.load(c, id)
		return
	}
	switch m := r.message.(type) {
	case *messages.Observed:
		s.observe(f, m, r.sender)
	case *messages.MarkRead:
		s.mark(f, m, r.sender)
	case *messages.EraseAccount:
		s.erase(f, m, r.sender)
	case *messages.Append:
		f.puts, f.durable = append(f.puts, m.GetPuts()...), true
		f.answer(s, r.sender, &messages.Appended{Rev: uint64(s.data.Next())})
	case *messages.KnownItems:
		f.then = append(f.then, func(c actor.Context) { s.known(c, m, r.sender) })
	case *messages.LoadControl:
		f.then = append(f.then, func(c actor.Context) { s.control(c, m, r.sender) })
	case sweepAccount:
		if s.data.Has(m.account) {
			f.add(s.data.Sweep(m.account, s.Now()))
		}
	case flush:
		s.measure(c)
		f.stale = true
		f.durable = f.durable || len(s.stale) > 0
	}
}

// accountOf says which account must be loaded before the command can be done.
func accountOf(message any) (id messages.AccountID, bound bool) {
	switch m := message.(type) {
	case *messages.Observed:
		return messages.AccountID(m.GetAccount()), true
	case *messages.MarkRead:
		return messages.AccountID(m.GetAccount()), true
	case *messages.EraseAccount:
		return messages.AccountID(m.GetAccount()), true
	case *messages.KnownItems:
		return messages.AccountID(m.GetAccount()), true
	}
	return "", false
}

func (s *store) observe(f *flight, m *messages.Observed, sender *actor.PID) {
	id := messages.AccountID(m.GetAccount())
	ack := &messages.Acked{Account: m.GetAccount(), Stream: m.GetStream(), N: m.GetN(), Rev: uint64(s.data.Rev())}
	switch at, erased := s.erased[id]; {
	case !id.Valid():
		s.Log.Warn("an observation names no account", "epoch", m.GetEpoch())
		f.answer(s, sender, &messages.Refused{Code: "invalid", Message: "an observation needs an account id"})
		return
	case erased && m.GetSeenAt() != 0 && m.GetSeenAt() <= at:
		f.answer(s, sender, ack) // it was looked at before the account was erased
		return
	}
	d := s.data.Merge(m, s.Now())
	ack.Rev = uint64(d.Rev)
	f.add(d)
	if d.Durable() {
		delete(s.stale, id)
	} else {
		s.stale[id] = struct{}{}
	}
	f.answer(s, sender, ack)
}

func (s *store) mark(f *flight, m *messages.MarkRead, sender *actor.PID) {
	answer := &messages.MarkedRead{Rev: uint64(s.data.Rev()), At: s.Now().UnixMilli()}
	if s.data.Has(messages.AccountID(m.GetAccount())) {
		d, n := s.data.MarkRead(m, s.Now())
		answer.Count, answer.Rev = n, uint64(d.Rev)
		f.add(d)
	}
	f.answer(s, sender, answer)
}

func (s *store) erase(f *flight, m *messages.EraseAccount, sender *actor.PID) {
	id := messages.AccountID(m.GetAccount())
	s.erased[id] = s.Now().UnixMilli()
	delete(s.stale, id)
	f.deltas = slices.DeleteFunc(f.deltas, func(d *dataset.Delta) bool { return d.Account == id })
	f.add(s.data.Erase(id))
	f.gone = append(f.gone, id)
	f.forget = append(f.forget, s.Views.Logged(id)...)
	f.answer(s, sender, &messages.AccountErased{Account: m.GetAccount()})
}

// add notes what a command did.
func (f *flight) add(d *dataset.Delta) {
	f.deltas = append(f.deltas, d)
	f.durable = f.durable || d.Durable()
	f.views[d.Account] = nil
}

// answer will be sent when the flight has landed.
func (f *flight) answer(s *store, to *actor.PID, message any) {
	f.then = append(f.then, func(c actor.Context) { s.answer(c, to, message) })
}

// commit writes the flight off the mailbox.
func (s *store) commit(c actor.Context, f *flight) {
	b := s.db.Batch()
	if f.stale {
		s.writeStale(b)
	}
	cut := s.cut
	s.cut = 0
	f.slow, f.began = actors.Every(c, slowAfter, slow{}), s.Now()
	actors.Job(c, func(context.Context) any {
		if err := f.write(b); err != nil {
			return committed{f, err}
		}
		if cut != 0 {
			b.TrimLog(cut)
		}
		return committed{f, b.Commit()}
	})
}

// write puts the flight into the batch.
func (f *flight) write(b *disk.Batch) error {
	for _, d := range f.deltas {
		if d.Erased {
			b.Erase(d.Account)
		}
		for _, w := range d.Writes {
			value, err := w.Encode()
			if err != nil {
				return err
			}
			b.Item(d.Account, w.Collection, w.ID, value)
		}
		for _, e := range d.Expired {
			if e.Forgotten {
				b.Forget(d.Account, e.Hash)
			} else {
				b.Expired(d.Account, e.Hash, e.At)
			}
		}
		for _, ch := range d.Changes {
			b.Change(ch.Rev, &messages.StoredChange{
				Account: string(ch.Account), Collection: ch.Collection, Id: ch.ID, New: ch.New, Deleted: ch.Deleted,
			})
		}
		if v := f.views[d.Account]; v != nil && d.Durable() {
			b.Summary(d.Account, v.Stored())
		}
	}
	for _, rev := range f.forget {
		b.ForgetChange(rev)
	}
	for _, p := range f.puts {
		b.Control(p)
	}
	b.Rev(f.rev)
	return nil
}

// writeStale puts the summaries into the batch of which only times and counts changed.
func (s *store) writeStale(b *disk.Batch) {
	for id := range s.stale {
		if v := s.data.View(id); v != nil {
			b.Summary(id, v.Stored())
		}
	}
	clear(s.stale)
}

func (s *store) onCommitted(c actor.Context, m committed) {
	f := s.flight
	if m.flight != f {
		return // an earlier incarnation's
	}
	f.slow()
	s.flight = nil
	if m.err != nil {
		panic(fmt.Errorf("commit to the store: %w", m.err))
	}
	s.Meter.Committed(s.Now().Sub(f.began))
	s.land(c, f)
	s.pump(c)
}

// land makes the flight visible: views first, then answers, then news.
func (s *store) land(c actor.Context, f *flight) {
	p := dataset.Publication{Rev: f.rev, Gone: f.gone}
	for _, v := range f.views {
		if v != nil {
			p.Views = append(p.Views, v)
		}
	}
	for _, d := range f.deltas {
		p.Changes = append(p.Changes, d.Changes...)
	}
	s.cut = max(s.cut, s.Views.Publish(p))
	for _, do := range f.then {
		do(c)
	}
	for _, d := range f.deltas {
		if v := f.views[d.Account]; v != nil && d.Durable() {
			s.tell(c, &dataset.Published{View: v, Changes: d.Changes, Announce: d.Announce, Trace: d.Trace, PageAt: d.PageAt})
		}
	}
}
