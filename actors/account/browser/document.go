package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

// document follows what a page or iframe shows: which document its main frame has, whether it is ready,
// and the isolated worlds of its frames.
type document struct {
	main proto.PageFrameID

	mu      sync.Mutex
	changed chan struct{}                                         // closed and replaced at each change
	loader  proto.NetworkLoaderID                                 // of the document that stands there
	ready   proto.NetworkLoaderID                                 // of the newest one that was parsed (DOMContentLoaded)
	failure string                                                // net error, when that is an error page
	broken  map[proto.NetworkLoaderID]string                      // net errors of documents that are still to come
	frames  map[proto.PageFrameID]string                          // address of each frame
	worlds  map[proto.PageFrameID]proto.RuntimeExecutionContextID // of each frame
	outside int                                                   // navigations that were refused
	stopped bool                                                  // the present document loads nothing more, parsed or not
}

// blank is the address of the document that stands in a page or frame before its first own one.
const blank = "about:blank"

func newDocument(main proto.PageFrameID) *document {
	return &document{
		main: main, changed: make(chan struct{}),
		broken: map[proto.NetworkLoaderID]string{}, frames: map[proto.PageFrameID]string{},
		worlds: map[proto.PageFrameID]proto.RuntimeExecutionContextID{},
	}
}

// on takes the events of frames; storage is told which origins had a document.
func (d *document) on(e *cdp.Event, seen *storage) {
	switch e.Method {
	case "Page.frameNavigated":
		var m proto.PageFrameNavigated
		if json.Unmarshal(e.Params, &m) == nil {
			d.navigated(m.Frame)
			seen.touch(m.Frame.URL)
		}
	case "Page.frameDetached":
		var m proto.PageFrameDetached
		if json.Unmarshal(e.Params, &m) == nil {
			d.detached(m.FrameID)
		}
	case "Page.frameStoppedLoading":
		var m proto.PageFrameStoppedLoading
		if json.Unmarshal(e.Params, &m) == nil && m.FrameID == d.main {
			d.stop()
		}
	case "Page.lifecycleEvent":
		var m proto.PageLifecycleEvent
		if json.Unmarshal(e.Params, &m) == nil && m.FrameID == d.main && m.Name == proto.PageLifecycleEventNameDOMContentLoaded {
			d.parsed(m.LoaderID)
		}
	case "Network.loadingFailed":
		var m proto.NetworkLoadingFailed
		if json.Unmarshal(e.Params, &m) == nil && m.Type == proto.NetworkResourceTypeDocument {
			d.failed(proto.NetworkLoaderID(m.RequestID), m.ErrorText) // a document's request has its loader's id
		}
	}
}

func (d *document) navigated(f *proto.PageFrame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.worlds, f.ID)
	d.frames[f.ID] = f.URL
	if f.ID != d.main {
		return
	}
	d.frames = map[proto.PageFrameID]string{f.ID: f.URL}
	d.loader, d.failure, d.stopped = f.LoaderID, "", false
	if f.UnreachableURL != "" {
		d.failure = "net::ERR_FAILED"
		if text := d.broken[f.LoaderID]; text != "" {
			d.failure = text
		}
	}
	clear(d.broken)
}

func (d *document) detached(frame proto.PageFrameID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.frames, frame)
	delete(d.worlds, frame)
}

func (d *document) parsed(loader proto.NetworkLoaderID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = loader
	d.tell()
}

func (d *document) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	d.tell()
}

// tell wakes all who wait for a change. The caller holds the lock.
func (d *document) tell() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *document) failed(loader proto.NetworkLoaderID, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.broken) > 32 {
		clear(d.broken)
	}
	d.broken[loader] = text
}

// refuse notes that a navigation was refused.
func (d *document) refuse() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outside++
	d.tell()
}

// refusedSince says whether a navigation was refused after that moment.
func (d *document) refusedSince(before moment) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.outside != before.outside
}

// empty says whether nothing but an empty document was ever there.
func (d *document) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	address := d.frames[d.main]
	return address == "" || address == blank || address == ":"
}

// moment is what stood there when a navigation began, which is to replace it.
type moment struct {
	loader  proto.NetworkLoaderID
	outside int
}

func (d *document) now() moment {
	d.mu.Lock()
	defer d.mu.Unlock()
	return moment{d.loader, d.outside}
}

// awaitAfter waits until a document that came after before is parsed. An error page is an error, and one that was given up
// half parsed because it wanted to lead the page outside.
func (d *document) awaitAfter(ctx context.Context, before moment) error {
	for {
		d.mu.Lock()
		ready, loader, failure, changed := d.ready, d.loader, d.failure, d.changed
		led := d.stopped && d.outside != before.outside
		d.mu.Unlock()
		switch {
		case loader == before.loader:
		case ready == loader && failure != "":
			return netError(failure)
		case ready == loader:
			return nil
		case led:
			return page.ErrOutside
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// addresses lists the addresses of all frames, and that of the main frame.
func (d *document) addresses() (main string, all []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, address := range d.frames {
		all = append(all, address)
	}
	return d.frames[d.main], all
}

// world returns the isolated world of a frame, in which our reads run unseen by the page.
func (t *target) world(ctx context.Context, frame proto.PageFrameID) (proto.RuntimeExecutionContextID, error) {
	t.doc.mu.Lock()
	world, ok := t.doc.worlds[frame]
	t.doc.mu.Unlock()
	if ok {
		return world, nil
	}
	made, err := proto.PageCreateIsolatedWorld{FrameID: frame, WorldName: "reader"}.Call(t.in(ctx))
	if err != nil {
		return 0, err
	}
	t.doc.mu.Lock()
	t.doc.worlds[frame] = made.ExecutionContextID
	t.doc.mu.Unlock()
	return made.ExecutionContextID, nil
}

// forgetWorld drops a world that turned out to be gone.
func (t *target) forgetWorld(frame proto.PageFrameID) {
	t.doc.mu.Lock()
	defer t.doc.mu.Unlock()
	delete(t.doc.worlds, frame)
}

// netError tells a refusal by the gate from a site that cannot be reached.
func netError(text string) error {
	if strings.Contains(text, "ERR_TUNNEL_CONNECTION_FAILED") || strings.Contains(text, "ERR_PROXY_CONNECTION_FAILED") {
		return fmt.Errorf("%w: %s", page.ErrGate, text)
	}
	return fmt.Errorf("%w: %s", page.ErrNetwork, text)
}
