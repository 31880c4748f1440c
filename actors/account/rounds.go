package account

import (
	"context"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/messages"
	"troupe/platforms"
)

type (
	roundDue struct{ gen int }
	// drained is what pages received by themselves, mapped.
	drained struct {
		gen   int
		batch platforms.Batch
		err   error
	}
	collected struct {
		batch platforms.Batch
		err   error
		began time.Time
	}
)

// scheduleRound plans the next look: the definition's random pace, unless the operator gave the account another.
func (a *account) scheduleRound(c actor.Context) {
	wait := a.Definition.Round()
	if s := a.Record.GetMonitorInterval(); s > 0 {
		wait = time.Duration(s) * time.Second
	}
	a.roundIn(c, wait)
}

func (a *account) roundIn(c actor.Context, wait time.Duration) {
	a.cancelRound()
	a.nextAt = a.Node.Now().Add(wait)
	a.nextRound = actors.After(c, wait, roundDue{a.gen})
}

func (a *account) cancelRound() {
	if a.nextRound != nil {
		a.nextRound()
		a.nextRound, a.nextAt = nil, time.Time{}
	}
}

// collectSoon asks for a look as soon as nothing more urgent runs.
func (a *account) collectSoon(c actor.Context) {
	if a.client == nil || a.draining != nil || a.state != messages.Watching {
		return
	}
	a.roundIn(c, 0)
}

func (a *account) onRoundDue(c actor.Context, m roundDue) {
	if m.gen != a.gen || a.client == nil || a.draining != nil {
		return
	}
	a.cancelRound()
	switch {
	case !a.gate.Open() || !a.Node.Leases.MayBegin(a.ID, a.Epoch):
		a.scheduleRound(c) // the gate's reopening asks for a look itself
	case a.state == messages.Watching:
		a.collect(c)
	case a.state == messages.PageChanged, a.state == messages.RateLimited, a.state == messages.Starting, a.state == messages.ProxyDown:
		a.probe(c) // an automatic try
	}
}

// collect makes one round of looking.
func (a *account) collect(c actor.Context) {
	if a.ops.waits("round") {
		return
	}
	client := a.client
	a.do(c, &op{
		name: "round", urgency: whenIdle, interrupts: true,
		run: func(ctx context.Context) any {
			end, err := a.Node.Rounds.Take(ctx, a.ID)
			if err != nil {
				return collected{err: ctx.Err()}
			}
			defer end()
			ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
			defer cancel()
			began := a.Node.Now()
			batch, err := client.Collect(ctx)
			return collected{batch, err, began}
		},
		done: func(c actor.Context, result any) {
			if r, ok := result.(collected); ok && client == a.client {
				a.onCollected(c, r)
			}
		},
	})
}

func (a *account) onCollected(c actor.Context, r collected) {
	a.send(c, r.batch) // what was seen before a failure is kept
	a.note("round", r.began, len(r.batch.Items), r.batch.Steps, r.err)
	if r.err != nil {
		if platforms.KindOf(r.err) == platforms.Cancelled {
			a.roundIn(c, time.Second) // interrupted by something more urgent
			return
		}
		a.onTrouble(c, r.err)
		return
	}
	a.rounds++
	a.sees(c)
	a.retry, a.revived = 0, 0
	a.lastRound = a.Node.Now()
	a.scheduleRound(c)
	a.report(c)
	a.saveVault(c)
	a.look(c)
}

// follow waits off the mailbox for what pages receive by themselves, for as long as this browser lives.
func (a *account) follow(c actor.Context) {
	client, gen, gone := a.client, a.gen, a.instance.Exited()
	actors.Job(c, func(ctx context.Context) any {
		select {
		case <-client.Received():
			batch, err := client.Drain(ctx)
			return drained{gen, batch, err}
		case <-gone:
			return nil
		}
	})
}

func (a *account) onDrained(c actor.Context, m drained) {
	if m.gen != a.gen || a.client == nil {
		return // from an earlier browser
	}
	a.follow(c)
	a.send(c, m.batch)
	if m.err == nil {
		return
	}
	switch kind := platforms.KindOf(m.err); kind {
	case platforms.LoggedOut, platforms.Challenge, platforms.PageChanged, platforms.RateLimited:
		if a.state == messages.Watching {
			a.onTrouble(c, m.err)
		}
	default:
		a.Log.Warn("pushed data not understood", "kind", kind.String(), "err", m.err)
	}
}

// Reread has an account read everything again: its worker's queue was full for so long that it gave up items which the store never had.
// Only the worker actor, in the same process, sends it, when the store answers again.
type Reread struct{}

func (a *account) onReread(c actor.Context) {
	a.Log.Warn("items were given up before the store had them, everything is read again")
	a.whole = nil // for the client of another browser, too
	client, ok := a.client.(platforms.Rereader)
	if !ok || a.draining != nil {
		return
	}
	a.do(c, &op{
		name: "reread", urgency: soon,
		run: func(context.Context) any {
			client.Reread()
			return true
		},
		done: func(c actor.Context, result any) {
			if result != nil {
				a.collectSoon(c)
			}
		},
	})
}

// send hands what was seen to the worker's queue, which knows what the store has already and tells us when it had to give something up.
func (a *account) send(c actor.Context, b platforms.Batch) {
	if len(b.Items) == 0 && len(b.Complete) == 0 && !b.Round {
		return
	}
	a.items += int64(len(b.Items))
	a.timeline.count(a.Node.Now(), len(b.Items))
	a.known.add(b.Items)
	for _, collection := range b.Complete {
		if !slices.Contains(a.whole, collection) {
			a.whole = append(a.whole, collection)
		}
	}
	at := b.PageAt
	if at.IsZero() {
		at = a.Node.Now()
	}
	c.Request(a.Queue, &messages.Observed{
		Account: string(a.ID), Epoch: uint64(a.Epoch), Items: b.Items, Complete: b.Complete, Round: b.Round, Owner: a.owner,
		TraceId: string(messages.NewTrace()), PageAt: at.UnixMilli(), SeenAt: a.Node.Now().UnixMilli(),
	})
}
