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
func (f *flow) open(ctx context.Context, o *definition.Open) (string, error) {
	address := f.address(o.To)
	f.leaveFrame()
	if !f.fresh && !f.client.dirty[f.tabName] {
		if now, err := f.tab.URL(ctx); err == nil && sameAddress(now, address) {
			f.acting()
			return "open already", nil
		}
	}
	if err := f.mayNavigate(ctx); err != nil {
		return "", err
	}
	return "", f.navigate(ctx, address)
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
	f.loaded, f.navigated = true, true
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
		return f.click(ctx, definition.Place{Find: r.Click})
	}
	if err := f.mayNavigate(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	f.leaveFrame()
	f.acting()
	f.navigated = true
	return "", f.tab.Reload(ctx)
}

// click presses the mouse on an element. Within the located row its key is proven once more at that very moment.
func (f *flow) click(ctx context.Context, p definition.Place) (string, error) {
	if p.Navigates {
		if err := f.mayNavigate(ctx); err != nil {
			return "", err
		}
	}
	matched, err := f.onElement(ctx, p, func(el page.Element, ctx context.Context) error { return f.press(ctx, el, p) })
	f.navigated = f.navigated || p.Navigates
	return matched, err
}

// press clicks el, that was found at p.
func (f *flow) press(ctx context.Context, el page.Element, p definition.Place) error {
	if f.row == nil || p.In != "row" && p.Find != "row" {
		return el.Click(ctx)
	}
	proof, err := f.rowProof(ctx, f.row)
	if err != nil {
		return err
	}
	return el.ClickIf(ctx, proof)
}

// onElement finds an element and acts on it; one that moved meanwhile is looked for again, unless a sign of trouble lies over it.
func (f *flow) onElement(ctx context.Context, p definition.Place, act func(page.Element, context.Context) error) (matched string, err error) {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	for tries := 1; ; tries++ {
		el, matched, err := f.find(ctx, p)
		if err != nil {
			return matched, err
		}
		f.acting()
		if err = act(el, ctx); !errors.Is(err, page.ErrMoved) {
			return matched, err
		}
		if tries%movedTries == 0 { // what lies over it may be a captcha
			if t := f.trouble(ctx); t != nil {
				return matched, t
			}
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
			return within, "row", over(ctx, err)
		}
	}
	el, which, err := f.visible(ctx, f.client.Definition.Find[p.Find], within)
	if err != nil || el == nil {
		return nil, "", over(ctx, err)
	}
	return el, p.Find + "[" + strconv.Itoa(which) + "]", nil
}

// over drops an error that only says that the time for looking is over, or that the page is just changing: the loop
// around it says what was looked for.
func over(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if errors.Is(err, page.ErrMoved) || errors.Is(err, page.ErrNoFrame) {
		return nil
	}
	return err
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
