package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"troupe/platforms/definition"
)

// assert waits until the page shows what is expected. What it shows instead is another's, and stops the flow.
func (f *flow) assert(ctx context.Context, a *definition.Assert) (string, error) {
	if a.Absent != "" {
		return "", f.assertAbsent(ctx, a.Absent)
	}
	want := f.text(a.Is + a.Contains)
	if strings.TrimSpace(want) == "" {
		return "", fmt.Errorf("nothing to expect: %w", errRecipient)
	}
	shown, matched := "", ""
	what := strings.TrimSpace(a.Find + " " + a.Attribute + a.Function)
	err := f.until(ctx, errRecipient, func(ctx context.Context) (ok bool, err error) {
		var got string
		if got, matched, err = f.shownBy(ctx, a); err != nil {
			return false, err
		}
		shown = got
		return meets(a, got, want), nil
	})
	if errors.Is(err, errRecipient) && shown == "" {
		return "", fmt.Errorf("%s %w", what, errMissing)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if f.confirm != nil && a.Proves(strings.TrimPrefix(f.name, "reply.")) {
		f.proof = a
	}
	return matched, nil
}

// meets says whether what is shown is what is expected. Names are compared composed and in any white space.
func meets(a *definition.Assert, got, want string) bool {
	got, want = composed(got), composed(want)
	return a.Is != "" && got == want || a.Is == "" && strings.Contains(got, want)
}

func composed(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), " ")) }

// stillProven looks once more whether the page shows who is answered.
func (f *flow) stillProven(ctx context.Context) error {
	if f.proof == nil {
		return fmt.Errorf("who is answered was never shown: %w", errRecipient)
	}
	got, _, err := f.shownBy(ctx, f.proof)
	if err != nil {
		return err
	}
	if !meets(f.proof, got, f.text(f.proof.Is+f.proof.Contains)) {
		return fmt.Errorf("%s: just before the commit %w", strings.TrimSpace(f.proof.Find+f.proof.Function), errRecipient)
	}
	return nil
}

func (f *flow) assertAbsent(ctx context.Context, name string) error {
	return f.until(ctx, fmt.Errorf("%s %w", name, errPresent), func(ctx context.Context) (bool, error) {
		el, _, err := f.look(ctx, definition.Place{Find: name})
		return err == nil && el == nil, err
	})
}

// shownBy is what an assert looks at, and which alternative it was; "" when it is not there.
func (f *flow) shownBy(ctx context.Context, a *definition.Assert) (shown, matched string, err error) {
	switch {
	case a.URL:
		shown, err = f.tab.URL(ctx)
		return shown, "url", err
	case a.Function != "":
		shown, err = f.functionText(ctx, a.Function, a.World)
		return shown, a.Function, err
	}
	el, matched, err := f.look(ctx, definition.Place{Find: a.Find, In: a.In})
	if err != nil || el == nil {
		return "", "", err
	}
	if a.Attribute == "" {
		shown, err = el.Text(ctx)
		return shown, matched, err
	}
	shown, _, err = el.Attr(ctx, a.Attribute)
	return shown, matched, err
}
