// Package lease decides which worker may act for an account, by leases that end by themselves.
//
// A worker's Keeper beats; the master's Table answers each beat with a grant: every (account, epoch) of that beat which the table has
// promised to that worker, for a time counted from the moment the beat was sent. A fence (the account's
// gate) is open only under such a grant. Whatever is lost, late, stopped or suspended, a fence shuts before the table
// gives the account to another worker:
//
//	beat sent                 6 s            11 s                      17 s after the grant was given
//	    ├───── acts begin ─────┤── no new acts ──┤ fence shut              ├ promise over: may be reassigned
//	    └ Keeper counts from here                     Table counts from here, which is later ┘
//
// No clocks are compared between nodes; only their rates must agree within a third. Instants are time since boot, suspend included.
//
// Beats stand alone: no actor, no mailbox, no disk, no lock shared with actors. What is promised lives in memory; the master persists
// epochs and the Horizon itself.
package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"troupe/messages"
)

// Granter answers beats: the Table in the same process, or a call to the master's.
type Granter interface {
	// Beat may block until ctx ends. An error means that nothing was granted.
	Beat(ctx context.Context, beat *messages.Beat) (*messages.Grant, error)
}

// Returner is a Granter that may be out of reach. The first beat after that is due at once: what is left of a lease may be little.
type Returner interface {
	Granter
	// Returned holds a token when it can be reached again.
	Returned() <-chan struct{}
}

// Fence is what a lease opens and shuts. Its methods return at once and call neither Keeper nor Table.
type Fence interface {
	// Extend opens the fence until that instant since boot, or prolongs it. The fence shuts by itself.
	Extend(until time.Duration)
	// Shut returns when nothing passes any more.
	Shut(reason string)
}

// Pair is one assignment of an account.
type Pair struct {
	Account messages.AccountID
	Epoch   messages.Epoch
}

// Promise is a pair and the worker it was assigned to.
type Promise struct {
	Worker messages.NodeID
	Pair
}

// BootTime is the time since boot, suspend included: it never jumps.
func BootTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(fmt.Errorf("read boot clock: %w", err)) // no lease can be judged without it
	}
	return time.Duration(ts.Nano())
}

// Figures are the lease's times. They are the same on every node of a cluster.
type Figures struct {
	Beat    time.Duration // between two beats
	TTL     time.Duration // of a grant, from the sending of its beat
	Drain   time.Duration // before the grant's end at which a fence is shut: what was sent may still be under way
	Margin  time.Duration // after the promise's end before which nothing is reassigned: clocks' rates differ
	Risk    time.Duration // without a grant, after which nothing irreversible is begun
	Parting time.Duration // TTL of the last grants of a master that is about to restart
}

// DefaultFigures are those of a cluster.
func DefaultFigures() Figures {
	return Figures{
		Beat: 2 * time.Second, TTL: 15 * time.Second, Drain: 4 * time.Second, Margin: 2 * time.Second,
		Risk: 6 * time.Second, Parting: 120 * time.Second,
	}
}

// Validate reports everything that makes the figures unsafe.
func (f Figures) Validate() error {
	var problems []error
	demand := func(ok bool, what string) {
		if !ok {
			problems = append(problems, errors.New("lease: "+what))
		}
	}
	demand(f.Beat > 0, "beat must be positive")
	demand(f.Drain >= 0 && f.Margin > 0, "drain must not be negative, margin must be positive")
	demand(f.Risk >= 2*f.Beat, "risk must leave room for two beats")
	demand(f.TTL-f.Drain > f.Risk, "ttl without drain must be longer than risk")
	demand(f.Parting >= f.TTL, "parting must not be shorter than ttl")
	return errors.Join(problems...)
}
