// Package page is what a platform's engine needs of a browser: kept tabs, elements, and the record of
// what the pages themselves received. It is an interface; actors/account/browser implements it over
// Chromium, tests by hand.
//
// Every method may block until ctx ends and is safe for one goroutine at a time per browser. Reads run in
// an isolated world: a page cannot see or change them. Acts (click, type) are real input events.
package page

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Errors that a caller branches on; all others are wrapped CDP or network errors.
var (
	// ErrGone means that the tab crashed or the browser exited: nothing more can be done here.
	ErrGone = errors.New("the browser or its page is gone")
	// ErrMoved means that an element left the page, or was covered, between its location and the act.
	ErrMoved = errors.New("the element moved or went away")
	// ErrGate means that a navigation was refused by the account's gate.
	ErrGate = errors.New("the gate refused the connection")
	// ErrNetwork means that the site could not be reached.
	ErrNetwork = errors.New("the site could not be reached")
	// ErrNoFrame means that no frame matched.
	ErrNoFrame = errors.New("there is no such frame")
	// ErrOutside means that a navigation was refused because its host is not one of the definition's sites.
	ErrOutside = errors.New("the page may not navigate there")
)

// Browser is one account's Chromium as the engine sees it.
type Browser interface {
	// Tab returns the kept tab of that name, making it (about:blank) on first use and again after a crash.
	Tab(ctx context.Context, name string) (Tab, error)
	// CloseTab closes a kept tab; closing one that does not exist is not an error.
	CloseTab(ctx context.Context, name string) error
	// HasCookie says whether a cookie of that name would be sent to rawURL.
	HasCookie(ctx context.Context, rawURL, name string) (bool, error)
	// Traffic is what all tabs, frames and workers receive.
	Traffic() Traffic
}

// Document is what can be read and located: a tab's own document, or one of its frames. A frame's document goes stale
// when the frame navigates or leaves, which is ErrMoved; take it anew for each flow.
type Document interface {
	URL(ctx context.Context) (string, error)
	// Find returns the first element that one of the alternatives matches now, and which one did; (nil, -1, nil)
	// if none does. An alternative is a CSS selector, "text=..." for the innermost element whose
	// visible text contains the words, or "CSS >> text=..." for what CSS selects if its visible text contains them. within limits the search; nil = the document.
	Find(ctx context.Context, alternatives []string, within Element) (Element, int, error)
	// FindAll returns every element that the first matching alternative selects, in document order, at most limit.
	FindAll(ctx context.Context, alternatives []string, within Element, limit int) ([]Element, error)
	// Eval runs a pure function (args) => JSON in an isolated world. The answer is at most 1 MiB.
	Eval(ctx context.Context, function string, args any) (json.RawMessage, error)
	// EvalPage runs a pure function (args) => JSON in the page's own world, where its globals are (a page store such as
	// __INITIAL_STATE__). The page could notice it: for reading what no isolated world can see. At most 1 MiB.
	EvalPage(ctx context.Context, function string, args any) (json.RawMessage, error)
	// Frame returns the document of the first frame element that one of the alternatives matches, same-site or cross-site;
	// ErrNoFrame if there is none yet, or if it still is the empty one that stands there until the frame's own comes.
	Frame(ctx context.Context, alternatives []string) (Document, error)
}

// Tab is one kept page.
type Tab interface {
	Document
	// Navigate opens rawURL and returns when the document is ready (DOMContentLoaded).
	// A host that is not among the definition's sites is ErrOutside, also at the end of a redirect.
	Navigate(ctx context.Context, rawURL string) error
	Reload(ctx context.Context) error
	Title(ctx context.Context) (string, error)
	// Type inserts text into the focused element at a person's pace, a few runes at a time.
	Type(ctx context.Context, text string) error
	// Paste puts text into the focused element in one piece through the clipboard and Control+V: an editor sees a trusted
	// paste event that carries the text as text/plain, newlines and all.
	Paste(ctx context.Context, text string) error
	// Clear empties the focused input or editor by selecting everything and deleting it.
	Clear(ctx context.Context) error
	// Press presses one key: Enter, Escape, Backspace, or with keys held: "Control+A", "Shift+Enter".
	Press(ctx context.Context, key string) error
	// Scroll turns the mouse wheel by dy CSS pixels over el, or over the middle of the page if el is nil.
	Scroll(ctx context.Context, el Element, dy int) error
	// Screenshot is a PNG of the viewport, at most 4 MiB: a larger one is made smaller.
	Screenshot(ctx context.Context) ([]byte, error)
	// DOM is the document's HTML, cut at max bytes.
	DOM(ctx context.Context, max int) (string, error)
}

// Element is a handle on one element of a tab. It goes stale when the page changes.
type Element interface {
	// Text is what a person sees of it, at most 1 MiB; more is an error.
	Text(ctx context.Context) (string, error)
	// Attr returns an attribute, or the property "value", at most 1 MiB.
	Attr(ctx context.Context, name string) (value string, ok bool, err error)
	// Visible says whether it takes up space and is not hidden by style.
	Visible(ctx context.Context) (bool, error)
	// Click scrolls it into view, proves that it is what lies at the point, and clicks there with the mouse.
	Click(ctx context.Context) error
	// ClickIf is Click with a condition that is proven where Click proves the place: when the mouse has arrived, right
	// before the button goes down, and once more by each event of the click, of what it hits, before the page hears of it. proof is a
	// pure function (el) => bool, of the element or of one within it; anything but true is ErrMoved, and no click.
	ClickIf(ctx context.Context, proof string) error
	Hover(ctx context.Context) error
	Focus(ctx context.Context) error
	// Screenshot is a PNG of the element alone, as far as the viewport can show it, at most 4 MiB.
	Screenshot(ctx context.Context) ([]byte, error)
}

// RecordKind tells a response from a WebSocket frame.
type RecordKind byte

// The kinds of record.
const (
	Response RecordKind = iota + 1
	Frame               // received by the page over a WebSocket
	Failed              // a request of the page that got no answer, or not all of it; Status is set if it began
	Sent                // sent by the page over a WebSocket
)

// Record is one thing that a page received or sent. What it points to is never changed: all readers share it.
type Record struct {
	Seq    uint64
	At     time.Time // when Chromium had it whole
	Kind   RecordKind
	Tab    string // name of the tab, "" for a worker
	Origin string // of the document or worker that asked: https://host
	Method string // of the request
	URL    string // the last one, after redirects
	Status int
	Type   string // media type of an answer without parameters: text/html; "" where none is known
	Post   []byte // what the request carried, if Watch wanted its first URL and it is at most 64 KiB; else nil
	Body   []byte // at most 8 MiB; nil with Err set when it could not be had
	Text   bool   // a frame: text, not binary
	Err    string
}

// Traffic is a bounded ring of records. Take Seq before an act, then wait from it: nothing can slip between.
// Only responses whose URL some Watch pattern matches are kept, and all frames of matching sockets.
type Traffic interface {
	// Watch replaces the predicate that says which URLs are worth keeping, now and while pages run. It is asked by
	// kind: for Response and Failed with the address of the last redirect, for Frame and Sent with the socket's.
	Watch(keep func(kind RecordKind, method, url string) bool)
	Seq() uint64
	// Since returns the kept records after seq, oldest first, and whether some were dropped in between.
	Since(seq uint64) (records []Record, dropped bool)
	// Wait returns the first record after seq that match accepts, as soon as there is one.
	Wait(ctx context.Context, seq uint64, match func(Record) bool) (Record, error)
	// Expect registers interest before an act: what comes between this call and Wait is not missed.
	Expect(match func(Record) bool) Expectation
	// Arrived gets a token (capacity one) whenever a record was added.
	Arrived() <-chan struct{}
}

// Expectation waits for one record that was announced by Traffic.Expect.
type Expectation interface {
	// Wait returns the first matching record since Expect, as soon as there is one.
	Wait(ctx context.Context) (Record, error)
}
