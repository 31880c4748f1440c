package store

import (
	"context"
	"fmt"
	"runtime"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/store/dataset"
	"troupe/actors/store/disk"
	"troupe/messages"
)

// opened is what the folder holds, but for the items.
type opened struct {
	from      *disk.DB // told apart from the answers to an earlier incarnation by it
	state     disk.State
	accounts  []messages.AccountID
	summaries map[messages.AccountID]*messages.StoredSummary
	changes   []dataset.Change
	err       error
}

// loaded is one account with its items.
type loaded struct {
	from    *disk.DB
	account messages.AccountID
	loading *dataset.Loading
	view    *dataset.View
	err     error
}

func (s *store) open(c actor.Context) {
	db := s.db
	s.cancels = append(s.cancels, actors.Job(c, func(context.Context) any {
		o := opened{from: db, summaries: make(map[messages.AccountID]*messages.StoredSummary)}
		o.err = o.read(db)
		return o
	}))
}

func (o *opened) read(db *disk.DB) error {
	if err := db.Open(); err != nil {
		return err
	}
	var err error
	if o.state, err = db.State(); err != nil {
		return err
	}
	err = db.Summaries(func(id messages.AccountID, m *messages.StoredSummary) error {
		o.accounts = append(o.accounts, id)
		o.summaries[id] = m
		return nil
	})
	if err != nil {
		return err
	}
	return db.Changes(func(rev messages.Rev, m *messages.StoredChange) error {
		id := messages.AccountID(m.GetAccount())
		o.changes = append(o.changes, dataset.Change{
			Rev: rev, Account: id, Collection: m.GetCollection(), ID: m.GetId(), New: m.GetNew(), Deleted: m.GetDeleted(),
		})
		return nil
	})
}

func (s *store) onOpened(c actor.Context, m opened) {
	if m.from != s.db {
		return
	}
	if m.err != nil {
		panic(fmt.Errorf("start the store: %w", m.err))
	}
	s.data = dataset.New(m.state.Rev, s.Retention)
	s.unloaded, s.queue = m.summaries, m.accounts
	views := make([]*dataset.View, len(m.accounts))
	for i, id := range m.accounts {
		views[i] = dataset.Summarized(id, m.summaries[id])
	}
	s.cut = s.Views.Publish(dataset.Publication{Rev: m.state.Rev, Views: views, Changes: m.changes, From: m.state.LogFrom})
	s.Log.Info("the store is open", "accounts", len(views), "rev", uint64(m.state.Rev), "dur", s.Now().Sub(s.began))
	for _, v := range views {
		s.tell(c, &dataset.Published{View: v})
	}
	s.measure(c)
	for range runtime.GOMAXPROCS(0) {
		s.loadNext(c)
	}
	s.pump(c)
}

// loadNext loads the next account of the queue, if any is left.
func (s *store) loadNext(c actor.Context) {
	for len(s.queue) > 0 {
		id := s.queue[0]
		s.queue = s.queue[1:]
		if s.load(c, id) {
			return
		}
	}
}

// load begins to load an account, unless it is loaded or being loaded.
func (s *store) load(c actor.Context, id messages.AccountID) bool {
	summary, known := s.unloaded[id]
	if !known || s.loading[id] {
		return false
	}
	s.loading[id] = true
	db := s.db
	actors.Job(c, func(context.Context) any {
		l := dataset.NewLoading(id, summary)
		err := db.Items(id, l.Item)
		if err == nil {
			err = db.Expired(id, l.Expired)
		}
		return loaded{from: db, account: id, loading: l, view: l.View(), err: err}
	})
	return true
}

func (s *store) onLoaded(c actor.Context, m loaded) {
	if m.from != s.db {
		return
	}
	if m.err != nil {
		panic(fmt.Errorf("load account %s: %w", m.account, m.err))
	}
	s.data.Adopt(m.loading)
	delete(s.unloaded, m.account)
	delete(s.loading, m.account)
	s.Views.Publish(dataset.Publication{Views: []*dataset.View{m.view}})
	s.tell(c, &dataset.Published{View: m.view})
	s.pending = append(s.waiting[m.account], s.pending...) // they came first
	delete(s.waiting, m.account)
	if len(s.unloaded) == 0 {
		s.Log.Info("every account is loaded", "dur", s.Now().Sub(s.began))
	}
	s.loadNext(c)
	s.pump(c)
}
