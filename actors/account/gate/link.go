package gate

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// ErrShut is what a write or a dial gets when the gate is shut.
var ErrShut = errors.New("the gate is shut")

// link is one connection of the browser and the one to the site that belongs to it.
type link struct {
	client *net.TCPConn // nil for a check
	in     *bufio.Reader
	limit  *io.LimitedReader // below in; bounds the request's header
	ctx    context.Context   // ends with the link
	cancel context.CancelFunc
	turn   atomic.Uint64 // number of the newest commit in which bytes went up
	left   atomic.Bool   // the browser ended its side first

	upstream *net.TCPConn // nil until dialled; needs Gate.mu
	host     string       // needs Gate.mu
	dead     bool         // was reset; needs Gate.mu
}

// How long the gate waits for a peer, and how much it reads of a request before it gives up.
const (
	headerTime = 10 * time.Second
	shutTime   = 2 * time.Second // for a request while shut, and for a refused browser to hang up
	headerSize = 256 << 10
)

// admit registers a connection of the browser, or a check's (nil), so that a cut finds it.
func (g *Gate) admit(conn *net.TCPConn) *link {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{client: conn, ctx: ctx, cancel: cancel}
	if conn != nil {
		l.limit = &io.LimitedReader{R: conn, N: headerSize}
		l.in = bufio.NewReader(l.limit)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		l.reset()
	}
	g.links[l] = struct{}{}
	return l
}

// attach gives the link its connection to the site, unless the gate was shut or the link cut since the dial began.
func (g *Gate) attach(l *link, host string, conn *net.TCPConn) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.dead || !g.Open() {
		abort(conn)
		return ErrShut
	}
	l.upstream, l.host = conn, host
	return nil
}

// drop resets both sides and forgets the link. A link that ended well has nothing left for a reset to lose.
func (g *Gate) drop(l *link) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.reset()
	delete(g.links, l)
}

// reset needs Gate.mu.
func (l *link) reset() {
	if l.dead {
		return
	}
	l.dead = true
	l.cancel()
	if l.upstream != nil {
		abort(l.upstream)
	}
	if l.client != nil {
		abort(l.client)
	}
}

// abort closes with a reset: what the kernel still holds is dropped, not delivered.
func abort(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// readRequest waits for the browser's request: as long as it likes while the gate is open (it connects ahead of
// need, and a cut ends the wait), briefly while it is shut.
func (g *Gate) readRequest(l *link) (*http.Request, error) {
	if !g.Open() {
		_ = l.client.SetReadDeadline(time.Now().Add(shutTime))
	}
	if _, err := l.in.Peek(1); err != nil {
		return nil, err
	}
	_ = l.client.SetReadDeadline(time.Now().Add(headerTime))
	req, err := http.ReadRequest(l.in)
	if err != nil {
		g.refuse(Refusal{Class: BadRequest})
		return nil, err
	}
	l.limit.N = 1<<63 - 1
	return req, l.client.SetReadDeadline(time.Time{})
}

// decline answers a CONNECT with a status and lets the browser read it before the reset.
func (l *link) decline(status string) {
	_ = l.client.SetDeadline(time.Now().Add(shutTime))
	if _, err := io.WriteString(l.client, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"); err != nil {
		return
	}
	if l.client.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(l.client, headerSize))
	}
}
