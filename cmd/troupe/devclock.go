package main

import (
	"os"
	"strings"
	"sync"
	"time"
)

// wallClock is the node's time of day. Under --dev-clock it is off the machine's by what a file says, such as -24h, so that a test steps
// the clock of one node and of nothing else. Its times carry no monotonic reading: a span between two of them has the step in it, which
// is harder on the node than a real step is.
type wallClock struct {
	file string // "" = the machine's own clock

	mu     sync.Mutex
	looked time.Time
	off    time.Duration
}

// lookEvery is how soon a step is noticed.
const lookEvery = 50 * time.Millisecond

func (w *wallClock) now() time.Time {
	now := time.Now()
	if w.file == "" {
		return now
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.looked) > lookEvery {
		w.looked = now
		w.read()
	}
	return now.Add(w.off).Round(0)
}

// read takes the file's word; without one the clock stays as it is.
func (w *wallClock) read() {
	b, err := os.ReadFile(w.file)
	if err != nil {
		return
	}
	if off, err := time.ParseDuration(strings.TrimSpace(string(b))); err == nil {
		w.off = off
	}
}
