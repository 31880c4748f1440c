package cluster

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// wire leads connections to a node, and can be cut.
type wire struct {
	t      *testing.T
	listen net.Listener
	tasks  sync.WaitGroup

	mu     sync.Mutex
	change *sync.Cond
	target string
	open   map[net.Conn]bool
	state  wireState
	dialed int
}

type wireState int

const (
	whole   wireState = iota
	severed           // connections are reset and refused
	stalled           // connections stand, and nothing moves
	closed
)

func newWire(t *testing.T) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, listen: l, open: map[net.Conn]bool{}}
	w.change = sync.NewCond(&w.mu)
	w.tasks.Go(w.accept)
	t.Cleanup(func() {
		l.Close()
		w.set(closed)
		w.tasks.Wait()
	})
	return w
}

func (w *wire) address() string { return w.listen.Addr().String() }

func (w *wire) lead(target string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.target != target {
		w.target = target
		w.reset()
	}
}

func (w *wire) sever() { w.set(severed) }
func (w *wire) stall() { w.set(stalled) }
func (w *wire) heal()  { w.set(whole) }

func (w *wire) set(s wireState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
	if s == severed || s == closed {
		w.reset()
	}
	w.change.Broadcast()
}

// reset ends all connections. Needs mu.
func (w *wire) reset() {
	for c := range w.open {
		c.Close()
	}
	clear(w.open)
}

func (w *wire) accept() {
	for {
		c, err := w.listen.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		target, ok := w.target, w.state != severed && w.state != closed
		w.dialed++
		w.change.Broadcast()
		w.mu.Unlock()
		if !ok {
			c.Close()
			continue
		}
		d, err := net.DialTimeout("tcp", target, 5*time.Second)
		if err != nil {
			c.Close()
			continue
		}
		w.mu.Lock()
		w.open[c], w.open[d] = true, true
		w.mu.Unlock()
		w.tasks.Go(func() { w.copy(c, d) })
		w.tasks.Go(func() { w.copy(d, c) })
	}
}

func (w *wire) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if !w.passes() {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}

// passes waits until the wire is whole; false when it will never be.
func (w *wire) passes() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.state == stalled {
		w.change.Wait()
	}
	return w.state == whole
}

// awaitConnection returns when somebody connected at all.
func (w *wire) awaitConnection() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.dialed == 0 {
		w.change.Wait()
	}
}
