// Package actors holds what all actor rooms share: work off the mailbox, timers, restart delays and the
// actor system's settings. It owns no actor. Only here, in the browser's process watcher and in the rooms' own servers are
// goroutines started for actors, and each is ended by its owner.
package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// ErrStopped is the cause of a job's context when its actor cancelled it.
var ErrStopped = errors.New("the actor stopped this work")

// Panicked is what an actor receives when its job panicked.
type Panicked struct {
	Value any
	Stack []byte
}

func (p Panicked) Error() string { return fmt.Sprintf("a job panicked: %v", p.Value) }

// Job runs work on a goroutine of its own and sends its result to the calling actor; a nil result is not
// sent. The returned function cancels the work's context; the result still arrives, so it carries the
// actor's generation. A panic arrives as Panicked.
func Job(c actor.Context, work func(ctx context.Context) any) context.CancelFunc {
	ctx, cancel := context.WithCancelCause(context.Background())
	self, root := c.Self(), c.ActorSystem().Root
	go func() {
		defer cancel(nil)
		if result := guarded(ctx, work); result != nil {
			root.Send(self, result)
		}
	}()
	return func() { cancel(ErrStopped) }
}

func guarded(ctx context.Context, work func(ctx context.Context) any) (result any) {
	defer func() {
		if v := recover(); v != nil {
			result = Panicked{Value: v, Stack: debug.Stack()}
		}
	}()
	return work(ctx)
}

// After sends message to the calling actor after d, unless cancelled first. It survives a restart of the
// actor, so messages carry a generation or are harmless.
func After(c actor.Context, d time.Duration, message any) context.CancelFunc {
	self, root := c.Self(), c.ActorSystem().Root
	timer := time.AfterFunc(d, func() { root.Send(self, message) })
	return func() { timer.Stop() }
}

// Every sends message to the calling actor each d until cancelled.
func Every(c actor.Context, d time.Duration, message any) context.CancelFunc {
	self, root := c.Self(), c.ActorSystem().Root
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				root.Send(self, message)
			}
		}
	}()
	return cancel
}

// NewSystem makes the node's actor system, logging through log without ever showing a message whole.
func NewSystem(log *slog.Logger, options ...actor.ConfigOption) *actor.ActorSystem {
	quiet := slog.New(libraryLog{messages.LogHandler(log.Handler())})
	options = append(options, actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }))
	return actor.NewActorSystem(options...)
}

// Ask sends message to pid from outside the actors and waits for the answer until ctx ends or for 30 seconds.
// A *messages.Refused is returned as an error of that type.
func Ask[A any](ctx context.Context, root *actor.RootContext, pid *actor.PID, message any) (A, error) {
	var none A
	wait := 30 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		wait = time.Until(deadline)
	}
	future := root.RequestFuture(pid, message, wait)
	defer context.AfterFunc(ctx, func() { root.Send(future.PID(), askEnded{}) })()
	answer, err := future.Result()
	if err != nil {
		return none, fmt.Errorf("ask %s: %w", pid.Id, err)
	}
	switch a := answer.(type) {
	case A:
		return a, nil
	case askEnded:
		return none, fmt.Errorf("ask %s: %w", pid.Id, context.Cause(ctx))
	case *messages.Refused:
		return none, &RefusedError{Refused: a}
	default:
		return none, fmt.Errorf("ask %s: unexpected answer %T", pid.Id, answer)
	}
}

// askEnded takes the place of an answer that nobody waits for any more.
type askEnded struct{}

// RefusedError is a command that an actor would not carry out.
type RefusedError struct{ Refused *messages.Refused }

func (e *RefusedError) Error() string { return e.Refused.GetMessage() }
