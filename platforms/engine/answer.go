package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// answer is what one record means to one listen.
type answer struct {
	listen  string
	rec     page.Record
	good    bool  // the definition's when holds
	err     error // it is good but not understood
	more    bool
	odd     int // rows that were not understood
	items   []*messages.Item
	profile *messages.Profile
}

// body is a record's JSON, decoded once for all listens and signs that look at it.
type body struct {
	value any
	vars  definition.Vars
	err   error
}

func bodyOf(rec page.Record, owner string) body {
	b := body{vars: definition.Vars{Owner: owner}}
	if u, err := url.Parse(rec.URL); err == nil {
		b.vars.Query = make(map[string]string)
		for k, v := range u.Query() {
			b.vars.Query[k] = v[0]
		}
	}
	if rec.Body == nil {
		b.err = errors.New("the answer's body could not be had")
		return b
	}
	d := json.NewDecoder(bytes.NewReader(rec.Body))
	d.UseNumber()
	if err := d.Decode(&b.value); err != nil {
		b.err = fmt.Errorf("the answer is no JSON: %w", err)
	}
	return b
}

// matches says whether a listen is meant by a record.
func matches(l *definition.Listen, rec page.Record) bool {
	if rec.Kind == page.Frame {
		return l.Frames.Match(rec.URL)
	}
	return l.Response.Match(rec.Method, rec.URL)
}

// answers reads what rec means to every listen that it matches.
func (c *client) answers(ctx context.Context, rec page.Record, owner string) []*answer {
	var all []*answer
	var b body
	for name, l := range c.Definition.Listen {
		if !matches(l, rec) {
			continue
		}
		if all == nil {
			b = bodyOf(rec, owner)
		}
		all = append(all, read(ctx, name, l, rec, b))
	}
	return all
}

// read maps one body. Whatever goes wrong with a good answer means that the page changed.
func read(ctx context.Context, name string, l *definition.Listen, rec page.Record, b body) *answer {
	a := &answer{listen: name, rec: rec}
	if b.err != nil {
		a.good = rec.Status/100 == 2 // a proxy's or server's error page is not the site's word
		a.err = changed(name, b.err)
		return a
	}
	good, err := l.When.True(ctx, b.value, b.vars)
	if a.good = good; err != nil {
		a.good, a.err = true, changed(name, err)
	}
	if !a.good || a.err != nil {
		return a
	}
	for _, q := range l.Require {
		if there, err := q.True(ctx, b.value, b.vars); err != nil || !there {
			a.err = changed(name, fmt.Errorf("the answer has no %s", q))
			return a
		}
	}
	if !l.More.IsZero() {
		more, err := l.More.First(ctx, b.value, b.vars)
		if err != nil {
			a.err = changed(name, err)
			return a
		}
		a.more = truth(more)
	}
	a.err = a.yield(ctx, l, b)
	return a
}

// yield maps the rows. A single row that is not understood is left out and counted; if none is
// understood the page changed.
func (a *answer) yield(ctx context.Context, l *definition.Listen, b body) error {
	var bad error
	understood := 0
	for _, into := range slices.Sorted(maps.Keys(l.Yields)) {
		rows, err := l.Yields[into].All(ctx, b.value, b.vars)
		if err != nil {
			return changed(a.listen, err)
		}
		for _, row := range rows {
			if into == definition.ProfileYield {
				err = a.yieldProfile(row)
			} else {
				err = a.yieldItem(into, row, b.vars.Owner, sourceOf(l.Source))
			}
			if err != nil {
				bad = err
				a.odd++
			} else {
				understood++
			}
		}
	}
	if bad != nil && understood == 0 {
		return changed(a.listen, bad)
	}
	return nil
}

func (a *answer) yieldItem(collection string, row any, owner string, source messages.Source) error {
	item, err := entity(collection, row, owner, source)
	if err == nil && item != nil {
		a.items = append(a.items, item)
	}
	return err
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

func changed(listen string, err error) error {
	return &platforms.Error{Op: "receive/" + listen, Kind: platforms.PageChanged, Err: err}
}

func sourceOf(name string) messages.Source {
	switch name {
	case "detail":
		return messages.Source_SOURCE_DETAIL
	case "page_store":
		return messages.Source_SOURCE_PAGE_STORE
	case "dom":
		return messages.Source_SOURCE_DOM
	}
	return messages.Source_SOURCE_LIST
}
