package engine

import (
	"context"
	"fmt"
	"strings"

	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// clear empties an editor, and sees that it is empty.
func (f *flow) clear(ctx context.Context, p definition.Place) (matched string, err error) {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	for {
		if matched, err = f.click(ctx, p); err != nil {
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
		if err := f.tab.Clear(ctx); err != nil {
			return matched, err
		}
		if wait(ctx, pollTime) != nil {
			return matched, fmt.Errorf("%s: %w", p.Find, errTyped)
		}
	}
}

// enter types a text and reads it back.
func (f *flow) enter(ctx context.Context, t *definition.Type) (matched string, err error) {
	p := definition.Place{Find: t.Into, In: t.In}
	if matched, err = f.click(ctx, p); err != nil {
		return matched, err
	}
	f.typedInto = t
	lines := strings.FieldsFunc(f.text(t.Text), func(r rune) bool { return r == '\n' || r == '\r' })
	if t.Newline == "keep" {
		lines = []string{f.text(t.Text)}
	}
	if t.Newline != "shift_enter" {
		lines = []string{strings.Join(lines, " ")}
	}
	for i, line := range lines {
		if i > 0 {
			if err := f.tab.Press(ctx, "Shift+Enter"); err != nil {
				return matched, fmt.Errorf("break the line: %w", err)
			}
		}
		put := f.tab.Type
		if t.How == "paste" {
			put = f.tab.Paste
		}
		if err := put(ctx, line); err != nil {
			return matched, fmt.Errorf("type: %w", err)
		}
	}
	return matched, f.readBack(ctx, p, strings.Join(lines, " "))
}

// readBack waits until an editor shows what was typed, whatever its white space.
func (f *flow) readBack(ctx context.Context, p definition.Place, words string) error {
	return f.until(ctx, fmt.Errorf("%s: %w", p.Find, errTyped), func(ctx context.Context) (bool, error) {
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
