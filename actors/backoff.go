package actors

import (
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Backoff counts failures and says how long to wait before the next try: at once the first time, then 1, 2, 4 ...
// seconds up to Max, with 20 percent jitter. A run that lasted Forget resets it.
type Backoff struct {
	Max    time.Duration // zero means 300 s
	Forget time.Duration // zero means 60 s

	failures int
	started  time.Time
}

// Started notes that a run began.
func (b *Backoff) Started(now time.Time) { b.started = now }

// Failed notes that the run ended and returns the delay before the next one.
func (b *Backoff) Failed(now time.Time) time.Duration {
	limit, forget := b.Max, b.Forget
	if limit == 0 {
		limit = 300 * time.Second
	}
	if forget == 0 {
		forget = 60 * time.Second
	}
	if !b.started.IsZero() && now.Sub(b.started) >= forget {
		b.failures = 0
	}
	b.failures++
	if b.failures == 1 {
		return 0
	}
	d := limit
	if n := b.failures - 2; n < 16 {
		d = min(limit, time.Second<<n)
	}
	return d + time.Duration((rand.Float64()*0.4-0.2)*float64(d))
}

// Failures is how many runs failed since the last long one.
func (b *Backoff) Failures() int { return b.failures }

// StopChild is the strategy of parents that decide themselves what a child's death means: the child is
// stopped, and its parent sees Terminated.
func StopChild() actor.SupervisorStrategy {
	return actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.StopDirective })
}

// ResumeChild is the strategy for children whose state is worth more than the message that made them panic.
func ResumeChild() actor.SupervisorStrategy {
	return actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.ResumeDirective })
}
