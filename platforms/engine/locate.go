package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// listStart is how long a list may take to show its first rows before it is turned.
const listStart = 2 * findTime / 3

// grownTime is how long a list without a sign of its end stays as it is before it counts as whole.
const grownTime = 2 * time.Second

// locate finds the row with a key. A row that is not there when the list has ended is gone.
func (f *flow) locate(ctx context.Context, l *definition.Locate) (string, error) {
	key := f.text(l.Is)
	if strings.TrimSpace(key) == "" {
		return "", fmt.Errorf("%s without a key: %w", l.Row, errGone)
	}
	r, end := f.newRow(l, key), listEnd{scroll: l.Scroll, end: l.End}
	for turns := 0; ; turns++ {
		el, ended, err := f.rowOrEnd(ctx, r, l, &end)
		if err != nil {
			return "", err
		}
		if el != nil {
			f.row = r
			return fmt.Sprintf("after %d turns of the list", turns), nil
		}
		if ended {
			return "", fmt.Errorf("%s: %w", l.Row, errGone)
		}
		if turns == l.AtMost {
			return "", fmt.Errorf("%s, looked for on %d pages, %w", l.Row, turns+1, errFar)
		}
		if err := f.turn(ctx, r.within, l); err != nil {
			return "", err
		}
	}
}

// rowOrEnd looks for a row for a moment; ended says that the list holds no more.
func (f *flow) rowOrEnd(ctx context.Context, r *row, l *definition.Locate, end *listEnd) (el page.Element, ended bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, listStart)
	defer cancel()
	for looks := 0; ; looks++ {
		el, err = f.findRow(ctx, r)
		if el != nil || err != nil && !thrown(err) {
			return el, false, err
		}
		if err == nil { // rows are drawn after the list grew
			if ended, more := f.turnable(ctx, l, r.within, end); looks >= 3 && ended || looks >= 1 && more {
				return nil, ended, nil
			}
		}
		if wait(ctx, pollTime) != nil {
			if err != nil {
				err = &platforms.Error{Kind: platforms.PageChanged, Err: err}
			}
			return nil, false, err
		}
	}
}

// turnable says whether a list has ended, or can be turned now. Neither: it is still loading.
func (f *flow) turnable(ctx context.Context, l *definition.Locate, within *row, end *listEnd) (ended, more bool) {
	if l.More != "" {
		if ended, more = f.moreIn(ctx, within, l.More); more || l.Scroll == "" {
			return ended, more
		}
	}
	if l.Scroll == "" {
		return true, false
	}
	ended, more, err := f.scrolled(ctx, end)
	return err == nil && ended, err == nil && more
}

// listEnd is how the end of a scrolled list is known.
type listEnd struct {
	scroll, end string // names of find; without an end the list ends where it grows no more
	height      float64
	since       time.Time // when the list was first seen at its bottom, that high
}

// scrolled says whether a scrolled list has ended, or can be turned now. Neither: it is still loading.
func (f *flow) scrolled(ctx context.Context, l *listEnd) (ended, more bool, err error) {
	at, err := f.position(ctx, l.scroll)
	if err != nil {
		return false, false, over(ctx, err)
	}
	if !at.bottom() {
		l.since = time.Time{}
		return false, true, nil
	}
	if l.end == "" {
		if now := f.client.Clock(); l.since.IsZero() || at.Whole != l.height {
			l.since, l.height = now, at.Whole
		}
		return f.client.Clock().Sub(l.since) >= grownTime, false, nil
	}
	el, _, err := f.visible(ctx, f.client.Definition.Find[l.end], nil)
	if err != nil || el != nil {
		return err == nil, false, over(ctx, err)
	}
	if now := f.client.Clock(); l.since.IsZero() || at.Whole != l.height {
		l.since, l.height = now, at.Whole
	} else if now.Sub(l.since) >= grownTime { // the last turn was swallowed
		l.since = time.Time{}
		return false, true, nil
	}
	return false, false, nil
}

// moreIn looks for the button that lengthens a list, in a row or on the whole page.
func (f *flow) moreIn(ctx context.Context, within *row, more string) (ended, turnable bool) {
	var in page.Element
	if within != nil {
		var err error
		if in, err = f.findRow(ctx, within); err != nil || in == nil {
			return err == nil, false
		}
	}
	button, _, err := f.visible(ctx, f.client.Definition.Find[more], in)
	return err == nil && button == nil, button != nil
}

// turn lengthens a list by one page: by a click where it shows more, or by scrolling.
func (f *flow) turn(ctx context.Context, within *row, l *definition.Locate) error {
	f.acting()
	if l.More == "" {
		return f.scrollBy(ctx, l.Scroll, false)
	}
	el, err := f.findRow(ctx, within)
	if err != nil {
		return err
	}
	button, _, err := f.visible(ctx, f.client.Definition.Find[l.More], el)
	if err == nil && button == nil && l.Scroll != "" {
		return f.scrollBy(ctx, l.Scroll, false)
	}
	if err != nil || button == nil {
		return err
	}
	if l.Navigates {
		if err := f.mayNavigate(ctx); err != nil {
			return err
		}
	}
	return over(ctx, button.Click(ctx))
}

// scrollBy turns the wheel over a container by most of what it shows, down or up. One that stands at its end already is
// first turned back, or else it would not notice.
func (f *flow) scrollBy(ctx context.Context, container string, up bool) error {
	at, err := f.position(ctx, container)
	if err != nil {
		return err
	}
	by := max(100, int(at.Height*4/5))
	if up {
		by = -by
	}
	_, err = f.onElement(ctx, definition.Place{Find: container}, func(el page.Element, ctx context.Context) error {
		if at.ended(up) && at.Whole > at.Height+2 {
			if err := errors.Join(f.tab.Scroll(ctx, el, -by), wait(ctx, 2*pollTime)); err != nil {
				return err
			}
		}
		return f.tab.Scroll(ctx, el, by)
	})
	return err
}

// positionFunction tells how far a container is scrolled; of several selectors the first that is there counts.
const positionFunction = `(selectors) => {
  const el = selectors.map(s => document.querySelector(s)).find(Boolean);
  return el ? {top: el.scrollTop, height: el.clientHeight, whole: el.scrollHeight} : null;
}`

type position struct{ Top, Height, Whole float64 }

func (p position) bottom() bool { return p.Top+p.Height >= p.Whole-2 }

// ended says whether there is nothing left to scroll, down or up.
func (p position) ended(up bool) bool { return up && p.Top <= 2 || !up && p.bottom() }

func (f *flow) position(ctx context.Context, container string) (position, error) {
	raw, err := f.eval(ctx, "scroll position", positionFunction, "", f.client.Definition.Find[container])
	if err != nil {
		return position{}, err
	}
	var at *position
	if err := json.Unmarshal(raw, &at); err != nil {
		return position{}, fmt.Errorf("scroll position: %w", err)
	}
	if at == nil {
		return position{}, fmt.Errorf("%s %w", container, errMissing)
	}
	return *at, nil
}
