package account

import (
	"context"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
)

// urgency orders waiting operations; a higher one goes first, and may interrupt a lower one that allows it.
type urgency int

const (
	whenIdle   urgency = iota // rounds
	soon                      // probes, screenshots, settling an unknown reply
	forPerson                 // logins
	forAnAgent                // replies
)

// op is one piece of work on the browser: it runs alone, off the mailbox.
type op struct {
	name       string
	urgency    urgency
	interrupts bool // whether a more urgent one may cancel it
	run        func(ctx context.Context) any
	done       func(c actor.Context, result any) // in the mailbox; result is nil when it never ran
}

// ops is the queue of such work and the one that runs.
type ops struct {
	waiting []*op
	running *op
	gen     int
	cancel  context.CancelFunc
}

// opDone is what a running operation sends when it is over.
type opDone struct {
	gen    int
	result any
}

// do queues o and starts it when its turn has come.
func (a *account) do(c actor.Context, o *op) {
	at := slices.IndexFunc(a.ops.waiting, func(w *op) bool { return w.urgency < o.urgency })
	if at < 0 {
		at = len(a.ops.waiting)
	}
	a.ops.waiting = slices.Insert(a.ops.waiting, at, o)
	if r := a.ops.running; r != nil && r.interrupts && r.urgency < o.urgency {
		a.ops.cancel()
	}
	a.nextOp(c)
}

func (a *account) nextOp(c actor.Context) {
	if a.ops.running != nil || len(a.ops.waiting) == 0 || a.client == nil {
		return
	}
	o := a.ops.waiting[0]
	a.ops.waiting = a.ops.waiting[1:]
	a.ops.running = o
	a.ops.gen++
	gen := a.ops.gen
	a.ops.cancel = actors.Job(c, func(ctx context.Context) any { return opDone{gen: gen, result: o.run(ctx)} })
}

func (a *account) onOpDone(c actor.Context, m opDone) {
	if m.gen != a.ops.gen || a.ops.running == nil {
		return // a panic of ours came in between
	}
	o := a.ops.running
	a.ops.running, a.ops.cancel = nil, nil
	o.done(c, m.result)
	if a.draining != nil {
		a.drainStep(c)
		return
	}
	a.nextOp(c)
}

// waits says whether an operation of that name runs or waits.
func (o *ops) waits(name string) bool {
	if o.running != nil && o.running.name == name {
		return true
	}
	return slices.ContainsFunc(o.waiting, func(w *op) bool { return w.name == name })
}

// drop removes every waiting operation, telling each that it never ran, and interrupts the running one.
func (a *account) dropOps(c actor.Context) {
	waiting := a.ops.waiting
	a.ops.waiting = nil
	for _, o := range waiting {
		o.done(c, nil)
	}
	if a.ops.cancel != nil {
		a.ops.cancel()
	}
}
