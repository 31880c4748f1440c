package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/go-rod/rod/lib/cdp"
)

// client speaks the DevTools protocol over a pipe. Commands go out in the order of send, so that several can be on their
// way at once: a target that waits for its debugger answers some of them only after it was let go. Answers come to who
// asked; an answer that nobody waits for any more is dropped. Events go to one reader.
type client struct {
	pipe   *pipe
	events chan *cdp.Event // closed when the pipe ends

	mu      sync.Mutex
	last    int
	waiting map[int]chan<- answer
	ended   error
}

// errParams means that a command's parameters cannot be written as JSON.
var errParams = errors.New("the parameters are no JSON")

// answer is what a command brought.
type answer struct {
	result json.RawMessage
	err    error
}

// newClient starts to read; it ends with the pipe.
func newClient(p *pipe) *client {
	c := &client{pipe: p, events: make(chan *cdp.Event), waiting: map[int]chan<- answer{}}
	go c.read()
	return c
}

// pending is a command that was sent.
type pending struct {
	from *client
	id   int
	came <-chan answer
}

// send sends a command to a session ("" is the browser). Its answer must be waited for.
func (c *client) send(session, method string, params any) (*pending, error) {
	came := make(chan answer, 1)
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return nil, c.ended
	}
	c.last++
	id := c.last
	c.waiting[id] = came
	c.mu.Unlock()

	p := &pending{from: c, id: id, came: came}
	command, err := json.Marshal(cdp.Request{ID: id, SessionID: session, Method: method, Params: params})
	if err != nil {
		err = fmt.Errorf("%w: %w", errParams, err)
	} else {
		err = c.pipe.Send(command)
	}
	if err != nil {
		p.forget()
		return nil, err
	}
	return p, nil
}

func (p *pending) forget() {
	p.from.mu.Lock()
	defer p.from.mu.Unlock()
	delete(p.from.waiting, p.id)
}

// wait returns the answer, or ctx's error.
func (p *pending) wait(ctx context.Context) (json.RawMessage, error) {
	select {
	case a := <-p.came:
		return a.result, a.err
	case <-ctx.Done():
		p.forget()
		return nil, ctx.Err()
	}
}

// read hands out what comes, until the pipe ends or brings something that is no message.
func (c *client) read() {
	defer close(c.events)
	for {
		m, err := c.pipe.Read()
		switch {
		case err != nil:
			c.end(err)
			return
		case m.ID == 0:
			c.events <- &m.Event
		default:
			c.deliver(m)
		}
	}
}

// deliver hands an answer to who waits for it.
func (c *client) deliver(m message) {
	a := answer{result: m.Result}
	if m.Error != nil {
		a.err = m.Error
	}
	c.mu.Lock()
	came := c.waiting[m.ID]
	delete(c.waiting, m.ID)
	c.mu.Unlock()
	if came != nil {
		came <- a
	}
}

// end fails every command that still waits, and all later ones.
func (c *client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = err
	for id, came := range c.waiting {
		came <- answer{err: err}
		delete(c.waiting, id)
	}
}
