package recording

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"troupe/platforms/page"
)

const (
	tabPrefix = "record-" // of the kept tabs that a recording has to itself
	domMost   = 1 << 20   // bytes of a page's document
	totalMost = 24 << 20  // bytes of all bodies; what comes after is left out
)

// recorder is a page.Browser that notes what happens in its tabs. Its tabs are its own, beside those that the browser has
// already, so that every page is loaded from its beginning. It is safe for concurrent use.
type recorder struct {
	page.Browser
	traffic *tap

	mu      sync.Mutex
	seq     uint64 // of the newest record that was taken
	entries []Entry
	pages   []Page
	tabs    []string // open ones, by the names that the engine knows
	size    int
	dropped bool
}

func newRecorder(b page.Browser) *recorder {
	r := &recorder{Browser: b, seq: b.Traffic().Seq()}
	r.traffic = &tap{Traffic: b.Traffic(), recorder: r}
	r.traffic.Traffic.Watch(keep)
	return r
}

// Tab implements page.Browser.
func (r *recorder) Tab(ctx context.Context, name string) (page.Tab, error) {
	r.take()
	t, err := r.Browser.Tab(ctx, tabPrefix+name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.tabs, name) {
		r.tabs = append(r.tabs, name)
	}
	return &recordedTab{Tab: t, recorder: r, name: name}, nil
}

// CloseTab implements page.Browser. The page is kept as it was.
func (r *recorder) CloseTab(ctx context.Context, name string) error {
	r.keepPage(ctx, name)
	return r.Browser.CloseTab(ctx, tabPrefix+name)
}

// Traffic implements page.Browser.
func (r *recorder) Traffic() page.Traffic { return r.traffic }

// keepPage notes a tab's document and picture, as far as they can be had, and that it is not open any more.
func (r *recorder) keepPage(ctx context.Context, name string) {
	r.mu.Lock()
	open := slices.Contains(r.tabs, name)
	r.tabs = slices.DeleteFunc(r.tabs, func(t string) bool { return t == name })
	r.mu.Unlock()
	if !open {
		return
	}
	t, err := r.Browser.Tab(ctx, tabPrefix+name)
	if err != nil {
		return
	}
	p := Page{Tab: name}
	p.URL, _ = t.URL(ctx)
	p.DOM, _ = t.DOM(ctx, domMost)
	p.Picture, _ = t.Screenshot(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pages = append(slices.DeleteFunc(r.pages, func(other Page) bool { return other.Tab == name }), p)
}

// close keeps and closes every tab that is open still.
func (r *recorder) close(ctx context.Context) error {
	r.mu.Lock()
	open := slices.Clone(r.tabs)
	r.mu.Unlock()
	for _, name := range open {
		if err := r.CloseTab(ctx, name); err != nil {
			return fmt.Errorf("close recorded tab: %w", err)
		}
	}
	r.take()
	return nil
}

// take notes what arrived since the last call. It is called whenever the engine looks, so the browser's ring cannot run over
// unnoticed.
func (r *recorder) take() {
	r.mu.Lock()
	defer r.mu.Unlock()
	records, dropped := r.traffic.Traffic.Since(r.seq)
	r.dropped = r.dropped || dropped
	for _, rec := range records {
		r.seq = rec.Seq
		if own, ours := r.traffic.own(rec); ours {
			r.entries = append(r.entries, r.entry(own))
		}
	}
}

// entry is a record as an entry. What a replay does not need, and what is too much, is left out.
func (r *recorder) entry(rec page.Record) Entry {
	e := Entry{
		Kind: kinds[rec.Kind], Tab: rec.Tab, Method: rec.Method, URL: rec.URL, Status: rec.Status, Type: rec.Type, Text: rec.Text,
		Err: rec.Err, Post: rec.Post, Body: rec.Body,
	}
	switch {
	case e.Body != nil && isMedia(e.Type):
		e.Body, e.LeftOut = nil, "media"
	case r.size+len(e.Body) > totalMost:
		e.Body, e.LeftOut = nil, "the recording is full"
	}
	r.size += len(e.Body) + len(e.Post)
	return e
}

// moved notes a navigation that ended elsewhere.
func (r *recorder) moved(tab, from, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, Entry{Kind: Redirect, Tab: tab, Method: "GET", URL: from, To: to})
}

// recordedTab notes where navigations end.
type recordedTab struct {
	page.Tab
	recorder *recorder
	name     string
}

// Navigate implements page.Tab.
func (t *recordedTab) Navigate(ctx context.Context, address string) error {
	if err := t.Tab.Navigate(ctx, address); err != nil {
		return err
	}
	t.recorder.take()
	if now, err := t.URL(ctx); err == nil && hostAndPath(now) != hostAndPath(address) {
		t.recorder.moved(t.name, address, now)
	}
	return nil
}

// tap is the browser's traffic as far as it is the recording's own: of its tabs, by the names that the engine gave them, and
// of workers.
type tap struct {
	page.Traffic
	recorder *recorder
	wanted   atomic.Pointer[func(page.RecordKind, string, string) bool]
}

// own is a record as the engine is to see it, and whether it is the recording's.
func (t *tap) own(rec page.Record) (page.Record, bool) {
	if rec.Tab == "" {
		return rec, true
	}
	if len(rec.Tab) <= len(tabPrefix) || rec.Tab[:len(tabPrefix)] != tabPrefix {
		return rec, false
	}
	rec.Tab = rec.Tab[len(tabPrefix):]
	return rec, true
}

// sees says whether the engine asked for such a record.
func (t *tap) sees(rec page.Record) (page.Record, bool) {
	own, ours := t.own(rec)
	wanted := t.wanted.Load()
	return own, ours && wanted != nil && (*wanted)(rec.Kind, rec.Method, rec.URL)
}

// Watch implements page.Traffic. The browser still keeps everything.
func (t *tap) Watch(keep func(kind page.RecordKind, method, url string) bool) { t.wanted.Store(&keep) }

// Since implements page.Traffic.
func (t *tap) Since(seq uint64) (records []page.Record, dropped bool) {
	t.recorder.take()
	all, dropped := t.Traffic.Since(seq)
	for _, rec := range all {
		if own, ok := t.sees(rec); ok {
			records = append(records, own)
		}
	}
	return records, dropped
}

// Wait implements page.Traffic.
func (t *tap) Wait(ctx context.Context, seq uint64, match func(page.Record) bool) (page.Record, error) {
	defer t.recorder.take()
	rec, err := t.Traffic.Wait(ctx, seq, t.matching(match))
	own, _ := t.own(rec)
	return own, err
}

// Expect implements page.Traffic.
func (t *tap) Expect(match func(page.Record) bool) page.Expectation {
	t.recorder.take()
	return expectation{t.Traffic.Expect(t.matching(match)), t}
}

func (t *tap) matching(match func(page.Record) bool) func(page.Record) bool {
	return func(rec page.Record) bool {
		own, ok := t.sees(rec)
		return ok && match(own)
	}
}

// expectation waits for a record of the recording's own.
type expectation struct {
	page.Expectation
	tap *tap
}

// Wait implements page.Expectation.
func (e expectation) Wait(ctx context.Context) (page.Record, error) {
	defer e.tap.recorder.take()
	rec, err := e.Expectation.Wait(ctx)
	own, _ := e.tap.own(rec)
	return own, err
}

var (
	_ page.Browser = (*recorder)(nil)
	_ page.Tab     = (*recordedTab)(nil)
)
