package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// listStart is how long a list may take to show its first rows before it is turned.
const listStart = 2 * findTime / 3

// locate finds the row with a key. A row that is not there when the list has ended is gone.
func (f *flow) locate(ctx context.Context, l *definition.Locate) error {
	key := f.text(l.Is)
	if strings.TrimSpace(key) == "" {
		return fmt.Errorf("%s without a key: %w", l.Row, errGone)
	}
	r := &row{selectors: keyed(f.client.Definition.Find[l.Row], l.Attribute, key)}
	if l.In == "row" {
		r.within = f.row
	}
	for turns := 0; ; turns++ {
		el, ended, err := f.rowOrEnd(ctx, r, l)
		if err != nil {
			return err
		}
		if el != nil {
			f.row = r
			return nil
		}
		if ended {
			return fmt.Errorf("%s: %w", l.Row, errGone)
		}
		if turns == l.AtMost {
			return fmt.Errorf("%s: not among the first %d pages of the list: %w", l.Row, turns, context.DeadlineExceeded)
		}
		if err := f.turn(ctx, r.within, l); err != nil {
			return err
		}
	}
}

// keyed are selectors of a row with that attribute.
func keyed(alternatives []string, attribute, value string) []string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\a `).Replace(value)
	out := make([]string, len(alternatives))
	for i, selector := range alternatives {
		out[i] = fmt.Sprintf(`:is(%s)[%s="%s"]`, selector, attribute, quoted)
	}
	return out
}

// rowOrEnd looks for a row for a moment; ended says that the list holds no more.
func (f *flow) rowOrEnd(ctx context.Context, r *row, l *definition.Locate) (el page.Element, ended bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, listStart)
	defer cancel()
	for looks := 0; ; looks++ {
		if el, err = f.findRow(ctx, r); err != nil || el != nil {
			return el, false, err
		}
		if ended, more := f.listEnd(ctx, l, r.within); looks >= 3 && ended || looks >= 1 && more { // rows are drawn after the list grew
			return nil, ended, nil
		}
		if wait(ctx, pollTime) != nil {
			return nil, false, nil
		}
	}
}

// listEnd says whether a list has ended, or can be turned now. Neither: it is still loading.
func (f *flow) listEnd(ctx context.Context, l *definition.Locate, within *row) (ended, more bool) {
	if l.Scroll == "" {
		if l.More == "" {
			return true, false
		}
		return f.moreIn(ctx, within, l.More)
	}
	at, err := f.position(ctx, l.Scroll)
	if err != nil {
		return false, false
	}
	if !at.bottom() {
		return false, true
	}
	end, _, err := f.tab.Find(ctx, f.client.Definition.Find[l.End], nil)
	return err == nil && end != nil && f.endSeen(ctx, end), false
}

// endSeen says whether an end mark holds: one that takes up space must be visible.
func (f *flow) endSeen(ctx context.Context, end page.Element) bool {
	seen, err := end.Visible(ctx)
	return err == nil && seen
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

// turn lengthens a list by one page.
func (f *flow) turn(ctx context.Context, within *row, l *definition.Locate) error {
	f.acting()
	if l.Scroll != "" {
		return f.scrollBy(ctx, l.Scroll)
	}
	el, err := f.findRow(ctx, within)
	if err != nil {
		return err
	}
	button, _, err := f.visible(ctx, f.client.Definition.Find[l.More], el)
	if err != nil || button == nil {
		return err
	}
	return over(ctx, button.Click(ctx))
}

// scrollBy turns the wheel over a container by most of what it shows.
func (f *flow) scrollBy(ctx context.Context, container string) error {
	at, err := f.position(ctx, container)
	if err != nil {
		return err
	}
	_, err = f.onElement(ctx, definition.Place{Find: container}, func(el page.Element, ctx context.Context) error {
		return f.tab.Scroll(ctx, el, max(100, int(at.Height*4/5)))
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

func (f *flow) position(ctx context.Context, container string) (position, error) {
	raw, err := f.tab.Eval(ctx, positionFunction, f.client.Definition.Find[container])
	if err != nil {
		return position{}, fmt.Errorf("scroll position: %w", err)
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

// evalString runs a page function that answers a text.
func (f *flow) evalString(ctx context.Context, function string, args any) (string, error) {
	raw, err := f.tab.Eval(ctx, function, args)
	if err != nil {
		return "", fmt.Errorf("page function: %w", err)
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("page function answers no text: %w", err)
	}
	if s == nil {
		return "", nil
	}
	return *s, nil
}

// expand clicks something that may be there, and waits for what it brings.
func (f *flow) expand(ctx context.Context, e *definition.Expand) (string, error) {
	p := definition.Place{Find: e.Find, In: e.In}
	el, matched, err := f.look(ctx, p)
	if err != nil || el == nil {
		return "nothing to expand", err
	}
	if _, err := f.onElement(ctx, p, page.Element.Click); err != nil {
		return matched, err
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	_, err = f.answer(ctx, e.Then)
	return matched, err
}

// paginate follows a list from the answer that was awaited last.
func (f *flow) paginate(ctx context.Context, p *definition.Paginate) (string, error) {
	last := f.last[p.List]
	for pages := 0; ; pages++ {
		switch {
		case last == nil:
			return "", fmt.Errorf("%s was not awaited before: %w", p.List, errMissing)
		case !last.more || pages > 0 && len(last.items) == 0:
			return fmt.Sprintf("the end after %d pages", pages), nil
		case f.enough != nil && f.enough(last):
			return fmt.Sprintf("enough after %d pages", pages), nil
		case pages == p.AtMost:
			f.short = true
			return fmt.Sprintf("the bound of %d pages", pages), nil
		}
		if err := f.nextPage(ctx, p); err != nil {
			return "", err
		}
		var err error
		if last, err = f.pageAnswer(ctx, p.List); err != nil {
			return "", err
		}
	}
}

func (f *flow) nextPage(ctx context.Context, p *definition.Paginate) error {
	if p.Scroll != "" {
		f.acting()
		return f.scrollBy(ctx, p.Scroll)
	}
	_, err := f.onElement(ctx, definition.Place{Find: p.More, In: p.In}, page.Element.Click)
	return err
}

func (f *flow) pageAnswer(ctx context.Context, list string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	return f.answer(ctx, list)
}
