package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	var b *body
	for _, s := range c.signs() {
		if s.sign.Seen() || !s.sign.Response.Match(rec.URL) {
			continue
		}
		if b == nil {
			b = bodyOf(rec, owner)
		}
		if says(ctx, s.sign, b) {
			return &platforms.Error{Op: "receive/" + s.name, Kind: s.kind, Err: errors.New("an answer of the site shows it")}
		}
	}
	return nil
}

// says whether an answer, whose address the sign names, shows the sign. What is no JSON is null to a query, with $text.
func says(ctx context.Context, s *definition.Sign, b *body) bool {
	if len(s.Status) > 0 && !slices.Contains(s.Status, b.rec.Status) || b.rec.Body == nil && !s.When.IsZero() {
		return false
	}
	value, err := b.json()
	if err != nil {
		value = nil
	}
	shown, err := s.When.True(ctx, value, b.vars)
	return err == nil && shown
}

// trouble looks whether the page or an answer since the flow's start shows a sign of trouble. It uses
// its own short time, because the caller's is often over.
func (f *flow) trouble(ctx context.Context) *platforms.Error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, s := range f.signs {
		shown, err := f.shown(ctx, s.sign, false)
		if platforms.KindOf(err) == platforms.BrowserGone {
			return nil // the step's own error says so
		}
		if err == nil && shown {
			return &platforms.Error{Kind: s.kind, Err: errors.New(s.name)}
		}
	}
	return nil
}

// anyShown says whether one of the signs holds now. Of the answers that a sign names the newest decides, because in a
// login they follow each other.
func (f *flow) anyShown(ctx context.Context, signs []definition.Sign) (bool, error) {
	for i := range signs {
		if shown, err := f.shown(ctx, &signs[i], true); err != nil || shown {
			return shown, err
		}
	}
	return false, nil
}

// shown says whether all that a sign names holds now; newest: of the answers only the newest counts.
func (f *flow) shown(ctx context.Context, s *definition.Sign, newest bool) (bool, error) {
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
		if el, _, err := visible(ctx, f.tab, f.client.Definition.Find[s.Visible], nil); err != nil || el == nil {
			return false, err
		}
	}
	if s.Text != "" {
		if el, _, err := visible(ctx, f.tab, []string{"text=" + s.Text}, nil); err != nil || el == nil {
			return false, err
		}
	}
	if !s.Frame.IsZero() {
		if seen, err := f.frameSeen(ctx, s.Frame); err != nil || !seen {
			return false, err
		}
	}
	return s.Response.IsZero() || f.received(ctx, s, newest), nil
}

// framesFunction gives the addresses of the frames that can be seen.
const framesFunction = `() => [...document.querySelectorAll("iframe")].filter(frame => {
  const box = frame.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && frame.checkVisibility({opacityProperty: true, visibilityProperty: true});
}).map(frame => frame.src)`

func (f *flow) frameSeen(ctx context.Context, p definition.Pattern) (bool, error) {
	raw, err := f.tab.Eval(ctx, framesFunction, nil)
	if err != nil {
		return false, err
	}
	var addresses []string
	if err := json.Unmarshal(raw, &addresses); err != nil {
		return false, fmt.Errorf("frames of the page: %w", err)
	}
	return slices.ContainsFunc(addresses, p.Match), nil
}

// received says whether an answer since the flow's start shows the sign, or whether the newest one does.
func (f *flow) received(ctx context.Context, s *definition.Sign, newest bool) bool {
	records, _ := f.client.Browser.Traffic().Since(f.start)
	for _, rec := range slices.Backward(records) {
		if rec.Kind != page.Response || rec.Tab != f.tabName || !s.Response.Match(rec.URL) {
			continue
		}
		if says(ctx, s, bodyOf(rec, f.owner())) {
			return true
		}
		if newest {
			return false
		}
	}
	return false
}

// visible finds the first element that can be seen, of the first alternative that has one; which says of which.
func visible(ctx context.Context, in page.Document, alternatives []string, within page.Element) (page.Element, int, error) {
	el, which, err := in.Find(ctx, alternatives, within)
	if err != nil || el == nil {
		return nil, which, err
	}
	if seen, err := isSeen(ctx, el); err != nil || seen {
		return el, which, err
	}
	for ; which < len(alternatives); which++ { // a hidden twin may stand before the one that is meant
		twins, err := in.FindAll(ctx, alternatives[which:which+1], within, twinsMost)
		if err != nil {
			return nil, which, err
		}
		for _, el := range twins {
			if seen, err := isSeen(ctx, el); err != nil || seen {
				return el, which, err
			}
		}
	}
	return nil, which, nil
}

// twinsMost bounds how many hidden elements are looked behind.
const twinsMost = 20

func isSeen(ctx context.Context, el page.Element) (bool, error) {
	seen, err := el.Visible(ctx)
	if errors.Is(err, page.ErrMoved) {
		return false, nil
	}
	return seen, err
}
