package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// kindSign is a sign and what it means.
type kindSign struct {
	kind platforms.Kind
	name string
	sign *definition.Sign
}

// signs are the definition's signs of trouble, the gravest first.
func (c *client) signs() []kindSign {
	var all []kindSign
	add := func(kind platforms.Kind, name string, signs []definition.Sign) {
		for i := range signs {
			all = append(all, kindSign{kind, fmt.Sprintf("%s[%d]", name, i), &signs[i]})
		}
	}
	add(platforms.Challenge, "risk.challenge", c.Definition.Risk.Challenge)
	add(platforms.LoggedOut, "login.lapsed", c.Definition.Login.Lapsed)
	add(platforms.RateLimited, "risk.rate_limited", c.Definition.Risk.RateLimited)
	return all
}

// judge looks for a sign in one answer alone.
func (c *client) judge(ctx context.Context, rec page.Record, owner string) error {
	var b body
	for _, s := range c.signs() {
		if !answerSign(s.sign) || !s.sign.Response.Match(rec.URL) {
			continue
		}
		if b.vars.Query == nil {
			b = bodyOf(rec, owner)
		}
		if shown, err := shows(ctx, s.sign, b); err == nil && shown {
			return &platforms.Error{Op: "receive/" + s.name, Kind: s.kind, Err: fmt.Errorf("an answer of the site shows it")}
		}
	}
	return nil
}

// answerSign says whether a sign needs no look at the page.
func answerSign(s *definition.Sign) bool {
	return !s.Response.IsZero() && s.URL.IsZero() && s.Title == "" && s.Visible == "" && s.Text == ""
}

func shows(ctx context.Context, s *definition.Sign, b body) (bool, error) {
	if b.err != nil {
		return false, b.err
	}
	return s.When.True(ctx, b.value, b.vars)
}

// trouble looks whether the page or an answer since the flow's start shows a sign of trouble. It uses
// its own short time, because the caller's is often over.
func (f *flow) trouble(ctx context.Context) *platforms.Error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, s := range f.signs {
		shown, err := f.shown(ctx, s.sign)
		if platforms.KindOf(err) == platforms.BrowserGone {
			return nil // the step's own error says so
		}
		if err == nil && shown {
			return &platforms.Error{Kind: s.kind, Err: errors.New(s.name)}
		}
	}
	return nil
}

// anyShown says whether one of the signs holds now.
func (f *flow) anyShown(ctx context.Context, signs []definition.Sign) (bool, error) {
	for i := range signs {
		if shown, err := f.shown(ctx, &signs[i]); err != nil || shown {
			return shown, err
		}
	}
	return false, nil
}

// shown says whether all that a sign names holds now.
func (f *flow) shown(ctx context.Context, s *definition.Sign) (bool, error) {
	if !s.URL.IsZero() {
		if url, err := f.tab.URL(ctx); err != nil || !s.URL.Match(url) {
			return false, err
		}
	}
	if s.Title != "" {
		if title, err := f.tab.Title(ctx); err != nil || !strings.Contains(title, s.Title) {
			return false, err
		}
	}
	if s.Visible != "" {
		if el, _, err := f.visible(ctx, f.client.Definition.Find[s.Visible], nil); err != nil || el == nil {
			return false, err
		}
	}
	if s.Text != "" {
		if el, _, err := f.visible(ctx, []string{"text=" + s.Text}, nil); err != nil || el == nil {
			return false, err
		}
	}
	if s.Response.IsZero() {
		return true, nil
	}
	return f.received(ctx, s), nil
}

// received says whether an answer since the flow's start shows the sign.
func (f *flow) received(ctx context.Context, s *definition.Sign) bool {
	records, _ := f.client.Browser.Traffic().Since(f.start)
	for _, rec := range records {
		if rec.Kind == page.Response && rec.Tab == f.tabName && s.Response.Match(rec.URL) {
			if shown, err := shows(ctx, s, bodyOf(rec, f.client.inbox.ownerID())); err == nil && shown {
				return true
			}
		}
	}
	return false
}

// visible finds the first alternative's element if it is there and can be seen.
func (f *flow) visible(ctx context.Context, alternatives []string, within page.Element) (page.Element, int, error) {
	el, which, err := f.tab.Find(ctx, alternatives, within)
	if err != nil || el == nil {
		return nil, which, err
	}
	seen, err := el.Visible(ctx)
	if errors.Is(err, page.ErrMoved) || err == nil && !seen {
		return nil, which, nil
	}
	return el, which, err
}
