package account

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account/gate"
	"troupe/messages"
	"troupe/platforms"
)

// onTrouble is the only place that decides what a failure means.
func (a *account) onTrouble(c actor.Context, err error) {
	switch kind := platforms.KindOf(err); kind {
	case platforms.LoggedOut, platforms.Challenge, platforms.PageChanged, platforms.RateLimited, platforms.ProxyDown:
		a.enter(c, stateOf(kind), err.Error(), platforms.StepOf(err)) // a person will see it
		a.retryLater(c)
	case platforms.BrowserGone:
		a.onPageGone(c, err)
	case platforms.GateShut, platforms.Cancelled:
		if kind == platforms.GateShut && a.Upstream != nil && a.gate.Open() {
			a.upstreamOK = false
			a.checkUpstream(c, nil) // the gate was open: its proxy refused
			return
		}
		a.Log.Info("look cut short", "kind", kind.String(), "step", platforms.StepOf(err), "err", err)
		a.scheduleRound(c) // the gate's reopening asks for a look itself
	default:
		a.Log.Warn("look failed, will retry", "kind", kind.String(), "step", platforms.StepOf(err), "err", err)
		a.seesNothing(c, err)
		a.retryLater(c)
	}
}

// blindFor is how long looks may fail, each for a reason that may pass, until the account is not called watching any more.
const blindFor = 45 * time.Second

// seesNothing notes a look that was not finished. A page that hangs, dies or stays away again and again must not pass for a quiet
// one: the account becomes page_changed, until a look is finished. It gets another browser once, in case that the trouble is in
// this one: windows that its pages opened, for example.
func (a *account) seesNothing(c actor.Context, err error) {
	now := a.Node.Now()
	if a.blindSince.IsZero() {
		a.blindSince = now
	}
	if now.Sub(a.blindSince) < blindFor {
		return
	}
	if !a.blind && platforms.KindOf(err) != platforms.Network && a.instance != nil {
		a.Log.Warn("no look was finished, starting another browser")
		a.kill(c)
	}
	a.blind = true
	a.enter(c, messages.PageChanged, fmt.Sprintf("no look was finished for %s: %v", now.Sub(a.blindSince).Round(time.Second), err), platforms.StepOf(err))
}

// sees notes a finished look.
func (a *account) sees(c actor.Context) {
	if a.blind && a.state == messages.PageChanged {
		a.enter(c, messages.Watching, "", "")
	}
	a.blind, a.blindSince = false, time.Time{}
}

func stateOf(kind platforms.Kind) messages.AccountState {
	switch kind {
	case platforms.LoggedOut:
		return messages.LoggedOut
	case platforms.Challenge:
		return messages.Challenge
	case platforms.PageChanged:
		return messages.PageChanged
	case platforms.RateLimited:
		return messages.RateLimited
	default:
		return messages.ProxyDown
	}
}

// retryLater plans an automatic try: soon after a passing fault, ever later when the page stays strange. A
// captcha and a lapsed login are a person's business and are not tried at all.
func (a *account) retryLater(c actor.Context) {
	switch a.state {
	case messages.Challenge, messages.LoggedOut:
		a.cancelRound()
		return
	case messages.PageChanged, messages.RateLimited:
		if a.blind {
			a.roundIn(c, time.Minute) // the page may be as it was, and well again
			return
		}
		a.retry++
		a.roundIn(c, min(10*time.Minute, 30*time.Second<<min(a.retry, 6)))
	default:
		a.retry++
		a.roundIn(c, min(30*time.Second, time.Second<<min(a.retry, 6)))
	}
}

// onPageGone handles a dead page of a living Chromium: its tab is made anew by the next probe. A browser whose
// pages keep dying is ended, so that another one starts.
func (a *account) onPageGone(c actor.Context, err error) {
	if a.instance == nil {
		return // the browser's Terminated is on its way, or came; it decides
	}
	a.revived++
	a.Log.Warn("page gone, opening it again", "times", a.revived)
	if a.revived > 3 {
		a.revived = 0
		a.kill(c)
		return
	}
	a.probed = false
	again := !a.blindSince.IsZero()
	a.seesNothing(c, err)
	if again {
		a.retryLater(c) // a page that hangs costs a core until it is ended
		return
	}
	a.probe(c)
}

// onScreenshot answers a person who wants to see the page. The asker waits for the running operation.
func (a *account) onScreenshot(c actor.Context) {
	asker, client := c.Sender(), a.client
	if asker == nil {
		return
	}
	if client == nil {
		c.Send(asker, refused("unavailable", fmt.Sprintf("the account is %s and has no page to show yet", a.state)))
		return
	}
	a.do(c, &op{
		name: "screenshot", urgency: soon, interrupts: true,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			png, err := client.Screenshot(ctx)
			if err != nil {
				return refused("unavailable", "the page could not be photographed: "+err.Error())
			}
			return &messages.ScreenshotTaken{Png: png, At: a.Node.Now().UnixMilli()}
		},
		done: func(c actor.Context, result any) {
			if result == nil {
				result = refused("unavailable", "the account was stopped")
			}
			c.Send(asker, result)
		},
	})
}

func refused(code, message string) *messages.Refused {
	return &messages.Refused{Code: code, Message: message}
}

// enter changes the state and tells the master; the same state again only refreshes its reason.
func (a *account) enter(c actor.Context, s messages.AccountState, reason, step string) {
	if a.state != s {
		a.Log.Info("account state", "state", string(s), "from", string(a.state), "step", step, "reason", reason)
		a.since = a.Node.Now()
	}
	a.state, a.reason, a.step = s, reason, step
	a.report(c)
}

// unlistedTold is how many hosts in neither list are told of, the most used first.
const unlistedTold = 20

// countsOf is what a gate counted, for the master.
func countsOf(s gate.Stats) *messages.GateCounts {
	counts := &messages.GateCounts{
		BytesUp: s.Up, BytesDown: s.Down, Tunnels: s.Tunnels, Dials: s.Dials, Refused: map[string]int64{}, Unlisted: map[string]int64{},
	}
	for class, n := range s.Refused {
		counts.Refused[string(class)] = n
	}
	names := slices.SortedFunc(maps.Keys(s.Unlisted), func(x, y string) int {
		return cmp.Or(cmp.Compare(s.Unlisted[y], s.Unlisted[x]), cmp.Compare(x, y))
	})
	for _, name := range names[:min(len(names), unlistedTold)] {
		counts.Unlisted[name] = s.Unlisted[name]
	}
	return counts
}

// report tells the master how the account is.
func (a *account) report(c actor.Context) {
	s := &messages.AccountStatus{
		Account: string(a.ID), Epoch: uint64(a.Epoch), State: string(a.state), Reason: a.reason, Step: a.step,
		Since: millis(a.since), LastRound: millis(a.lastRound), NextRound: millis(a.nextAt), Rounds: a.rounds, Items: a.items,
		BrowserStarts: int64(a.gen), BrowserEnd: a.lastEnd, Persona: a.appearance, Profile: a.profile, Evidence: a.evidence, ItemsHour: a.timeline.lastHour(a.Node.Now()),
		Definition: a.Definition.Digest, DefinitionVersion: int64(a.Definition.Version),
		Proxy: a.Upstream.GetProxy(), UpstreamVersion: a.Upstream.GetVersion(),
	}
	if a.instance != nil {
		s.BrowserPid = int64(a.instance.PID())
	}
	if a.gate != nil {
		s.Gate, s.GateOpen, s.Counts = a.gate.Addr(), a.gate.Open(), countsOf(a.gate.Stats())
	}
	c.Send(a.Master, s)
}
