package dataset

import (
	"time"

	"troupe/messages"
)

// DefaultRetention is how long an item is kept after it was last seen or changed.
const DefaultRetention = 7 * 24 * time.Hour

// Dataset is the writer's side: all loaded accounts. It belongs to one goroutine.
type Dataset struct {
	retention int64 // ms
	rev       messages.Rev
	accounts  map[messages.AccountID]*writer
}

// New returns an empty dataset whose next change comes after rev. A retention of 0 means DefaultRetention.
func New(rev messages.Rev, retention time.Duration) *Dataset {
	if retention <= 0 {
		retention = DefaultRetention
	}
	return &Dataset{retention: retention.Milliseconds(), rev: rev, accounts: make(map[messages.AccountID]*writer)}
}

// Rev is the rev of the newest change.
func (d *Dataset) Rev() messages.Rev { return d.rev }

// Next takes a rev for a change outside of the accounts.
func (d *Dataset) Next() messages.Rev {
	d.rev++
	return d.rev
}

// Has says whether the account is loaded.
func (d *Dataset) Has(id messages.AccountID) bool { return d.accounts[id] != nil }

// View returns the account as it is now; nil when it is not loaded. Later changes do not touch it.
func (d *Dataset) View(id messages.AccountID) *View {
	w := d.accounts[id]
	if w == nil {
		return nil
	}
	return w.freeze()
}

// writer is the writer's side of one account: its items, and what only merging needs.
type writer struct {
	id      messages.AccountID
	data    *account
	words   words
	expired map[uint64]int64 // hash of the key -> ms when it expired

	rev         messages.Rev
	stream      string // of the last observation
	n           uint64
	counts      [6]int64 // items observed, by collection
	baseline    []string // collections whose first complete pass is over
	crawl, sync int64    // ms
}

func newWriter(id messages.AccountID) *writer {
	return &writer{id: id, data: newAccount(), words: make(words), expired: make(map[uint64]int64)}
}

// writer returns the account's writer, making an empty account when it is not loaded.
func (d *Dataset) writer(id messages.AccountID) *writer {
	w := d.accounts[id]
	if w == nil {
		w = newWriter(id)
		d.accounts[id] = w
	}
	return w
}

func (w *writer) freeze() *View {
	v := &View{Loaded: true, data: w.data.freeze(), stream: w.stream, n: w.n}
	v.Account, v.Rev, v.Unread, v.Last = w.id, w.rev, w.data.unread, w.data.last
	v.Counts.Contents, v.Counts.Comments = int64(w.data.works.Len()), int64(w.data.comments.Len())
	v.Counts.Discussions, v.Counts.Conversations = int64(w.data.discussions.Len()), int64(w.data.conversations.Len())
	v.Counts.Messages, v.Counts.Notifications = int64(w.data.messages.Len()), int64(w.data.notifications.Len())
	v.Metadata = &messages.Metadata{
		LastCrawlTime: w.crawl, LastSyncTime: w.sync, Baseline: w.baseline[:len(w.baseline):len(w.baseline)],
		CrawlCounts: &messages.Counts{
			Contents: w.counts[0], Comments: w.counts[1], Discussions: w.counts[2],
			Conversations: w.counts[3], Messages: w.counts[4], Notifications: w.counts[5],
		},
	}
	return v
}

// Erase forgets everything about an account.
func (d *Dataset) Erase(id messages.AccountID) *Delta {
	delete(d.accounts, id)
	return &Delta{Account: id, Erased: true, Rev: d.Next()}
}
