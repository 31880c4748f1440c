package account

import (
	"context"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account/browser"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
)

// TakeUp gives an account another version of its platform's definition. Browser, tabs and gate stay; it is taken up
// between two operations, and a look that takes long is put off for it. Only the platform actor, in the same process, sends it.
type TakeUp struct{ Definition *definition.Definition }

// takeUpPatience is how long a version waits for the end of a look.
const takeUpPatience = 2 * time.Second

// takeUpDue ends the patience.
type takeUpDue struct{ digest string }

func (a *account) onTakeUp(c actor.Context, m TakeUp) {
	if a.draining != nil || m.Definition.Digest == (*a.newest).Digest {
		return
	}
	*a.newest = m.Definition
	if a.client == nil {
		reach(a.gate, a.instance, m.Definition, a.Log)
		a.Definition = m.Definition
		a.report(c)
		return
	}
	a.reload(c, m.Definition)
	switch r := a.ops.running; {
	case r == nil || r.name == "definition":
	case r.name == "look": // at the persona; there is time for that later
		a.ops.cancel()
	default:
		actors.After(c, takeUpPatience, takeUpDue{m.Definition.Digest})
	}
}

// reload has the present client take up d, before anything else that waits for the browser.
func (a *account) reload(c actor.Context, d *definition.Definition) {
	client := a.client
	a.ops.waiting = append([]*op{{
		name: "definition", urgency: forAnAgent,
		run: func(context.Context) any {
			if r, ok := client.(platforms.Reloader); ok {
				r.Reload(d)
			}
			return d
		},
		done: func(c actor.Context, result any) {
			if result != nil && a.draining == nil {
				a.reloaded(c, client, d)
			}
		},
	}}, a.ops.waiting...)
	a.nextOp(c)
}

// reloaded goes on with d: an account that watches, or that its page was strange to, looks at once.
func (a *account) reloaded(c actor.Context, client platforms.Client, d *definition.Definition) {
	if client != a.client && a.client != nil { // another browser came meanwhile
		a.reload(c, d)
		return
	}
	reach(a.gate, a.instance, d, a.Log)
	a.Definition = d
	a.Log.Info("definition taken up", "version", d.Version, "digest", d.Digest[:min(len(d.Digest), 12)])
	a.report(c)
	if a.state == messages.Watching || a.state == messages.PageChanged {
		a.retry = 0
		a.roundIn(c, 0)
	}
}

// onTakeUpDue puts off a look that a version has waited for long enough.
func (a *account) onTakeUpDue(m takeUpDue) {
	if r := a.ops.running; r != nil && r.urgency <= soon && r.interrupts && a.ops.waits("definition") && a.Definition.Digest != m.digest {
		a.ops.cancel()
	}
}

// reach lets a gate and a browser, if there are any, go where d says.
func reach(g Gate, instance browser.Chromium, d *definition.Definition, log *slog.Logger) {
	if g != nil {
		if err := g.SetHosts(d.Hosts.Sites, d.Hosts.Resources); err != nil {
			log.Error("hosts of a definition not taken up", "err", err)
		}
	}
	if instance != nil {
		instance.SetReach(d.Hosts.Sites, d.Origins)
	}
}
