package browser

import (
	"context"
	"encoding/json"

	"github.com/go-rod/rod/lib/proto"

	"troupe/actors/account/persona"
)

const (
	durableTotal = 32 << 20 // bytes of bodies that Chromium keeps for us over navigations
	maxBody      = 8 << 20  // bytes of one body
)

// setUp makes a new target ours before its first line of script runs: recorded, and with the persona's marks.
// A step that a kind of target does not know is left out.
func (i *Instance) setUp(t *target) {
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
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
		i.noticePopup(ctx, t)
	}
	steps = append(steps, step{"Target.setAutoAttach", autoAttach(childTargets)})
	if s, ok := i.noise(t); ok {
		steps = append(steps, s)
	}
	for _, s := range steps {
		i.try(ctx, t, s)
	}
	i.record(ctx, t)
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

type step struct {
	method string
	params any
}

func (i *Instance) try(ctx context.Context, t *target, s step) bool {
	err := t.call(ctx, s.method, s.params, nil)
	if err != nil && t.ctx.Err() == nil {
		i.cfg.Log.Debug("target refused a setting", "target", string(t.kind), "method", s.method, "err", err)
	}
	return err == nil
}

// record has the target's traffic reported, with bodies that outlive a navigation where Chromium can do that.
func (i *Instance) record(ctx context.Context, t *target) {
	sizes := map[string]any{"maxTotalBufferSize": durableTotal, "maxResourceBufferSize": maxBody}
	durable := map[string]any{"enableDurableMessages": true, "maxTotalBufferSize": durableTotal, "maxResourceBufferSize": maxBody}
	if t.hasDocument() && i.try(ctx, t, step{"Network.enable", durable}) {
		i.try(ctx, t, step{"Network.configureDurableMessages", sizes})
		return
	}
	i.try(ctx, t, step{"Network.enable", sizes})
}

// letGo lets a target that waits for us run, whatever happened before: else it would hang for ever.
func (i *Instance) letGo(t *target) {
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
	i.try(ctx, t, step{"Runtime.runIfWaitingForDebugger", nil})
}

// noticePopup bounds the windows that pages open by themselves.
func (i *Instance) noticePopup(ctx context.Context, t *target) {
	if t.opener == "" {
		return
	}
	if surplus := i.targets.popup(t.id); surplus != "" {
		proto.TargetCloseTarget{TargetID: surplus}.Call(i.browser.in(ctx))
	}
}

// dismiss answers a dialog, which stops its page until then: yes to leaving the page, no to all else.
func (i *Instance) dismiss(t *target, params json.RawMessage) {
	var dialog struct {
		Type proto.PageDialogType `json:"type"`
	}
	json.Unmarshal(params, &dialog) // without a type: no
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
	leave := dialog.Type == proto.PageDialogTypeBeforeunload
	err := proto.PageHandleJavaScriptDialog{Accept: leave}.Call(t.in(ctx))
	i.cfg.Log.Debug("dialog dismissed", "kind", string(dialog.Type), "tab", t.tabName(), "err", err)
}
