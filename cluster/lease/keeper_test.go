package lease

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
)

// gate is a fence that judges itself by the bubble's clock.
type gate struct {
	clock func() time.Duration
	mu    sync.Mutex
	until time.Duration
	why   string
}

func (g *gate) Extend(until time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = max(g.until, until)
}

func (g *gate) Shut(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until, g.why = 0, reason
}

func (g *gate) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.clock() < g.until
}

func (g *gate) reason() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.why
}

// link is a granter in front of a table that can be slow or dead.
type link struct {
	table *Table
	mu    sync.Mutex
	delay time.Duration
	dead  bool
	back  chan struct{}
}

func (l *link) Returned() <-chan struct{} { return l.back }

func (l *link) set(delay time.Duration, dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay, l.dead = delay, dead
}

func (l *link) Beat(ctx context.Context, beat *messages.Beat) (*messages.Grant, error) {
	l.mu.Lock()
	delay, dead := l.delay, l.dead
	l.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(delay):
	}
	if dead {
		return nil, errors.New("unreachable")
	}
	return l.table.Beat(ctx, beat)
}

// story is a worker with its keeper and a master's table, in virtual time.
type story struct {
	table  *Table
	link   *link
	keeper *Keeper
	clock  func() time.Duration
	lost   chan Pair
	wall   atomic.Int64 // error of the wall clock, ns
	stop   func()
}

func tell(t *testing.T, act func(*story)) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &story{lost: make(chan Pair, 8)}
		s.clock = func() time.Duration { return time.Hour + time.Since(start) }
		s.table = NewTable(DefaultFigures(), s.clock, "m1")
		s.table.Recover(0, nil)
		s.link = &link{table: s.table, back: make(chan struct{})}
		s.keeper = NewKeeper(KeeperOptions{
			Worker: "w1", Incarnation: "i1", Granter: s.link, Figures: DefaultFigures(), Clock: s.clock,
			Wall: func() time.Time { return time.Now().Add(time.Duration(s.wall.Load())) }, Lost: func(p Pair) { s.lost <- p },
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.keeper.Run(ctx) }()
		s.stop = func() { cancel(); <-done }
		defer s.stop()
		act(s)
	})
}

func (s *story) hold(t *testing.T, p Pair) (*gate, func()) {
	t.Helper()
	cover(t, s.table, "w1", p)
	g := &gate{clock: s.clock}
	return g, s.keeper.Hold(p.Account, p.Epoch, g)
}

func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestFenceOpensAtOnceAndStaysOpenWhileGranted(t *testing.T) {
	tell(t, func(s *story) {
		wait(3 * time.Second)
		g, _ := s.hold(t, a7)
		wait(20 * time.Millisecond)
		if !g.open() || !s.keeper.MayBegin("a", 7) {
			t.Fatal("not open right after Hold")
		}
		for range 60 {
			if wait(time.Second); !g.open() || !s.keeper.MayBegin("a", 7) {
				t.Fatal("shut while granted")
			}
		}
	})
}

func TestWithoutGrantsNothingBeginsAfterSixSecondsAndTheFenceShutsAtEleven(t *testing.T) {
	tell(t, func(s *story) {
		g, _ := s.hold(t, a7)
		wait(20 * time.Millisecond)
		s.link.set(0, true)
		wait(5 * time.Second)
		if !s.keeper.MayBegin("a", 7) {
			t.Fatal("at risk too early")
		}
		wait(1100 * time.Millisecond)
		if s.keeper.MayBegin("a", 7) || !g.open() {
			t.Fatalf("after 6 s: may begin %v, open %v", s.keeper.MayBegin("a", 7), g.open())
		}
		wait(5 * time.Second)
		if g.open() {
			t.Fatal("open after 11 s without a grant")
		}
		s.link.set(0, false)
		wait(3 * time.Second)
		if !g.open() || len(s.lost) != 0 {
			t.Fatal("a lease that merely lapsed did not come back")
		}
	})
}

func TestMasterThatReturnsIsAskedAtOnce(t *testing.T) {
	tell(t, func(s *story) {
		g, _ := s.hold(t, a7)
		wait(20 * time.Millisecond)
		s.link.set(0, true)
		wait(10900 * time.Millisecond) // a beat was sent 0.9 s ago; the fence shuts in 0.1 s
		s.link.set(0, false)
		s.link.back <- struct{}{}
		if wait(200 * time.Millisecond); !g.open() || !s.keeper.MayBegin("a", 7) {
			t.Fatal("the fence was shut, although the master was there again before")
		}
	})
}

func TestSlowMasterKeepsTheFenceOpen(t *testing.T) {
	tell(t, func(s *story) {
		s.link.set(3500*time.Millisecond, false)
		g, _ := s.hold(t, a7)
		wait(4 * time.Second)
		for range 30 {
			if wait(time.Second); !g.open() || !s.keeper.MayBegin("a", 7) {
				t.Fatal("shut, although every beat is answered in time")
			}
		}
	})
}

func TestOmittedPairIsLostOnceAndForEver(t *testing.T) {
	tell(t, func(s *story) {
		g, _ := s.hold(t, a7)
		other, _ := s.hold(t, b3)
		wait(time.Second)
		s.table.Uncover("a", 7)
		wait(2 * time.Second)
		if g.open() || !other.open() || len(s.lost) != 1 || <-s.lost != a7 {
			t.Fatalf("open %v, other open %v, lost %d", g.open(), other.open(), len(s.lost))
		}
		s.table.Ended("a", 7)
		cover(t, s.table, "w1", a7)
		wait(5 * time.Second)
		if g.open() || len(s.lost) != 0 {
			t.Fatal("a lost pair came back")
		}
	})
}

func TestGrantOfABeatSentBeforeHoldDoesNotCount(t *testing.T) {
	h := &hand{now: time.Hour}
	table := ready(h)
	cover(t, table, "w1", a7)
	k := NewKeeper(KeeperOptions{Worker: "w1", Incarnation: "i1", Figures: DefaultFigures(), Clock: h.clock, Wall: time.Now})
	early := k.next()
	g := &gate{clock: h.clock}
	k.Hold("a", 7, g)
	early.grant = &messages.Grant{TtlMs: 15_000, Covers: []*messages.Held{{Account: "a", Epoch: 7}}}
	if k.take(early); g.open() {
		t.Fatal("opened by a grant that knew nothing of it")
	}
	early.grant = &messages.Grant{TtlMs: 15_000}
	k.newest = 0
	if lost, _ := k.obey(early); lost != nil {
		t.Fatalf("lost by a grant that knew nothing of it: %v", lost)
	}
}

func TestOlderGrantIsIgnored(t *testing.T) {
	h := &hand{now: time.Hour}
	k := NewKeeper(KeeperOptions{Worker: "w1", Incarnation: "i1", Figures: DefaultFigures(), Clock: h.clock, Wall: func() time.Time { return time.Unix(0, int64(h.now)) }})
	g := &gate{clock: h.clock}
	k.Hold("a", 7, g)
	first, second := k.next(), k.next()
	first.grant = &messages.Grant{TtlMs: 15_000}
	second.grant = &messages.Grant{TtlMs: 15_000, Covers: []*messages.Held{{Account: "a", Epoch: 7}}}
	k.take(second)
	if k.take(first); !g.open() {
		t.Fatal("an overtaken grant was obeyed")
	}
}

func TestWallClockJumpShutsUntilAFreshGrant(t *testing.T) {
	tell(t, func(s *story) {
		g, _ := s.hold(t, a7)
		wait(time.Second)
		s.link.set(500*time.Millisecond, false)
		s.wall.Store(int64(5 * time.Second))
		wait(1100 * time.Millisecond) // the next beat notices
		if g.open() || g.reason() != "the wall clock jumped" {
			t.Fatalf("open %v after a jump (%s)", g.open(), g.reason())
		}
		if wait(time.Second); !g.open() {
			t.Fatal("a fresh grant did not open it again")
		}
	})
}

func TestReleaseAndTheKeepersEndShut(t *testing.T) {
	tell(t, func(s *story) {
		g, release := s.hold(t, a7)
		other, _ := s.hold(t, b3)
		wait(time.Second)
		release()
		release()
		if g.open() || s.keeper.MayBegin("a", 7) || !other.open() {
			t.Fatal("release did not shut exactly its own fence")
		}
		s.stop()
		if other.open() {
			t.Fatal("open without a keeper")
		}
	})
}

func TestLateGrantCountsFromTheSendingOfItsBeat(t *testing.T) {
	h := &hand{now: time.Hour}
	k := NewKeeper(KeeperOptions{Worker: "w1", Incarnation: "i1", Figures: DefaultFigures(), Clock: h.clock, Wall: func() time.Time { return time.Unix(0, int64(h.now)) }})
	g := &gate{clock: h.clock}
	k.Hold("a", 7, g)
	late := k.next()
	late.grant = &messages.Grant{TtlMs: 15_000, Covers: []*messages.Held{{Account: "a", Epoch: 7}}}
	h.now += 5 * time.Second
	k.take(late)
	if g.until != time.Hour+11*time.Second {
		t.Fatalf("open until %v", g.until)
	}
}
