package faults

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// exchange carries packets between cards. One goroutine reads each card; a slow way has one of its own. Reading a packet, judging it
// and handing it over is one step under the lock, and a change takes what is still in the cards first: a packet that was sent
// before a change is judged as before it, one that is sent after it as after it.
type exchange struct {
	wg     sync.WaitGroup
	closed chan struct{}

	mu    sync.RWMutex
	cards map[netip.Addr]*card
	down  map[netip.Addr]bool
	ways  map[route]way
	lines map[route]chan delayed // of ways that are or were slow

	luck sync.Mutex
	dice *rand.Rand
}

// card is the other side of a host's network card.
type card struct {
	addr netip.Addr
	file *os.File
	raw  syscall.RawConn
}

// route is one direction between two hosts.
type route struct{ from, to netip.Addr }

// way is what happens to the packets of a route. The zero value lets all pass at once.
type way struct {
	cut   bool
	delay time.Duration
	loss  float64
}

// delayed is a packet that is due later.
type delayed struct {
	packet []byte
	due    time.Time
}

const (
	largestPacket = 1 << 16
	lineLength    = 4096 // packets under way on a slow route; more are lost, as a full queue loses them
	version4      = 4
	headerSize    = 20 // of an IPv4 packet without options
	targetAt      = 16 // in it
)

func newExchange() *exchange {
	return &exchange{
		closed: make(chan struct{}), cards: map[netip.Addr]*card{}, down: map[netip.Addr]bool{}, ways: map[route]way{},
		lines: map[route]chan delayed{}, dice: rand.New(rand.NewPCG(1, 1)),
	}
}

// plug takes a host's card and closes it in the end.
func (x *exchange) plug(addr netip.Addr, file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	c := &card{addr, file, raw}
	x.mu.Lock()
	x.cards[addr] = c
	x.mu.Unlock()
	x.wg.Go(func() { x.read(c) })
	return nil
}

// read carries what a card sends until the card is closed.
func (x *exchange) read(c *card) {
	buf := make([]byte, largestPacket)
	_ = c.raw.Read(func(fd uintptr) bool { // ends when the card is closed
		for {
			x.mu.RLock()
			more := x.carryNext(c.addr, int(fd), buf)
			x.mu.RUnlock()
			if !more {
				return false
			}
		}
	})
}

// carryNext carries one packet, if there is one. Needs mu.
func (x *exchange) carryNext(from netip.Addr, fd int, buf []byte) (more bool) {
	n, err := unix.Read(fd, buf)
	if err == nil {
		if to, ok := target(buf[:n]); ok {
			x.carry(route{from, to}, buf[:n])
		}
	}
	return err == nil || errors.Is(err, unix.EINTR)
}

// settle carries what the cards have sent already. Needs mu for writing.
func (x *exchange) settle() {
	buf := make([]byte, largestPacket)
	for addr, c := range x.cards {
		_ = c.raw.Control(func(fd uintptr) { // fails only when the card is closed
			for x.carryNext(addr, int(fd), buf) {
				continue
			}
		})
	}
}

// target is where an IPv4 packet goes to.
func target(packet []byte) (netip.Addr, bool) {
	if len(packet) < headerSize || packet[0]>>4 != version4 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte(packet[targetAt : targetAt+4])), true
}

// carry delivers a packet, delays it, or loses it. Needs mu.
func (x *exchange) carry(r route, packet []byte) {
	w, line := x.ways[r], x.lines[r]
	if line == nil || w.delay == 0 && len(line) == 0 {
		x.deliver(r, packet)
		return
	}
	select {
	case line <- delayed{append([]byte(nil), packet...), time.Now().Add(w.delay)}:
	default:
	}
}

// deliver hands a packet to its target's card, if it may pass now. Needs mu.
func (x *exchange) deliver(r route, packet []byte) {
	w, to := x.ways[r], x.cards[r.to]
	if to == nil || w.cut || x.down[r.from] || x.down[r.to] || w.loss > 0 && x.chance() < w.loss {
		return
	}
	_, _ = to.file.Write(packet) // a card that takes no more loses it, like any network
}

func (x *exchange) chance() float64 {
	x.luck.Lock()
	defer x.luck.Unlock()
	return x.dice.Float64()
}

// change changes one direction between two hosts.
func (x *exchange) change(r route, do func(*way)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.settle()
	w := x.ways[r]
	do(&w)
	x.ways[r] = w
	if w.delay > 0 && x.lines[r] == nil {
		line := make(chan delayed, lineLength)
		x.lines[r] = line
		x.wg.Go(func() { x.slowly(r, line) })
	}
}

// slowly delivers the packets of a slow route, each when it is due.
func (x *exchange) slowly(r route, line <-chan delayed) {
	for {
		select {
		case <-x.closed:
			return
		case d := <-line:
			select {
			case <-x.closed:
				return
			case <-time.After(time.Until(d.due)):
			}
			x.mu.RLock()
			x.deliver(r, d.packet)
			x.mu.RUnlock()
		}
	}
}

func (x *exchange) setDown(host netip.Addr, down bool) {
	x.mu.Lock()
	x.settle()
	x.down[host] = down
	x.mu.Unlock()
}

// close takes the cards out and waits until nothing moves.
func (x *exchange) close() {
	close(x.closed)
	x.mu.Lock()
	cards := x.cards
	x.cards = nil
	x.mu.Unlock()
	for _, c := range cards {
		c.file.Close() // waits for its reader
	}
	x.wg.Wait()
}
