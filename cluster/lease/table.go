package lease

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"troupe/messages"
)

// Errors that a caller branches on.
var (
	// ErrNotReady means that the table was not told yet what was promised before the master's start.
	ErrNotReady = errors.New("the lease table is not ready")
	// ErrPromised means that somebody may still act for the account under an earlier promise.
	ErrPromised = errors.New("the account is promised already")
)

// Table is the master's side: what is promised to whom. It starts empty and silent; Recover makes it answer.
//
// It holds at most one promise per account. A grant names what its beat claims and the table has promised to exactly
// that worker, and to the first incarnation of it that claimed it; so a worker that restarted holds nothing, and a promise
// that nobody claims lapses, and so does one whose fence stays shut. All methods may be called from any goroutine.
type Table struct {
	figures Figures
	clock   func() time.Duration
	master  string

	mu       sync.Mutex
	ready    bool
	parting  bool
	older    time.Duration // horizon of an earlier master
	olderEnd time.Duration // instant at which what it promised is over
	judged   time.Duration // when Lapsed was last called
	promises map[messages.AccountID]*promise
	workers  map[messages.NodeID]Sighting
	claimed  map[messages.AccountID]messages.Epoch // the highest that any beat ever named
}

type promise struct {
	Promise
	incarnation string        // of the worker, that claimed it first; "" until then
	uncovered   bool          // no grant names it any more
	shut        time.Duration // since when beats that were answered say that its fence is shut; 0 = they do not
	over        time.Duration // instant after which nobody can act under it
}

// Sighting is what the newest beat of a worker said.
type Sighting struct {
	At          time.Duration // when it was answered, since boot
	Incarnation string
	Seq         uint64
	Held        []Pair // what it runs
}

// NewTable makes a table that is not ready yet. master is the incarnation that its grants carry.
func NewTable(figures Figures, clock func() time.Duration, master string) *Table {
	return &Table{
		figures: figures, clock: clock, master: master,
		promises: map[messages.AccountID]*promise{}, workers: map[messages.NodeID]Sighting{}, claimed: map[messages.AccountID]messages.Epoch{},
	}
}

// Recover tells the table what an earlier master promised and had no proof of the end of, and the Horizon that it persisted (zero means
// the default). Nothing of it lapses before that time is over; what workers claim meanwhile they keep. Called once, perhaps with nothing.
func (t *Table) Recover(horizon time.Duration, promised []Promise) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.older = max(horizon, t.horizon())
	t.olderEnd = t.clock() + t.older
	for _, p := range promised {
		t.promises[p.Account] = &promise{Promise: p, over: t.olderEnd}
	}
	t.ready = true
}

// Horizon is the longest time for which a promise given by now may still hold: what Recover needs at the master's next
// start. The master persists it at its start and whenever it changed; a longer one (PartingHorizon) before it calls Part.
func (t *Table) Horizon() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.clock() < t.olderEnd {
		return max(t.older, t.horizon())
	}
	return t.horizon()
}

func (t *Table) horizon() time.Duration { return t.ttl() + t.figures.Margin }

func (t *Table) ttl() time.Duration {
	if t.parting {
		return t.figures.Parting
	}
	return t.figures.TTL
}

// PartingHorizon is what Horizon will be after Part.
func (t *Table) PartingHorizon() time.Duration { return t.figures.Parting + t.figures.Margin }

// Part makes all further grants long: the master is about to restart, and its absence shall shut no gate.
// The caller has persisted PartingHorizon, and goes on answering for a beat or two.
func (t *Table) Part() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.parting = true
}

// Cover promises a pair to a worker: it may act for the account once it claims it in a beat. If it does not within a
// lease's time, the promise lapses. Covering the same again changes nothing.
func (t *Table) Cover(worker messages.NodeID, account messages.AccountID, epoch messages.Epoch) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ready {
		return ErrNotReady
	}
	wanted := Promise{worker, Pair{account, epoch}}
	if p := t.promises[account]; p != nil {
		if p.Promise == wanted && !p.uncovered {
			return nil
		}
		return fmt.Errorf("cover %s@%s: %w to %s@%s", account, epoch, ErrPromised, p.Worker, p.Epoch)
	}
	t.promises[account] = &promise{Promise: wanted, over: t.clock() + t.horizon()}
	return nil
}

// Uncover takes a pair back without proof: no grant names it from now on, which shuts its fence at the worker's next beat. The account
// stays promised until Lapsed returns it or Ended is called.
func (t *Table) Uncover(account messages.AccountID, epoch messages.Epoch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.promises[account]; p != nil && p.Epoch == epoch {
		p.uncovered = true
	}
}

// Ended forgets a pair on proof: its worker says that the gate is shut and the browser gone.
func (t *Table) Ended(account messages.AccountID, epoch messages.Epoch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.promises[account]; p != nil && p.Epoch == epoch {
		delete(t.promises, account)
	}
}

// Release forgets everything promised to a worker, and returns it, on proof that nothing of it runs: the same data
// folder under its lock, the same boot of the same kernel, leftovers reaped.
func (t *Table) Release(worker messages.NodeID) []Promise {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.forget(func(p *promise) bool { return p.Worker == worker })
}

// Lapsed forgets every promise under which nobody can act any more, and returns it; those accounts may be covered
// anew. It is called at least once a beat. After a longer silence the table itself was stopped, and beats
// may wait in queues that were not read: then nothing lapses before another lease's time.
func (t *Table) Lapsed(now time.Duration) []Promise {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now-t.judged > 2*t.figures.Beat {
		for _, p := range t.promises {
			p.over = max(p.over, now+t.horizon())
		}
	}
	t.judged = now
	return t.forget(func(p *promise) bool { return now > p.over })
}

// forget needs mu.
func (t *Table) forget(which func(*promise) bool) []Promise {
	var out []Promise
	for account, p := range t.promises {
		if which(p) {
			out = append(out, p.Promise)
			delete(t.promises, account)
		}
	}
	slices.SortFunc(out, func(a, b Promise) int { return cmp.Compare(a.Account, b.Account) })
	return out
}

// Beat answers a beat; it is the Granter of a worker in the same process. It never blocks.
func (t *Table) Beat(_ context.Context, beat *messages.Beat) (*messages.Grant, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ready {
		return nil, ErrNotReady
	}
	now := t.clock()
	steady := now-t.workers[messages.NodeID(beat.GetWorker())].At <= 2*t.figures.Beat
	t.see(beat, now)
	grant := &messages.Grant{Seq: beat.GetSeq(), TtlMs: t.ttl().Milliseconds(), Master: t.master}
	for _, held := range beat.GetHeld() {
		if p := t.promises[messages.AccountID(held.GetAccount())]; p != nil && p.claimedBy(beat, held) && p.opens(held, now, steady, t.figures.TTL) {
			p.over = max(p.over, now+t.horizon())
			grant.Covers = append(grant.Covers, held)
		}
	}
	return grant, nil
}

func (p *promise) claimedBy(beat *messages.Beat, held *messages.Held) bool {
	if p.uncovered || p.Worker != messages.NodeID(beat.GetWorker()) || p.Epoch != messages.Epoch(held.GetEpoch()) {
		return false
	}
	if p.incarnation == "" {
		p.incarnation = beat.GetIncarnation()
	}
	return p.incarnation == beat.GetIncarnation()
}

// opens notes what a beat says of the fence. One that stays shut for a ttl although its worker's beats are answered, steadily, does nobody
// any good: the promise is uncovered, and lapses.
func (p *promise) opens(held *messages.Held, now time.Duration, steady bool, ttl time.Duration) bool {
	switch {
	case held.GetOpen():
		p.shut = 0
	case p.shut == 0 || !steady:
		p.shut = now
	case now-p.shut > ttl:
		p.uncovered = true
	}
	return !p.uncovered
}

// see remembers a beat unless a newer one of the same incarnation was seen. Needs mu.
func (t *Table) see(beat *messages.Beat, now time.Duration) {
	worker := messages.NodeID(beat.GetWorker())
	if last := t.workers[worker]; last.Incarnation == beat.GetIncarnation() && last.Seq > beat.GetSeq() {
		return
	}
	held := make([]Pair, len(beat.GetHeld()))
	for i, h := range beat.GetHeld() {
		held[i] = Pair{messages.AccountID(h.GetAccount()), messages.Epoch(h.GetEpoch())}
		t.claimed[held[i].Account] = max(t.claimed[held[i].Account], held[i].Epoch)
	}
	t.workers[worker] = Sighting{At: now, Incarnation: beat.GetIncarnation(), Seq: beat.GetSeq(), Held: held}
}

// Ends is the instant, since boot, after which nobody can act under anything that is promised to a worker; zero when nothing is.
func (t *Table) Ends(worker messages.NodeID) (end time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.promises {
		if p.Worker == worker {
			end = max(end, p.over)
		}
	}
	return end
}

// Seen returns a worker's newest beat; ok is false when it never beat.
func (t *Table) Seen(worker messages.NodeID) (s Sighting, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok = t.workers[worker]
	return s, ok
}

// Claimed is the highest epoch of an account that any beat named, granted or not: a master whose records were restored must begin above it.
func (t *Table) Claimed(account messages.AccountID) messages.Epoch {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.claimed[account]
}

// Fresh says whether a worker beat within half a lease's time: only such a one is given anything new. known is false when it never beat.
func (t *Table) Fresh(worker messages.NodeID) (fresh, known bool) {
	s, ok := t.Seen(worker)
	return ok && t.clock()-s.At < t.figures.TTL/2, ok
}

// Online says whether a worker beat within the last lease's time.
func (t *Table) Online(worker messages.NodeID) bool {
	s, ok := t.Seen(worker)
	return ok && t.clock()-s.At < t.figures.TTL
}

var _ Granter = (*Table)(nil)
