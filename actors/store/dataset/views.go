package dataset

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/RaduBerinde/btreemap"

	"troupe/messages"
)

// logLength is how many changes the log holds at least: at 50 items a second, ten minutes. It is cut in pieces.
const (
	logLength = 32768
	logPiece  = 1024
)

// Views is where the newest published views stand. Anyone may read, from any goroutine, without waiting; the
// store alone publishes. The zero Views is empty and ready.
type Views struct{ p atomic.Pointer[picture] }

// picture is all accounts at one moment.
type picture struct {
	views *table[View]
	log   *btreemap.BTreeMap[messages.Rev, Change] // the newest changes
	from  messages.Rev                             // the log holds every change after it
	rev   messages.Rev
}

func (v *Views) load() *picture {
	if p := v.p.Load(); p != nil {
		return p
	}
	return &picture{
		views: newTable[View](),
		log:   btreemap.NewWithFreeList(degree, cmp.Compare[messages.Rev], btreemap.NewFreeList[messages.Rev, Change](0)),
	}
}

// Get returns an account's newest view; nil when the account holds nothing at all.
func (v *Views) Get(id messages.AccountID) *View { return find(v.load().views, string(id)) }

// All returns every account's view, by id. The caller owns the slice.
func (v *Views) All() []*View {
	p := v.load()
	out := make([]*View, 0, p.views.Len())
	for _, view := range p.views.Ascend(first, end) {
		out = append(out, view)
	}
	return out
}

// Rev is the rev of the newest published change.
func (v *Views) Rev() messages.Rev { return v.load().rev }

// Version names one published picture of all accounts: equal ones mean that nothing was published between.
type Version struct{ p *picture }

// Version names the newest picture.
func (v *Views) Version() Version { return Version{v.p.Load()} }

// From says how far back the log of changes reaches: it holds every change after it, deletions too. The log holds at least the
// newest logLength changes that came since the data folder was made.
func (v *Views) From() messages.Rev { return v.load().from }

// Loaded says whether the items of every account are there.
func (v *Views) Loaded() bool {
	for _, view := range v.load().views.Ascend(first, end) {
		if !view.Loaded {
			return false
		}
	}
	return true
}

// Since returns at most limit changes after rev (0 = no limit), in the order of Rev, over all accounts. truncated
// says that there are more: ask again from the last one's Rev.
//
// Further back than the log reaches, each item still held stands once, at its latest change, and deletions are
// missing; while accounts are still being loaded, such a question is answered with nothing and truncated:
// ask again when Loaded.
func (v *Views) Since(rev messages.Rev, limit int) (changes []Change, truncated bool) {
	p := v.load()
	if rev < p.from {
		return p.scan(rev, limit)
	}
	for _, c := range p.log.Ascend(btreemap.GT(rev), btreemap.Max[messages.Rev]()) {
		if limit > 0 && len(changes) == limit {
			return changes, true
		}
		changes = append(changes, c)
	}
	return changes, false
}

// scan finds changes by looking at every item.
func (p *picture) scan(rev messages.Rev, limit int) (changes []Change, truncated bool) {
	add := func(c Change) {
		changes = append(changes, c)
		if limit > 0 && len(changes) >= 4*(limit+1) {
			changes = earliest(changes, limit+1)
		}
	}
	for _, view := range p.views.Ascend(first, end) {
		if view.Rev <= rev {
			continue
		}
		if !view.Loaded {
			return nil, true
		}
		for e := range view.data.all("") {
			if h := e.head(); h.Rev > rev {
				add(Change{Rev: h.Rev, Account: view.Account, Collection: e.collection(), ID: h.ID})
			}
		}
	}
	for _, c := range p.log.Ascend(btreemap.GT(rev), btreemap.Max[messages.Rev]()) {
		if c.Deleted {
			add(c)
		}
	}
	if limit <= 0 {
		return earliest(changes, len(changes)), false
	}
	changes = earliest(changes, limit+1)
	return changes[:min(limit, len(changes))], len(changes) > limit
}

// earliest sorts changes by Rev and returns the first n.
func earliest(changes []Change, n int) []Change {
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Rev, b.Rev) })
	return changes[:min(n, len(changes))]
}

// Totals are the figures over all accounts.
type Totals struct {
	Accounts   int
	Counts     messages.Counts
	Unread     Unread
	LastUpdate int64 // ms; the newest observation of any account
}

// Stats adds up all accounts.
func (v *Views) Stats() *Totals {
	t := &Totals{}
	for _, view := range v.load().views.Ascend(first, end) {
		t.add(view)
	}
	return t
}

// TotalsOf adds up some accounts.
func TotalsOf(views []*View) *Totals {
	t := &Totals{}
	for _, view := range views {
		t.add(view)
	}
	return t
}

func (t *Totals) add(view *View) {
	n := &view.Counts
	t.Accounts++
	t.Counts.Contents += n.GetContents()
	t.Counts.Comments += n.GetComments()
	t.Counts.Discussions += n.GetDiscussions()
	t.Counts.Conversations += n.GetConversations()
	t.Counts.Messages += n.GetMessages()
	t.Counts.Notifications += n.GetNotifications()
	t.Unread.Comments += view.Unread.Comments
	t.Unread.Messages += view.Unread.Messages
	t.LastUpdate = max(t.LastUpdate, view.Metadata.GetLastSyncTime())
}

// Publication is one step of Views: what changed since the one before.
type Publication struct {
	Rev     messages.Rev
	Views   []*View              // replaced or added
	Gone    []messages.AccountID // erased, before Views are added
	Changes []Change
	// From, when set, says that the log begins anew after it.
	From messages.Rev
}

// Publish makes the next picture; only the store calls it. It returns the rev up to which, and including it, the change
// log was cut; 0 when it was not.
func (v *Views) Publish(n Publication) (cut messages.Rev) {
	old := v.load()
	p := &picture{views: old.views.Clone(), log: old.log.Clone(), from: max(old.from, n.From), rev: max(old.rev, n.Rev)}
	for _, id := range n.Gone {
		p.views.Delete(string(id))
		for _, rev := range p.logged(id) {
			p.log.Delete(rev)
		}
	}
	for _, view := range n.Views {
		p.views.ReplaceOrInsert(string(view.Account), view)
	}
	for _, c := range n.Changes {
		p.log.ReplaceOrInsert(c.Rev, c)
	}
	if p.log.Len() >= logLength+logPiece {
		for p.log.Len() > logLength {
			p.from, _, _ = p.log.DeleteMin()
		}
		cut = p.from
	}
	v.p.Store(p)
	return cut
}

// Logged are the revs under which the change log holds changes of an account: they have to leave the disk with it.
func (v *Views) Logged(id messages.AccountID) []messages.Rev { return v.load().logged(id) }

func (p *picture) logged(id messages.AccountID) []messages.Rev {
	var revs []messages.Rev
	for rev, c := range p.log.Ascend(btreemap.Min[messages.Rev](), btreemap.Max[messages.Rev]()) {
		if c.Account == id {
			revs = append(revs, rev)
		}
	}
	return revs
}
