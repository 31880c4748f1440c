package browser

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

// spots are where an element is touched: near its middle first, then where else something of it may be to be seen.
var spots = [][2]float64{{0.5, 0.5}, {0.2, 0.5}, {0.8, 0.5}, {0.5, 0.2}, {0.5, 0.8}, {0.1, 0.1}, {0.9, 0.9}, {0.9, 0.1}, {0.1, 0.9}}

// reach finds a point at which the element is to be touched, and moves the mouse there. The caller holds the hand.
func (e *element) reach(ctx context.Context) (point, error) {
	quads, err := e.reveal(ctx)
	if err != nil {
		return point{}, err
	}
	width, height, err := e.tab.viewport(ctx)
	if err != nil {
		return point{}, err
	}
	wander := func() float64 { return (rand.Float64() - 0.5) * 0.15 }
	err = fmt.Errorf("%w: it is outside of the viewport", page.ErrMoved)
	for _, q := range quads {
		for _, spot := range spots {
			p := q.at(spot[0]+wander(), spot[1]+wander())
			if p.x < 0 || p.y < 0 || p.x >= width || p.y >= height {
				continue
			}
			if err = e.prove(ctx, p, ""); err == nil {
				return p, e.tab.moveTo(ctx, p)
			}
			if !errors.Is(err, errCovered) {
				return point{}, err
			}
		}
	}
	return point{}, err
}

// reveal scrolls to the element and returns where it lies in the page's viewport.
func (e *element) reveal(ctx context.Context) ([]quad, error) {
	for _, el := range append(e.owners(), e) {
		there, err := el.call(ctx, revealJS)
		if err != nil {
			return nil, err
		}
		if !there.Value.Bool() {
			return nil, fmt.Errorf("%w: it left the page", page.ErrMoved)
		}
	}
	return e.quads(ctx)
}

// errNoSpace means that an element takes up no space.
var errNoSpace = fmt.Errorf("%w: it takes up no space", page.ErrMoved)

// quads are the boxes of the element that take up space (inline text has one for each line), in the page's viewport.
func (e *element) quads(ctx context.Context) ([]quad, error) {
	answer, err := proto.DOMGetContentQuads{ObjectID: e.object}.Call(e.frame.target.in(ctx))
	if err != nil {
		return nil, noSpace(err)
	}
	outer, err := e.frame.root().view(ctx)
	if err != nil {
		return nil, err
	}
	var list []quad
	for _, raw := range answer.Quads {
		q, ok := quadOf(raw)
		if !ok {
			continue
		}
		for n := range q {
			q[n] = outer.out(q[n])
		}
		if q.area() >= 1 {
			list = append(list, q)
		}
	}
	if len(list) == 0 {
		return nil, errNoSpace
	}
	return list, nil
}

// noSpace recognises Chromium's refusal to say where something lies that lies nowhere.
func noSpace(err error) error {
	var refused *cdp.Error
	if errors.As(err, &refused) && (refused.Message == "Could not compute content quads." || refused.Message == "Could not compute box model.") {
		return errNoSpace
	}
	return moved(err)
}

// owners are the iframe elements around e, the outermost first.
func (e *element) owners() []*element {
	var list []*element
	for owner := e.frame.owner; owner != nil; owner = owner.frame.owner {
		list = append([]*element{owner}, list...)
	}
	return list
}

// root is the outermost frame of f's own process: Chromium says where things lie in that one's viewport.
func (f frame) root() frame {
	for f.owner != nil && f.owner.frame.target == f.target {
		f = f.owner.frame
	}
	return f
}

// view is how the frame's viewport lies in the page's.
func (f frame) view(ctx context.Context) (view, error) {
	if f.owner == nil {
		return same, nil
	}
	box, err := proto.DOMGetBoxModel{ObjectID: f.owner.object}.Call(f.owner.frame.target.in(ctx))
	if err != nil {
		return view{}, noSpace(err)
	}
	size, err := f.run(ctx, `function() { return [innerWidth, innerHeight]; }`, true)
	if err != nil {
		return view{}, moved(err)
	}
	content, ok := quadOf(box.Model.Content)
	inner, visible := viewOf(content, size.Value.Get("0").Num(), size.Value.Get("1").Num())
	if !ok || !visible {
		return view{}, errNoSpace
	}
	outer, err := f.owner.frame.root().view(ctx)
	if err != nil {
		return view{}, err
	}
	return outer.within(inner), nil
}

// errCovered means that something else lies where an element was to be touched.
var errCovered = fmt.Errorf("%w: something else lies at its place", page.ErrMoved)

// prove asks each document on the way what lies at p, a point of the page's viewport: the iframe elements, and at last e
// itself, for which proof must hold too. Anything else is page.ErrMoved.
func (e *element) prove(ctx context.Context, p point, proof string) error {
	for _, el := range append(e.owners(), e) {
		v, err := el.frame.view(ctx)
		if err != nil {
			return err
		}
		function := hitJS
		if el == e && proof != "" {
			function = guarded(proof)
		}
		local := v.in(p)
		result, err := el.call(ctx, function, local.x, local.y)
		switch {
		case err != nil:
			return err
		case result.Type == proto.RuntimeRemoteObjectTypeObject: // null
			return fmt.Errorf("%w: it is not what was to be clicked any more", page.ErrMoved)
		case !result.Value.Bool():
			return errCovered
		}
	}
	return nil
}

// viewport is the size of what the page shows, in CSS pixels.
func (t *tab) viewport(ctx context.Context) (width, height float64, err error) {
	metrics, err := proto.PageGetLayoutMetrics{}.Call(t.target.in(ctx))
	if err != nil {
		return 0, 0, err
	}
	return float64(metrics.CSSLayoutViewport.ClientWidth), float64(metrics.CSSLayoutViewport.ClientHeight), nil
}
