package foreign

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

const (
	// wholeAfter is when a collection that still has nothing in a worker's snapshots counts as seen whole: it is empty then, and
	// what comes later is news.
	wholeAfter = 2 * time.Minute
	// mostSyncs is how many observations of one worker the store may owe an answer.
	mostSyncs = 64
	// syncLimit is how long it may owe one. The worker sends everything again anyway.
	syncLimit = time.Minute
	dayMillis = 24 * 60 * 60 * 1000
)

// sighting is how an item looked when the store last acknowledged it, and on which day. An unchanged one is sent again the next day: the
// store must know that the page still shows it.
type sighting struct {
	hash uint64
	day  int64
}

// syncing is an observation under way to the store.
type syncing struct {
	heard   heard
	account messages.AccountID
	epoch   uint64
	seen    map[string]sighting
	answer  synced
	partial bool
	at      time.Time
}

// onSync merges what a worker holds into the store. It is acknowledged when it is on disk.
func (w *worker) onSync(c actor.Context, h heard, m dataSync) {
	a := w.find(m.account)
	if a == nil {
		w.unsynced(h, m, notPinned)
		return
	}
	if len(w.syncs) >= mostSyncs {
		w.unsynced(h, m, "the store is still writing what came before: send it again later")
		return
	}
	now := w.Now()
	o := &messages.Observed{
		Account: string(a.id()), Epoch: a.epoch, TraceId: string(messages.NewTrace()), PageAt: now.UnixMilli(), SeenAt: now.UnixMilli(),
		Owner: a.profile.GetPlatformUserId(), Round: !m.partial, Complete: w.whole(a, m, now),
	}
	seen := a.fresh(m.data.items, now)
	for _, item := range m.data.items {
		if key, ok := item.KnownKey(); ok {
			if _, fresh := seen[key]; fresh {
				o.Items = append(o.Items, w.sourced(item, m.partial))
			}
		}
	}
	w.observe(c, o, &syncing{
		heard: h, account: a.id(), epoch: a.epoch, seen: seen, partial: m.partial, at: now,
		answer: synced{true, m.account, statsOf(m.data, len(o.Items))},
	})
}

// sourced says of an item that was announced alone that it did not come from a list.
func (w *worker) sourced(item *messages.Item, partial bool) *messages.Item {
	if !partial || item.GetSource() != messages.Source_SOURCE_LIST {
		return item
	}
	one := proto.CloneOf(item)
	one.Source = messages.Source_SOURCE_DETAIL
	return one
}

// observe numbers an observation and sends it to the store.
func (w *worker) observe(c actor.Context, o *messages.Observed, s *syncing) {
	w.n++
	o.Stream, o.N = "foreign/"+w.peer.ID()+"/"+o.GetAccount(), w.n
	w.syncs[w.n] = s
	c.Request(w.Store, o)
}

// fresh are the items that the store does not have in this form, and when they were seen.
func (a *account) fresh(items []*messages.Item, now time.Time) map[string]sighting {
	seen := map[string]sighting{}
	for _, item := range items {
		key, ok := item.KnownKey()
		if !ok {
			continue
		}
		if s := (sighting{item.Hash(), now.UnixMilli() / dayMillis}); a.known[key] != s {
			seen[key] = s
		}
	}
	return seen
}

// whole are the collections that a sync shows whole. What is in them the first time is stored and not announced. Of what a worker
// announces alone, the first is that as well: it tells of everything it finds.
func (w *worker) whole(a *account, m dataSync, now time.Time) []string {
	if !m.partial && a.firstAt.IsZero() {
		a.firstAt = now
	}
	var names []string
	for _, name := range messages.Collections {
		if m.data.counts[name] > 0 && (!m.partial || name != messages.Contents) || !m.partial && now.Sub(a.firstAt) >= wholeAfter {
			names = append(names, name)
		}
	}
	if slices.Contains(names, messages.Comments) && !slices.Contains(names, messages.Discussions) {
		names = append(names, messages.Discussions) // they come in one list
	}
	return names
}

// onAcked answers the worker whose observation is on disk.
func (w *worker) onAcked(c actor.Context, m *messages.Acked) {
	s := w.syncs[m.GetN()]
	if s == nil {
		return
	}
	delete(w.syncs, m.GetN())
	w.synced(s.heard, s.answer, s.partial)
	w.count(s.account, len(s.seen))
	a := w.accounts[s.account]
	if a == nil || a.epoch != s.epoch {
		return
	}
	for key, seen := range s.seen {
		a.known[key] = seen
	}
	w.followSync(c, a, s)
}

// followSync says that the account is being watched: its worker just read its page.
func (w *worker) followSync(c actor.Context, a *account, s *syncing) {
	before := messages.AccountState(a.status.GetState())
	a.syncedAt = s.at
	next := proto.CloneOf(a.status)
	next.Rounds, next.LastRound, next.Items = next.Rounds+1, s.at.UnixMilli(), next.Items+int64(len(s.seen))
	a.status = next
	if before == messages.Starting && len(s.answer.Stats.any()) > 0 {
		w.enter(c, a, messages.Watching, "")
		return
	}
	w.say(c, a)
}

// any are the counts of a sync that are not zero.
func (s stats) any() []int {
	return slices.DeleteFunc([]int{s.Contents, s.Comments, s.Discussions, s.Conversations, s.Messages, s.Notifications}, func(n int) bool { return n == 0 })
}

// synced answers a sync; what a worker announces alone has no answer but its acknowledgement.
func (w *worker) synced(h heard, answered synced, partial bool) {
	if partial {
		h.ack(answered)
		return
	}
	answer(w.peer, h, syncAck, answered, w.Now())
}

// syncAck is the type of the envelope that answers a data sync.
const syncAck = "worker:data:sync:ack"

func (w *worker) unsynced(h heard, m dataSync, why string) {
	answered := refused{AccountID: m.account, Error: why}
	if m.partial {
		w.refuse(h, m.account, why)
		return
	}
	answer(w.peer, h, syncAck, answered, w.Now())
}

// dropOldSyncs forgets observations that the store did not take: it was too busy, and what they said comes again.
func (w *worker) dropOldSyncs() {
	for n, s := range w.syncs {
		if w.Now().Sub(s.at) > syncLimit {
			delete(w.syncs, n)
		}
	}
}

// onPushed stores a notice.
func (w *worker) onPushed(c actor.Context, h heard, m pushed) {
	id := m.record.text("account_id", "accountId")
	a := w.find(id)
	if a == nil {
		w.refuse(h, id, notPinned)
		return
	}
	item := notification(m.record)
	item.Source = messages.Source_SOURCE_DETAIL
	data := &snapshot{items: []*messages.Item{item}, counts: map[string]int{}} // no collection is whole by one notice
	if _, _, ok := item.Key(); !ok {
		w.refuse(h, id, "a notification needs a title or a content")
		return
	}
	w.onSync(c, h, dataSync{account: id, data: data, partial: true})
}
