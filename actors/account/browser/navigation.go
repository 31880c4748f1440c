package browser

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/go-rod/rod/lib/proto"
)

// guard is the step without which no page may run.
const guard = "Fetch.enable"

// guards make a page ask before each navigation, and choose no files.
func (i *Instance) guards(t *target) []step {
	if !t.isPage() {
		return nil
	}
	steps := []step{{"Page.setInterceptFileChooserDialog", map[string]any{"enabled": true, "cancel": true}}}
	if len(*i.sites.Load()) == 0 {
		return steps
	}
	documents := map[string]any{"urlPattern": "*", "resourceType": "Document", "requestStage": "Request"}
	return append(steps, step{guard, map[string]any{"patterns": []any{documents}}})
}

// decide answers a paused request: not at all where it would take a page outside, from the network else. Frames in a
// page may go where they like, and so may our own pages, which never touch the network.
func (i *Instance) decide(t *target, params json.RawMessage) {
	if t.served.Load() {
		i.emptyDocument(t, params)
		return
	}
	var paused proto.FetchRequestPaused
	if json.Unmarshal(params, &paused) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
	method, answer := "Fetch.continueRequest", map[string]any{"requestId": paused.RequestID}
	if t.isPage() && paused.FrameID == t.doc.main && !t.ours() && !i.maySee(paused.Request.URL) {
		i.refuse(t, &paused)
		method, answer["errorReason"] = "Fetch.failRequest", proto.NetworkErrorReasonAborted // the page stays where it is
	}
	if err := t.call(ctx, method, answer, nil); err != nil && t.ctx.Err() == nil {
		i.cfg.Log.Debug("request not decided", "method", method, "err", err)
	}
}

// refuse notes a navigation that does not take place. A window that was opened for it has nothing to show.
func (i *Instance) refuse(t *target, paused *proto.FetchRequestPaused) {
	i.refused.outside.Add(1)
	t.doc.refuse()
	i.cfg.Log.Info("navigation refused", "tab", t.tabName(), "host", hostOf(paused.Request.URL))
	if t.opener != "" && t.doc.empty() {
		go func() {
			ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
			defer cancel()
			proto.TargetCloseTarget{TargetID: t.id}.Call(i.browser.in(ctx))
		}()
	}
}

// SetReach replaces the hosts that pages may be navigated to, and adds origins to those whose local storage is exported. A
// browser that was started without sites may go anywhere, and stays so.
func (i *Instance) SetReach(sites, origins []string) {
	if len(sites) > 0 {
		i.sites.Store(&sites)
	}
	i.storage.add(origins)
}

func (i *Instance) maySee(address string) bool { return maySee(*i.sites.Load(), address) }

// maySee says whether a page may be navigated to address; without sites anywhere.
func maySee(sites []string, address string) bool {
	if len(sites) == 0 {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "about", "blob", "data": // nothing comes over the network
		return true
	case "http", "https":
	default:
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, site := range sites {
		domain, below := strings.CutPrefix(site, "*.")
		if host == domain || below && strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
