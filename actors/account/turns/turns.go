// Package turns shares the node's collecting rounds among its accounts: a few at once, and fairly.
//
// A Queue gives a free turn to the account whose last one is longest ago, however often others ask. Take is called
// from jobs, never from a mailbox: it waits. It owns no goroutine.
package turns

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"troupe/messages"
)

// Queue holds the turns of one node. It may be used from many goroutines.
type Queue struct {
	mu      sync.Mutex
	free    int
	ended   uint64                        // turns so far
	last    map[messages.AccountID]uint64 // when the account's last turn ended, counted in turns
	waiting []*waiter                     // in the order in which they came
}

type waiter struct {
	account messages.AccountID
	granted chan struct{}
}

// New makes a queue of n turns at once.
func New(n int) *Queue { return &Queue{free: n, last: map[messages.AccountID]uint64{}} }

// Take waits for a turn of the account, and returns what ends it, to be called once. It fails with ctx's cause when ctx
// ends first; then the account waits no longer.
func (q *Queue) Take(ctx context.Context, account messages.AccountID) (end func(), err error) {
	w := &waiter{account: account, granted: make(chan struct{})}
	q.mu.Lock()
	q.waiting = append(q.waiting, w)
	q.grant()
	q.mu.Unlock()
	select {
	case <-w.granted:
		return func() { q.end(account) }, nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if at := slices.Index(q.waiting, w); at >= 0 {
		q.waiting = slices.Delete(q.waiting, at, at+1)
	} else { // it was granted meanwhile
		q.free++
		q.grant()
	}
	return nil, context.Cause(ctx)
}

func (q *Queue) end(account messages.AccountID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended++
	q.last[account] = q.ended
	q.free++
	q.grant()
}

// grant gives free turns to those who had none for longest.
func (q *Queue) grant() {
	for q.free > 0 && len(q.waiting) > 0 {
		next := slices.MinFunc(q.waiting, func(a, b *waiter) int { return cmp.Compare(q.last[a.account], q.last[b.account]) })
		q.waiting = slices.DeleteFunc(q.waiting, func(w *waiter) bool { return w == next })
		q.free--
		close(next.granted)
	}
}
