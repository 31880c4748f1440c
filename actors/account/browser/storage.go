package browser

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"sync"

	"github.com/go-rod/rod/lib/proto"

	"troupe/actors/account/vault"
)

// storage remembers the local storage of the exported origins, and which of them had a document since it was read:
// what nobody could change is not read again.
type storage struct {
	origins []string

	mu      sync.Mutex
	known   map[string][][2]string
	touched map[string]bool
}

func newStorage(origins []string) *storage {
	return &storage{origins: origins, known: map[string][][2]string{}, touched: map[string]bool{}}
}

// touch notes that a document of that address came up.
func (s *storage) touch(address string) {
	origin := originOf(address)
	if !slices.Contains(s.origins, origin) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touched[origin] = true
}

// remember notes what an origin holds; while a document of it is open that may change at any time.
func (s *storage) remember(origin string, items [][2]string, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[origin] = items
	s.touched[origin] = open
}

// recall returns what an origin holds if it cannot have changed.
func (s *storage) recall(origin string) ([][2]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items, ok := s.known[origin]
	return items, ok && !s.touched[origin]
}

// originOf is the origin of an address: scheme and host, with a port that is not the scheme's own.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

const (
	readStorageJS  = `function() { return Object.entries(localStorage).map(([k, v]) => [k, String(v)]); }`
	writeStorageJS = `function(items) { for (const [k, v] of items) localStorage.setItem(k, v); return localStorage.length; }`
)

// readOrigin reads the local storage of one origin: from memory, from an open page of it, or from an empty
// document in a page of its own.
func (i *Instance) readOrigin(ctx context.Context, origin string) ([][2]string, error) {
	open, inFrame := i.findOrigin(origin)
	if open != nil {
		items, err := readStorage(ctx, frame{target: open, id: open.doc.main})
		if err == nil {
			i.storage.remember(origin, items, true)
			return items, nil
		}
		if open.ctx.Err() == nil && !lost(err) {
			return nil, err
		}
	} else if items, ok := i.storage.recall(origin); ok {
		return items, nil
	}
	var items [][2]string
	err := i.atOrigin(ctx, origin, func(f frame) (err error) {
		items, err = readStorage(ctx, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	i.storage.remember(origin, items, inFrame)
	return items, nil
}

// findOrigin looks for a page that shows the origin, and says whether some frame in another page does.
func (i *Instance) findOrigin(origin string) (open *target, inFrame bool) {
	for _, t := range i.targets.pages(true) {
		main, all := t.doc.addresses()
		if t.isPage() && originOf(main) == origin && t.ctx.Err() == nil {
			return t, false
		}
		inFrame = inFrame || slices.ContainsFunc(all, func(a string) bool { return originOf(a) == origin })
	}
	return nil, inFrame
}

func readStorage(ctx context.Context, f frame) ([][2]string, error) {
	result, err := f.run(ctx, readStorageJS, true)
	if err != nil {
		return nil, err
	}
	var items [][2]string
	if err := result.Value.Unmarshal(&items); err != nil {
		return nil, errors.New("local storage is not a list of pairs")
	}
	return items, nil
}

// writeOrigin fills the local storage of one origin.
func (i *Instance) writeOrigin(ctx context.Context, o vault.Origin) error {
	return i.atOrigin(ctx, o.Origin, func(f frame) error {
		_, err := f.run(ctx, writeStorageJS, true, o.LocalStorage)
		if err == nil {
			i.storage.remember(o.Origin, o.LocalStorage, false)
		}
		return err
	})
}

// atOrigin lets work run in an empty document of that origin. Nothing goes over the network: each request of that page
// is answered here.
func (i *Instance) atOrigin(ctx context.Context, origin string, work func(frame) error) (err error) {
	t, err := i.targets.open(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.targets.close(context.WithoutCancel(ctx), t.id)) }()
	steps := []struct {
		method string
		params any
	}{
		{"Network.setBypassServiceWorker", map[string]any{"bypass": true}},
		{"Network.disable", nil}, // nobody's traffic
		{"Fetch.enable", map[string]any{"patterns": []map[string]any{{"urlPattern": "*"}}}},
	}
	for _, s := range steps {
		if err := t.call(ctx, s.method, s.params, nil); err != nil {
			return err
		}
	}
	if err := newTab(i, t).Navigate(ctx, origin+"/"); err != nil {
		return err
	}
	return work(frame{target: t, id: t.doc.main})
}

// emptyHTML names an icon of its own: Chromium would fetch the site's by itself.
const emptyHTML = `<!doctype html><link rel="icon" href="data:,">`

// emptyDocument answers a paused request of such a page.
func (i *Instance) emptyDocument(t *target, params json.RawMessage) {
	var paused proto.FetchRequestPaused
	if json.Unmarshal(params, &paused) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
	answer := map[string]any{
		"requestId": paused.RequestID, "responseCode": 200,
		"responseHeaders": []map[string]string{{"name": "Content-Type", "value": "text/html"}},
		"body":            []byte(emptyHTML),
	}
	if err := t.call(ctx, "Fetch.fulfillRequest", answer, nil); err != nil && t.ctx.Err() == nil {
		i.cfg.Log.Debug("empty document refused", "err", err)
	}
}
