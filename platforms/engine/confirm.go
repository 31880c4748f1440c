package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// before is what the page showed before the commit, so that what it shows afterwards can be told from it.
type before struct {
	answers map[string]any  // of page functions, by name
	words   map[string]bool // of failures, that stood there already
}

// shownBefore notes what the outcomes of the confirm will be compared with. What cannot be read is null.
func (f *flow) shownBefore(ctx context.Context) before {
	b := before{answers: make(map[string]any), words: make(map[string]bool)}
	note := func(o definition.Outcome) {
		if o.Function != "" {
			b.answers[o.Function], _ = f.functionValue(ctx, o)
		}
		if o.Text != "" {
			el, _, err := f.visible(ctx, []string{"text=" + o.Text}, nil)
			b.words[o.Text] = err == nil && el != nil
		}
	}
	for _, o := range f.confirm.Sent {
		note(o)
	}
	for _, o := range f.confirm.Failures {
		note(o)
	}
	return b
}

// functionValue is what an outcome's page function answers now.
func (f *flow) functionValue(ctx context.Context, o definition.Outcome) (any, error) {
	raw, err := f.function(ctx, o.Function, o.World, f.names)
	if err != nil {
		return nil, err
	}
	return (&definition.Listen{}).Value(ctx, raw)
}

// judge reads how a committed reply ended from the site's own answer, and from what the page shows.
func (f *flow) judge(ctx context.Context, m *definition.Confirm) (string, error) {
	within := m.Within
	if within == 0 {
		within = confirmTime
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	after, answered := f.mark, error(nil)
	for {
		rec, err := f.decisive(ctx, m, after)
		if err == nil {
			after = rec.Seq
			if reason, decided := f.decide(ctx, m, rec); decided {
				return reason, nil
			}
			answered = undecided(rec, answered)
		}
		if reason := f.shownAfter(ctx, m); reason != "" {
			return reason, nil
		}
		switch {
		case answered != nil && !slices.ContainsFunc(m.Sent, func(o definition.Outcome) bool { return o.Function != "" }):
			return "", answered
		case ctx.Err() != nil && answered != nil:
			return "", answered
		case err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)):
			return "", fmt.Errorf("the site's answer: %w", err)
		}
	}
}

// undecided is what an answer that no outcome recognises means. A socket carries other things as well.
func undecided(rec page.Record, earlier error) error {
	switch rec.Kind {
	case page.Failed:
		return fmt.Errorf("the site's answer: %w: %s", page.ErrNetwork, rec.Err)
	case page.Response:
		return errors.New("no outcome of the definition recognises the site's answer")
	}
	return earlier
}

// decisive waits a moment for a record that an outcome listens for.
func (f *flow) decisive(ctx context.Context, m *definition.Confirm, after uint64) (page.Record, error) {
	slice, cancel := context.WithTimeout(ctx, 5*pollTime)
	defer cancel()
	return f.client.Browser.Traffic().Wait(slice, after, func(rec page.Record) bool {
		return f.follows(rec) && f.decides(ctx, m, rec)
	})
}

// decides says whether a record is one that an outcome listens for.
func (f *flow) decides(ctx context.Context, m *definition.Confirm, rec page.Record) bool {
	hears := func(o definition.Outcome) bool {
		l := f.client.Definition.Listen[o.Listen]
		return l != nil && expected(ctx, l, rec)
	}
	return slices.ContainsFunc(m.Sent, hears) || slices.ContainsFunc(slices.Collect(maps.Values(m.Failures)), hears)
}

// decide judges the site's answer. Not decided means unknown: the connection broke, or the answer is new to us.
func (f *flow) decide(ctx context.Context, m *definition.Confirm, rec page.Record) (reason string, decided bool) {
	if rec.Kind == page.Failed || rec.Body == nil {
		return "", false
	}
	b := bodyOf(rec, f.owner())
	value := func(o definition.Outcome) (any, bool) {
		l := f.client.Definition.Listen[o.Listen]
		if l == nil || !matches(ctx, l, rec) {
			return nil, false
		}
		v, err := b.of(ctx, l)
		return v, err == nil
	}
	for _, o := range m.Sent {
		if v, ok := value(o); ok && (rec.Kind != page.Response || rec.Status/100 == 2) && f.sent(ctx, o, v, b.vars) {
			return "sent", true
		}
	}
	return f.failure(ctx, m, value, b.vars)
}

// sent says whether an outcome holds of v, and if so that the reply stands there.
func (f *flow) sent(ctx context.Context, o definition.Outcome, v any, vars definition.Vars) bool {
	if ok, err := o.When.True(ctx, v, vars); !ok || err != nil {
		return false
	}
	f.outcome = platforms.Outcome{State: messages.ReplyConfirmedState}
	if o.ID.IsZero() {
		return true
	}
	if id, err := o.ID.First(ctx, v, vars); err == nil {
		f.outcome.PlatformID, _ = text(id)
	}
	return true
}

// failure looks for the failure that holds; value says what an outcome is about.
func (f *flow) failure(ctx context.Context, m *definition.Confirm, value func(definition.Outcome) (any, bool), vars definition.Vars) (string, bool) {
	for _, reason := range slices.Sorted(maps.Keys(m.Failures)) {
		o := m.Failures[reason]
		if v, ok := value(o); ok {
			if holds, err := o.When.True(ctx, v, vars); holds && err == nil {
				f.refused(reason, o)
				return reason, true
			}
		}
	}
	return "", false
}

// shownAfter looks at what the page shows now and did not show before: what page functions see, and words of a refusal.
func (f *flow) shownAfter(ctx context.Context, m *definition.Confirm) (reason string) {
	value := func(o definition.Outcome) (any, bool) {
		if o.Function == "" {
			return nil, false
		}
		v, err := f.functionValue(ctx, o)
		return v, err == nil && v != nil
	}
	vars := func(o definition.Outcome) definition.Vars {
		return definition.Vars{Owner: f.owner(), Before: f.before.answers[o.Function]}
	}
	for _, reason := range slices.Sorted(maps.Keys(m.Failures)) {
		o := m.Failures[reason]
		if f.spoken(ctx, o) {
			f.refused(reason, o)
			return reason
		}
		one := &definition.Confirm{Failures: map[string]definition.Outcome{reason: o}}
		if reason, ok := f.failure(ctx, one, value, vars(o)); ok {
			return reason
		}
	}
	for _, o := range m.Sent {
		if v, ok := value(o); ok && f.sent(ctx, o, v, vars(o)) {
			return "sent"
		}
	}
	return ""
}

// spoken says whether the page says the words of a refusal that it did not say before.
func (f *flow) spoken(ctx context.Context, o definition.Outcome) bool {
	if o.Text == "" || f.before.words[o.Text] {
		return false
	}
	el, _, err := f.visible(ctx, []string{"text=" + o.Text}, nil)
	return err == nil && el != nil
}

func (f *flow) refused(reason string, o definition.Outcome) {
	f.outcome = platforms.Outcome{State: messages.ReplyFailedState, Reason: reason}
	kinds := map[string]platforms.Kind{"rate_limited": platforms.RateLimited, "logged_out": platforms.LoggedOut, "challenge": platforms.Challenge}
	if kind, ok := kinds[o.Kind]; ok {
		f.outcome.Err = &platforms.Error{Op: f.name + "/confirm", Kind: kind, Err: errors.New(reason)}
	}
}
