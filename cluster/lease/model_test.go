package lease

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"troupe/messages"
)

// TestNeverTwoOpenFencesForOneAccount lets a table and some workers live through arbitrary delays, losses, reorderings, stops, restarts,
// clock rates and wall-clock jumps. After every step no account has two open fences.
func TestNeverTwoOpenFencesForOneAccount(t *testing.T) {
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"":             w.check,
			"time passes":  w.pass,
			"live":         w.live,
			"live on":      w.live,
			"cut or heal":  w.cutOrHeal,
			"beat":         w.beat,
			"answer":       w.answer,
			"grant":        w.grant,
			"lose":         w.lose,
			"assign":       w.assign,
			"take back":    w.takeBack,
			"stop or go":   w.stopOrGo,
			"restart node": w.restartNode,
			"new master":   w.newMaster,
			"wall jump":    w.wallJump,
		})
		moved += w.moved
	})
	if moved == 0 {
		t.Fatal("no account ever moved: the model tests nothing")
	}
}

var accounts = []messages.AccountID{"a", "b"}

// world is a cluster without goroutines: every message waits until the test delivers, delays or loses it.
type world struct {
	real    time.Duration
	table   *Table
	rate    float64 // of the table's clock
	stopped bool    // the master
	workers []*node
	beats   []flight // on their way to the table
	grants  []flight // on their way back
	assigns []Promise
	epoch   messages.Epoch
	placed  map[messages.AccountID]Promise // as the master persisted it
	moved   int
}

type node struct {
	id      messages.NodeID
	rate    float64
	wall    time.Duration // error of its wall clock
	starts  int
	stopped bool
	deaf    int // connected, cutUp or cutDown
	keeper  *Keeper
	fences  map[Pair]*fence
}

type flight struct {
	to, starts int // node and its incarnation
	call       *call
}

type fence struct{ until time.Duration }

func (f *fence) Extend(until time.Duration) { f.until = max(f.until, until) }
func (f *fence) Shut(string)                { f.until = 0 }

func newWorld(t *rapid.T) *world {
	w := &world{real: time.Hour, rate: rapid.Float64Range(0.9, 1.1).Draw(t, "table rate"), placed: map[messages.AccountID]Promise{}}
	for i := range 3 {
		n := &node{id: messages.NodeID(fmt.Sprintf("w%d", i)), rate: rapid.Float64Range(0.9, 1.1).Draw(t, "rate")}
		w.workers = append(w.workers, n)
		w.start(n)
	}
	w.table = w.newTable()
	w.table.Recover(0, nil)
	for _, account := range accounts {
		w.place(account, w.workers[0].id)
	}
	return w
}

func (w *world) newTable() *Table {
	return NewTable(DefaultFigures(), func() time.Duration { return scaled(w.real, w.rate) }, "m")
}

func scaled(d time.Duration, rate float64) time.Duration { return time.Duration(float64(d) * rate) }

func (w *world) clockOf(n *node) time.Duration { return scaled(w.real, n.rate) }

// start gives a node a fresh process; the sockets of the one before are gone with it.
func (w *world) start(n *node) {
	n.starts++
	n.fences = map[Pair]*fence{}
	n.keeper = NewKeeper(KeeperOptions{
		Worker: n.id, Incarnation: fmt.Sprint(n.starts), Figures: DefaultFigures(),
		Clock: func() time.Duration { return w.clockOf(n) },
		Wall:  func() time.Time { return time.Unix(0, int64(w.clockOf(n)+n.wall)) },
	})
}

// place is the master's: it persists an assignment, promises it and sends it, if nobody else may act for the account.
func (w *world) place(account messages.AccountID, id messages.NodeID) {
	if w.table.Cover(id, account, w.epoch+1) != nil {
		return
	}
	w.epoch++
	p := Promise{id, Pair{account, w.epoch}}
	w.placed[account] = p
	w.assigns = append(w.assigns, p)
}

func (w *world) check(t *rapid.T) {
	for _, account := range accounts {
		var open []string
		for _, n := range w.workers {
			for pair, f := range n.fences {
				if pair.Account == account && w.clockOf(n) < f.until {
					open = append(open, fmt.Sprintf("%s@%s", n.id, pair.Epoch))
				}
			}
		}
		if len(open) > 1 {
			t.Fatalf("account %s is open at %v", account, open)
		}
	}
}

func (w *world) pass(t *rapid.T) {
	w.real += time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond
}

// live is some time in which everything works that is not stopped or cut off. What is cut off waits.
func (w *world) live(t *rapid.T) {
	for range rapid.IntRange(1, 25).Draw(t, "seconds") {
		w.real += time.Second
		w.tick(t)
		for len(w.assigns) > 0 {
			w.assign(t)
		}
		for i, n := range w.workers {
			if n.stopped {
				continue
			}
			f := flight{i, n.starts, n.keeper.next()}
			if w.stopped || n.deaf == cutUp {
				w.beats = append(w.beats, f)
				continue
			}
			f.call.grant, f.call.err = w.table.Beat(t.Context(), f.call.beat)
			if n.deaf == cutDown {
				w.grants = append(w.grants, f)
				continue
			}
			n.keeper.take(f.call)
		}
		w.check(t)
	}
}

// The ways in which a node can be cut off.
const (
	connected = iota
	cutUp
	cutDown
)

func (w *world) cutOrHeal(t *rapid.T) {
	w.anyNode(t).deaf = rapid.IntRange(connected, cutDown).Draw(t, "deaf")
}

func (w *world) tick(t *rapid.T) {
	if w.stopped {
		return
	}
	for _, p := range w.table.Lapsed(scaled(w.real, w.rate)) {
		w.moved++
		w.place(p.Account, w.anyNode(t).id)
	}
}

func (w *world) anyNode(t *rapid.T) *node { return rapid.SampledFrom(w.workers).Draw(t, "node") }

func (w *world) beat(t *rapid.T) {
	i := rapid.IntRange(0, len(w.workers)-1).Draw(t, "node")
	if n := w.workers[i]; !n.stopped {
		w.beats = append(w.beats, flight{i, n.starts, n.keeper.next()})
	}
}

func (w *world) answer(t *rapid.T) {
	if w.stopped || len(w.beats) == 0 {
		return
	}
	f := take(t, &w.beats)
	if grant, err := w.table.Beat(t.Context(), f.call.beat); err == nil {
		f.call.grant = grant
		w.grants = append(w.grants, f)
	}
}

func (w *world) grant(t *rapid.T) {
	if len(w.grants) == 0 {
		return
	}
	f := take(t, &w.grants)
	n := w.workers[f.to]
	switch {
	case n.starts != f.starts:
	case n.stopped:
		w.grants = append(w.grants, f)
	default:
		n.keeper.take(f.call)
	}
}

func (w *world) lose(t *rapid.T) {
	if len(w.beats) > 0 && rapid.Bool().Draw(t, "beat") {
		take(t, &w.beats)
	} else if len(w.grants) > 0 {
		take(t, &w.grants)
	}
}

func (w *world) assign(t *rapid.T) {
	if len(w.assigns) == 0 {
		return
	}
	p := take(t, &w.assigns)
	for _, n := range w.workers {
		if n.id == p.Worker && !n.stopped {
			f := &fence{}
			n.fences[p.Pair] = f
			n.keeper.Hold(p.Account, p.Epoch, f)
		}
	}
}

// takeBack ends a promise without proof, and tries to move the account at once.
func (w *world) takeBack(t *rapid.T) {
	p := w.placed[rapid.SampledFrom(accounts).Draw(t, "account")]
	w.table.Uncover(p.Account, p.Epoch)
	if !w.stopped {
		w.place(p.Account, w.anyNode(t).id)
	}
}

func (w *world) stopOrGo(t *rapid.T) {
	if rapid.Bool().Draw(t, "master") {
		w.stopped = !w.stopped
		return
	}
	n := w.anyNode(t)
	n.stopped = !n.stopped
}

// restartNode kills a node and starts it, sometimes with proof that nothing of it was left.
func (w *world) restartNode(t *rapid.T) {
	n := w.anyNode(t)
	w.start(n)
	if w.stopped || !rapid.Bool().Draw(t, "proof") {
		return
	}
	w.assigns = nil // what was sent to the process before is lost with it
	for _, p := range w.table.Release(n.id) {
		w.place(p.Account, w.anyNode(t).id)
	}
}

// newMaster restarts the master: it knows what was persisted, and nothing of what it granted.
func (w *world) newMaster(t *rapid.T) {
	horizon := w.table.Horizon()
	w.table = w.newTable()
	var promised []Promise
	for _, p := range w.placed {
		promised = append(promised, p)
	}
	w.table.Recover(horizon, promised)
	if rapid.Bool().Draw(t, "parting") {
		w.table.Part()
	}
}

func (w *world) wallJump(t *rapid.T) {
	w.anyNode(t).wall += time.Duration(rapid.IntRange(-5, 5).Draw(t, "s")) * time.Second
}

func take[E any](t *rapid.T, list *[]E) E {
	i := rapid.IntRange(0, len(*list)-1).Draw(t, "which")
	e := (*list)[i]
	*list = append((*list)[:i:i], (*list)[i+1:]...)
	return e
}
