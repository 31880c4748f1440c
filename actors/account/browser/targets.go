package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

// filter is a DevTools target filter: the first entry that fits decides.
type filter []map[string]any

// What is attached to from the browser: pages, popups, shared and service workers. From a page: its iframes in other
// processes and dedicated workers; a service worker attached twice would never be answered.
var (
	browserTargets = filter{
		{"type": "browser", "exclude": true},
		{"type": "tab", "exclude": true},
		{"type": "browser_ui", "exclude": true},
		{},
	}
	childTargets = filter{
		{"type": "service_worker", "exclude": true},
		{"type": "shared_worker", "exclude": true},
		{},
	}
)

func autoAttach(f filter) map[string]any {
	return map[string]any{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": f}
}

// target is one page, iframe of another process, or worker that Chromium attached us to.
type target struct {
	*session
	all    *targets
	id     proto.TargetTargetID
	kind   proto.TargetTargetInfoType
	opener proto.TargetTargetID
	parent *target       // the page of an iframe or dedicated worker; nil for others
	ready  chan struct{} // closed when it was set up and let go
	cancel context.CancelCauseFunc

	name     atomic.Pointer[string] // of the kept tab; nil for popups
	doc      *document              // of pages and iframes
	origin   string                 // of a worker's script
	requests *requests
	bodies   bodies
	handles  handles
	judging  atomic.Bool // somebody finds out whether it hangs
	served   atomic.Bool // each of its requests is answered here
}

func (t *target) isPage() bool { return t.kind == proto.TargetTargetInfoTypePage }

func (t *target) hasDocument() bool {
	return t.isPage() || t.kind == "iframe"
}

// lose ends every pending and later call on the target. A page is gone; the loss of a frame or worker is a change of
// its page.
func (t *target) lose(why string) {
	t.cancel(fmt.Errorf("%w: %s: %s", t.gone(), t.kind, why))
}

// targets are all that we are attached to, by session and by id.
type targets struct {
	i      *Instance
	anchor atomic.Pointer[target] // the page that stays; nil before it is there

	mu          sync.Mutex
	bySession   map[proto.TargetSessionID]*target
	byID        map[proto.TargetTargetID]*target
	listeners   map[proto.TargetSessionID]func(*cdp.Event) // of further sessions with Chromium itself
	attached    chan struct{}                              // closed and replaced at each attachment
	popups      []proto.TargetTargetID
	patience    time.Duration // with a page that does not answer
	workerEvery time.Duration
	popupLife   time.Duration
}

func newTargets(i *Instance) *targets {
	return &targets{
		i: i, bySession: map[proto.TargetSessionID]*target{}, byID: map[proto.TargetTargetID]*target{},
		listeners: map[proto.TargetSessionID]func(*cdp.Event){}, attached: make(chan struct{}),
		patience: hungLimit, workerEvery: workerEvery, popupLife: popupLife,
	}
}

// follow takes every event until the connection ends. It never waits and never calls Chromium itself: answers come
// over the same connection.
func (i *Instance) follow(events <-chan *cdp.Event) {
	for e := range events {
		if e.SessionID == "" || e.Method == "Target.attachedToTarget" || e.Method == "Target.detachedFromTarget" {
			i.targets.on(e)
			continue
		}
		if t := i.targets.of(proto.TargetSessionID(e.SessionID)); t != nil {
			i.onTargetEvent(t, e)
		} else if hear := i.targets.listener(proto.TargetSessionID(e.SessionID)); hear != nil {
			hear(e)
		}
	}
	// The pipe ended or broke. A Chromium that we cannot talk to any more is of no use.
	if !i.proc.awaitExit(closeGrace + intGrace) {
		i.proc.kill("connection lost")
	}
}

func (i *Instance) onTargetEvent(t *target, e *cdp.Event) {
	switch e.Method {
	case "Inspector.targetCrashed":
		t.lose("its renderer crashed")
	case "Page.javascriptDialogOpening":
		go i.dismiss(t, e.Params)
	case "Page.fileChooserOpened":
		i.refused.files.Add(1)
	case "Fetch.requestPaused":
		go i.decide(t, e.Params)
	default:
		if t.doc != nil {
			t.doc.on(e, i.storage)
		}
		i.traffic.capture(t, e)
	}
}

// on handles what Chromium says of its targets.
func (ts *targets) on(e *cdp.Event) {
	switch e.Method {
	case "Target.attachedToTarget":
		var m proto.TargetAttachedToTarget
		if json.Unmarshal(e.Params, &m) == nil && m.TargetInfo.Type != "browser" {
			ts.add(&m, ts.of(proto.TargetSessionID(e.SessionID)))
		}
	case "Target.detachedFromTarget":
		var m proto.TargetDetachedFromTarget
		if json.Unmarshal(e.Params, &m) == nil {
			ts.remove(m.SessionID)
		}
	case "Browser.downloadWillBegin":
		ts.i.refused.downloads.Add(1)
	case "Target.targetCrashed":
		var m proto.TargetTargetCrashed
		if json.Unmarshal(e.Params, &m) == nil {
			if t := ts.find(m.TargetID); t != nil {
				t.lose("its renderer crashed: " + m.Status)
			}
		}
	}
}

// add takes up a new target. One that is attached a second time is only let go: its first session serves it.
func (ts *targets) add(m *proto.TargetAttachedToTarget, parent *target) {
	life, cancel := context.WithCancelCause(ts.i.browser.ctx)
	t := &target{
		session: &session{client: ts.i.browser.client, id: m.SessionID, ctx: life},
		all:     ts, id: m.TargetInfo.TargetID, kind: m.TargetInfo.Type, opener: m.TargetInfo.OpenerID,
		parent: parent, ready: make(chan struct{}), cancel: cancel, requests: newRequests(), origin: askerOf(m.TargetInfo.URL),
	}
	if t.hasDocument() {
		t.doc, t.silent = newDocument(proto.PageFrameID(t.id)), t.judge
	}
	if !t.isPage() {
		t.loss = page.ErrMoved
	}
	ts.mu.Lock()
	first, twice := ts.byID[t.id]
	if !twice {
		ts.bySession[m.SessionID] = t
		ts.byID[t.id] = t
		close(ts.attached)
		ts.attached = make(chan struct{})
	}
	ts.mu.Unlock()
	go func() {
		defer close(t.ready)
		if !twice {
			ts.i.setUp(t, m.WaitingForDebugger)
			return
		}
		first.awaitReady(setupLimit)
		if m.WaitingForDebugger {
			t.send(release.method, release.params)(t.ctx)
		}
	}()
	switch {
	case twice:
	case !t.hasDocument():
		go t.watchWorker()
	case t.isPage() && t.opener != "":
		go ts.i.noticePopup(t)
	}
}

// awaitReady waits until t was set up, is gone, or limit is over.
func (t *target) awaitReady(limit time.Duration) {
	select {
	case <-t.ready:
	case <-t.ctx.Done():
	case <-time.After(limit):
	}
}

func (ts *targets) remove(id proto.TargetSessionID) {
	ts.mu.Lock()
	t := ts.bySession[id]
	if t != nil {
		delete(ts.bySession, id)
		delete(ts.byID, t.id)
		ts.popups = slices.DeleteFunc(ts.popups, func(p proto.TargetTargetID) bool { return p == t.id })
	}
	ts.mu.Unlock()
	if t != nil {
		t.lose("it was closed")
	}
}

func (ts *targets) of(id proto.TargetSessionID) *target {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.bySession[id]
}

func (ts *targets) find(id proto.TargetTargetID) *target {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.byID[id]
}

// listen has the events of a further session with Chromium itself go to hear, which may not wait; nil ends it.
func (ts *targets) listen(id proto.TargetSessionID, hear func(*cdp.Event)) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if hear == nil {
		delete(ts.listeners, id)
	} else {
		ts.listeners[id] = hear
	}
}

func (ts *targets) listener(id proto.TargetSessionID) func(*cdp.Event) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.listeners[id]
}

// pages lists the attached pages and, if asked, the iframes that have processes of their own.
func (ts *targets) pages(iframesToo bool) []*target {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	var list []*target
	for _, t := range ts.byID {
		if t.isPage() || iframesToo && t.hasDocument() {
			list = append(list, t)
		}
	}
	return list
}

// tabName is the kept tab that a target belongs to: its own, or that of the page that opened it. Workers have none.
func (t *target) tabName() string {
	all := t.all
	for range maxOpeners {
		switch {
		case t == nil || !t.hasDocument():
			return ""
		case t.name.Load() != nil:
			return *t.name.Load()
		case t.parent != nil:
			t = t.parent
		default:
			t = all.find(t.opener)
		}
	}
	return ""
}
