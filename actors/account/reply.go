package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
	"troupe/platforms"
)

// A reply is typed in one operation that nothing interrupts. Just before the irreversible step it asks the master
// for a ticket; without one nothing is sent. From the ticket on the gate refuses to let Chromium send again
// by itself what a broken connection swallowed.

// replyLimit bounds one reply from its start to the platform's answer.
const replyLimit = 90 * time.Second

// errNoTicket is why a reply stops before its irreversible step.
var errNoTicket = errors.New("no ticket from the master")

func (a *account) onExecuteReply(c actor.Context, m *messages.ExecuteReply) {
	r := m.GetReply()
	if a.draining != nil {
		a.replied(c, r, platforms.Outcome{State: messages.ReplyReturned, Reason: "the account is being stopped"})
		return
	}
	if a.client != nil && !a.client.CanReply(r.GetTarget().GetKind()) {
		a.replied(c, r, platforms.Outcome{State: messages.ReplyFailedState, Reason: "the platform's definition has no flow for this kind of reply"})
		return
	}
	if a.client == nil || a.state != messages.Watching || !a.Node.Leases.MayBegin(a.ID, a.Epoch) {
		a.replied(c, r, platforms.Outcome{State: messages.ReplyReturned, Reason: "the account is " + string(a.state)})
		return
	}
	client, root, began := a.client, c.ActorSystem().Root, a.Node.Now()
	a.do(c, &op{
		name: "reply", urgency: forAnAgent,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, replyLimit)
			defer cancel()
			outcome := client.Reply(ctx, r, func(ctx context.Context) error { return a.ticket(ctx, root, r) })
			a.gate.EndCommit()
			return outcome
		},
		done: func(c actor.Context, result any) {
			o, ok := result.(platforms.Outcome)
			a.noteReply(began, o)
			if !ok {
				o = platforms.Outcome{State: messages.ReplyReturned, Reason: "the account was stopped"}
			}
			a.replied(c, r, o)
			a.afterReply(c, client, o)
		},
	})
}

// ticket asks the master whether the irreversible step may be made now. It runs in the reply's job.
func (a *account) ticket(ctx context.Context, root *actor.RootContext, r *messages.Reply) error {
	if !a.Node.Leases.MayBegin(a.ID, a.Epoch) {
		return fmt.Errorf("%w: the lease is at risk", errNoTicket)
	}
	begin := &messages.BeginCommit{Reply: r.GetId(), Attempt: r.GetAttempt(), Account: string(a.ID), Epoch: uint64(a.Epoch)}
	asked := a.Node.Clock()
	answer, err := root.RequestFuture(a.Master, begin, 5*time.Second).Result()
	if err != nil {
		return fmt.Errorf("%w: %w", errNoTicket, err)
	}
	t, ok := answer.(*messages.CommitTicket)
	switch {
	case !ok:
		return fmt.Errorf("%w: unexpected answer %T", errNoTicket, answer)
	case t.GetRefused() != "":
		return fmt.Errorf("%w: %s", errNoTicket, t.GetRefused())
	case a.Node.Clock()-asked > time.Duration(t.GetValidMs())*time.Millisecond:
		return fmt.Errorf("%w: it came too late", errNoTicket)
	}
	a.gate.BeginCommit()
	return ctx.Err()
}

func (a *account) replied(c actor.Context, r *messages.Reply, o platforms.Outcome) {
	a.Log.Info("reply ended here", "reply", r.GetId(), "attempt", r.GetAttempt(), "outcome", o.State, "err", o.Err)
	c.Send(a.Master, &messages.ReplyResult{
		Reply: r.GetId(), Attempt: r.GetAttempt(), Account: string(a.ID), Epoch: uint64(a.Epoch),
		Outcome: o.State, Reason: o.Reason, PlatformId: o.PlatformID, At: a.Node.Now().UnixMilli(),
	})
}

// afterReply lets a trouble that the reply ran into decide the account's state, and looks for what was posted.
func (a *account) afterReply(c actor.Context, client platforms.Client, o platforms.Outcome) {
	if client != a.client || a.draining != nil {
		return
	}
	switch platforms.KindOf(o.Err) {
	case platforms.LoggedOut, platforms.Challenge, platforms.PageChanged, platforms.RateLimited, platforms.BrowserGone:
		if o.Err != nil {
			a.onTrouble(c, o.Err)
			return
		}
	}
	if o.State == messages.ReplyConfirmedState {
		a.collectSoon(c)
		return
	}
	if a.nextRound == nil && a.state == messages.Watching {
		a.scheduleRound(c)
	}
}

// onFindReply settles an unknown reply by reading its thread.
func (a *account) onFindReply(c actor.Context, m *messages.FindReply) {
	r := m.GetReply()
	if a.client == nil || a.state != messages.Watching || a.draining != nil {
		c.Send(a.Master, &messages.ReplyFound{Reply: r.GetId()})
		return
	}
	client := a.client
	a.do(c, &op{
		name: "find", urgency: soon, interrupts: true,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			id, found, err := client.FindReply(ctx, r, m.GetMatched())
			if err != nil {
				a.Log.Warn("thread not read", "reply", r.GetId(), "err", err)
			}
			return &messages.ReplyFound{Reply: r.GetId(), Read: err == nil, Found: found, PlatformId: id}
		},
		done: func(c actor.Context, result any) {
			f, ok := result.(*messages.ReplyFound)
			if !ok {
				f = &messages.ReplyFound{Reply: r.GetId()}
			}
			c.Send(a.Master, f)
		},
	})
}
