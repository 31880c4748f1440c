package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"troupe/messages"
	"troupe/platforms/definition"
)

const (
	turnTime    = awaitTime / 3 // for the answer to one scroll, before it is taken for swallowed
	scrollTries = 3
	turnsMost   = 100 // on the way to a list's bottom
)

// expand clicks something that may be there, and waits for what it brings; with all, until nothing is left to expand.
func (f *flow) expand(ctx context.Context, e *definition.Expand) (string, error) {
	p := definition.Place{Find: e.Find, In: e.In}
	if e.Scroll != "" {
		return f.sweep(ctx, e)
	}
	for clicks := 0; ; clicks++ {
		el, matched, err := f.look(ctx, p)
		switch {
		case err != nil:
			return matched, err
		case el == nil:
			return fmt.Sprintf("expanded %d times", clicks), nil
		case clicks > 0 && !e.All:
			return matched, nil
		case clicks > 0 && clicks == e.AtMost:
			f.short = true
			return fmt.Sprintf("the bound of %d times", clicks), nil
		}
		if _, err := f.click(ctx, p); err != nil {
			return matched, err
		}
		if _, err := f.pageAnswer(ctx, e.Then); err != nil {
			return matched, err
		}
	}
}

// sweep turns a list to its end and expands on the way what can be. Further pages of the list are left to the inbox.
func (f *flow) sweep(ctx context.Context, e *definition.Expand) (string, error) {
	p := definition.Place{Find: e.Find}
	clicks, end := 0, listEnd{scroll: e.Scroll, end: e.End}
	for turns := 0; turns+clicks < e.AtMost; {
		el, matched, err := f.look(ctx, p)
		if err != nil {
			return matched, err
		}
		if el != nil {
			if _, err := f.click(ctx, p); err != nil {
				return matched, err
			}
			if _, err := f.pageAnswer(ctx, e.Then); err != nil {
				return matched, err
			}
			clicks++
			continue
		}
		ended, more, err := f.scrolled(ctx, &end)
		switch {
		case err != nil:
			return "", err
		case ended:
			return fmt.Sprintf("expanded %d times in %d turns", clicks, turns), nil
		case !more:
			err = wait(ctx, pollTime)
		default:
			turns++
			err = f.scrollBy(ctx, e.Scroll, false)
		}
		if err != nil {
			return "", err
		}
	}
	f.short = true
	return fmt.Sprintf("the bound of %d clicks and turns", e.AtMost), nil
}

// paginate follows a list from the answer that was awaited last.
func (f *flow) paginate(ctx context.Context, p *definition.Paginate) (string, error) {
	last := f.last[p.List]
	seen := make(map[string]bool)
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
		case !news(last.items, seen):
			f.short = true
			return fmt.Sprintf("a page that repeats itself, after %d pages", pages), nil
		}
		var err error
		if last, err = f.nextPage(ctx, p, last); err != nil {
			return "", err
		}
	}
}

// news notes the items and says whether any of them was not among those before. A list without items is always news.
func news(items []*messages.Item, seen map[string]bool) bool {
	fresh := len(items) == 0
	for _, i := range items {
		key, _ := i.KnownKey()
		fresh = fresh || !seen[key]
		seen[key] = true
	}
	return fresh
}

// nextPage turns a list and waits for what comes. A scroll that brings nothing may have been swallowed: it is made again.
func (f *flow) nextPage(ctx context.Context, p *definition.Paginate, before *answer) (*answer, error) {
	if p.Scroll == "" && p.More == "" {
		f.mark = before.rec.Seq // what the page asked for by itself may have come already
		return f.turned(ctx, p.List, before)
	}
	if p.Scroll == "" {
		if _, err := f.click(ctx, definition.Place{Find: p.More, In: p.In, Navigates: p.Navigates}); err != nil {
			return nil, err
		}
		return f.turned(ctx, p.List, before)
	}
	f.acting()
	mark, acted := f.mark, f.acted
	if before.rec.Seq > 0 { // the turn before may have brought this page already
		mark, acted = before.rec.Seq, time.Time{}
	}
	for n, turns := 0, 0; ; turns++ {
		if err := f.scrollBy(ctx, p.Scroll, p.Up); err != nil {
			return nil, err
		}
		f.mark, f.acted = mark, acted // an earlier turn's answer will do
		patience := turnTime
		if at, err := f.position(ctx, p.Scroll); err == nil && !at.ended(p.Up) && turns < turnsMost {
			patience = 2 * pollTime
		} else {
			n++
		}
		brief, cancel := context.WithTimeout(ctx, patience)
		a, err := f.turned(brief, p.List, before)
		cancel()
		if err == nil || n == scrollTries || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return a, err
		}
	}
}

// turned waits for the next answer of a list; one that is read from the page is the next when it says something else.
func (f *flow) turned(ctx context.Context, list string, before *answer) (*answer, error) {
	if f.client.Definition.Listen[list].Function == "" {
		return f.pageAnswer(ctx, list)
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	return f.readAnother(ctx, list, before)
}

func (f *flow) pageAnswer(ctx context.Context, list string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	return f.answer(ctx, list)
}
