package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// open goes to an address, unless the tab is there already and the flow does not need it fresh.
func (f *flow) open(ctx context.Context, o *definition.Open) error {
	address := f.address(o.To)
	if !f.fresh && !f.client.dirty[f.tabName] {
		if now, err := f.tab.URL(ctx); err == nil && sameAddress(now, address) {
			f.acting()
			return nil
		}
	}
	if err := f.client.navigations.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the floor on navigations: %w", context.Cause(ctx))
	}
	return f.navigate(ctx, address)
}

func (f *flow) navigate(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if f.client.dirty[f.tabName] { // what the failed page still receives must not be taken for the new one's
		if err := f.tab.Navigate(ctx, "about:blank"); err != nil {
			return fmt.Errorf("leave page: %w", err)
		}
	}
	f.acting()
	if err := f.tab.Navigate(ctx, address); err != nil {
		return fmt.Errorf("open page: %w", err)
	}
	f.loaded = true
	delete(f.client.dirty, f.tabName)
	return nil
}

// address is where a text leads: a page's name, or an address whose names are escaped for a query.
func (f *flow) address(to definition.Text) string {
	if page, ok := f.client.Definition.Pages[string(to)]; ok {
		return page
	}
	return to.Expand(func(name string) string {
		if p, ok := strings.CutPrefix(name, "pages."); ok {
			return f.client.Definition.Pages[p]
		}
		return url.QueryEscape(f.names[name])
	})
}

func sameAddress(a, b string) bool {
	a, _, _ = strings.Cut(a, "#")
	return a == b
}

func (f *flow) refresh(ctx context.Context, r *definition.Refresh) (string, error) {
	if f.loaded {
		return "just loaded", nil
	}
	if !r.Reload {
		return f.onElement(ctx, definition.Place{Find: r.Click}, page.Element.Click)
	}
	if err := f.client.navigations.Wait(ctx); err != nil {
		return "", fmt.Errorf("wait for the floor on navigations: %w", context.Cause(ctx))
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	f.acting()
	return "", f.tab.Reload(ctx)
}

// onElement finds an element and acts on it; one that moved meanwhile is looked for again.
func (f *flow) onElement(ctx context.Context, p definition.Place, act func(page.Element, context.Context) error) (matched string, err error) {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	for {
		el, matched, err := f.find(ctx, p)
		if err != nil {
			return matched, err
		}
		f.acting()
		if err = act(el, ctx); !errors.Is(err, page.ErrMoved) {
			return matched, err
		}
		if wait(ctx, pollTime) != nil {
			return matched, err
		}
	}
}

// find waits until an element can be seen. The located row is found again by its key, so that a
// row whose node was used for another item meanwhile is never taken for it. A sign of trouble ends the wait.
func (f *flow) find(ctx context.Context, p definition.Place) (el page.Element, matched string, err error) {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	for looks := 1; ; looks++ {
		el, matched, err = f.look(ctx, p)
		if err != nil || el != nil {
			return el, matched, err
		}
		if looks%troubleLooks == 0 {
			if t := f.trouble(ctx); t != nil {
				return nil, "", t
			}
		}
		if wait(ctx, pollTime) != nil {
			return nil, "", fmt.Errorf("%s %w", p.Find, errMissing)
		}
	}
}

// look is find without waiting: nil when it cannot be seen now.
func (f *flow) look(ctx context.Context, p definition.Place) (page.Element, string, error) {
	var within page.Element
	if p.In == "row" || p.Find == "row" {
		var err error
		if within, err = f.findRow(ctx, f.row); err != nil || within == nil || p.Find == "row" {
			return within, "row", err
		}
	}
	alternatives := f.client.Definition.Find[p.Find]
	el, which, err := f.visible(ctx, alternatives, within)
	if err != nil || el == nil {
		return nil, "", over(ctx, err)
	}
	return el, p.Find + "[" + strconv.Itoa(which) + "]", nil
}

func (f *flow) findRow(ctx context.Context, r *row) (page.Element, error) {
	if r == nil {
		return nil, nil
	}
	var within page.Element
	if r.within != nil {
		var err error
		if within, err = f.findRow(ctx, r.within); err != nil || within == nil {
			return nil, err
		}
	}
	el, _, err := f.tab.Find(ctx, r.selectors, within)
	return el, over(ctx, err)
}

// over drops an error that only says that the time for looking is over: the loop around it says what was looked for.
func over(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if errors.Is(err, page.ErrMoved) {
		return nil
	}
	return err
}

// clear empties an editor, and sees that it is empty.
func (f *flow) clear(ctx context.Context, p definition.Place) (matched string, err error) {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	for {
		if matched, err = f.onElement(ctx, p, page.Element.Click); err != nil {
			return matched, err
		}
		el, _, err := f.find(ctx, p)
		if err != nil {
			return matched, err
		}
		words, err := content(ctx, el)
		if err != nil || words == "" {
			return matched, err
		}
		for _, key := range []string{"Control+A", "Backspace"} {
			if err := f.tab.Press(ctx, key); err != nil {
				return matched, err
			}
		}
		if wait(ctx, pollTime) != nil {
			return matched, fmt.Errorf("%s: %w", p.Find, errTyped)
		}
	}
}

// enter types a text and reads it back.
func (f *flow) enter(ctx context.Context, t *definition.Type) (matched string, err error) {
	words := f.text(t.Text)
	if t.Newline != "keep" {
		words = strings.Join(strings.FieldsFunc(words, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	}
	p := definition.Place{Find: t.Into, In: t.In}
	if matched, err = f.onElement(ctx, p, page.Element.Click); err != nil {
		return matched, err
	}
	f.typedInto = t
	if err := f.tab.Type(ctx, words); err != nil {
		return matched, fmt.Errorf("type: %w", err)
	}
	return matched, f.until(ctx, fmt.Errorf("%s: %w", t.Into, errTyped), func(ctx context.Context) (bool, error) {
		el, _, err := f.look(ctx, p)
		if err != nil || el == nil {
			return false, err
		}
		got, err := content(ctx, el)
		return strings.Join(strings.Fields(got), " ") == strings.Join(strings.Fields(words), " "), err
	})
}

// content is what stands in an editor, be it an input or an editable element.
func content(ctx context.Context, el page.Element) (string, error) {
	words, err := el.Text(ctx)
	if err != nil || strings.TrimSpace(words) != "" {
		return strings.TrimSpace(words), err
	}
	value, _, err := el.Attr(ctx, "value")
	return value, err
}

// until polls until done says so; otherwise is the error when it never does.
func (f *flow) until(ctx context.Context, otherwise error, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	for {
		if ok, err := done(ctx); ok || over(ctx, err) != nil {
			return err
		}
		if wait(ctx, pollTime) != nil {
			return otherwise
		}
	}
}

func (f *flow) scroll(ctx context.Context, s *definition.Scroll) (string, error) {
	if s.In == "" {
		f.acting()
		return "", f.tab.Scroll(ctx, nil, s.By)
	}
	return f.onElement(ctx, definition.Place{Find: s.In}, func(el page.Element, ctx context.Context) error {
		return f.tab.Scroll(ctx, el, s.By)
	})
}

// assert waits until the page shows what is expected. What it shows instead is another's, and stops the flow.
func (f *flow) assert(ctx context.Context, a *definition.Assert) error {
	want := f.text(a.Is + a.Contains)
	if strings.TrimSpace(want) == "" {
		return fmt.Errorf("nothing to expect: %w", errRecipient)
	}
	shown := ""
	what := strings.TrimSpace(a.Find + " " + a.Attribute + a.Function)
	err := f.until(ctx, errRecipient, func(ctx context.Context) (bool, error) {
		got, err := f.shownBy(ctx, a)
		if err != nil {
			return false, err
		}
		shown = got
		return a.Is != "" && got == want || a.Is == "" && strings.Contains(got, want), nil
	})
	if errors.Is(err, errRecipient) && shown == "" {
		return fmt.Errorf("%s %w", what, errMissing)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// shownBy is what an assert looks at; "" when it is not there.
func (f *flow) shownBy(ctx context.Context, a *definition.Assert) (string, error) {
	switch {
	case a.URL:
		return f.tab.URL(ctx)
	case a.Function != "":
		return f.evalString(ctx, f.client.Definition.Functions[a.Function], f.names)
	}
	el, _, err := f.look(ctx, definition.Place{Find: a.Find, In: a.In})
	if err != nil || el == nil {
		return "", err
	}
	if a.Attribute == "" {
		return el.Text(ctx)
	}
	value, _, err := el.Attr(ctx, a.Attribute)
	return value, err
}
