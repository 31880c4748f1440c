package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"troupe/platforms/page"
)

// inner is one document of an iframe, whichever process it lives in. It implements page.Document.
type inner struct {
	tab   *tab
	frame frame
}

// frame enters the first iframe that is found in a document.
func (t *tab) frame(ctx context.Context, in frame, alternatives []string) (page.Document, error) {
	found, _, err := t.search(ctx, in, nil, alternatives, 1)
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
	return t.enter(ctx, f)
}

// enter takes the document that stands in a frame now. The empty one that only waits for the frame's own does not count.
func (t *tab) enter(ctx context.Context, f frame) (page.Document, error) {
	world, err := f.target.world(ctx, f.id)
	if err != nil {
		return nil, fmt.Errorf("enter frame: %w", moved(err))
	}
	f.entered = world
	address, err := f.run(ctx, `function() { return location.href; }`, true)
	if lost(err) {
		f.target.forgetWorld(f.id)
	}
	if err != nil {
		return nil, fmt.Errorf("enter frame: %w", moved(err))
	}
	if address.Value.Str() == blank {
		source, _, err := f.owner.Attr(ctx, "src")
		if err != nil {
			return nil, fmt.Errorf("enter frame: %w", err)
		}
		if source != "" && source != blank {
			return nil, page.ErrNoFrame
		}
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
	found, index, err := d.find(ctx, alternatives, within, 1)
	if err != nil || len(found) == 0 {
		return nil, -1, err
	}
	return found[0], index, nil
}

// FindAll implements page.Document.
func (d *inner) FindAll(ctx context.Context, alternatives []string, within page.Element, limit int) ([]page.Element, error) {
	found, _, err := d.find(ctx, alternatives, within, limit)
	return found, err
}

func (d *inner) find(ctx context.Context, alternatives []string, within page.Element, limit int) ([]page.Element, int, error) {
	if el, ok := within.(*element); ok && el != nil {
		return d.tab.find(ctx, alternatives, el, limit)
	}
	return d.tab.search(ctx, d.frame, nil, alternatives, limit)
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
	return d.tab.frame(ctx, d.frame, alternatives)
}

var _ page.Document = (*inner)(nil)
