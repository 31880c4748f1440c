package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// What may be repeated is tried three times, after a second and then two, give or take a fifth.
const (
	tries      = 3
	retryDelay = time.Second
)

var (
	// repeatable are the verbs that change nothing on the platform, however often they are made.
	repeatable = []string{"open", "refresh", "frame", "await", "read", "locate", "hover", "scroll", "pause", "screenshot"}
	// untouched are those that changed nothing if they did not find what they act on.
	untouched = append([]string{"click", "clear", "expand"}, repeatable...)
)

// passes says whether a failure may pass by itself: the network, time, a missing element and faults of our own do.
func passes(err error) bool {
	switch platforms.KindOf(err) {
	case platforms.Network, platforms.Timeout:
		return !errors.Is(err, errFar)
	case platforms.Internal:
		return !errors.Is(err, errTyped) && !errors.Is(err, errTicket)
	case platforms.PageChanged:
		return absent(err) || errors.Is(err, context.DeadlineExceeded) // nothing came, and nothing could be read instead
	}
	return false
}

// absent says whether an element was not there, or went away.
func absent(err error) bool { return errors.Is(err, errMissing) || errors.Is(err, page.ErrMoved) }

// again says from which step to go on after step i failed: from the page load or refresh before it, when all that came
// since may be repeated, or the step itself. ok is false when the failure is to stand.
func (f *flow) again(steps definition.Flow, i int, err error) (from int, ok bool) {
	if f.committed || !passes(err) {
		return 0, false
	}
	for from = i; from >= 0 && slices.Contains(repeatable, steps[from].Verb()); from-- {
		if steps[from].Open != nil || steps[from].Refresh != nil {
			return from, true
		}
	}
	verb := steps[i].Verb()
	return i, slices.Contains(repeatable, verb) || absent(err) && slices.Contains(untouched, verb)
}

// delay waits before the n-th repetition.
func (f *flow) delay(ctx context.Context, n int) error {
	d := retryDelay << (n - 1)
	return wait(ctx, d*4/5+rand.N(d*2/5))
}
