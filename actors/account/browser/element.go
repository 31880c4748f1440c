package browser

import (
	"context"
	"fmt"
	"math/rand/v2"

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
	result, err := e.call(ctx, `function() { return this.innerText ?? this.textContent ?? ""; }`)
	if err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	return result.Value.Str(), nil
}

// Attr implements page.Element.
func (e *element) Attr(ctx context.Context, name string) (value string, ok bool, err error) {
	const js = `function(name) { return name === "value" && "value" in this ? String(this.value) : this.getAttribute(name); }`
	result, err := e.call(ctx, js, name)
	if err != nil {
		return "", false, fmt.Errorf("read attribute: %w", err)
	}
	if result.Type != proto.RuntimeRemoteObjectTypeString {
		return "", false, nil
	}
	return result.Value.Str(), true, nil
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

// click makes the proof of the place twice: before the mouse sets out, and when it has arrived, then with the caller's.
func (e *element) click(ctx context.Context, proof string) error {
	e.tab.hand.Lock()
	defer e.tab.hand.Unlock()
	p, err := e.reach(ctx)
	if err != nil {
		return fmt.Errorf("click: %w", err)
	}
	if err := e.prove(ctx, p, proof); err != nil {
		return fmt.Errorf("click: %w", err)
	}
	if err := e.tab.press(ctx, p); err != nil {
		return fmt.Errorf("click: %w", err)
	}
	return nil
}

// Hover implements page.Element.
func (e *element) Hover(ctx context.Context) error {
	e.tab.hand.Lock()
	defer e.tab.hand.Unlock()
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

// Screenshot implements page.Element. It is cut out of the page's own picture, so frames of other sites are in it too.
func (e *element) Screenshot(ctx context.Context) ([]byte, error) {
	if _, err := e.reveal(ctx); err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	b, err := e.place(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	corner, err := e.outward(ctx, point{b.Whole[0], b.Whole[1]})
	if err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	view, err := proto.PageGetLayoutMetrics{}.Call(e.tab.target.in(ctx))
	if err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	shot, err := proto.PageCaptureScreenshot{
		Format: proto.PageCaptureScreenshotFormatPng, CaptureBeyondViewport: true,
		Clip: &proto.PageViewport{
			X: corner.x + view.CSSVisualViewport.PageX, Y: corner.y + view.CSSVisualViewport.PageY,
			Width: b.Whole[2], Height: b.Whole[3], Scale: 1,
		},
	}.Call(e.tab.target.in(ctx))
	if err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	return shot.Data, nil
}

// point is a place in the page's viewport, in CSS pixels.
type point struct{ x, y float64 }

// box is what place.js answers, in the frame's viewport: the visible part, the whole (left, top, width, height), and how
// far inside of it its content begins.
type box struct {
	X      float64    `json:"x"`
	Y      float64    `json:"y"`
	Width  float64    `json:"width"`
	Height float64    `json:"height"`
	Inset  [2]float64 `json:"inset"`
	Whole  [4]float64 `json:"whole"`
}

// place finds the element in its frame's viewport.
func (e *element) place(ctx context.Context, reveal bool) (box, error) {
	result, err := e.call(ctx, placeJS, reveal)
	if err != nil {
		return box{}, err
	}
	var b box
	if err := result.Value.Unmarshal(&b); err != nil {
		return box{}, err
	}
	if b.Width <= 0 || b.Height <= 0 {
		return box{}, fmt.Errorf("%w: it takes up no space", page.ErrMoved)
	}
	return b, nil
}

// reveal scrolls to the element and returns a point near its middle, in the page's viewport.
func (e *element) reveal(ctx context.Context) (point, error) {
	for _, outer := range e.owners() {
		if _, err := outer.place(ctx, true); err != nil {
			return point{}, err
		}
	}
	b, err := e.place(ctx, true)
	if err != nil {
		return point{}, err
	}
	near := func(start, size float64) float64 { return start + size*(0.4+0.2*rand.Float64()) }
	return e.outward(ctx, point{near(b.X, b.Width), near(b.Y, b.Height)})
}

// outward turns a point of e's frame into one of the page's viewport.
func (e *element) outward(ctx context.Context, p point) (point, error) {
	for _, outer := range e.owners() {
		b, err := outer.place(ctx, false)
		if err != nil {
			return point{}, err
		}
		p.x += b.Whole[0] + b.Inset[0]
		p.y += b.Whole[1] + b.Inset[1]
	}
	return p, nil
}

// reach proves a point of the element and moves the mouse there.
func (e *element) reach(ctx context.Context) (point, error) {
	p, err := e.reveal(ctx)
	if err != nil {
		return point{}, err
	}
	if err := e.prove(ctx, p, ""); err != nil {
		return point{}, err
	}
	return p, e.tab.moveTo(ctx, p)
}

// owners are the iframe elements around e, the outermost first.
func (e *element) owners() []*element {
	var list []*element
	for owner := e.frame.owner; owner != nil; owner = owner.frame.owner {
		list = append([]*element{owner}, list...)
	}
	return list
}

// prove asks each document on the way what lies at p, a point of the page's viewport: the iframe elements, and at
// last e itself, for which proof must hold too. Anything else is page.ErrMoved.
func (e *element) prove(ctx context.Context, p point, proof string) error {
	for _, el := range append(e.owners(), e) {
		function := hitJS
		if el == e && proof != "" {
			function = fmt.Sprintf("function(x, y) { return (%s).call(this, x, y) && (%s)(this) === true; }", hitJS, proof)
		}
		result, err := el.call(ctx, function, p.x, p.y)
		if err != nil {
			return err
		}
		if !result.Value.Bool() {
			return fmt.Errorf("%w: something else lies at its place", page.ErrMoved)
		}
		if el != e {
			b, err := el.place(ctx, false)
			if err != nil {
				return err
			}
			p.x -= b.Whole[0] + b.Inset[0]
			p.y -= b.Whole[1] + b.Inset[1]
		}
	}
	return nil
}

var _ page.Element = (*element)(nil)
