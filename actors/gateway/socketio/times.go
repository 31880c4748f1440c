package socketio

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Times counts durations by their size, so that quantiles can be told at any time. The zero Times is ready; it is used from any
// goroutine, and an observation is three atomic additions.
type Times struct {
	counts [sizes]atomic.Uint64
	count  atomic.Uint64
	sum    atomic.Int64 // ns
}

// Sizes grow by an eighth of each power of two, from a quarter of a microsecond to 17 seconds.
const (
	stepBits = 3
	steps    = 1 << stepBits
	unitBits = 8 // the least size, as a power of two of nanoseconds
	maxBits  = 26
	sizes    = (maxBits - stepBits + 2) * steps
)

// Observe counts one duration.
func (t *Times) Observe(d time.Duration) {
	t.counts[sizeOf(d)].Add(1)
	t.count.Add(1)
	t.sum.Add(int64(d))
}

func sizeOf(d time.Duration) int {
	units := uint64(max(d, 0)) >> unitBits
	octave := bits.Len64(units) - stepBits - 1
	if octave < 0 {
		return int(units)
	}
	return min((octave+1)<<stepBits|int(units>>octave)&(steps-1), sizes-1)
}

// upTo is what durations of a size are below.
func upTo(size int) time.Duration {
	octave := size>>stepBits - 1
	if octave < 0 {
		return time.Duration(size+1) << unitBits
	}
	return time.Duration(size&(steps-1)|steps+1) << octave << unitBits
}

// Snapshot is what a Times had counted at a moment. While others observe, its parts may differ by what came meanwhile.
type Snapshot struct {
	Count   uint64
	Sum     time.Duration
	Buckets []Bucket // of the sizes that occurred, ascending
}

// Bucket is how many durations were of about one size.
type Bucket struct {
	Below time.Duration // and at least eight ninths of it
	Count uint64
}

// Snapshot copies the counts.
func (t *Times) Snapshot() Snapshot {
	s := Snapshot{Count: t.count.Load(), Sum: time.Duration(t.sum.Load())}
	for size := range t.counts {
		if n := t.counts[size].Load(); n > 0 {
			s.Buckets = append(s.Buckets, Bucket{upTo(size), n})
		}
	}
	return s
}

// Quantile is the size that at least the share q (0 to 1) of the durations is below; 0 when there are none.
func (s Snapshot) Quantile(q float64) time.Duration {
	var all, seen uint64
	for _, b := range s.Buckets {
		all += b.Count
	}
	rank := uint64(math.Ceil(q * float64(all)))
	for _, b := range s.Buckets {
		if seen += b.Count; seen >= rank {
			return b.Below
		}
	}
	return 0
}
