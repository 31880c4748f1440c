package account

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
	"troupe/platforms"
)

// A browser is closed while its account stays: to start again smaller or younger (recycling), or because the account
// has nothing to do (resting). Both wait for a quiet moment: they are an operation among the others. What comes for the
// account while it has no browser waits for the next one; a resting account is woken by it.

// restAfter is how long a logged-out account keeps its browser, in case a person logs it in.
const restAfter = 10 * time.Minute

// Recycling says when a browser is closed and started again from its own profile. Zero values mean never.
type Recycling struct {
	Memory int64         // bytes (PSS) that a browser may take
	Age    time.Duration // that it may have; each draws its own within a tenth, so that they do not all end at once
}

// Weighed tells an account what its Chromium takes, in bytes (PSS). The worker measures it; only it, in the same
// process, sends this.
type Weighed struct{ Memory int64 }

// Swept is the worker's round through its accounts, every five minutes: whoever has no use for its browser closes it.
type Swept struct{}

// phase is where an account stands between two browsers, when it was we who closed the first.
type phase int

const (
	working   phase = iota // it has its browser, or lost it
	closing                // the browser was told to end
	resting                // none starts until something needs it
	returning              // the next one starts
)

// pause is the time between two browsers of one epoch that we chose ourselves.
type pause struct {
	phase   phase
	rest    bool          // after closing: rest, else return
	held    []heldMessage // what came meanwhile and needs a browser, in order
	readyAt time.Time     // when the present browser came up
	mayAge  time.Duration // that the present browser may reach; 0 = any
}

type heldMessage struct {
	message any
	sender  *actor.PID
}

// began notes a browser that came up, and lets in what waited for it.
func (a *account) began(c actor.Context) {
	held := a.pause.held
	a.pause = pause{readyAt: a.Node.Now(), mayAge: spread(a.Node.Recycling.Age)}
	for _, h := range held {
		c.ActorSystem().Root.RequestWithCustomSender(c.Self(), h.message, h.sender)
	}
}

// spread draws an age within a tenth of d.
func spread(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d - d/10 + rand.N(d/5+1)
}

// hold keeps a message that needs a browser while there is none by our own choice, and ends a rest for it.
func (a *account) hold(c actor.Context) bool {
	if a.pause.phase == working || a.draining != nil {
		return false
	}
	switch m := c.Message().(type) {
	case *messages.StartLogin, *messages.ResumeAccount, *messages.TakeScreenshot:
		a.pause.held = append(a.pause.held, heldMessage{m, c.Sender()})
	case *messages.CancelLogin:
		a.forgetLogin(c, m)
		return true
	default:
		return false
	}
	if a.pause.phase == resting {
		a.comeBack(c)
	}
	return true
}

// forgetLogin cancels a login that waits for a browser.
func (a *account) forgetLogin(c actor.Context, m *messages.CancelLogin) {
	a.pause.held = slices.DeleteFunc(a.pause.held, func(h heldMessage) bool {
		l, ok := h.message.(*messages.StartLogin)
		if !ok || l.GetSession() != m.GetSession() {
			return false
		}
		a.sayLoginEnded(c, messages.LoginID(l.GetSession()), "cancelled", "cancelled by a person", nil)
		return true
	})
}

// refuseHeld answers what waits for a browser that will not come.
func (a *account) refuseHeld(c actor.Context) {
	for _, h := range a.pause.held {
		switch m := h.message.(type) {
		case *messages.StartLogin:
			a.sayLoginEnded(c, messages.LoginID(m.GetSession()), "failed", "the account was stopped", nil)
		case *messages.TakeScreenshot:
			if h.sender != nil {
				c.Send(h.sender, refused("unavailable", "the account was stopped"))
			}
		}
	}
	a.pause.held = nil
}

func (a *account) onWeighed(c actor.Context, m Weighed) {
	memory, age := a.Node.Recycling.Memory, a.Node.Now().Sub(a.pause.readyAt)
	switch {
	case a.instance == nil || a.draining != nil || a.state == messages.Challenge: // a person may be looking at that page
	case memory > 0 && m.Memory > memory:
		a.closeBrowser(c, false, "it takes too much memory")
	case a.pause.mayAge > 0 && age > a.pause.mayAge:
		a.closeBrowser(c, false, "it is old")
	}
}

func (a *account) onSwept(c actor.Context) {
	if a.idle() {
		a.closeBrowser(c, true, "the account has nothing to do")
	}
}

// idle says whether the account has had no use for its browser for a while.
func (a *account) idle() bool {
	now := a.Node.Now()
	return a.instance != nil && a.draining == nil && a.login == nil && a.state == messages.LoggedOut &&
		now.Sub(a.since) > restAfter && now.Sub(a.pause.readyAt) > restAfter
}

// parting is the last that is read out of a browser that will be closed.
type parting struct {
	received platforms.Batch
	state    any
}

// closeBrowser closes the browser when its turn among the operations comes: after what its pages received by themselves
// was handed on, and cookies and storage were read.
func (a *account) closeBrowser(c actor.Context, rest bool, why string) {
	if a.ops.waits("close") {
		return
	}
	client, export := a.client, a.exportOp()
	a.do(c, &op{
		name: "close", urgency: whenIdle,
		run: func(ctx context.Context) any {
			batch, err := client.Drain(ctx)
			if err != nil {
				a.Log.Debug("nothing more taken from a browser before its end", "err", err)
			}
			return parting{batch, export.run(ctx)}
		},
		done: func(c actor.Context, result any) {
			p, ok := result.(parting)
			if !ok || client != a.client || a.draining != nil {
				return
			}
			a.send(c, p.received)
			export.done(c, p.state)
			a.part(c, rest, why)
		},
	})
}

// part tells the browser to end, unless something came that needs it; then the next measurement or sweep asks again.
func (a *account) part(c actor.Context, rest bool, why string) {
	if len(a.ops.waiting) > 0 || a.login != nil || rest && !a.idle() {
		return
	}
	a.Log.Info("closing the browser", "reason", why, "rest", rest)
	a.cancelRound()
	a.pause.phase, a.pause.rest, a.lastEnd = closing, rest, why
	a.client, a.instance = nil, nil
	c.Stop(a.browser)
	if a.state == messages.Watching {
		a.enter(c, messages.Starting, "its browser is started again: "+why, "")
		return
	}
	a.report(c)
}

// browserClosed goes on after a browser that was closed by our own choice.
func (a *account) browserClosed(c actor.Context) {
	if a.pause.rest && len(a.pause.held) == 0 {
		a.pause.phase = resting
		return
	}
	a.comeBack(c)
}

// comeBack starts the next browser, from the profile as the last one left it.
func (a *account) comeBack(c actor.Context) {
	a.pause.phase, a.ProfileUsable = returning, true
	a.spawnBrowser(c)
}
