package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

// inner is the document of an iframe, whichever process it lives in. It implements page.Document.
type inner struct {
	tab   *tab
	frame frame
}

// frame finds an iframe below the element within (nil = the tab's document) and enters its document.
func (t *tab) frame(ctx context.Context, alternatives []string, within *element) (page.Document, error) {
	var where page.Element
	if within != nil {
		where = within
	}
	found, _, err := t.find(ctx, alternatives, where, 1)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, page.ErrNoFrame
	}
	f, el, err := t.scope(ctx, found[0])
	if err != nil {
		return nil, fmt.Errorf("enter frame: %w", err)
	}
	if el != nil {
		return nil, errors.New("enter frame: the element is not a frame")
	}
	return &inner{tab: t, frame: f}, nil
}

// URL implements page.Document.
func (d *inner) URL(ctx context.Context) (string, error) {
	result, err := d.frame.run(ctx, `function() { return location.href; }`, true)
	if err != nil {
		return "", fmt.Errorf("read address: %w", moved(err))
	}
	return result.Value.Str(), nil
}

// Find implements page.Document.
func (d *inner) Find(ctx context.Context, alternatives []string, within page.Element) (page.Element, int, error) {
	return d.tab.Find(ctx, alternatives, d.below(within))
}

// FindAll implements page.Document.
func (d *inner) FindAll(ctx context.Context, alternatives []string, within page.Element, limit int) ([]page.Element, error) {
	return d.tab.FindAll(ctx, alternatives, d.below(within), limit)
}

// below limits a search without a limit to the frame.
func (d *inner) below(within page.Element) page.Element {
	if el, ok := within.(*element); ok && el != nil {
		return el
	}
	return d.frame.owner
}

// Eval implements page.Document.
func (d *inner) Eval(ctx context.Context, function string, args any) (json.RawMessage, error) {
	return d.frame.evaluate(ctx, function, args)
}

// EvalPage implements page.Document.
func (d *inner) EvalPage(ctx context.Context, function string, args any) (json.RawMessage, error) {
	return d.frame.evaluateInPage(ctx, function, args)
}

// Frame implements page.Document.
func (d *inner) Frame(ctx context.Context, alternatives []string) (page.Document, error) {
	return d.tab.frame(ctx, alternatives, d.frame.owner)
}

// evaluateInPage is evaluate in the world of the page's own scripts.
func (f frame) evaluateInPage(ctx context.Context, function string, args any) (json.RawMessage, error) {
	document, err := f.run(ctx, `function() { return document; }`, false)
	if err != nil {
		return nil, err
	}
	node, err := proto.DOMDescribeNode{ObjectID: document.ObjectID}.Call(f.target.in(ctx))
	if err != nil {
		return nil, moved(err)
	}
	// Resolved without naming a world, a node stands in the page's own.
	resolved, err := proto.DOMResolveNode{BackendNodeID: node.Node.BackendNodeID}.Call(f.target.in(ctx))
	if err != nil {
		return nil, moved(err)
	}
	result, err := f.target.callFunction(ctx, map[string]any{"objectId": resolved.Object.ObjectID}, answering(function), true, args)
	if err != nil {
		return nil, moved(err)
	}
	return answerOf(result)
}

var _ page.Document = (*inner)(nil)
