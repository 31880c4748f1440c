package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// await waits for what the last act brings.
func (f *flow) await(ctx context.Context, a *definition.Await) (string, error) {
	within := a.Within
	if within == 0 {
		within = awaitTime
	}
	if a.Since == "flow" {
		mark, acted := f.mark, f.acted
		f.mark, f.acted = f.start, time.Time{}
		defer func() { f.mark, f.acted = mark, acted }()
	}
	timed, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if len(a.Any) > 0 {
		return f.awaitAny(timed, a.Any)
	}
	for _, name := range a.All {
		_, err := f.answer(timed, name)
		if err != nil && len(a.Else) > 0 && ctx.Err() == nil && platforms.KindOf(err) == platforms.Timeout {
			return f.instead(ctx, a, err)
		}
		if err != nil {
			return name, err
		}
	}
	return strings.Join(a.All, " "), nil
}

// instead reads from the page what did not arrive: its store first, then what it shows.
func (f *flow) instead(ctx context.Context, a *definition.Await, missing error) (string, error) {
	for _, name := range a.Else {
		brief, cancel := context.WithTimeout(ctx, functionTime)
		got, err := f.readUntil(brief, name, f.names, func(*answer) bool { return true })
		cancel()
		if err == nil {
			f.last[a.All[0]] = got
			return name + " instead", nil
		}
		missing = fmt.Errorf("%w; %w", missing, err)
	}
	return "", missing
}

// answer waits for the first good answer of a listen after the last act. While it waits it looks for signs
// of trouble now and then, so that a login page is not waited out.
func (f *flow) answer(ctx context.Context, name string) (*answer, error) {
	l := f.client.Definition.Listen[name]
	after := f.mark
	var broken error // the last request that got no answer; the page may repeat it
	for {
		rec, err := f.next(ctx, after, func(rec page.Record) bool { return expected(ctx, l, rec) })
		switch {
		case err != nil && broken != nil:
			return nil, fmt.Errorf("%s: %w", name, broken)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		after = rec.Seq
		if rec.Kind == page.Failed || rec.Body == nil {
			broken = fmt.Errorf("%w: %s", page.ErrNetwork, rec.Err)
			continue
		}
		a := read(ctx, name, l, bodyOf(rec, f.owner()))
		switch {
		case a.err != nil && (a.good || rec.Kind == page.Response):
			return nil, a.err
		case !a.good && rec.Kind != page.Response: // sockets carry other things as well
			continue
		case !a.good:
			return nil, changed(name, errors.New("the answer is not a good one, and no sign explains it"))
		}
		f.take(a)
		return a, nil
	}
}

// expected says whether a record is an answer to a listen, or the failure to get one.
func expected(ctx context.Context, l *definition.Listen, rec page.Record) bool {
	if rec.Kind == page.Failed {
		return l.Answers(rec.Method, rec.URL)
	}
	return matches(ctx, l, rec)
}

// next waits for a record of this tab.
func (f *flow) next(ctx context.Context, after uint64, match func(page.Record) bool) (page.Record, error) {
	for {
		slice, cancel := context.WithTimeout(ctx, sliceTime)
		rec, err := f.client.Browser.Traffic().Wait(slice, after, func(rec page.Record) bool {
			return f.follows(rec) && match(rec)
		})
		cancel()
		if err == nil {
			return rec, nil
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return page.Record{}, err
		}
		if t := f.trouble(ctx); t != nil {
			return page.Record{}, t
		}
		if _, err := f.tab.URL(ctx); platforms.KindOf(err) == platforms.BrowserGone {
			return page.Record{}, err
		}
	}
}

// follows says whether a record can be what the last act brought.
func (f *flow) follows(rec page.Record) bool {
	return (rec.Tab == f.tabName || rec.Tab == "") && !rec.At.Before(f.acted)
}

// awaitAny waits for one of several named outcomes. One that ends the flow is an error of its kind.
func (f *flow) awaitAny(ctx context.Context, any map[string]*definition.Branch) (string, error) {
	names := slices.Sorted(maps.Keys(any))
	for {
		for _, name := range names {
			met, err := f.met(ctx, any[name])
			if err != nil {
				return name, err
			}
			if met {
				return name, ending(name, any[name].Ends)
			}
		}
		if t := f.trouble(ctx); t != nil {
			return "", t
		}
		if err := wait(ctx, pollTime); err != nil {
			return "", err
		}
	}
}

func (f *flow) met(ctx context.Context, b *definition.Branch) (bool, error) {
	if b.Listen == "" {
		return f.shown(ctx, &b.Sign, false)
	}
	l := f.client.Definition.Listen[b.Listen]
	records, _ := f.client.Browser.Traffic().Since(f.mark)
	if !slices.ContainsFunc(records, func(r page.Record) bool { return r.Kind != page.Failed && f.follows(r) && matches(ctx, l, r) }) {
		return false, nil
	}
	_, err := f.answer(ctx, b.Listen)
	return err == nil, err
}

// ending is what a named outcome means for the flow.
func ending(name, ends string) error {
	kinds := map[string]platforms.Kind{
		"target_gone": platforms.TargetGone, "refused": platforms.Refused, "logged_out": platforms.LoggedOut,
		"challenge": platforms.Challenge, "rate_limited": platforms.RateLimited,
	}
	if ends == "" {
		return nil
	}
	return &platforms.Error{Kind: kinds[ends], Err: errors.New(name)}
}

// briefly bounds the work that tidies up after a flow, whose own context may be over.
func briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}
