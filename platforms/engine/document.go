package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"troupe/platforms"
	"troupe/platforms/page"
)

// top is the word for the page around all frames.
const top = "top"

// enterFrame lets the following steps happen in a frame, or in the page again.
func (f *flow) enterFrame(ctx context.Context, name string) (string, error) {
	f.leaveFrame()
	if name == top {
		return "", nil
	}
	err := f.until(ctx, fmt.Errorf("%s: %w", name, page.ErrNoFrame), func(ctx context.Context) (bool, error) {
		doc, err := f.tab.Frame(ctx, f.client.Definition.Find[name])
		if err != nil {
			return false, err
		}
		f.doc, f.frame = doc, name
		return true, nil
	})
	return name, err
}

func (f *flow) leaveFrame() { f.doc, f.frame = f.tab, "" }

// document is where steps happen. A frame that went stale, because it navigated, is taken anew.
func (f *flow) document(ctx context.Context) (page.Document, error) {
	if f.frame == "" {
		return f.tab, nil
	}
	if _, err := f.doc.URL(ctx); err == nil {
		return f.doc, nil
	}
	doc, err := f.tab.Frame(ctx, f.client.Definition.Find[f.frame])
	if err == nil {
		f.doc = doc
	}
	return doc, err
}

// visible finds an element that can be seen where steps happen.
func (f *flow) visible(ctx context.Context, alternatives []string, within page.Element) (page.Element, int, error) {
	doc, err := f.document(ctx)
	if err != nil {
		return nil, -1, err
	}
	return visible(ctx, doc, alternatives, within)
}

// eval runs code where steps happen, in the isolated world or in the page's own. name is how an error names it: code that
// does not end is cut.
func (f *flow) eval(ctx context.Context, name, code, world string, args any) (json.RawMessage, error) {
	doc, err := f.document(ctx)
	if err != nil {
		return nil, err
	}
	timed, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	run := doc.Eval
	if world == "page" {
		run = doc.EvalPage
	}
	raw, err := run(timed, code, args)
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		return nil, &platforms.Error{Kind: platforms.PageChanged, Err: fmt.Errorf("%s was cut after %v", name, functionTime)}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return raw, nil
}

// function runs a page function of the definition.
func (f *flow) function(ctx context.Context, name, world string, args any) (json.RawMessage, error) {
	return f.eval(ctx, "page function "+name+".js", f.client.Definition.Functions[name], world, args)
}

// functionText runs a page function that answers a text, or null for none.
func (f *flow) functionText(ctx context.Context, name, world string) (string, error) {
	raw, err := f.function(ctx, name, world, f.names)
	if err != nil {
		return "", err
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("page function %s.js answers no text: %w", name, err)
	}
	if s == nil {
		return "", nil
	}
	return *s, nil
}

// thrown says whether an evaluation failed because of the page, which may be changing just now, and not because the
// browser, the time or the function itself is over.
func thrown(err error) bool {
	return err != nil && platforms.KindOf(err) == platforms.Internal || errors.Is(err, page.ErrMoved) || errors.Is(err, page.ErrNoFrame)
}
