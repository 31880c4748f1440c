// Package testkit is what tests of actors share: a quiet actor system that ends with the test, and probes, which are
// mailboxes with expectations. Both work inside and outside of a synctest bubble.
//
// Its folders are the rest of the test bed: site (the made-up social site), imclient (the unmodified Socket.IO client), proc (one
// process per node), faults (by name), check (the promises P1-P3), suite (the tests of the whole), arch (the tests of the house).
package testkit

import (
	"log/slog"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
)

// Quiet is a logger that says nothing.
func Quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// System makes an actor system that logs nothing and is shut down at the end of the test.
func System(t testing.TB) *actor.ActorSystem {
	t.Helper()
	sys := actors.NewSystem(Quiet(), actor.WithDeadLetterThrottleInterval(throttle))
	t.Cleanup(func() {
		sys.Shutdown()
		time.Sleep(2 * throttle) // the library's throttle of dead letters keeps a goroutine for its interval
	})
	return sys
}

const throttle = 5 * time.Millisecond

// Mailbox is a probe: it keeps what it is sent, in order, until a test asks for it.
type Mailbox struct {
	t    testing.TB
	root *actor.RootContext
	pid  *actor.PID
	in   chan Letter
}

// Letter is one message and who sent it.
type Letter struct {
	Message any
	Sender  *actor.PID
}

// Probe spawns a mailbox. With a name it stands in for a well-known actor.
func Probe(t testing.TB, sys *actor.ActorSystem, name ...string) *Mailbox {
	t.Helper()
	m := &Mailbox{t: t, root: sys.Root, in: make(chan Letter, 10_000)}
	props := actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case actor.SystemMessage, actor.AutoReceiveMessage:
		default:
			m.in <- Letter{c.Message(), c.Sender()}
		}
	})
	if len(name) == 0 {
		m.pid = sys.Root.Spawn(props)
	} else {
		pid, err := sys.Root.SpawnNamed(props, name[0])
		if err != nil {
			t.Fatal(err)
		}
		m.pid = pid
	}
	t.Cleanup(func() { sys.Root.Stop(m.pid) })
	return m
}

// Letters is what came and was not asked for yet.
func (m *Mailbox) Letters() <-chan Letter { return m.in }

// PID is the mailbox's address.
func (m *Mailbox) PID() *actor.PID { return m.pid }

// Send sends as this mailbox, so that answers come back to it.
func (m *Mailbox) Send(to *actor.PID, message any) {
	m.root.RequestWithCustomSender(to, message, m.pid)
}

// patience is how long an expectation waits; in a bubble it costs nothing.
const patience = 2 * time.Minute

// Expect returns the next message of type M for which ok holds (nil accepts any), passing over all others.
func Expect[M any](m *Mailbox, ok func(M) bool) M {
	m.t.Helper()
	message, _ := ExpectFrom(m, ok)
	return message
}

// ExpectFrom is Expect, and says who sent it.
func ExpectFrom[M any](m *Mailbox, ok func(M) bool) (M, *actor.PID) {
	m.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case l := <-m.in:
			if message, is := l.Message.(M); is && (ok == nil || ok(message)) {
				return message, l.Sender
			}
		case <-deadline:
			var none M
			m.t.Fatalf("no %T came within %s", none, patience)
			return none, nil
		}
	}
}

// ExpectNone makes sure that no message of type M comes for d.
func ExpectNone[M any](m *Mailbox, d time.Duration) {
	m.t.Helper()
	deadline := time.After(d)
	for {
		select {
		case l := <-m.in:
			if message, is := l.Message.(M); is {
				m.t.Fatalf("unexpected %T: %v", message, message)
			}
		case <-deadline:
			return
		}
	}
}
