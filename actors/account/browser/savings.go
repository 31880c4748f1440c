package browser

import (
	"context"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// Names of features change between releases, and an unknown one is ignored without a word. So the first browser of a
// binary is looked at once its pages are open: what the switches should have saved must not be there.

// savingAfter is when it is looked at.
const savingAfter = 10 * time.Second

// checkSavings logs each memory-saving switch that has no effect in this Chromium, once for each binary.
func (i *Instance) checkSavings() {
	if !i.host.once() {
		return
	}
	select {
	case <-time.After(savingAfter):
	case <-i.browser.ctx.Done():
		return
	}
	idle, err := i.idleSwitches(i.browser.ctx)
	if err != nil {
		i.cfg.Log.Debug("memory-saving switches not checked", "err", err)
		return
	}
	for _, name := range idle {
		i.cfg.Log.Warn("a memory-saving switch has no effect in this chromium", "feature", name, "version", i.version)
	}
}

// idleSwitches asks Chromium for its targets and processes, and names the switches that did nothing.
func (i *Instance) idleSwitches(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	var processes struct {
		ProcessInfo []struct {
			Type string `json:"type"`
		} `json:"processInfo"`
	}
	if err := i.browser.call(ctx, "SystemInfo.getProcessInfo", nil, &processes); err != nil {
		return nil, err
	}
	var targets struct {
		TargetInfos []proto.TargetTargetInfo `json:"targetInfos"`
	}
	if err := i.browser.call(ctx, "Target.getTargets", map[string]any{"filter": filter{{}}}, &targets); err != nil {
		return nil, err
	}
	renderers := 0
	for _, p := range processes.ProcessInfo {
		if p.Type == "renderer" {
			renderers++
		}
	}
	return idleFeatures(targets.TargetInfos, renderers), nil
}

// idleFeatures judges what there is: pages of the browser's own bars that nobody sees, or more renderers than anything
// could run in. The bars' pages share one.
func idleFeatures(targets []proto.TargetTargetInfo, renderers int) []string {
	var idle []string
	users, bars := 0, 0
	for _, t := range targets {
		switch t.Type {
		case "browser_ui":
			bars = 1
			if strings.Contains(t.URL, "omnibox-popup") {
				idle = []string{"WebUIOmniboxPopup", "WebUIOmniboxAimPopup"}
			} else if len(idle) == 0 {
				idle = []string{t.URL}
			}
		case "browser", "tab":
		default:
			users++
		}
	}
	if renderers > users+bars {
		idle = append(idle, "SpareRendererForSitePerProcess")
	}
	return idle
}
