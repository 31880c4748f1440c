package worker

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors/account"
	"troupe/messages"
)

// queueLimit bounds what one account may have waiting for the store, in bytes of protobuf.
const queueLimit = 16 << 20

// metadataEvery is how often a quiet account's round is still told to the store.
const metadataEvery = time.Minute

// queue is one account's cache of what the store already has, and what it has not acknowledged yet. Only the oldest waiting
// observation is on its way: it is sent again and again until it is acknowledged, and then the next one is. So none can be lost beside a
// later one that arrived, nor overtake it; the store merges idempotently, so that is the whole repair.
type queue struct {
	account  messages.AccountID
	stream   string
	known    map[string]sighting
	n        uint64
	waiting  []*messages.Observed
	sizes    []int
	size     int
	reread   bool // something was dropped: the account is to read everything again, once there is room
	lastMeta time.Time
}

// sighting is how an item looked when it was last sent, and on which day. An unchanged one is sent again the next day: the
// store must know that pages still show it, or it would expire.
type sighting struct {
	hash uint64
	day  int64
}

const dayMillis = 24 * 60 * 60 * 1000

func newQueue(id messages.AccountID, known map[string]uint64, stream string) *queue {
	q := &queue{account: id, stream: stream, known: make(map[string]sighting, len(known))}
	for k, h := range known {
		q.known[k] = sighting{hash: h} // sent on a day that we do not know
	}
	return q
}

// add keeps what is new or changed of an observation; it returns false when nothing is worth sending.
func (q *queue) add(m *messages.Observed, now time.Time) bool {
	items := m.GetItems()[:0:0]
	for _, item := range m.GetItems() {
		key, ok := item.KnownKey()
		if !ok {
			continue
		}
		seen := sighting{item.Hash(), now.UnixMilli() / dayMillis}
		if q.known[key] == seen {
			continue
		}
		q.known[key] = seen
		items = append(items, item)
	}
	if len(items) == 0 && len(m.GetComplete()) == 0 && (!m.GetRound() || now.Sub(q.lastMeta) < metadataEvery) {
		return false
	}
	q.lastMeta = now
	q.n++
	kept := &messages.Observed{
		Account: m.GetAccount(), Epoch: m.GetEpoch(), Stream: q.stream, N: q.n, Items: items, TraceId: m.GetTraceId(),
		PageAt: m.GetPageAt(), SeenAt: m.GetSeenAt(), Complete: m.GetComplete(), Owner: m.GetOwner(), Round: m.GetRound(),
	}
	size := proto.Size(kept)
	q.waiting, q.sizes, q.size = append(q.waiting, kept), append(q.sizes, size), q.size+size
	for q.size > queueLimit && len(q.waiting) > 1 {
		q.drop()
	}
	return true
}

// drop gives up the oldest observation. What it said is forgotten too, so that a later look sends it again.
func (q *queue) drop() {
	for _, item := range q.waiting[0].GetItems() {
		if key, ok := item.KnownKey(); ok {
			delete(q.known, key)
		}
	}
	q.reread = true
	q.shift()
}

func (q *queue) shift() {
	q.size -= q.sizes[0]
	q.waiting, q.sizes = q.waiting[1:], q.sizes[1:]
}

// acked removes the oldest observation if it is the one that was acknowledged, and says so. An acknowledgement of any other is that of
// a repetition, and says nothing of those that wait.
func (q *queue) acked(stream string, n uint64) bool {
	if stream != q.stream || len(q.waiting) == 0 || q.waiting[0].GetN() != n {
		return false
	}
	q.shift()
	return true
}

// rereadDue says, once, that something was dropped and that there is room again.
func (q *queue) rereadDue() bool {
	due := q.reread && len(q.waiting) == 0
	if due {
		q.reread = false
	}
	return due
}

func (w *worker) onObserved(c actor.Context, m *messages.Observed) {
	a := w.accounts[messages.AccountID(m.GetAccount())]
	if a == nil {
		return
	}
	a.pid = c.Sender()
	if a.queue.add(m, w.Node.Now()) && len(a.queue.waiting) == 1 {
		w.send(c, a.queue)
	}
}

// send says the oldest waiting observation of a queue, if there is one.
func (w *worker) send(c actor.Context, q *queue) {
	if len(q.waiting) > 0 {
		c.Request(w.Store, q.waiting[0])
	}
}

func (w *worker) onAcked(c actor.Context, m *messages.Acked) {
	if a := w.accounts[messages.AccountID(m.GetAccount())]; a != nil && a.queue.acked(m.GetStream(), m.GetN()) {
		w.send(c, a.queue)
		if a.queue.rereadDue() && a.pid != nil {
			c.Send(a.pid, account.Reread{})
		}
	}
	if q := w.left[m.GetStream()]; q != nil && q.acked(m.GetStream(), m.GetN()) {
		if w.send(c, q); len(q.waiting) == 0 {
			delete(w.left, m.GetStream())
			w.drainedIfEmpty(c)
		}
	}
}

// resend repeats each account's oldest waiting observation; the answer to a lost one never came. What an account that ended here saw last
// is said until it is acknowledged, wherever the account runs now: observations merge from any epoch.
func (w *worker) resend(c actor.Context) {
	for _, a := range w.accounts {
		w.send(c, a.queue)
	}
	for _, q := range w.left {
		w.send(c, q)
	}
}
