package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

// callLimit bounds one command: a crashed or stopped page answers never.
const callLimit = 30 * time.Second

// session speaks to one target of Chromium, or to Chromium itself. It is safe for concurrent use.
type session struct {
	client *client
	id     proto.TargetSessionID // "" is the browser
	ctx    context.Context       // ends, with page.ErrGone in its cause, when the target is gone
	loss   error                 // what it means that the target is gone, if it is not page.ErrGone: it is a part of a page
	silent func()                // told when a command passed its deadline; nil where nobody cares
}

// call sends one command and decodes its answer into answer, which may be nil.
func (s *session) call(ctx context.Context, method string, params, answer any) error {
	b, err := s.ask(ctx, method, params)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(b, answer); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// ask sends one command and returns its answer.
func (s *session) ask(ctx context.Context, method string, params any) (json.RawMessage, error) {
	ctx, stop := s.during(ctx)
	defer stop()
	b, err := s.once(ctx, method, params)
	for n := 0; between(err) && n < betweenTries; n++ {
		select {
		case <-ctx.Done():
		case <-time.After(betweenWait):
		}
		b, err = s.once(ctx, method, params)
	}
	if err != nil {
		return nil, s.explain(ctx, method, err)
	}
	return b, nil
}

// gone is the error of a target that is not there any more.
func (s *session) gone() error {
	if s.loss != nil {
		return s.loss
	}
	return page.ErrGone
}

// during is a context that ends with ctx, with the target, and after callLimit.
func (s *session) during(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	forget := context.AfterFunc(s.ctx, func() { cancel(context.Cause(s.ctx)) })
	ctx, stop := context.WithTimeout(ctx, callLimit)
	return ctx, func() { stop(); forget(); cancel(nil) }
}

func (s *session) once(ctx context.Context, method string, params any) (json.RawMessage, error) {
	p, err := s.client.send(string(s.id), method, params)
	if err != nil {
		return nil, err
	}
	return p.wait(ctx)
}

// send sends one command and returns at once; the answer is only looked at by wait, which must be called.
func (s *session) send(method string, params any) (wait func(context.Context) error) {
	p, err := s.client.send(string(s.id), method, params)
	return func(ctx context.Context) error {
		ctx, stop := s.during(ctx)
		defer stop()
		if err == nil {
			_, err = p.wait(ctx)
		}
		if err != nil {
			return s.explain(ctx, method, err)
		}
		return nil
	}
}

// A tab that moves from one document to the next refuses commands for a moment, without carrying them out.
const (
	betweenWait  = 50 * time.Millisecond
	betweenTries = 60
)

// between says whether Chromium refused a command because the tab was between two documents (156, seen 2026-11).
func between(err error) bool {
	var refused *cdp.Error
	return errors.As(err, &refused) && refused.Message == "Not attached to an active page"
}

// explain finds the cause of a failed command: the target is gone, the time is up, or Chromium refused.
func (s *session) explain(ctx context.Context, method string, err error) error {
	if s.silent != nil && s.ctx.Err() == nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		s.silent()
	}
	var refused *cdp.Error
	switch {
	case s.ctx.Err() != nil:
		return fmt.Errorf("%s: %w", method, context.Cause(s.ctx))
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	case errors.Is(err, cdp.ErrSessionNotFound):
		return fmt.Errorf("%s: %w: its session ended", method, s.gone())
	case errors.Is(err, os.ErrDeadlineExceeded): // its pipe is full
		return fmt.Errorf("%s: %w: %w", method, context.DeadlineExceeded, err)
	case errors.As(err, &refused), errors.Is(err, errParams):
		return fmt.Errorf("%s: %w", method, err)
	default: // the pipe broke
		return fmt.Errorf("%s: %w: %w", method, page.ErrGone, err)
	}
}

// in binds the session to ctx, so that rod's typed commands can be called on it.
func (s *session) in(ctx context.Context) proto.Client { return boundSession{s, ctx} }

// boundSession lets rod's types call through a session.
type boundSession struct {
	*session
	bound context.Context
}

// Call implements proto.Client.
func (b boundSession) Call(ctx context.Context, _, method string, params any) ([]byte, error) {
	return b.ask(ctx, method, params)
}

// GetContext implements proto.Contextable.
func (b boundSession) GetContext() context.Context { return b.bound }

var _ proto.Contextable = boundSession{}

// lost says whether err means that a document or an object in it is not there any more.
func lost(err error) bool {
	var refused *cdp.Error
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Message {
	case cdp.ErrCtxNotFound.Message, cdp.ErrCtxDestroyed.Message, cdp.ErrObjNotFound.Message,
		"Inspected target navigated or closed", "Promise was collected", "Could not find node with given id",
		"Argument should belong to the same JavaScript world as target object", "Invalid remote object id",
		"No frame for given id found", "Cannot find default execution context":
		return true
	}
	return false
}
