package foreign

import (
	"fmt"
	"time"

	"troupe/messages"
)

// The acts of a worker, and what it is given, that stand in the audit log, by the names of their events.
const (
	registerEvent = "worker:register"
	syncEvent     = "worker:data:sync"
	resultEvent   = "worker:reply:result"
	loginEvent    = "worker:login:status"
	storageEvent  = "master:update-account-storage"
)

// noted is the outcome of what was carried out.
const noted = "ok"

// tallyEvery is how often the audit log hears what a worker synchronised of an account. It does so every half minute.
const tallyEvery = time.Hour

// tally counts what a worker synchronised of an account since the last entry about it.
type tally struct {
	items int
	at    time.Time // of the last entry; zero = there was none
}

// noteRegistration tells which accounts a worker got.
func (w *worker) noteRegistration(m *messages.ForeignRegistered) {
	targets := []string{string(w.id)}
	for _, a := range m.GetAssignments() {
		targets = append(targets, a.GetAccount().GetId())
	}
	w.note(registerEvent, noted, targets...)
}

// count counts items that a sync brought. The first ones are told at once.
func (w *worker) count(id messages.AccountID, items int) {
	t := w.tallies[id]
	if t == nil {
		t = &tally{}
		w.tallies[id] = t
	}
	t.items += items
	w.noteTally(id, t, tallyEvery)
}

// noteTallies tells what was counted and not told for so long.
func (w *worker) noteTallies(after time.Duration) {
	for id, t := range w.tallies {
		w.noteTally(id, t, after)
	}
}

func (w *worker) noteTally(id messages.AccountID, t *tally, after time.Duration) {
	if t.items == 0 || w.Now().Sub(t.at) < after {
		return
	}
	w.note(syncEvent, noted, string(w.id), string(id), fmt.Sprintf("items=%d", t.items))
	t.items, t.at = 0, w.Now()
}
