package socketio

import (
	"slices"
	"sync"
	"time"
)

// outbox is what waits to be written to one client: bounded, filled from any goroutine, emptied by whichever transport is
// the present one. Frames may be shared with other outboxes and are never changed.
type outbox struct {
	maxFrames, maxBytes int

	mu    sync.Mutex
	queue []waiting
	first int            // how many have left the queue before its first
	keyed map[string]int // where the newest frame of a key stands, counted from the first ever
	held  int            // frames in the queue that were not replaced
	bytes int            // of them
	wake  chan struct{}  // holds a token whenever frames were put
	taken chan struct{}  // holds a token whenever frames were taken
}

// waiting is one frame in the queue; a replaced one has no bytes any more.
type waiting struct {
	frame []byte
	key   string
	since time.Time // of the frame, or of the oldest that it replaced
}

// replaceTime is how long a frame that waits may be put off by newer ones of its key, so that what changes all the time is seen all the same.
const replaceTime = 500 * time.Millisecond

func newOutbox(maxFrames, maxBytes int) *outbox {
	return &outbox{
		maxFrames: maxFrames, maxBytes: maxBytes, keyed: map[string]int{},
		wake: make(chan struct{}, 1), taken: make(chan struct{}, 1),
	}
}

// put appends a frame; false means that there is no room. One frame always fits into an empty outbox. A frame with a key
// takes the place at the end from an older one of the same key that still waits.
func (o *outbox) put(frame []byte, key string) bool {
	o.mu.Lock()
	next := waiting{frame, key, time.Now()}
	if key != "" {
		next.since = o.replace(key, next.since)
	}
	full := o.held > 0 && (o.held >= o.maxFrames || o.bytes+len(frame) > o.maxBytes)
	if !full {
		if key != "" {
			o.keyed[key] = o.first + len(o.queue)
		}
		o.queue = append(o.queue, next)
		o.held++
		o.bytes += len(frame)
	}
	o.mu.Unlock()
	if !full {
		nudge(o.wake)
	}
	return !full
}

// replace takes the waiting frame of a key out, and says since when the one that replaces it counts as waiting.
func (o *outbox) replace(key string, now time.Time) time.Time {
	n, found := o.keyed[key]
	if !found {
		return now
	}
	old := &o.queue[n-o.first]
	if now.Sub(old.since) > replaceTime {
		return now // it is written first
	}
	delete(o.keyed, key)
	o.held--
	o.bytes -= len(old.frame)
	old.frame = nil
	return old.since
}

// take removes the oldest frames: as many as fit into so many bytes, but at least one.
func (o *outbox) take(atMost int) [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	var frames [][]byte
	bytes, n := 0, 0
	for ; n < len(o.queue); n++ {
		w := &o.queue[n]
		if w.frame == nil {
			continue
		}
		if len(frames) > 0 && bytes+len(w.frame) > atMost {
			break
		}
		frames = append(frames, w.frame)
		bytes += len(w.frame)
		if w.key != "" && o.keyed[w.key] == o.first+n {
			delete(o.keyed, w.key)
		}
	}
	o.queue = slices.Delete(o.queue, 0, n)
	o.first += n
	o.held -= len(frames)
	o.bytes -= bytes
	if n > 0 {
		nudge(o.taken)
	}
	return frames
}

// crowded says whether so much waits that its client should take it before it may ask for more.
func (o *outbox) crowded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	const share = 4 // of the bounds; the rest is for what is sent unasked
	return o.held > o.maxFrames/share || o.bytes > min(o.maxBytes/share, crowd)
}

// crowd is the most that a client's own requests may heap up, in bytes: what is sent unasked stands in line behind it.
const crowd = 1 << 20

// waits is how long the oldest frame has been waiting; 0 when there is none.
func (o *outbox) waits() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.queue {
		if o.queue[i].frame != nil {
			return time.Since(o.queue[i].since)
		}
	}
	return 0
}

// nudge leaves a token for whoever waits, unless there is one already.
func nudge(token chan struct{}) {
	select {
	case token <- struct{}{}:
	default:
	}
}
