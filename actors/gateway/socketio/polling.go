package socketio

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"
)

// poll answers a GET with everything that waits, or waits for the first packet. A second poll at the same time, or one
// that the client gives up, ends the connection: packets could be lost.
func (c *conn) poll(w http.ResponseWriter, r *http.Request) {
	if !c.beginPoll() {
		c.close(ReasonProtocol)
		errRequest.write(w)
		return
	}
	defer c.endPoll()
	for {
		if body := c.pollBody(); body != nil {
			c.answerPoll(w, body)
			return
		}
		select {
		case <-c.out.wake:
		case <-c.done:
		case <-r.Context().Done():
			c.close(ReasonTransport)
			return
		}
	}
}

func (c *conn) beginPoll() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.polling {
		return false
	}
	c.polling = true
	return true
}

func (c *conn) endPoll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.polling = false
	if c.upgrading || c.ws != nil {
		nudge(c.out.wake) // this poll may have taken the token that the WebSocket waits for
	}
}

// pollBody is what a poll is answered with now; nil means that it waits.
func (c *conn) pollBody() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.upgrading || c.ws != nil || c.byClient:
		return []byte{engineNoop}
	case c.reason != "":
		return []byte{engineClose}
	}
	frames := c.out.take(math.MaxInt)
	if len(frames) == 0 {
		return nil
	}
	return bytes.Join(frames, []byte{recordSeparator})
}

// answerPoll writes the body; what cannot be written is lost, so the connection ends.
func (c *conn) answerPoll(w http.ResponseWriter, body []byte) {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(c.srv.cfg.WriteTimeout)) // not every writer has deadlines
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write(body); err != nil {
		c.close(ReasonTransport)
		return
	}
	if err := control.Flush(); err != nil {
		c.close(ReasonTransport)
	}
}

// post takes the packets of a POST in their order; it is answered when the last one was handled.
func (c *conn) post(w http.ResponseWriter, r *http.Request) {
	if !c.beginPost() {
		c.close(ReasonProtocol)
		errRequest.write(w)
		return
	}
	defer c.endPost()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(c.srv.cfg.MaxPayload)))
	if err != nil {
		c.close(ReasonTransport)
		refused := errRequest
		if tooLarge(err) {
			refused.status = http.StatusRequestEntityTooLarge
			refused.Message = fmt.Sprintf("Payload over %d bytes: send less at a time", c.srv.cfg.MaxPayload)
		}
		refused.write(w)
		return
	}
	packets, err := splitPayload(body)
	if err != nil {
		c.close(ReasonProtocol)
		errRequest.write(w)
		return
	}
	read := time.Now()
	for _, p := range packets {
		if !c.handle(p, read) {
			break // it ended on an earlier packet of this body
		}
		c.rest()
	}
	w.Header().Set("Content-Type", "text/html") // as the reference server does
	_, _ = io.WriteString(w, "ok")              // the client is gone: nothing to do
}

func (c *conn) beginPost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.posting {
		return false
	}
	c.posting = true
	return true
}

func (c *conn) endPost() {
	c.mu.Lock()
	c.posting = false
	c.mu.Unlock()
}
