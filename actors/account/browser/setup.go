package browser

import (
	"context"
	"slices"

	"github.com/go-rod/rod/lib/proto"

	"troupe/actors/account/persona"
)

// step is one setting of a new target.
type step struct {
	method string
	params any
}

// setUp makes a new target ours before its first line of script runs: recorded, guarded, and with the persona's hints.
// All is sent at once and the target let go after it, because some of it is only answered by a target that runs. A step
// that a kind of target does not know is left out; a page that cannot be guarded is closed.
func (i *Instance) setUp(t *target, waiting bool) {
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
	steps := i.steps(t)
	if waiting {
		steps = append(steps, release)
	}
	waits := make([]func(context.Context) error, len(steps))
	for n, s := range steps {
		waits[n] = t.send(s.method, s.params)
	}
	for n, s := range steps {
		err := waits[n](ctx)
		if err == nil || t.ctx.Err() != nil {
			continue
		}
		i.cfg.Log.Debug("target refused a setting", "target", string(t.kind), "method", s.method, "err", err)
		if s.method == guard {
			proto.TargetCloseTarget{TargetID: t.id}.Call(i.browser.in(t.ctx))
		}
	}
}

// release lets a target run that waits for its debugger.
var release = step{"Runtime.runIfWaitingForDebugger", nil}

// steps are the settings of a target, in their order.
func (i *Instance) steps(t *target) []step {
	steps := i.personaSteps()
	if t.hasDocument() {
		steps = append(steps,
			step{"Page.enable", nil},
			step{"Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}},
			step{"Inspector.enable", nil},
		)
	}
	if t.isPage() {
		steps = append(steps, step{"Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}})
	}
	steps = append(steps, step{"Target.setAutoAttach", autoAttach(childTargets)})
	if s, ok := i.noise(t); ok {
		steps = append(steps, s)
	}
	return slices.Concat(steps, i.guards(t), recording())
}

// personaSteps are what the switches cannot say. Before Chromium was asked who it is, only the processors are known.
func (i *Instance) personaSteps() []step {
	steps := []step{{"Emulation.setHardwareConcurrencyOverride", map[string]any{"hardwareConcurrency": i.cfg.Persona.Cores}}}
	if own := i.identity.Load(); own != nil {
		steps = append(steps, step{"Emulation.setUserAgentOverride", persona.Overrides(i.cfg.Persona, *own)})
	}
	return steps
}

// noise puts the persona's noise in front of a target's own scripts. A paused worker has no other scripts yet.
func (i *Instance) noise(t *target) (s step, wanted bool) {
	script := persona.Script(i.cfg.Persona)
	if t.hasDocument() {
		s = step{"Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": script, "runImmediately": true}}
	} else {
		s = step{"Runtime.evaluate", map[string]any{"expression": script}}
	}
	return s, script != ""
}
