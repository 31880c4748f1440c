package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// textMost is how much of an answer's beginning a query sees as text, in bytes.
const textMost = 4 << 10

// answer is what one record means to one listen.
type answer struct {
	listen  string
	rec     page.Record
	good    bool  // the definition's when holds
	err     error // it is good but not understood, or the site itself failed
	more    bool
	odd     int // rows that were not understood
	items   []*messages.Item
	aliases map[string]string
	profile *messages.Profile
	value   any // what it says
	vars    definition.Vars
}

// body is a record with what it says, decoded once for all listens and signs that look at it.
type body struct {
	rec    page.Record
	vars   definition.Vars
	parsed bool // value and err are set
	value  any
	err    error
}

func bodyOf(rec page.Record, owner string) *body {
	b := &body{rec: rec, vars: definition.Vars{Owner: owner, Status: rec.Status, Post: definition.Posted(rec.Post)}}
	b.vars.Text, _ = textOf(rec.Body, textMost)
	if u, err := url.Parse(rec.URL); err == nil {
		b.vars.Query = make(map[string]string)
		for k, v := range u.Query() {
			b.vars.Query[k] = v[0]
		}
	}
	return b
}

// json is the body as plain JSON.
func (b *body) json() (any, error) {
	if !b.parsed {
		b.parsed = true
		if b.rec.Body == nil {
			b.err = errors.New("the answer's body could not be had")
		} else {
			b.value, b.err = (&definition.Listen{}).Value(context.Background(), b.rec.Body)
		}
	}
	return b.value, b.err
}

// of is the body as a listen decodes it.
func (b *body) of(ctx context.Context, l *definition.Listen) (any, error) {
	if len(l.Decode) == 0 || b.rec.Body == nil {
		return b.json()
	}
	return l.Value(ctx, b.rec.Body)
}

// matches says whether a listen is meant by a record.
func matches(ctx context.Context, l *definition.Listen, rec page.Record) bool {
	switch rec.Kind {
	case page.Frame:
		return !l.Sent && l.Frames.Match(rec.URL)
	case page.Sent:
		return l.Sent && l.Frames.Match(rec.URL)
	}
	return l.AnswersPost(ctx, rec.Method, rec.URL, rec.Post)
}

// answers reads what rec means to every listen that it matches. Whoever waits for it may run out of time meanwhile, which says nothing of
// the answer: each expression has a bound of its own.
func (c *client) answers(ctx context.Context, rec page.Record, owner string) []*answer {
	ctx = context.WithoutCancel(ctx)
	var all []*answer
	var b *body
	for name, l := range c.Definition.Listen {
		if !matches(ctx, l, rec) {
			continue
		}
		if b == nil {
			b = bodyOf(rec, owner)
		}
		all = append(all, read(ctx, name, l, b))
	}
	return all
}

// yields says whether a record is an answer that items are read from.
func (c *client) yields(ctx context.Context, rec page.Record) bool {
	for _, l := range c.Definition.Listen {
		if len(l.Yields) > 0 && matches(ctx, l, rec) {
			return true
		}
	}
	return false
}

// read maps one body. Whatever goes wrong with a good answer means that the page changed.
func read(ctx context.Context, name string, l *definition.Listen, b *body) *answer {
	a := &answer{listen: name, rec: b.rec, vars: b.vars}
	failed := b.rec.Kind == page.Response && b.rec.Status/100 != 2
	var err error
	if a.value, err = b.of(ctx, l); err != nil || failed && l.When.IsZero() {
		a.good, a.err = !failed && !heartbeat(l, b.rec), changed(name, err)
		if failed { // a proxy's or server's error page is not the site's word
			a.err = siteFailed(name, b.rec.Status)
		}
		return a
	}
	if a.good, err = l.When.True(ctx, a.value, a.vars); err != nil {
		a.good, a.err = true, changed(name, err)
	} else if !a.good && failed {
		a.err = siteFailed(name, b.rec.Status)
	}
	if !a.good || a.err != nil {
		return a
	}
	a.err = a.understand(ctx, l)
	return a
}

// understand reads a good answer: what it must have, whether the list goes on, and its rows.
func (a *answer) understand(ctx context.Context, l *definition.Listen) error {
	for _, q := range l.Require {
		there, err := q.True(ctx, a.value, a.vars)
		if err != nil {
			return changed(a.listen, err)
		}
		if !there {
			return changed(a.listen, fmt.Errorf("the answer has no %s", q))
		}
	}
	if !l.More.IsZero() {
		more, err := l.More.First(ctx, a.value, a.vars)
		if err != nil {
			return changed(a.listen, err)
		}
		a.more = truth(more)
	}
	return a.yield(ctx, l)
}

// heartbeat says whether a frame is no JSON and not meant to be: sockets carry words of their own.
func heartbeat(l *definition.Listen, rec page.Record) bool {
	if rec.Kind != page.Frame && rec.Kind != page.Sent || len(l.Decode) > 0 {
		return false
	}
	return !rec.Text || !strings.HasPrefix(strings.TrimSpace(string(rec.Body)), "{") && !strings.HasPrefix(strings.TrimSpace(string(rec.Body)), "[")
}

// siteFailed is what an HTTP status says that the definition does not know.
func siteFailed(listen string, status int) error {
	kind := platforms.PageChanged
	switch {
	case status == http.StatusTooManyRequests:
		kind = platforms.RateLimited
	case status >= 500, status == http.StatusRequestTimeout:
		kind = platforms.Network
	}
	return &platforms.Error{Op: "receive/" + listen, Kind: kind, Err: fmt.Errorf("the site answered with status %d", status)}
}

// yield maps the rows. A single row that is not understood is left out and counted; if none of a
// collection is understood the page changed.
func (a *answer) yield(ctx context.Context, l *definition.Listen) error {
	for _, into := range slices.Sorted(maps.Keys(l.Yields)) {
		rows, err := l.Yields[into].All(ctx, a.value, a.vars)
		if err != nil {
			return changed(a.listen, err)
		}
		var bad error
		odd := 0
		for _, row := range rows {
			if into == definition.ProfileYield {
				err = a.yieldProfile(row)
			} else {
				err = a.yieldItem(into, row, sourceOf(l.Rank()))
			}
			if err != nil {
				bad = err
				odd++
			}
		}
		if a.odd += odd; bad != nil && odd == len(rows) {
			return changed(a.listen, bad)
		}
	}
	return nil
}

func (a *answer) yieldItem(collection string, row any, source messages.Source) error {
	item, err := entity(collection, row, a.vars.Owner, source)
	if err != nil || item == nil {
		return err
	}
	a.items = append(a.items, item)
	for alias, id := range aliasesOf(item, row.(map[string]any)) {
		if a.aliases == nil {
			a.aliases = make(map[string]string)
		}
		a.aliases[alias] = id
	}
	return nil
}

func (a *answer) yieldProfile(row any) error {
	fields, ok := row.(map[string]any)
	if !ok {
		return fmt.Errorf("profile: the mapping yields %T, not an object", row)
	}
	p := &messages.Profile{}
	if err := fill(p, fields); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if p.PlatformUserId == "" {
		return errors.New("profile: the answer has no platform_user_id")
	}
	a.profile = p
	return nil
}

// named lets the answer's items name things by their first ids, and teaches the memory the others.
func (c *client) named(a *answer) *answer {
	c.Memory.name(a.aliases)
	for _, i := range a.items {
		c.Memory.named(i)
	}
	return a
}

func changed(listen string, err error) error {
	return &platforms.Error{Op: "receive/" + listen, Kind: platforms.PageChanged, Err: err}
}

func sourceOf(rank string) messages.Source {
	switch rank {
	case "detail":
		return messages.Source_SOURCE_DETAIL
	case "page_store":
		return messages.Source_SOURCE_PAGE_STORE
	case "dom":
		return messages.Source_SOURCE_DOM
	}
	return messages.Source_SOURCE_LIST
}

// record is a page function's answer as if the page had received it.
func (f *flow) record(ctx context.Context, answer json.RawMessage) page.Record {
	address, _ := f.tab.URL(ctx) // a page that is being replaced has none for a moment
	return page.Record{Kind: page.Response, Tab: f.tabName, At: f.client.Clock(), URL: address, Status: http.StatusOK, Body: answer}
}
