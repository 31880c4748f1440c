package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// key is one key of a keyboard.
type key struct {
	name, code, text string
	number           int // Windows virtual key code
}

var keys = map[string]key{
	"Enter":      {"Enter", "Enter", "\r", 13},
	"Escape":     {"Escape", "Escape", "", 27},
	"Backspace":  {"Backspace", "Backspace", "", 8},
	"Delete":     {"Delete", "Delete", "", 46},
	"Tab":        {"Tab", "Tab", "", 9},
	"Space":      {" ", "Space", " ", 32},
	"ArrowLeft":  {"ArrowLeft", "ArrowLeft", "", 37},
	"ArrowUp":    {"ArrowUp", "ArrowUp", "", 38},
	"ArrowRight": {"ArrowRight", "ArrowRight", "", 39},
	"ArrowDown":  {"ArrowDown", "ArrowDown", "", 40},
	"PageUp":     {"PageUp", "PageUp", "", 33},
	"PageDown":   {"PageDown", "PageDown", "", 34},
	"Home":       {"Home", "Home", "", 36},
	"End":        {"End", "End", "", 35},
}

// modifier is a key that is held while another is pressed.
type modifier struct {
	key
	bit int
}

const shift = 8

var modifiers = map[string]modifier{
	"Alt":     {key{"Alt", "AltLeft", "", 18}, 1},
	"Control": {key{"Control", "ControlLeft", "", 17}, 2},
	"Shift":   {key{"Shift", "ShiftLeft", "", 16}, shift},
}

// keyNamed understands "Enter", "Shift+Enter" and "Control+A".
func keyNamed(name string) (k key, held []modifier, err error) {
	parts := strings.Split(name, "+")
	for _, part := range parts[:len(parts)-1] {
		m, ok := modifiers[part]
		if !ok {
			return k, nil, fmt.Errorf("no modifier is named %q", part)
		}
		held = append(held, m)
	}
	last := parts[len(parts)-1]
	if k, ok := keys[last]; ok {
		return k, held, nil
	}
	if len(last) == 1 && last[0] >= 'A' && last[0] <= 'Z' && len(held) > 0 {
		return key{name: strings.ToLower(last), code: "Key" + last, number: int(last[0])}, held, nil
	}
	return k, nil, fmt.Errorf("no key is named %q", name)
}

// Press implements page.Tab.
func (t *tab) Press(ctx context.Context, name string) error {
	if err := t.hand.take(ctx); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	defer t.hand.give()
	if err := t.pressKey(ctx, name); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	return nil
}

// pressKey presses a key as a hand does: first what is held, and what went down comes up again whatever happens. The
// caller holds the hand.
func (t *tab) pressKey(ctx context.Context, name string) (err error) {
	k, held, err := keyNamed(name)
	if err != nil {
		return err
	}
	bits := 0
	down := func(k key) bool {
		if err == nil {
			err = t.input(ctx, keyEvent(k, true, bits))
		}
		if err == nil {
			err = t.pause(ctx, 30*time.Millisecond, 90*time.Millisecond)
		}
		return err == nil
	}
	up := func(k key) {
		if e := t.letGo(ctx, keyEvent(k, false, bits)); err == nil {
			err = e
		}
	}
	var pressed []modifier
	for _, m := range held {
		bits |= m.bit
		pressed = append(pressed, m)
		if !down(m.key) {
			break
		}
	}
	if err == nil {
		down(k)
		up(k)
	}
	for _, m := range slices.Backward(pressed) {
		bits &^= m.bit
		up(m.key)
	}
	return err
}

// keyEvent is a key that goes down or up. Chromium types its text unless Control or Alt is held.
func keyEvent(k key, down bool, bits int) proto.InputDispatchKeyEvent {
	event := proto.InputDispatchKeyEvent{
		Type: proto.InputDispatchKeyEventTypeKeyUp, Key: k.name, Code: k.code, WindowsVirtualKeyCode: k.number, Modifiers: bits,
	}
	switch {
	case down && k.text != "" && bits&^shift == 0:
		event.Type, event.Text, event.UnmodifiedText = proto.InputDispatchKeyEventTypeKeyDown, k.text, k.text
	case down:
		event.Type = proto.InputDispatchKeyEventTypeRawKeyDown
	}
	return event
}
