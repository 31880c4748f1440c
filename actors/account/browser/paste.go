package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// clipboard is held from copying to pasting: browsers with windows share the clipboard of their display, others have their own.
var clipboard = newTurn()

// Paste implements page.Tab.
func (t *tab) Paste(ctx context.Context, text string) error {
	if err := t.hand.take(ctx); err != nil {
		return fmt.Errorf("paste: %w", err)
	}
	defer t.hand.give()
	if err := t.paste(ctx, text); err != nil {
		return fmt.Errorf("paste: %w", err)
	}
	if err := t.pause(ctx, 60*time.Millisecond, 180*time.Millisecond); err != nil {
		return fmt.Errorf("paste: %w", err)
	}
	return nil
}

func (t *tab) paste(ctx context.Context, text string) error {
	if t.i.host.cfg.Mode == Headful {
		if err := clipboard.take(ctx); err != nil {
			return err
		}
		defer clipboard.give()
	}
	if err := t.i.copyText(ctx, text); err != nil {
		return err
	}
	return t.pressKey(ctx, "Control+V")
}

// copyText puts a text on the clipboard. It is copied from our own page: no site sees that.
func (i *Instance) copyText(ctx context.Context, text string) error {
	written, err := json.Marshal(text)
	if err != nil {
		return err
	}
	var answer proto.RuntimeEvaluateResult
	err = i.targets.anchor.Load().call(ctx, "Runtime.evaluate", map[string]any{
		"userGesture": true, "returnByValue": true, "expression": fmt.Sprintf(`{
	const area = document.body.appendChild(document.createElement("textarea"));
	area.value = %s;
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	copied;
}`, written),
	}, &answer)
	switch {
	case err != nil:
		return err
	case answer.ExceptionDetails != nil:
		return thrown(answer.ExceptionDetails)
	case !answer.Result.Value.Bool():
		return errors.New("the clipboard does not take the text")
	}
	return nil
}

// Clear implements page.Tab.
func (t *tab) Clear(ctx context.Context) error {
	for _, key := range []string{"Control+A", "Backspace"} {
		if err := t.Press(ctx, key); err != nil {
			return fmt.Errorf("clear: %w", err)
		}
	}
	return nil
}
