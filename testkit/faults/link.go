package faults

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// Link is a TCP forwarder that a test cuts and slows by direction, where it may make no network of its own (Net, which only
// root can). In a cut nobody is told: connections hang, new ones too, and what was sent meanwhile arrives when it is healed.
type Link struct {
	t      testing.TB
	l      net.Listener
	target string
	wg     sync.WaitGroup
	closed chan struct{}

	mu    sync.RWMutex
	paths [2]path
	conns map[net.Conn]bool
}

// Direction is one of the two of a Link.
type Direction int

// The directions of a Link.
const (
	ToTarget Direction = iota
	FromTarget
)

// writeAtMost is how long a reader that takes nothing may hold up a change of the link.
const writeAtMost = 20 * time.Millisecond

// path is one direction of a link.
type path struct {
	healed chan struct{} // closed while bytes may pass
	delay  time.Duration
}

// NewLink forwards a free loopback port to a target. It ends with the test.
func NewLink(t testing.TB, target string) *Link {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &Link{t: t, l: l, target: target, closed: make(chan struct{}), conns: map[net.Conn]bool{}}
	k.Heal()
	k.wg.Go(k.accept)
	t.Cleanup(k.close)
	return k
}

// Addr is where the link begins: its listener's host:port.
func (k *Link) Addr() string { return k.l.Addr().String() }

// Cut lets no byte pass in these directions until Heal; without any, in both. When it has returned, none does.
func (k *Link) Cut(directions ...Direction) {
	if len(directions) == 0 {
		directions = []Direction{ToTarget, FromTarget}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range directions {
		select {
		case <-k.paths[d].healed:
			k.paths[d].healed = make(chan struct{})
		default: // cut already
		}
	}
}

// Slow delays what passes in either direction, until Heal.
func (k *Link) Slow(delay time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for d := range k.paths {
		k.paths[d].delay = delay
	}
}

// Heal ends Cut and Slow.
func (k *Link) Heal() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for d := range k.paths {
		p := &k.paths[d]
		p.delay = 0
		select {
		case <-p.healed:
			continue
		default:
		}
		if p.healed == nil {
			p.healed = make(chan struct{})
		}
		close(p.healed)
	}
}

func (k *Link) close() {
	close(k.closed)
	k.l.Close()
	k.mu.Lock()
	for c := range k.conns {
		c.Close()
	}
	k.mu.Unlock()
	k.wg.Wait()
}

func (k *Link) accept() {
	for {
		near, err := k.l.Accept()
		if err != nil {
			return
		}
		k.wg.Go(func() { k.connect(near) })
	}
}

// connect carries one connection to its end, once it may reach the target at all.
func (k *Link) connect(near net.Conn) {
	defer k.drop(near)
	if !k.keep(near) || !k.passable(ToTarget) {
		return
	}
	far, err := net.Dial("tcp", k.target)
	if err != nil {
		return
	}
	defer k.drop(far)
	if !k.keep(far) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { k.copy(far, near, ToTarget) })
	both.Go(func() { k.copy(near, far, FromTarget) })
	both.Wait()
}

// keep remembers a connection, so that the test's end closes it.
func (k *Link) keep(c net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.closed:
		return false
	default:
	}
	k.conns[c] = true
	return true
}

func (k *Link) drop(c net.Conn) {
	c.Close()
	k.mu.Lock()
	delete(k.conns, c)
	k.mu.Unlock()
}

// passable waits until bytes may pass in a direction; false when the link has ended.
func (k *Link) passable(d Direction) bool {
	k.mu.RLock()
	p := k.paths[d]
	k.mu.RUnlock()
	if p.delay > 0 {
		select {
		case <-k.closed:
			return false
		case <-time.After(p.delay):
		}
	}
	select {
	case <-k.closed:
		return false
	case <-p.healed:
		return true
	}
}

// copy carries one direction of a connection to its end.
func (k *Link) copy(dst, src net.Conn, d Direction) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			if !k.passable(d) {
				return
			}
			if rest = k.write(dst, rest, d); rest == nil {
				src.Close()
				return
			}
		}
		if err != nil {
			if tcp, ok := dst.(*net.TCPConn); ok && err == io.EOF && k.passable(d) {
				_ = tcp.CloseWrite() // the other direction may go on
			} else {
				dst.Close()
			}
			return
		}
	}
}

// write passes bytes on if the path is open now; what is left comes back, nil when the connection is gone.
func (k *Link) write(dst net.Conn, b []byte, d Direction) []byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	select {
	case <-k.paths[d].healed:
	default:
		return b
	}
	n := 0
	err := dst.SetWriteDeadline(time.Now().Add(writeAtMost))
	if err == nil {
		n, err = dst.Write(b)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return b[n:]
}
