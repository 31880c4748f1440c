package figures

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"troupe/platforms/page"
)

const blankPage = "about:blank"

// errNoPage is what asks for a real page.
var errNoPage = errors.New("a fake browser has no page")

// fakeTab is a tab that shows nothing or the desk. What it has no page for, it has not; the engine's flows of looking need none of it.
type fakeTab struct {
	page.Tab
	browser *fakeBrowser
	name    string

	mu    sync.Mutex
	url   string
	leave context.CancelFunc // ends the present desk
	desk  *fakeDesk          // nil on any other page
}

// Navigate implements page.Tab.
func (t *fakeTab) Navigate(ctx context.Context, address string) error {
	t.close()
	at := address
	if address != blankPage {
		var err error
		if at, _, _, err = t.browser.get(ctx, address); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.url = at
	if at == deskPage {
		var life context.Context
		life, t.leave = context.WithCancel(t.browser.life)
		t.desk = newFakeDesk(life, t.browser, t.name)
	}
	return nil
}

func (t *fakeTab) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leave()
	t.url, t.desk = blankPage, nil
}

// Reload implements page.Tab.
func (t *fakeTab) Reload(ctx context.Context) error {
	address, _ := t.URL(ctx)
	return t.Navigate(ctx, address)
}

// URL implements page.Document.
func (t *fakeTab) URL(context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.url, nil
}

// Title implements page.Tab.
func (t *fakeTab) Title(context.Context) (string, error) { return "工作台 - 沙盒", nil }

// Find implements page.Document: the desk's buttons.
func (t *fakeTab) Find(_ context.Context, alternatives []string, _ page.Element) (page.Element, int, error) {
	t.mu.Lock()
	desk := t.desk
	t.mu.Unlock()
	if desk == nil {
		return nil, -1, nil
	}
	for i, selector := range alternatives {
		if press := desk.button(selector); press != nil {
			return fakeButton{press: press}, i, nil
		}
	}
	return nil, -1, nil
}

// FindAll implements page.Document.
func (t *fakeTab) FindAll(ctx context.Context, alternatives []string, within page.Element, _ int) ([]page.Element, error) {
	el, _, err := t.Find(ctx, alternatives, within)
	if err != nil || el == nil {
		return nil, err
	}
	return []page.Element{el}, nil
}

// Frame implements page.Document.
func (t *fakeTab) Frame(context.Context, []string) (page.Document, error) {
	return nil, page.ErrNoFrame
}

// Eval implements page.Document.
func (t *fakeTab) Eval(context.Context, string, any) (json.RawMessage, error) { return nil, errNoPage }

// Screenshot implements page.Tab: evidence goes without a picture.
func (t *fakeTab) Screenshot(context.Context) ([]byte, error) { return nil, errNoPage }

// DOM implements page.Tab.
func (t *fakeTab) DOM(context.Context, int) (string, error) { return "", errNoPage }

// fakeButton is one of the desk's buttons.
type fakeButton struct {
	page.Element
	press func()
}

// Visible implements page.Element.
func (e fakeButton) Visible(context.Context) (bool, error) { return true, nil }

// Click implements page.Element.
func (e fakeButton) Click(context.Context) error {
	e.press()
	return nil
}

// fakeDesk is what the script of the site's desk page does (testkit/site/assets/desk.js): five lists that it asks for what changed, more
// of each where there is more, and a socket that stays open.
type fakeDesk struct {
	life    context.Context
	browser *fakeBrowser
	tab     string
	panels  []*fakePanel
}

// fakePanel is one of the lists.
type fakePanel struct {
	id, path string

	mu            sync.Mutex // held while it asks
	since, cursor string
	more          bool
}

func newFakeDesk(life context.Context, b *fakeBrowser, tab string) *fakeDesk {
	d := &fakeDesk{life: life, browser: b, tab: tab, panels: []*fakePanel{
		{id: "#panel_comments", path: "/api/comments/recent"},
		{id: "#panel_conversations", path: "/api/im/conversations"},
		{id: "#panel_messages", path: "/api/im/messages/recent"},
		{id: "#panel_notices", path: "/api/notices"},
		{id: "#panel_works", path: "/api/works"},
	}}
	go d.listen()
	go func() {
		d.ask("/api/me", nil)
		d.look()
	}()
	return d
}

// button is what a click on a button does; nil when there is none.
func (d *fakeDesk) button(selector string) func() {
	if selector == "#refresh" {
		return func() { go d.look() }
	}
	for _, p := range d.panels {
		if selector != p.id+" .panel-more" {
			continue
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.more {
			return func() { go d.next(p) }
		}
	}
	return nil
}

// listAnswer is what the script reads of a list's answer.
type listAnswer struct {
	Code    int    `json:"status_code"`
	Cursor  string `json:"cursor"`
	HasMore bool   `json:"has_more"`
	Since   string `json:"since"`
}

// look asks each list for what changed since it was asked last.
func (d *fakeDesk) look() {
	var all sync.WaitGroup
	for _, p := range d.panels {
		all.Go(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			count, upTo, since := 50, "", p.since
			if since == "" {
				count = 20
			}
			for cursor := ""; ; {
				a, ok := d.ask(p.path, url.Values{"since": {since}, "cursor": {cursor}, "count": {strconv.Itoa(count)}})
				if !ok {
					return
				}
				if upTo == "" {
					upTo = a.Since
				}
				if since == "" {
					p.cursor, p.more = a.Cursor, a.HasMore
				}
				if cursor = a.Cursor; since == "" || !a.HasMore {
					break
				}
			}
			p.since = upTo
		})
	}
	all.Wait()
}

// next asks for the next page of a list.
func (d *fakeDesk) next(p *fakePanel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := d.ask(p.path, url.Values{"cursor": {p.cursor}}); ok {
		p.cursor, p.more = a.Cursor, a.HasMore
	}
}

// ask makes one request; ok says that it was answered well.
func (d *fakeDesk) ask(path string, query url.Values) (a listAnswer, ok bool) {
	address := creatorPage + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	rec := page.Record{Tab: d.tab, Origin: creatorPage, Method: http.MethodGet, URL: address, Type: "application/json"}
	var err error
	if _, rec.Status, rec.Body, err = d.browser.get(d.life, address); err != nil {
		if d.life.Err() == nil {
			rec.Kind, rec.Err = page.Failed, err.Error()
			d.browser.traffic.add(rec)
		}
		return a, false
	}
	rec.Kind = page.Response
	d.browser.traffic.add(rec)
	return a, json.Unmarshal(rec.Body, &a) == nil && a.Code == 0
}

// listen keeps the socket open until the page is left; after each break it asks for what it missed.
func (d *fakeDesk) listen() {
	pause := time.Second
	for again := false; d.life.Err() == nil; again = true {
		ws, _, err := websocket.Dial(d.life, pushSocket, &websocket.DialOptions{HTTPClient: d.browser.http, HTTPHeader: http.Header{"Origin": {creatorPage}}})
		if err == nil {
			pause = time.Second
			ws.SetReadLimit(-1)
			if again {
				go d.look()
			}
			d.receive(ws)
		}
		select {
		case <-d.life.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, 5*time.Second)
	}
}

func (d *fakeDesk) receive(ws *websocket.Conn) {
	defer ws.CloseNow()
	for {
		kind, body, err := ws.Read(d.life)
		if err != nil {
			return
		}
		d.browser.traffic.add(page.Record{
			Kind: page.Frame, Tab: d.tab, Origin: creatorPage, Method: http.MethodGet, URL: pushSocket, Body: body, Text: kind == websocket.MessageText,
		})
	}
}

var (
	_ page.Tab     = (*fakeTab)(nil)
	_ page.Element = fakeButton{}
)
