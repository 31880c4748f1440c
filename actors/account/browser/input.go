package browser

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
	"unicode"

	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

const (
	navigationLimit = 45 * time.Second
	errorPageLimit  = 500 * time.Millisecond
	inputLimit      = 10 * time.Second       // for the page to take one event
	letGoLimit      = 500 * time.Millisecond // the same, when no time is left
	moveSteps       = 8
	wheelStep       = 120 // CSS pixels of one notch
)

// pause waits as a person would, between least and most at pace 1.
func (t *tab) pause(ctx context.Context, least, most time.Duration) error {
	d := time.Duration(t.i.cfg.Pace * float64(least+rand.N(most-least)))
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.target.ctx.Done():
		return context.Cause(t.target.ctx)
	}
}

// input sends one input event and waits until the page took it.
func (t *tab) input(ctx context.Context, event interface{ Call(proto.Client) error }) error {
	ctx, cancel := context.WithTimeout(ctx, inputLimit)
	defer cancel()
	return event.Call(t.target.in(ctx))
}

// letGo sends what must follow in any case: what went down comes up. For that ctx is given a little more time.
func (t *tab) letGo(ctx context.Context, event interface{ Call(proto.Client) error }) error {
	if ctx.Err() == nil {
		return t.input(ctx, event)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGoLimit)
	defer cancel()
	return t.input(ctx, event)
}

// moveTo moves the mouse to p on a slightly bent way. The caller holds t.hand.
func (t *tab) moveTo(ctx context.Context, p point) error {
	from, bend := t.at, (rand.Float64()-0.5)*40
	for n := 1; n <= moveSteps; n++ {
		part := float64(n) / moveSteps
		ease := part * part * (3 - 2*part)
		aside := bend * part * (1 - part) * 4
		next := point{from.x + (p.x-from.x)*ease + aside, from.y + (p.y-from.y)*ease - aside}
		if n == moveSteps {
			next = p
		}
		move := proto.InputDispatchMouseEvent{Type: proto.InputDispatchMouseEventTypeMouseMoved, X: max(0, next.x), Y: max(0, next.y)}
		if err := t.input(ctx, move); err != nil {
			return err
		}
		if err := t.pause(ctx, 8*time.Millisecond, 25*time.Millisecond); err != nil {
			return err
		}
	}
	t.at = p
	return nil
}

// press presses and releases the left button where the mouse is. Once it is down it is released whatever comes: the page
// may be leaving because of it.
func (t *tab) press(ctx context.Context, p point) error {
	click := proto.InputDispatchMouseEvent{
		Type: proto.InputDispatchMouseEventTypeMousePressed, X: p.x, Y: p.y, Button: proto.InputMouseButtonLeft, ClickCount: 1,
	}
	if err := t.input(ctx, click); err != nil {
		return err
	}
	t.pause(ctx, 40*time.Millisecond, 110*time.Millisecond)
	click.Type = proto.InputDispatchMouseEventTypeMouseReleased
	return t.letGo(ctx, click)
}

// Type implements page.Tab: a few runes at a time, as an input method gives them.
func (t *tab) Type(ctx context.Context, text string) error {
	if err := t.hand.take(ctx); err != nil {
		return fmt.Errorf("type: %w", err)
	}
	defer t.hand.give()
	for _, part := range portions(text) {
		if err := t.input(ctx, proto.InputInsertText{Text: part}); err != nil {
			return fmt.Errorf("type: %w", err)
		}
		if err := t.pause(ctx, 60*time.Millisecond, 180*time.Millisecond); err != nil {
			return fmt.Errorf("type: %w", err)
		}
	}
	return nil
}

// portions cuts text into pieces of one to three runes. A rune that belongs to the one before (marks, joiners, and
// what a joiner joins) stays with it.
func portions(text string) []string {
	var list []string
	var part []rune
	size, joined := 1+rand.IntN(3), false
	for _, r := range text {
		belongs := joined || unicode.In(r, unicode.Mn, unicode.Me, unicode.Sk, unicode.Variation_Selector) || r == joiner
		if len(part) >= size && !belongs {
			list = append(list, string(part))
			part, size = nil, 1+rand.IntN(3)
		}
		part = append(part, r)
		joined = r == joiner
	}
	if len(part) > 0 {
		list = append(list, string(part))
	}
	return list
}

// joiner makes one sign of several.
const joiner = '\u200d'

// Scroll implements page.Tab.
func (t *tab) Scroll(ctx context.Context, el page.Element, dy int) error {
	if err := t.hand.take(ctx); err != nil {
		return fmt.Errorf("scroll: %w", err)
	}
	defer t.hand.give()
	p, err := t.wheel(ctx, el)
	if err != nil {
		return fmt.Errorf("scroll: %w", err)
	}
	for left := dy; left != 0; {
		notch := min(max(left, -wheelStep), wheelStep)
		wheel := proto.InputDispatchMouseEvent{Type: proto.InputDispatchMouseEventTypeMouseWheel, X: p.x, Y: p.y, DeltaY: float64(notch)}
		if err := t.input(ctx, wheel); err != nil {
			return fmt.Errorf("scroll: %w", err)
		}
		if err := t.pause(ctx, 20*time.Millisecond, 60*time.Millisecond); err != nil {
			return fmt.Errorf("scroll: %w", err)
		}
		left -= notch
	}
	t.at = p
	return nil
}

// wheel is where the mouse is when its wheel is turned: over el, or over the middle of the page.
func (t *tab) wheel(ctx context.Context, el page.Element) (point, error) {
	width, height, err := t.viewport(ctx)
	if err != nil {
		return point{}, err
	}
	e, ok := el.(*element)
	if !ok || e == nil {
		return point{width / 2, height / 2}, nil
	}
	quads, err := e.reveal(ctx)
	if err != nil {
		return point{}, err
	}
	p := quads[0].at(0.5, 0.5)
	return point{min(max(p.x, 0), width-1), min(max(p.y, 0), height-1)}, nil
}
