package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

// tab is one kept page. It implements page.Tab; after a crash it only fails with page.ErrGone, and
// Instance.Tab makes a new one.
type tab struct {
	i      *Instance
	target *target
	root   frame

	hand turn  // one act at a time
	at   point // where the mouse is
}

func newTab(i *Instance, t *target) *tab {
	return &tab{i: i, target: t, hand: newTurn(), root: frame{target: t, id: t.doc.main}}
}

// Navigate implements page.Tab.
func (t *tab) Navigate(ctx context.Context, rawURL string) error {
	ctx, cancel := context.WithTimeout(ctx, navigationLimit)
	defer cancel()
	if !t.target.ours() && !t.i.maySee(rawURL) {
		return fmt.Errorf("navigate: %w: %s", page.ErrOutside, hostOf(rawURL))
	}
	before := t.target.doc.now()
	answer, err := proto.PageNavigate{URL: rawURL}.Call(t.target.in(ctx))
	if err != nil {
		return fmt.Errorf("navigate: %w", err)
	}
	if answer.ErrorText != "" && t.target.doc.refusedSince(before) {
		return fmt.Errorf("navigate: %w", page.ErrOutside)
	}
	if answer.ErrorText != "" {
		t.awaitErrorPage(ctx, before)
		return fmt.Errorf("navigate: %w", netError(answer.ErrorText))
	}
	if answer.LoaderID == "" {
		return nil // within the same document
	}
	return t.awaitDocument(ctx, "navigate", before)
}

// awaitErrorPage waits until Chromium shows its page for a failed navigation: until then the tab takes no other. Some
// failures have none, a download for one.
func (t *tab) awaitErrorPage(ctx context.Context, before moment) {
	ctx, cancel := context.WithTimeout(ctx, errorPageLimit)
	defer cancel()
	t.awaitDocument(ctx, "navigate", before)
}

// Reload implements page.Tab.
func (t *tab) Reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, navigationLimit)
	defer cancel()
	before := t.target.doc.now()
	if err := (proto.PageReload{}).Call(t.target.in(ctx)); err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	return t.awaitDocument(ctx, "reload", before)
}

func (t *tab) awaitDocument(ctx context.Context, op string, before moment) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(t.target.ctx, func() { cancel(context.Cause(t.target.ctx)) })()
	if err := t.target.doc.awaitAfter(ctx, before); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// URL implements page.Document.
func (t *tab) URL(ctx context.Context) (string, error) {
	entry, err := t.entry(ctx)
	if err != nil {
		return "", err
	}
	return entry.URL, nil
}

// Title implements page.Tab.
func (t *tab) Title(ctx context.Context) (string, error) {
	entry, err := t.entry(ctx)
	if err != nil {
		return "", err
	}
	return entry.Title, nil
}

func (t *tab) entry(ctx context.Context) (*proto.PageNavigationEntry, error) {
	history, err := proto.PageGetNavigationHistory{}.Call(t.target.in(ctx))
	if err != nil {
		return nil, fmt.Errorf("read address: %w", err)
	}
	if history.CurrentIndex < 0 || history.CurrentIndex >= len(history.Entries) {
		return nil, errors.New("read address: the page has none")
	}
	return history.Entries[history.CurrentIndex], nil
}

// Find implements page.Document.
func (t *tab) Find(ctx context.Context, alternatives []string, within page.Element) (page.Element, int, error) {
	found, index, err := t.find(ctx, alternatives, within, 1)
	if err != nil || len(found) == 0 {
		return nil, -1, err
	}
	return found[0], index, nil
}

// FindAll implements page.Document.
func (t *tab) FindAll(ctx context.Context, alternatives []string, within page.Element, limit int) ([]page.Element, error) {
	found, _, err := t.find(ctx, alternatives, within, limit)
	return found, err
}

func (t *tab) find(ctx context.Context, alternatives []string, within page.Element, limit int) ([]page.Element, int, error) {
	where, root, err := t.scope(ctx, within)
	if err != nil {
		return nil, -1, fmt.Errorf("find element: %w", err)
	}
	return t.search(ctx, where, root, alternatives, limit)
}

// search looks in a document, below root if it is not nil.
func (t *tab) search(ctx context.Context, where frame, root *element, alternatives []string, limit int) ([]page.Element, int, error) {
	var rootArg any
	if root != nil {
		rootArg = root
	}
	list, err := where.run(ctx, findJS, false, alternatives, rootArg, limit)
	if err != nil {
		return nil, -1, fmt.Errorf("find element: %w", moved(err))
	}
	if list.ObjectID == "" {
		return nil, -1, nil
	}
	return t.unpack(ctx, where, list.ObjectID)
}

// unpack reads the array that find.js returned: the alternative's index, then elements.
func (t *tab) unpack(ctx context.Context, where frame, list proto.RuntimeRemoteObjectID) ([]page.Element, int, error) {
	answer, err := proto.RuntimeGetProperties{ObjectID: list, OwnProperties: true}.Call(where.target.in(ctx))
	if err != nil {
		return nil, -1, fmt.Errorf("find element: %w", moved(err))
	}
	index := -1
	var found []page.Element
	for _, p := range answer.Result {
		switch {
		case p.Value == nil:
		case p.Name == "0":
			index = p.Value.Value.Int()
		case p.Value.ObjectID != "" && p.Name[0] >= '1' && p.Name[0] <= '9':
			found = append(found, &element{tab: t, frame: where, object: p.Value.ObjectID})
		}
	}
	return found, index, nil
}

// scope is the frame and the element to search in. An iframe element stands for the document in it, whichever
// process that lives in.
func (t *tab) scope(ctx context.Context, within page.Element) (frame, *element, error) {
	el, ok := within.(*element)
	if !ok || el == nil {
		return t.root, nil, nil
	}
	node, err := proto.DOMDescribeNode{ObjectID: el.object}.Call(el.frame.target.in(ctx))
	if err != nil {
		return frame{}, nil, moved(err)
	}
	if node.Node.FrameID == "" {
		return el.frame, el, nil
	}
	inner := frame{target: el.frame.target, id: node.Node.FrameID, owner: el}
	if own := t.i.targets.find(proto.TargetTargetID(inner.id)); own != nil {
		inner.target = own
	}
	return inner, nil, nil
}

// Eval implements page.Document.
func (t *tab) Eval(ctx context.Context, function string, args any) (json.RawMessage, error) {
	return t.root.evaluate(ctx, function, args)
}

// EvalPage implements page.Document.
func (t *tab) EvalPage(ctx context.Context, function string, args any) (json.RawMessage, error) {
	return t.root.evaluateInPage(ctx, function, args)
}

// Frame implements page.Document.
func (t *tab) Frame(ctx context.Context, alternatives []string) (page.Document, error) {
	return t.frame(ctx, t.root, alternatives)
}

// DOM implements page.Tab.
func (t *tab) DOM(ctx context.Context, max int) (string, error) {
	const js = `function(max) { return document.documentElement ? document.documentElement.outerHTML.slice(0, max) : ""; }`
	result, err := t.root.run(ctx, js, true, max)
	if err != nil {
		return "", fmt.Errorf("read document: %w", err)
	}
	html := result.Value.Str()
	if len(html) > max {
		for max > 0 && !utf8.RuneStart(html[max]) {
			max--
		}
		html = html[:max]
	}
	return strings.ToValidUTF8(html, "\uFFFD"), nil
}

// moved turns the loss of an object into page.ErrMoved.
func moved(err error) error {
	if lost(err) {
		return fmt.Errorf("%w: %w", page.ErrMoved, err)
	}
	return err
}

var _ page.Tab = (*tab)(nil)
