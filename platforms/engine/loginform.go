package engine

import (
	"context"
	"errors"
	"fmt"

	"troupe/platforms"
	"troupe/platforms/definition"
)

// askStatus is the wire's word for a question to the person; Step.Ask says what is asked for.
const askStatus = "sms_input_required"

// errAnew is how a form's steps end when the person wants to begin again.
var errAnew = errors.New("the person wants to begin again")

// fillIn makes the steps of a form: they ask the person for each value and submit them.
func (l *login) fillIn(ctx context.Context) error {
	for {
		err := l.flow.walk(ctx, l.form.Steps)
		if other, ok := errors.AsType[anotherWay](err); ok {
			return other
		}
		if errors.Is(err, errAnew) {
			continue
		}
		l.entry = l.flow.client.Clock()
		return err
	}
}

// formWrong begins the form again when what was entered was wrong.
func (l *login) formWrong(ctx context.Context) error {
	wrong, err := l.wasWrong(ctx, l.form.Wrong)
	if err != nil || !wrong {
		return err
	}
	l.message = "what was entered was wrong"
	return l.fillIn(ctx)
}

// ask enters what the person is asked for.
func (f *flow) ask(ctx context.Context, a *definition.Ask) (string, error) {
	p := definition.Place{Find: a.Into}
	if _, _, err := f.find(ctx, p); err != nil {
		return "", err
	}
	value, err := f.person.answer(ctx, a.For)
	if err != nil {
		return "", err
	}
	matched, err := f.clear(ctx, p)
	if err != nil {
		return matched, err
	}
	if err := f.tab.Type(ctx, value); err != nil {
		return matched, fmt.Errorf("type what was asked for: %w", err)
	}
	return matched, f.readBack(ctx, p, value)
}

// answer waits until the person answers a question.
func (l *login) answer(ctx context.Context, what string) (string, error) {
	l.show(platforms.Step{Status: askStatus, Ask: what, Message: l.message})
	l.message = ""
	in := l.in
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case input, ok := <-in:
			switch {
			case !ok:
				in = nil // nobody will answer; the time limit ends it
			case input.Kind == wayWord:
				if err := l.another(input); err != nil {
					return "", err
				}
			case input.Kind == "refresh":
				return "", errAnew
			case input.Kind == what:
				return string(input.Value), nil
			}
		}
	}
}
