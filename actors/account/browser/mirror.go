package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"

	"troupe/actors/account/persona"
)

// The mirror's two sites. Nobody can own such names, and nothing is ever asked for them: what Chromium wants from them is
// answered here, before it would go to the gate.
const (
	mirrorSite  = "https://mirror.invalid"
	foreignSite = "https://other-mirror.invalid"

	blankMirror = mirrorSite + "/"     // an empty page
	fullMirror  = mirrorSite + "/full" // makes every context but the popup
)

const blankHTML = `<!doctype html><link rel="icon" href="data:,"><body>`

// mirror is a made-up site in a throw-away tab, in whose contexts Chromium looks at itself. Its requests are caught by a
// session with Chromium itself, which is the only kind that reaches shared and service workers too.
type mirror struct {
	i       *Instance
	session *session
	tab     *target
	files   map[string]string // what is served, by address

	mu      sync.Mutex
	answers map[string]persona.Answer // by context
	changed chan struct{}             // closed and replaced at each answer
}

// openMirror shows one of the mirror's pages in a new tab. The caller closes it.
func (i *Instance) openMirror(ctx context.Context, address string, deep bool) (*mirror, error) {
	var attached proto.TargetAttachToBrowserTargetResult
	if err := i.browser.call(ctx, "Target.attachToBrowserTarget", nil, &attached); err != nil {
		return nil, err
	}
	m := &mirror{
		i: i, session: &session{client: i.browser.client, id: attached.SessionID, ctx: i.browser.ctx},
		files: mirrorFiles(i.cfg.Persona, deep), answers: map[string]persona.Answer{}, changed: make(chan struct{}),
	}
	i.targets.listen(m.session.id, m.hear)
	if err := m.open(ctx, address); err != nil {
		return nil, errors.Join(err, m.close(ctx))
	}
	return m, nil
}

// open answers the mirror's own addresses and opens the first of them.
func (m *mirror) open(ctx context.Context, address string) (err error) {
	patterns := []map[string]any{{"urlPattern": mirrorSite + "/*"}, {"urlPattern": foreignSite + "/*"}}
	if err := m.session.call(ctx, "Fetch.enable", map[string]any{"patterns": patterns}, nil); err != nil {
		return err
	}
	if m.tab, err = m.i.targets.open(ctx, ""); err != nil {
		return err
	}
	return newTab(m.i, m.tab).Navigate(ctx, address)
}

// close leaves no trace of the mirror: neither in the profile's storage nor among the processes.
func (m *mirror) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit)
	defer cancel()
	var errs []error
	if m.tab != nil {
		for _, origin := range []string{mirrorSite, foreignSite} {
			errs = append(errs, m.tab.call(ctx, "Storage.clearDataForOrigin", map[string]any{"origin": origin, "storageTypes": "all"}, nil))
		}
		errs = append(errs, m.closeTargets(ctx))
	}
	errs = append(errs, m.i.browser.call(ctx, "Target.detachFromTarget", map[string]any{"sessionId": m.session.id}, nil))
	m.i.targets.listen(m.session.id, nil)
	return errors.Join(errs...)
}

// closeTargets closes the tab, its popup and the service worker, which would stay for as long as we are attached to it.
// Frames and other workers end with their pages.
func (m *mirror) closeTargets(ctx context.Context) error {
	all, err := proto.TargetGetTargets{}.Call(m.i.browser.in(ctx))
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range all.TargetInfos {
		switch {
		case t.TargetID == m.tab.id, t.OpenerID == m.tab.id:
			errs = append(errs, m.i.targets.close(ctx, t.TargetID))
		case t.Type == proto.TargetTargetInfoTypeServiceWorker && strings.HasPrefix(t.URL, mirrorSite+"/"):
			if err := m.i.targets.close(ctx, t.TargetID); err != nil && m.i.targets.find(t.TargetID) != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// hear takes the events of the mirror's session.
func (m *mirror) hear(e *cdp.Event) {
	var paused proto.FetchRequestPaused
	if e.Method == "Fetch.requestPaused" && json.Unmarshal(e.Params, &paused) == nil {
		go m.serve(&paused)
	}
}

// serve answers one request of a mirror's page, and takes what a context posts.
func (m *mirror) serve(paused *proto.FetchRequestPaused) {
	if from, ok := strings.CutPrefix(paused.Request.URL, mirrorSite+"/answer?from="); ok {
		m.take(from, paused.Request.PostData)
	}
	body, status := m.files[paused.Request.URL], 200
	kind := "text/html; charset=utf-8"
	switch {
	case body == "":
		status = 204
	case strings.HasSuffix(paused.Request.URL, ".js"):
		kind = "text/javascript; charset=utf-8"
	}
	ctx, cancel := context.WithTimeout(m.session.ctx, setupLimit)
	defer cancel()
	err := m.session.call(ctx, "Fetch.fulfillRequest", map[string]any{
		"requestId": paused.RequestID, "responseCode": status, "body": []byte(body),
		"responseHeaders": []map[string]string{{"name": "Content-Type", "value": kind}},
	}, nil)
	if err != nil && m.session.ctx.Err() == nil {
		m.i.cfg.Log.Debug("mirror's answer refused", "err", err)
	}
}

// take notes the answer of one context.
func (m *mirror) take(from, posted string) {
	name, err := url.QueryUnescape(from)
	if err != nil || !slices.Contains(persona.Contexts[:], name) {
		return
	}
	answer := persona.Answer{}
	if err := json.Unmarshal([]byte(posted), &answer); err != nil {
		answer = persona.Answer{"answer": "unreadable"}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[name] = answer
	close(m.changed)
	m.changed = make(chan struct{})
}

// look has every kind of context answer.
func (m *mirror) look(ctx context.Context) (map[string]persona.Answer, error) {
	open := map[string]any{"expression": `open("/popup"), 0`, "userGesture": true}
	if err := m.tab.call(ctx, "Runtime.evaluate", open, nil); err != nil {
		return nil, err
	}
	for {
		m.mu.Lock()
		changed, missing := m.changed, slices.DeleteFunc(slices.Clone(persona.Contexts[:]), func(name string) bool { return m.answers[name] != nil })
		m.mu.Unlock()
		if len(missing) == 0 {
			return m.answers, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("no answer from the %s: %w", strings.Join(missing, ", "), context.Cause(ctx))
		}
	}
}

// identify asks the page what Chromium says of itself.
func (m *mirror) identify(ctx context.Context) (persona.Identity, error) {
	var answer proto.RuntimeEvaluateResult
	question := map[string]any{"expression": `({brands: navigator.userAgentData.brands, platform: navigator.platform})`, "returnByValue": true}
	if err := m.tab.call(ctx, "Runtime.evaluate", question, &answer); err != nil {
		return persona.Identity{}, err
	}
	own := persona.Identity{Version: m.i.version}
	if answer.ExceptionDetails != nil {
		return own, thrown(answer.ExceptionDetails)
	}
	return own, answer.Result.Value.Unmarshal(&own)
}

//go:embed js/mirror.html
var mirrorHTML string

// mirrorFiles are the mirror's pages and scripts by address. Each context posts its answer under its name.
func mirrorFiles(p persona.Persona, deep bool) map[string]string {
	script := func(context string) string {
		return fmt.Sprintf("%s\n%s.catch((err) => ({answer: String(err)})).then((answer) => fetch(%q, {method: \"POST\", mode: \"no-cors\", body: JSON.stringify(answer)}));",
			persona.Probe(), persona.Call(p, deep), mirrorSite+"/answer?from="+url.QueryEscape(context))
	}
	page := func(context string) string { return blankHTML + "<script>" + script(context) + "</script>" }
	return map[string]string{
		blankMirror:                blankHTML,
		fullMirror:                 strings.ReplaceAll(mirrorHTML, "OTHER", foreignSite),
		mirrorSite + "/page.js":    script(persona.Page),
		mirrorSite + "/frame":      page(persona.Frame),
		foreignSite + "/frame":     page(persona.ForeignFrame),
		mirrorSite + "/empty.js":   script(persona.EmptyFrame),
		mirrorSite + "/popup":      page(persona.Popup),
		mirrorSite + "/worker.js":  script(persona.Worker),
		mirrorSite + "/blob.js":    script(persona.BlobWorker),
		mirrorSite + "/shared.js":  script(persona.SharedWorker),
		mirrorSite + "/service.js": script(persona.ServiceWorker),
	}
}
