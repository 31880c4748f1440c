package people

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Five attempts to sign in at once, then one each 12 seconds: per user and per address. An address may stand for a whole
// office, so it gets more.
const (
	triesPerUser    = 5
	triesPerAddress = 20
	tryPause        = 12 * time.Second
	maxTracked      = 10_000 // users and addresses that are remembered; then all are forgotten but the general bound
	triesAtAll      = 50     // in any minute, from everywhere
	refusalsAtOnce  = 100    // entries of the audit log about what was not let in
	refusalPause    = time.Second
)

// limits bounds what strangers can make the node do. It is used by many goroutines.
type limits struct {
	now      func() time.Time
	refusals *rate.Limiter
	all      *rate.Limiter

	mu    sync.Mutex
	tries map[string]*rate.Limiter
}

func newLimits(now func() time.Time) *limits {
	return &limits{
		now: now, refusals: rate.NewLimiter(rate.Every(refusalPause), refusalsAtOnce),
		all: rate.NewLimiter(rate.Every(time.Minute/triesAtAll), triesAtAll), tries: map[string]*rate.Limiter{},
	}
}

func (l *limits) refusal() bool { return l.refusals.AllowN(l.now(), 1) }

// try spends one attempt of the user, of the address and of all.
func (l *limits) try(user, address string) bool {
	now := l.now()
	return l.of("user "+user, triesPerUser).AllowN(now, 1) && l.of("address "+address, triesPerAddress).AllowN(now, 1) && l.all.AllowN(now, 1)
}

func (l *limits) of(key string, burst int) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.tries[key]
	if limit == nil {
		if len(l.tries) >= maxTracked {
			clear(l.tries)
		}
		limit = rate.NewLimiter(rate.Every(tryPause), burst)
		l.tries[key] = limit
	}
	return limit
}
