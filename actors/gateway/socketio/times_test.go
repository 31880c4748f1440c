package socketio

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantilesOfTimesAreAnEighthTooHighAtMost(t *testing.T) {
	for name, draw := range map[string]func() time.Duration{
		"tiny":   func() time.Duration { return rand.N(3 * time.Microsecond) },
		"usual":  func() time.Duration { return rand.N(5 * time.Millisecond) },
		"spread": func() time.Duration { return time.Microsecond << rand.N(24) },
	} {
		t.Run(name, func(t *testing.T) {
			var times Times
			var all []time.Duration
			var sum time.Duration
			for range 1000 {
				d := draw()
				times.Observe(d)
				all, sum = append(all, d), sum+d
			}
			slices.Sort(all)
			s := times.Snapshot()
			if s.Count != 1000 || s.Sum != sum {
				t.Errorf("%d durations of %v together, want 1000 of %v", s.Count, s.Sum, sum)
			}
			for _, q := range []float64{0.01, 0.5, 0.99, 1} {
				want := all[int(q*1000)-1]
				if got := s.Quantile(q); got <= want || got > want+want/steps+1<<unitBits {
					t.Errorf("quantile %v is %v, want just above %v", q, got, want)
				}
			}
		})
	}
}

func TestTimesKeepEveryDuration(t *testing.T) {
	var times Times
	if got := times.Snapshot().Quantile(0.5); got != 0 {
		t.Errorf("nothing took %v", got)
	}
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Hour} {
		times.Observe(d)
	}
	var counted uint64
	last := time.Duration(0)
	for _, b := range times.Snapshot().Buckets {
		if b.Below <= last {
			t.Errorf("%v stands after %v", b.Below, last)
		}
		counted, last = counted+b.Count, b.Below
	}
	if counted != 4 {
		t.Errorf("%d of 4 were counted", counted)
	}
}
