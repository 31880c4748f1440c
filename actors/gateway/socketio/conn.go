package socketio

import (
	"context"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/coder/websocket"
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

// conn is one client. Its run goroutine decodes, calls handlers, keeps the ping and writes to the WebSocket; HTTP
// goroutines hand in what arrives and, while polling, carry out what waits.
type conn struct {
	srv  *Server
	sid  string
	from Handshake
	in   chan []byte   // checked Engine.IO packets
	out  *outbox       // whole packets, in order
	done chan struct{} // closed when the connection ends

	mu        sync.Mutex
	ws        *websocket.Conn // nil while polling
	upgrading bool            // polls are answered with noop
	polling   bool            // a poll waits
	posting   bool            // a post is being read
	reason    string          // why it ended; empty while open
	byClient  bool            // it ended by the client's own close packet

	// Of the run goroutine alone.
	sockets   map[string]*Socket
	awaitPong bool
}

func newConn(s *Server, r *http.Request) *conn {
	c := &conn{
		srv:     s,
		sid:     newID(),
		from:    Handshake{RemoteAddr: r.RemoteAddr, Header: r.Header.Clone(), Query: r.URL.Query()},
		in:      make(chan []byte),
		out:     newOutbox(s.cfg.MaxQueue, s.cfg.MaxQueueBytes),
		done:    make(chan struct{}),
		sockets: map[string]*Socket{},
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
func (c *conn) send(frame []byte) {
	if !c.out.put(frame) {
		c.close(ReasonQueue)
	}
}

// close ends the connection for that reason; the first one counts. It does not wait.
func (c *conn) close(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		c.reason = reason
		close(c.done)
	}
}

func (c *conn) onPolling() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ws == nil
}

// receive hands a packet to the run goroutine; false means that the connection ended.
func (c *conn) receive(p []byte) bool {
	select {
	case c.in <- p:
		return true
	case <-c.done:
		return false
	}
}

// slowLooks is how often within WriteTimeout it is looked whether a client keeps up.
const slowLooks = 4

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
	for {
		// Only a WebSocket is written from here: while polling, the waiting poll takes the token.
		var wake chan struct{}
		if !c.onPolling() {
			wake = c.out.wake
			c.flush()
		}
		select {
		case <-c.done:
			return
		case p := <-c.in:
			c.guarded(p, ping)
		case <-wake:
		case <-ping.C:
			c.ping(ping)
		case <-slow.C:
			if c.out.waits() > cfg.WriteTimeout {
				c.close(ReasonSlow) // it does not poll any more
			}
		case <-join.C:
			if len(c.sockets) == 0 {
				c.close(ReasonConnect)
			}
		}
	}
}

func (c *conn) ping(timer *time.Timer) {
	if c.awaitPong {
		c.close(ReasonPing)
		return
	}
	c.awaitPong = true
	c.send([]byte{enginePing})
	timer.Reset(c.srv.cfg.PingTimeout)
}

// guarded handles one packet; a handler that panics costs its own connection, not the process.
func (c *conn) guarded(p []byte, ping *time.Timer) {
	defer func() {
		if v := recover(); v != nil {
			c.srv.cfg.Log.Error("socket handler panicked", "err", v, "stack", string(debug.Stack()))
			c.close(ReasonPanic)
		}
	}()
	switch p[0] {
	case enginePong:
		c.awaitPong = false
		ping.Reset(c.srv.cfg.PingInterval)
	case engineClose:
		c.mu.Lock()
		c.byClient = true
		c.mu.Unlock()
		c.close(ReasonTransport)
	case engineMessage:
		if err := c.message(p[1:]); err != nil {
			c.srv.cfg.Log.Debug("client broke the protocol", "err", err)
			c.close(ReasonProtocol)
		}
	case engineUpgrade, engineNoop: // the transport has changed; the next turn of run sees it
	}
}

// flush writes everything that waits to the WebSocket.
func (c *conn) flush() {
	frames := c.out.take()
	if len(frames) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.srv.cfg.WriteTimeout)
	defer cancel()
	for _, frame := range frames {
		if err := c.ws.Write(ctx, websocket.MessageText, frame); err != nil {
			if ctx.Err() != nil {
				c.close(ReasonSlow)
			}
			c.close(ReasonTransport)
			return
		}
	}
}

// finish runs last on the run goroutine.
func (c *conn) finish() {
	for _, s := range c.sockets {
		s.leave(c.reason)
	}
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
