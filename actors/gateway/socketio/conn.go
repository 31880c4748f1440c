package socketio

import (
	"context"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

// Why a connection ended, as OnDisconnect is told.
const (
	ReasonClient    = "client namespace disconnect"
	ReasonTransport = "transport close"
	ReasonPing      = "ping timeout"
	ReasonProtocol  = "parse error"
	ReasonConnect   = "connect timeout"
	ReasonQueue     = "send queue full"
	ReasonSlow      = "client too slow"
	ReasonServer    = "server disconnect"
	ReasonShutdown  = "server shutting down"
	ReasonPanic     = "handler panic"
)

// conn is one client. Its packets are handled, one at a time, by whoever reads them: the WebSocket's request, or while polling each
// POST. Its run goroutine keeps the ping and writes to the WebSocket; while polling, a GET carries out what waits.
type conn struct {
	srv      *Server
	sid      string
	from     Handshake
	out      *outbox       // whole packets, in order
	pace     *rate.Limiter // of its packets
	attached chan struct{} // closed when there is a WebSocket
	pong     chan struct{} // holds a token when a pong came
	done     chan struct{} // closed when the connection ends
	over     chan struct{} // closed when nothing is written to it any more
	joined   atomic.Int32  // namespaces

	mu        sync.Mutex
	ws        *websocket.Conn // nil while polling
	upgrading bool            // polls are answered with noop
	polling   bool            // a poll waits
	posting   bool            // a post is being read
	reason    string          // why it ended; empty while open
	byClient  bool            // it ended by the client's own close packet

	handling sync.Mutex // held while a packet is handled, and at the end
	sockets  map[string]*Socket
}

func newConn(s *Server, r *http.Request) *conn {
	c := &conn{
		srv:      s,
		sid:      newID(),
		from:     Handshake{RemoteAddr: r.RemoteAddr, Header: r.Header.Clone(), Query: r.URL.Query()},
		out:      newOutbox(s.cfg.MaxQueue, s.cfg.MaxQueueBytes),
		pace:     rate.NewLimiter(packetsPerSecond, packetsBurst),
		attached: make(chan struct{}),
		pong:     make(chan struct{}, 1),
		done:     make(chan struct{}),
		over:     make(chan struct{}),
		sockets:  map[string]*Socket{},
	}
	upgrades := []string{"websocket"}
	if r.URL.Query().Get("transport") == "websocket" {
		upgrades = []string{}
	}
	hello, _ := json.Marshal(map[string]any{ // strings and numbers only: cannot fail
		"sid":          c.sid,
		"upgrades":     upgrades,
		"pingInterval": s.cfg.PingInterval.Milliseconds(),
		"pingTimeout":  s.cfg.PingTimeout.Milliseconds(),
		"maxPayload":   s.cfg.MaxPayload,
	})
	c.send(append([]byte{engineOpen}, hello...))
	return c
}

// send queues a packet; at the bound the connection is dropped instead.
func (c *conn) send(packet []byte) {
	if !c.out.put(packet, "") {
		c.close(ReasonQueue)
	}
}

// push queues what the client did not ask for.
func (c *conn) push(f Frame) {
	if !c.out.put(f.wire, f.key) {
		c.close(ReasonQueue)
	}
}

// close ends the connection for that reason; the first one counts. It does not wait.
func (c *conn) close(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		return
	}
	c.reason = reason
	if reason == ReasonQueue || reason == ReasonSlow {
		c.srv.dropped.Add(1)
	}
	close(c.done)
}

// endedFor says whether it ended for that reason.
func (c *conn) endedFor(reason string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason == reason
}

func (c *conn) onPolling() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ws == nil
}

const (
	// slowLooks is how often within WriteTimeout it is looked whether a client keeps up.
	slowLooks = 8
	// batch is how many bytes are written under one WriteTimeout, so that a thin line is not taken for a dead one.
	batch = 256 << 10
	// packetsPerSecond is how fast a client is read; an unmodified one stays far below, with a thousand accounts too.
	packetsPerSecond = 4000
	packetsBurst     = 8000
)

// run is the connection's life. Once the connection ended it tells the sockets and closes the transport.
func (c *conn) run() {
	defer c.finish()
	cfg := c.srv.cfg
	ping := time.NewTimer(cfg.PingInterval)
	defer ping.Stop()
	join := time.NewTimer(cfg.ConnectTimeout)
	defer join.Stop()
	slow := time.NewTicker(cfg.WriteTimeout / slowLooks)
	defer slow.Stop()
	awaitPong := false
	// Only a WebSocket is written from here: while polling, the waiting poll takes the token.
	wake := c.attached
	for {
		select {
		case <-c.done:
			return
		case <-wake:
			wake = c.out.wake
			c.flush()
		case <-c.pong:
			awaitPong = false
			ping.Reset(cfg.PingInterval)
		case <-ping.C:
			if awaitPong {
				c.close(ReasonPing)
				continue
			}
			awaitPong = true
			c.send([]byte{enginePing})
			ping.Reset(cfg.PingTimeout)
		case <-slow.C:
			if c.out.waits() > cfg.WriteTimeout {
				c.close(ReasonSlow) // it does not poll any more
			}
		case <-join.C:
			if c.joined.Load() == 0 {
				c.close(ReasonConnect)
			}
		}
	}
}

// handle carries out one packet that was read at that moment; false means that the connection ended. A handler that panics costs its
// own connection, not the process.
func (c *conn) handle(p []byte, read time.Time) bool {
	c.handling.Lock()
	defer c.handling.Unlock()
	if c.ended() {
		return false
	}
	defer func() {
		if v := recover(); v != nil {
			c.srv.cfg.Log.Error("socket handler panicked", "err", v, "stack", string(debug.Stack()))
			c.close(ReasonPanic)
		}
	}()
	switch p[0] {
	case enginePong:
		nudge(c.pong)
	case engineClose:
		c.mu.Lock()
		c.byClient = true
		c.mu.Unlock()
		c.close(ReasonTransport)
	case engineMessage:
		if err := c.message(p[1:], read); err != nil {
			c.srv.cfg.Log.Debug("client broke the protocol", "err", err)
			c.close(ReasonProtocol)
		}
	case engineNoop:
	}
	return !c.ended()
}

func (c *conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// rest waits while the client sends faster than it is read, for about a millisecond at a time.
func (c *conn) rest() { _ = c.pace.Wait(context.Background()) } // it fails for nothing but its context

// flush writes everything that waits to the WebSocket, and what comes meanwhile.
func (c *conn) flush() {
	for !c.ended() {
		frames := c.out.take(batch)
		if len(frames) == 0 || !c.write(frames) {
			return
		}
		if c.out.waits() > c.srv.cfg.WriteTimeout {
			c.close(ReasonSlow)
		}
	}
}

func (c *conn) write(frames [][]byte) bool {
	ctx, cancel := context.WithTimeout(context.Background(), c.srv.cfg.WriteTimeout)
	defer cancel()
	for _, frame := range frames {
		if err := c.ws.Write(ctx, websocket.MessageText, frame); err != nil {
			if ctx.Err() != nil {
				c.close(ReasonSlow)
			}
			c.close(ReasonTransport)
			return false
		}
	}
	return true
}

// finish runs last on the run goroutine.
func (c *conn) finish() {
	defer close(c.over)
	c.handling.Lock() // no handler runs any more
	for _, s := range c.sockets {
		s.leave(c.reason)
	}
	c.handling.Unlock()
	c.farewell()
	c.srv.forget(c)
}

func (c *conn) farewell() {
	switch {
	case c.onPolling(): // a waiting poll saw done and answers by itself
	case c.reason == ReasonShutdown:
		_ = c.ws.Close(websocket.StatusGoingAway, c.reason) // best effort, bounded by the library
	default:
		_ = c.ws.CloseNow() // it is gone either way
	}
}
