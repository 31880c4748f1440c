package browser

import (
	"context"
	"fmt"

	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

// element is a handle on one element, kept by Chromium in the frame's isolated world. It implements page.Element.
type element struct {
	tab    *tab
	frame  frame
	object proto.RuntimeRemoteObjectID
}

// call runs a function with the element as this.
func (e *element) call(ctx context.Context, function string, args ...any) (*proto.RuntimeRemoteObject, error) {
	where := map[string]any{"objectId": e.object}
	result, err := e.frame.target.callFunction(ctx, where, function, true, args...)
	if err != nil {
		return nil, moved(err)
	}
	return result, nil
}

// Text implements page.Element.
func (e *element) Text(ctx context.Context) (string, error) {
	text, _, err := e.read(ctx, `function() { return this.innerText ?? this.textContent ?? ""; }`)
	if err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	return text, nil
}

// Attr implements page.Element.
func (e *element) Attr(ctx context.Context, name string) (value string, ok bool, err error) {
	const js = `function(name) { return name === "value" && "value" in this ? String(this.value) : this.getAttribute(name); }`
	value, ok, err = e.read(ctx, js, name)
	if err != nil {
		return "", false, fmt.Errorf("read attribute: %w", err)
	}
	return value, ok, nil
}

// read calls a function that answers with a string or null. A string that is too large never leaves the page.
func (e *element) read(ctx context.Context, function string, args ...any) (text string, ok bool, err error) {
	bounded := fmt.Sprintf(`function(...args) {
	const text = (%s).apply(this, args);
	return typeof text === "string" && text.length > %d ? text.length : text;
}`, function, maxAnswer)
	result, err := e.call(ctx, bounded, args...)
	if err != nil {
		return "", false, err
	}
	switch result.Type {
	case proto.RuntimeRemoteObjectTypeString:
	case proto.RuntimeRemoteObjectTypeNumber:
		return "", false, errTooLarge
	default: // null
		return "", false, nil
	}
	if text = result.Value.Str(); len(text) > maxAnswer {
		return "", false, errTooLarge
	}
	return text, true, nil
}

// Visible implements page.Element.
func (e *element) Visible(ctx context.Context) (bool, error) {
	const js = `function() {
	const r = this.getBoundingClientRect();
	return r.width > 0 && r.height > 0 && this.checkVisibility({ visibilityProperty: true, opacityProperty: true });
}`
	result, err := e.call(ctx, js)
	if err != nil {
		return false, fmt.Errorf("see element: %w", err)
	}
	return result.Value.Bool(), nil
}

// Click implements page.Element.
func (e *element) Click(ctx context.Context) error { return e.click(ctx, "") }

// ClickIf implements page.Element.
func (e *element) ClickIf(ctx context.Context, proof string) error { return e.click(ctx, proof) }

// click makes the proof of the place twice: before the mouse sets out, and when it has arrived, then with the caller's, which is
// then asked at each event of the click itself, too.
func (e *element) click(ctx context.Context, proof string) error {
	if err := e.tab.hand.take(ctx); err != nil {
		return fmt.Errorf("click: %w", err)
	}
	defer e.tab.hand.give()
	p, err := e.reach(ctx)
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	if err := e.prove(ctx, p, proof); err != nil {
		return fmt.Errorf("click: %w", err)
	}
	err = e.tab.press(ctx, p)
	if proof != "" && e.lift(ctx) {
		err = fmt.Errorf("%w: the button went down over something else, which heard nothing of it", page.ErrMoved)
	}
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	return nil
}

// Hover implements page.Element.
func (e *element) Hover(ctx context.Context) error {
	if err := e.tab.hand.take(ctx); err != nil {
		return fmt.Errorf("hover: %w", err)
	}
	defer e.tab.hand.give()
	if _, err := e.reach(ctx); err != nil {
		return fmt.Errorf("hover: %w", err)
	}
	return nil
}

// Focus implements page.Element.
func (e *element) Focus(ctx context.Context) error {
	result, err := e.call(ctx, `function() { this.focus(); return this.getRootNode().activeElement === this; }`)
	if err != nil {
		return fmt.Errorf("focus: %w", err)
	}
	if !result.Value.Bool() {
		return fmt.Errorf("focus: the element does not take it")
	}
	return nil
}

var _ page.Element = (*element)(nil)
