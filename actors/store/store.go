package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/actors/store/disk"
	"troupe/messages"
)

// Name is the store's well-known name on the master's node.
const Name = "store"

// Config is what the node gives to its store.
type Config struct {
	Dir       string         // the folder of the records; made when there is none
	Views     *dataset.Views // where to publish
	Log       *slog.Logger
	Now       func() time.Time // nil = time.Now
	Retention time.Duration    // 0 = dataset.DefaultRetention
	FS        disk.FS          // nil = the real disk

	Meter Meter // nil = nobody measures

	// Fatal ends the process when the disk cannot be trusted any more; any goroutine may call it. nil = a panic.
	Fatal func(reason string)
}

// Load asks for an account to be loaded before all others. There is no answer: the view is published.
type Load struct{ Account messages.AccountID }

// Props makes the recipe of the store. It answers
//
//	*messages.Observed     by *messages.Acked
//	*messages.Append       by *messages.Appended
//	*messages.LoadControl  by *messages.ControlLoaded
//	*messages.MarkRead     by *messages.MarkedRead
//	*messages.EraseAccount by *messages.AccountErased
//	*messages.KnownItems   by *messages.ItemsKnown
//	MakeCheckpoint         by *CheckpointMade
//	board.Subscribe        by one *dataset.Published per account now, and one per change from then on
func Props(cfg Config) *actor.Props {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Meter == nil {
		cfg.Meter = unmeasured{}
	}
	cfg.Log = cfg.Log.With(slog.String("actor", Name))
	return actor.PropsFromProducer(func() actor.Actor { return newStore(cfg) })
}

// How often the store does what nobody asks for.
const (
	sweepEvery = time.Hour
	flushEvery = time.Minute      // summaries of which only times and counts changed
	slowAfter  = 30 * time.Second // a commit that takes longer needs a person
	maxPending = 8192             // observations beyond it are dropped unanswered: they are sent again
	maxBatch   = 1024
)

// store lives in one mailbox: no field needs a lock.
type store struct {
	Config
	db   *disk.DB
	data *dataset.Dataset // nil until the folder is open

	pending  []request // what the next batch will hold, in the order of arrival
	flight   *flight   // the batch that is being committed, nil between two
	shedding bool      // observations are being dropped

	unloaded map[messages.AccountID]*messages.StoredSummary // known, but without items yet
	queue    []messages.AccountID                           // of those, in the order of loading
	loading  map[messages.AccountID]bool
	waiting  map[messages.AccountID][]request // for their account to be loaded
	began    time.Time

	erased map[messages.AccountID]int64    // when, ms: what was observed before it is not taken any more
	stale  map[messages.AccountID]struct{} // summaries that differ from the disk in times and counts only
	cut    messages.Rev                    // where the change log is to be cut on disk; 0 = nowhere

	subscribers map[string]*actor.PID
	cancels     []context.CancelFunc
}

// request is a command and who wants to know.
type request struct {
	message any
	sender  *actor.PID
}

// What the store says to itself.
type (
	sweep        struct{}                             // the hour is over
	sweepAccount struct{ account messages.AccountID } // part of it
	flush        struct{}                             // the minute is over
	slow         struct{}                             // the commit takes too long
	failed       struct{ err error }                  // a job could not read the folder
)

// answered is an answer that a job made.
type answered struct {
	to      *actor.PID
	message any
}

func newStore(cfg Config) *store {
	return &store{
		Config:      cfg,
		db:          disk.New(disk.Config{Dir: cfg.Dir, FS: cfg.FS, Log: cfg.Log, Fatal: cfg.Fatal}),
		unloaded:    make(map[messages.AccountID]*messages.StoredSummary),
		loading:     make(map[messages.AccountID]bool),
		waiting:     make(map[messages.AccountID][]request),
		erased:      make(map[messages.AccountID]int64),
		stale:       make(map[messages.AccountID]struct{}),
		subscribers: make(map[string]*actor.PID),
	}
}

// Receive implements actor.Actor.
func (s *store) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		s.start(c)
	case *messages.Observed:
		s.onObserved(c, m)
	case *messages.MarkRead, *messages.EraseAccount, *messages.KnownItems, *messages.Append, *messages.LoadControl:
		s.enqueue(c, request{m, c.Sender()})
	case board.Subscribe:
		s.onSubscribe(c)
	case Load:
		s.load(c, m.Account)
	case MakeCheckpoint:
		s.makeCheckpoint(c, m, c.Sender())
	case opened:
		s.onOpened(c, m)
	case loaded:
		s.onLoaded(c, m)
	case committed:
		s.onCommitted(c, m)
	case failed:
		panic(fmt.Errorf("read the store: %w", m.err))
	case answered:
		s.answer(c, m.to, m.message)
	case sweep:
		s.onSweep(c)
	case sweepAccount:
		s.enqueue(c, request{message: m})
	case flush:
		s.enqueue(c, request{message: m})
	case slow:
		s.Log.Error("the disk does not answer", "dir", s.Dir, "dur", slowAfter)
	case actors.Panicked:
		panic(fmt.Errorf("%w\n%s", m, m.Stack))
	case *actor.Terminated:
		delete(s.subscribers, m.Who.String())
	case *actor.Stopping, *actor.Restarting:
		s.stop()
	}
}

func (s *store) start(c actor.Context) {
	s.began = s.Now()
	s.cancels = append(s.cancels, actors.Every(c, sweepEvery, sweep{}), actors.Every(c, flushEvery, flush{}))
	s.open(c)
}

// stop leaves the folder closed, with all summaries written if nothing is in flight.
func (s *store) stop() {
	for _, cancel := range s.cancels {
		cancel()
	}
	s.cancels = nil
	if s.flight != nil {
		s.flight.slow()
	} else if len(s.stale) > 0 {
		b := s.db.Batch()
		s.writeStale(b)
		if err := b.Commit(); err != nil {
			s.Log.Warn("the last summaries were not written", "err", err)
		}
	}
	if err := s.db.Close(); err != nil {
		s.Log.Warn("the store did not close cleanly", "err", err)
	}
}

func (s *store) answer(c actor.Context, to *actor.PID, message any) {
	if to != nil {
		c.Send(to, message)
	}
}

func (s *store) onSubscribe(c actor.Context) {
	who := c.Sender()
	if who == nil {
		return
	}
	if _, ok := s.subscribers[who.String()]; !ok {
		s.subscribers[who.String()] = who
		c.Watch(who)
	}
	for _, v := range s.Views.All() {
		c.Send(who, &dataset.Published{View: v})
	}
}

func (s *store) tell(c actor.Context, p *dataset.Published) {
	for _, who := range s.subscribers {
		c.Send(who, p)
	}
}
