package socketio

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// serveWebSocket carries a WebSocket from its first to its last frame: as a connection of its own, or, when c is given,
// as the upgrade of a polling one. The request's goroutine is its reader.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, c *conn) {
	// Allow has judged the origin already.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		s.cfg.Log.Debug("websocket refused", "err", err)
		return
	}
	defer ws.CloseNow() // nothing is left to do with it
	ws.SetReadLimit(int64(s.cfg.MaxPayload))
	if c != nil {
		if !c.upgrade(ws) {
			return
		}
	} else {
		if c = s.open(r); c == nil {
			_ = ws.Close(websocket.StatusTryAgainLater, errFull.Message) // it is gone either way
			return
		}
		c.attach(ws)
		go c.run()
	}
	c.close(c.read(ws))
	if c.endedFor(ReasonShutdown) {
		<-c.over // the client is told that it may come back; closing here would cut that short
	}
}

// read handles the frames until the WebSocket ends, and says why it ended. A client that asks faster than it takes the answers, or
// faster than anybody should, is read no faster: what it has not asked yet waits in its own sockets.
func (c *conn) read(ws *websocket.Conn) (reason string) {
	for {
		kind, frame, err := ws.Read(context.Background()) // ended by closing ws
		switch {
		case err != nil:
			return ReasonTransport
		case kind != websocket.MessageText || checkEngine(frame) != nil:
			return ReasonProtocol
		case !c.handle(frame, time.Now()):
			return ReasonTransport
		}
		c.rest()
		c.yield()
	}
}

// yield waits until the client took most of what waits for it.
func (c *conn) yield() {
	for c.out.crowded() {
		select {
		case <-c.out.taken:
		case <-c.done:
			return
		}
	}
}

// upgrade moves a polling connection to ws: the client probes, waits for its last poll (which is answered with noop), and
// commits. Until then nothing of the queue is written to ws, and after it nothing to a poll.
func (c *conn) upgrade(ws *websocket.Conn) bool {
	ctx, cancel := context.WithTimeout(context.Background(), c.srv.cfg.UpgradeTimeout)
	defer cancel()
	if _, frame, err := ws.Read(ctx); err != nil || string(frame) != "2probe" || !c.beginUpgrade() {
		return false
	}
	committed := c.commit(ctx, ws)
	c.mu.Lock()
	c.upgrading = false
	c.mu.Unlock()
	if !committed {
		nudge(c.out.wake) // polling goes on
		return false
	}
	c.attach(ws)
	return true
}

func (c *conn) beginUpgrade() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ws != nil || c.upgrading || c.reason != "" {
		return false
	}
	c.upgrading = true
	nudge(c.out.wake) // release the waiting poll
	return true
}

// commit answers the probe and waits for the client's decision.
func (c *conn) commit(ctx context.Context, ws *websocket.Conn) bool {
	if err := ws.Write(ctx, websocket.MessageText, []byte("3probe")); err != nil {
		return false
	}
	_, frame, err := ws.Read(ctx)
	return err == nil && len(frame) == 1 && frame[0] == engineUpgrade
}

// attach makes ws the transport, for good.
func (c *conn) attach(ws *websocket.Conn) {
	c.mu.Lock()
	c.ws = ws
	c.mu.Unlock()
	close(c.attached)
}
