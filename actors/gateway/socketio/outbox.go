package socketio

import (
	"sync"
	"time"
)

// outbox is what waits to be written to one client: bounded, filled from any goroutine, emptied by whichever transport is
// the present one. Frames may be shared with other outboxes and are never changed.
type outbox struct {
	maxFrames, maxBytes int

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	since  time.Time     // of the oldest frame
	wake   chan struct{} // holds a token whenever frames were put
}

func newOutbox(maxFrames, maxBytes int) *outbox {
	return &outbox{maxFrames: maxFrames, maxBytes: maxBytes, wake: make(chan struct{}, 1)}
}

// put appends a frame; false means that there is no room. One frame always fits into an empty outbox.
func (o *outbox) put(frame []byte) bool {
	o.mu.Lock()
	full := len(o.frames) > 0 && (len(o.frames) >= o.maxFrames || o.bytes+len(frame) > o.maxBytes)
	if len(o.frames) == 0 {
		o.since = time.Now()
	}
	if !full {
		o.frames = append(o.frames, frame)
		o.bytes += len(frame)
	}
	o.mu.Unlock()
	if !full {
		o.nudge()
	}
	return !full
}

// take empties the outbox.
func (o *outbox) take() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	frames := o.frames
	o.frames, o.bytes = nil, 0
	return frames
}

// waits is how long the oldest frame has been waiting; 0 when there is none.
func (o *outbox) waits() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) == 0 {
		return 0
	}
	return time.Since(o.since)
}

// nudge wakes whoever waits for frames.
func (o *outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
