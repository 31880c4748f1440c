package engine

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// fakeBrowser is a browser of one site that a test scripts. It is used inside a synctest bubble, whose time begins in
// 2000; newFake moves it on, because instants are told by their magnitude.
type fakeBrowser struct {
	fakeTraffic
	tabs    map[string]*fakeTab
	opened  []string                   // every navigation
	closed  []string                   // tabs that were closed
	cookie  bool                       // whether the session cookie is there
	visit   func(t *fakeTab) error     // what a navigation brings
	els     map[string]*fakeElement    // by selector, on every tab
	typed   func(el *fakeElement) bool // whether typing reaches the editor
	presses map[string]int             // keys, how often
	pressed func(key string)           // what a key brings
	dom     string
	// eval answers page functions; those of the page's world come with "page:" before their code.
	eval func(t *fakeTab, function string, args any) (any, error)
}

func (b *fakeBrowser) evaluate(ctx context.Context, t *fakeTab, function string, args any) (json.RawMessage, error) {
	if b.eval == nil {
		return nil, errors.New("not scripted")
	}
	v, err := b.eval(t, function, args)
	if err == errEndless {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// errEndless lets a page function run until it is cut.
var errEndless = errors.New("endless")

func newFake() *fakeBrowser {
	if now := time.Now(); now.Year() < 2020 {
		time.Sleep(27 * 365 * 24 * time.Hour)
	}
	b := &fakeBrowser{tabs: map[string]*fakeTab{}, cookie: true, els: map[string]*fakeElement{}, presses: map[string]int{}}
	b.changed = make(chan struct{})
	b.arrived = make(chan struct{}, 1)
	b.visit = func(*fakeTab) error { return nil }
	return b
}

func (b *fakeBrowser) Tab(_ context.Context, name string) (page.Tab, error) {
	if b.tabs[name] == nil {
		b.tabs[name] = &fakeTab{b: b, name: name, url: "about:blank"}
	}
	return b.tabs[name], nil
}

func (b *fakeBrowser) CloseTab(_ context.Context, name string) error {
	delete(b.tabs, name)
	b.closed = append(b.closed, name)
	return nil
}

func (b *fakeBrowser) HasCookie(context.Context, string, string) (bool, error) { return b.cookie, nil }

func (b *fakeBrowser) Traffic() page.Traffic { return &b.fakeTraffic }

// answer records an HTTP answer to a tab.
func (b *fakeBrowser) answer(tab, method, path, body string) {
	b.add(page.Record{Kind: page.Response, Tab: tab, Method: method, URL: "https://mini.test/api/" + path, Status: 200, Body: []byte(body)})
}

func (b *fakeBrowser) push(body string) {
	b.add(page.Record{Kind: page.Frame, Tab: "watch", Method: "GET", URL: "wss://mini.test/push", Body: []byte(body), Text: true})
}

// fakeTraffic is an unbounded ring; forget drops what it holds.
type fakeTraffic struct {
	mu      sync.Mutex
	records []page.Record
	seq     uint64
	lost    uint64 // everything up to here was dropped
	changed chan struct{}
	arrived chan struct{}
	keep    func(kind page.RecordKind, method, url string) bool // what Watch was told
}

func (r *fakeTraffic) Watch(keep func(page.RecordKind, string, string) bool) { r.keep = keep }

func (r *fakeTraffic) Arrived() <-chan struct{} { return r.arrived }

func (r *fakeTraffic) Seq() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seq
}

func (r *fakeTraffic) add(rec page.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	rec.Seq, rec.At = r.seq, time.Now()
	r.records = append(r.records, rec)
	close(r.changed)
	r.changed = make(chan struct{})
	select {
	case r.arrived <- struct{}{}:
	default:
	}
}

func (r *fakeTraffic) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records, r.lost = nil, r.seq
}

func (r *fakeTraffic) Since(seq uint64) ([]page.Record, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []page.Record
	for _, rec := range r.records {
		if rec.Seq > seq {
			out = append(out, rec)
		}
	}
	return out, seq < r.lost
}

func (r *fakeTraffic) Wait(ctx context.Context, seq uint64, match func(page.Record) bool) (page.Record, error) {
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		records, _ := r.Since(seq)
		for _, rec := range records {
			if match(rec) {
				return rec, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return page.Record{}, ctx.Err()
		}
	}
}

type fakeTab struct {
	b         *fakeBrowser
	name, url string
	focus     *fakeElement
}

func (t *fakeTab) Navigate(_ context.Context, url string) error {
	t.url = url
	t.b.opened = append(t.b.opened, t.name+" "+url)
	if url == "about:blank" {
		return nil
	}
	return t.b.visit(t)
}

func (t *fakeTab) Reload(context.Context) error          { return t.b.visit(t) }
func (t *fakeTab) URL(context.Context) (string, error)   { return t.url, nil }
func (t *fakeTab) Title(context.Context) (string, error) { return "mini", nil }

func (t *fakeTab) Find(_ context.Context, alternatives []string, _ page.Element) (page.Element, int, error) {
	for i, selector := range alternatives {
		if el := t.b.els[selector]; el != nil {
			el.tab = t
			return el, i, nil
		}
	}
	return nil, -1, nil
}

func (t *fakeTab) FindAll(ctx context.Context, alternatives []string, within page.Element, _ int) ([]page.Element, error) {
	el, _, err := t.Find(ctx, alternatives, within)
	if err != nil || el == nil {
		return nil, err
	}
	return append([]page.Element{el}, el.(*fakeElement).twins...), nil
}

func (t *fakeTab) Eval(ctx context.Context, function string, args any) (json.RawMessage, error) {
	return t.b.evaluate(ctx, t, function, args)
}

func (t *fakeTab) EvalPage(ctx context.Context, function string, args any) (json.RawMessage, error) {
	return t.b.evaluate(ctx, t, "page:"+function, args)
}

func (t *fakeTab) Frame(context.Context, []string) (page.Document, error) {
	return nil, page.ErrNoFrame
}

func (t *fakeTab) Paste(ctx context.Context, text string) error { return t.Type(ctx, text) }

func (t *fakeTab) Clear(ctx context.Context) error { return t.Press(ctx, "Backspace") }

func (t *fakeTab) Type(_ context.Context, text string) error {
	if t.b.typed == nil || t.b.typed(t.focus) {
		t.focus.text += text
	}
	return nil
}

func (t *fakeTab) Press(_ context.Context, key string) error {
	t.b.presses[key]++
	if t.b.pressed != nil {
		t.b.pressed(key)
	}
	switch key {
	case "Backspace":
		t.focus.text = ""
	case "Shift+Enter":
		t.focus.text += "\n"
	}
	return nil
}

func (t *fakeTab) Scroll(context.Context, page.Element, int) error { return nil }
func (t *fakeTab) Screenshot(context.Context) ([]byte, error)      { return []byte("png"), nil }
func (t *fakeTab) DOM(context.Context, int) (string, error)        { return t.b.dom, nil }

type fakeElement struct {
	tab    *fakeTab
	text   string
	attrs  map[string]string
	clicks int
	click  func() error
	twins  []page.Element // further elements that the same selector finds
	proofs []string       // that clicks were to prove
	hidden bool
}

func (e *fakeElement) Text(context.Context) (string, error) { return e.text, nil }

func (e *fakeElement) Attr(_ context.Context, name string) (string, bool, error) {
	v, ok := e.attrs[name]
	return v, ok, nil
}

func (e *fakeElement) Visible(context.Context) (bool, error) { return !e.hidden, nil }

func (e *fakeElement) ClickIf(ctx context.Context, proof string) error {
	e.proofs = append(e.proofs, proof)
	return e.Click(ctx)
}

func (e *fakeElement) Click(context.Context) error {
	if e.click != nil {
		if err := e.click(); err != nil {
			return err
		}
	}
	e.clicks++
	e.tab.focus = e
	return nil
}

func (e *fakeElement) Hover(context.Context) error                { return nil }
func (e *fakeElement) Focus(context.Context) error                { return nil }
func (e *fakeElement) Screenshot(context.Context) ([]byte, error) { return []byte("png"), nil }

// newMini makes a client of the mini platform whose owner is known.
func newMini(t *testing.T, b *fakeBrowser, change func(*Config)) platforms.Client {
	t.Helper()
	d, err := definition.Load(os.DirFS("testdata/mini"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Definition: d, Browser: b, Account: "mi_1", Owner: "me"}
	if change != nil {
		change(&cfg)
	}
	return New(cfg)
}

// rows is an answer with these messages, newest first.
func rows(more bool, ids ...string) string {
	type row struct {
		ID   string `json:"id"`
		Peer string `json:"peer"`
		From string `json:"from"`
		Text string `json:"text"`
		At   int64  `json:"at"`
	}
	all := struct {
		Code     int   `json:"code"`
		More     bool  `json:"more"`
		Messages []row `json:"messages"`
	}{More: more, Messages: []row{}}
	for i, id := range ids {
		from, _, own := strings.Cut(id, "!")
		if own {
			id, from = from, "me"
		} else {
			from = "you"
		}
		all.Messages = append(all.Messages, row{id, "you", from, "text of " + id, time.Now().UnixMilli() - int64(i)*1000})
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // plain structs always marshal
	}
	return string(b)
}

func ids(b platforms.Batch) string {
	var all []string
	for _, i := range b.Items {
		_, id, _ := i.Key()
		all = append(all, id)
	}
	return strings.Join(all, " ")
}

var target = &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: "me:you", PersonId: "you", PersonName: "路人甲"}

func (r *fakeTraffic) Expect(match func(page.Record) bool) page.Expectation {
	return fakeExpectation{r, r.Seq(), match}
}

type fakeExpectation struct {
	r     *fakeTraffic
	seq   uint64
	match func(page.Record) bool
}

func (e fakeExpectation) Wait(ctx context.Context) (page.Record, error) {
	return e.r.Wait(ctx, e.seq, e.match)
}
