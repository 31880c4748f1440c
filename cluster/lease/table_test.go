package lease

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"troupe/messages"
)

// hand is a clock that the test turns.
type hand struct{ now time.Duration }

func (h *hand) clock() time.Duration { return h.now }

func ready(h *hand) *Table {
	table := NewTable(DefaultFigures(), h.clock, "m1")
	table.Recover(0, nil)
	return table
}

func beatOf(worker, incarnation string, seq uint64, pairs ...Pair) *messages.Beat {
	b := &messages.Beat{Worker: worker, Incarnation: incarnation, Seq: seq}
	for _, p := range pairs {
		b.Held = append(b.Held, &messages.Held{Account: string(p.Account), Epoch: uint64(p.Epoch)})
	}
	return b
}

// granted sends a beat and returns how many pairs its grant covers.
func granted(t *testing.T, table *Table, beat *messages.Beat) int {
	t.Helper()
	grant, err := table.Beat(t.Context(), beat)
	if err != nil {
		t.Fatal(err)
	}
	return len(grant.GetCovers())
}

// tickUntil calls Lapsed each second, as the master does, and returns what lapsed at the last.
func tickUntil(table *Table, h *hand, end time.Duration) (lapsed []Promise) {
	for ; h.now < end; h.now += time.Second {
		lapsed = append(lapsed, table.Lapsed(h.now)...)
	}
	return append(lapsed, table.Lapsed(h.now)...)
}

var (
	a7 = Pair{"a", 7}
	b3 = Pair{"b", 3}
)

func TestGrantNamesOnlyWhatIsPromisedAndClaimed(t *testing.T) {
	h := &hand{now: time.Hour}
	table := ready(h)
	cover(t, table, "w1", a7)
	cover(t, table, "w2", b3)
	for _, c := range []struct {
		name string
		beat *messages.Beat
		want int
	}{
		{"claims its own", beatOf("w1", "i1", 1, a7), 1},
		{"claims nothing", beatOf("w1", "i1", 2), 0},
		{"claims another worker's", beatOf("w1", "i1", 3, a7, b3), 1},
		{"claims an old epoch", beatOf("w1", "i1", 4, Pair{"a", 6}), 0},
		{"another incarnation claims", beatOf("w1", "i2", 1, a7), 0},
		{"unknown worker claims", beatOf("w9", "i1", 1, a7), 0},
	} {
		if got := granted(t, table, c.beat); got != c.want {
			t.Errorf("%s: %d covered, want %d", c.name, got, c.want)
		}
	}
}

func cover(t *testing.T, table *Table, worker messages.NodeID, p Pair) {
	t.Helper()
	if err := table.Cover(worker, p.Account, p.Epoch); err != nil {
		t.Fatal(err)
	}
}

func TestSilentWorkerLapsesAfterItsLeaseAndMargin(t *testing.T) {
	h := &hand{now: time.Hour}
	table := ready(h)
	cover(t, table, "w1", a7)
	tickUntil(table, h, h.now+10*time.Second)
	granted(t, table, beatOf("w1", "i1", 1, a7))
	last := h.now
	if lapsed := tickUntil(table, h, last+17*time.Second); lapsed != nil {
		t.Fatalf("lapsed early: %v", lapsed)
	}
	if err := table.Cover("w2", "a", 8); !errors.Is(err, ErrPromised) {
		t.Fatalf("covered twice: %v", err)
	}
	want := []Promise{{"w1", a7}}
	if diff := cmp.Diff(want, tickUntil(table, h, last+18*time.Second)); diff != "" {
		t.Fatal(diff)
	}
	cover(t, table, "w2", Pair{"a", 8})
	if granted(t, table, beatOf("w1", "i1", 2, a7)) != 0 {
		t.Fatal("the old owner was granted again")
	}
}

func TestStoppedMasterJudgesNobodyByItsOwnPause(t *testing.T) {
	h := &hand{now: time.Hour}
	table := ready(h)
	cover(t, table, "w1", a7)
	tickUntil(table, h, h.now+5*time.Second)
	h.now += time.Minute // SIGSTOP: the beats wait in the socket
	if lapsed := table.Lapsed(h.now); lapsed != nil {
		t.Fatalf("lapsed by the master's own pause: %v", lapsed)
	}
	if granted(t, table, beatOf("w1", "i1", 30, a7)) != 1 {
		t.Fatal("the queued beat was not granted")
	}
}

func TestRestartedMasterAdoptsAndWaitsForTheOldHorizon(t *testing.T) {
	h := &hand{now: time.Minute}
	table := NewTable(DefaultFigures(), h.clock, "m2")
	if _, err := table.Beat(t.Context(), beatOf("w1", "i1", 1, a7)); !errors.Is(err, ErrNotReady) {
		t.Fatalf("answered before it knew what was promised: %v", err)
	}
	table.Recover(table.PartingHorizon(), []Promise{{"w1", a7}, {"w2", b3}})
	if table.Horizon() != 122*time.Second {
		t.Fatalf("a second restart would wait only %v", table.Horizon())
	}
	if granted(t, table, beatOf("w1", "i1", 2, a7)) != 1 {
		t.Fatal("not adopted")
	}
	if lapsed := tickUntil(table, h, h.now+122*time.Second); lapsed != nil {
		t.Fatalf("lapsed before the old horizon: %v", lapsed)
	}
	granted(t, table, beatOf("w1", "i1", 3, a7))
	if diff := cmp.Diff([]Promise{{"w2", b3}}, tickUntil(table, h, h.now+2*time.Second)); diff != "" {
		t.Fatal(diff)
	}
	if table.Horizon() != 17*time.Second {
		t.Fatalf("horizon stays at %v", table.Horizon())
	}
}

func TestGateThatStaysShutIsNotGrantedForEver(t *testing.T) {
	for _, open := range []bool{true, false} {
		h := &hand{now: time.Hour}
		table := ready(h)
		cover(t, table, "w1", a7)
		lapsed := 0
		for seq := uint64(1); seq < 40; seq++ {
			beat := beatOf("w1", "i1", seq, a7)
			beat.Held[0].Open = open
			granted(t, table, beat)
			h.now += 2 * time.Second
			lapsed += len(table.Lapsed(h.now))
		}
		if wanted := map[bool]int{true: 0, false: 1}[open]; lapsed != wanted {
			t.Errorf("its gate is open %v, and %d promises lapsed", open, lapsed)
		}
	}
}

func TestProofFreesAtOnce(t *testing.T) {
	h := &hand{now: time.Hour}
	table := ready(h)
	cover(t, table, "w1", a7)
	cover(t, table, "w1", b3)
	table.Uncover("a", 7)
	if granted(t, table, beatOf("w1", "i1", 1, a7, b3)) != 1 {
		t.Fatal("an uncovered pair is granted")
	}
	if err := table.Cover("w2", "a", 8); !errors.Is(err, ErrPromised) {
		t.Fatalf("taken back without proof and given away: %v", err)
	}
	table.Ended("a", 7)
	cover(t, table, "w2", Pair{"a", 8})
	if diff := cmp.Diff([]Promise{{"w1", b3}}, table.Release("w1")); diff != "" {
		t.Fatal(diff)
	}
	cover(t, table, "w2", Pair{"b", 4})
}

func TestPartingGrantsOutlastARestart(t *testing.T) {
	h := &hand{now: time.Hour}
	table := ready(h)
	cover(t, table, "w1", a7)
	table.Part()
	grant, err := table.Beat(t.Context(), beatOf("w1", "i1", 1, a7))
	if err != nil || grant.GetTtlMs() != 120_000 {
		t.Fatalf("grant %v, %v", grant.GetTtlMs(), err)
	}
	if table.Horizon() != table.PartingHorizon() {
		t.Fatalf("horizon %v", table.Horizon())
	}
}

func TestSightingKeepsTheNewestBeat(t *testing.T) {
	h := &hand{now: time.Hour}
	table := ready(h)
	if table.Online("w1") {
		t.Fatal("online without a beat")
	}
	granted(t, table, beatOf("w1", "i1", 5, a7))
	granted(t, table, beatOf("w1", "i1", 4))
	want := Sighting{At: time.Hour, Incarnation: "i1", Seq: 5, Held: []Pair{a7}}
	got, _ := table.Seen("w1")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if h.now += 14 * time.Second; !table.Online("w1") {
		t.Fatal("offline within its lease")
	}
	if h.now += time.Second; table.Online("w1") {
		t.Fatal("online after its lease")
	}
}

func TestUnsafeFiguresAreRefused(t *testing.T) {
	if err := DefaultFigures().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Figures){
		"no beat":         func(f *Figures) { f.Beat = 0 },
		"no margin":       func(f *Figures) { f.Margin = 0 },
		"risk too short":  func(f *Figures) { f.Risk = 3 * time.Second },
		"drain too long":  func(f *Figures) { f.Drain = 10 * time.Second },
		"parting too low": func(f *Figures) { f.Parting = time.Second },
	} {
		f := DefaultFigures()
		spoil(&f)
		if f.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBootTimeGrows(t *testing.T) {
	a, b := BootTime(), BootTime()
	if a <= 0 || b < a {
		t.Fatalf("%v then %v", a, b)
	}
}
