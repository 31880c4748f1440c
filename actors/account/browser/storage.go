package browser

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"sync"

	"troupe/actors/account/vault"
)

// storage remembers the local storage of the exported origins, and which of them had a document since it was read:
// what nobody could change is not read again.
type storage struct {
	mu      sync.Mutex
	origins []string // in the order in which they are exported
	known   map[string][][2]vault.Text
	touched map[string]bool
}

func newStorage(origins []string) *storage {
	return &storage{origins: slices.Clone(origins), known: map[string][][2]vault.Text{}, touched: map[string]bool{}}
}

// include adds the origins of a restored state to those that are exported: what came with a login stays with it.
func (s *storage) include(state *vault.State) {
	if state == nil {
		return
	}
	origins := make([]string, len(state.Origins))
	for i, o := range state.Origins {
		origins[i] = o.Origin
	}
	s.add(origins)
}

// add has more origins exported.
func (s *storage) add(origins []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, origin := range origins {
		if originOf(origin) == origin && !slices.Contains(s.origins, origin) {
			s.origins = append(s.origins, origin)
		}
	}
}

// exported lists the origins that are exported.
func (s *storage) exported() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.origins)
}

// touch notes that a document of that address came up.
func (s *storage) touch(address string) {
	origin := originOf(address)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.known[origin]; known {
		s.touched[origin] = true
	}
}

// remember notes what an origin holds; while a document of it is open that may change at any time.
func (s *storage) remember(origin string, items [][2]vault.Text, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[origin] = items
	s.touched[origin] = open
}

// recall returns what an origin holds if it cannot have changed.
func (s *storage) recall(origin string) ([][2]vault.Text, bool) {
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

// The pages' strings cross as JSON text inside a string: as values of the protocol they would lose half surrogate pairs. Entries are
// asked for by number, because an entry named "length" or "key" is not among the object's own properties.
const (
	readStorageJS = `function() {
	const items = [];
	for (let n = 0; n < localStorage.length; n++) {
		const key = localStorage.key(n);
		items.push([key, localStorage.getItem(key)]);
	}
	return JSON.stringify(items);
}`
	writeStorageJS = `function(text) {
	let lost = 0;
	for (const [key, value] of JSON.parse(text)) {
		try { localStorage.setItem(key, value); } catch { lost++; }
	}
	return lost;
}`
)

// readOrigin reads the local storage of one origin: from memory, from an open page of it, or from an empty document.
func (i *Instance) readOrigin(ctx context.Context, empty *emptyPage, origin string) ([][2]vault.Text, error) {
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
	document, err := empty.at(ctx, origin)
	if err != nil {
		return nil, err
	}
	items, err := readStorage(ctx, document)
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

func readStorage(ctx context.Context, f frame) ([][2]vault.Text, error) {
	result, err := f.run(ctx, readStorageJS, true)
	if err != nil {
		return nil, err
	}
	var items [][2]vault.Text
	if json.Unmarshal([]byte(result.Value.Str()), &items) != nil { // its error could quote a value
		return nil, errors.New("local storage is not a list of pairs")
	}
	return items, nil
}

// writeOrigin fills the local storage of one origin, and says how many entries Chromium did not take.
func (i *Instance) writeOrigin(ctx context.Context, empty *emptyPage, o vault.Origin) (refused int, err error) {
	if originOf(o.Origin) != o.Origin {
		return 0, errors.New("not of the form https://host")
	}
	text, err := json.Marshal(o.LocalStorage)
	if err != nil {
		return 0, errors.New("local storage is not to be had as JSON")
	}
	document, err := empty.at(ctx, o.Origin)
	if err != nil {
		return 0, err
	}
	result, err := document.run(ctx, writeStorageJS, true, string(text))
	if err != nil {
		return 0, err
	}
	if refused = result.Value.Int(); refused == 0 {
		i.storage.remember(o.Origin, o.LocalStorage, false)
	}
	return refused, nil
}
