package site

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"troupe/testkit/site/stage"
)

// item is a row that a list can page through.
type item interface {
	comparable
	order() time.Time // newest first in lists
	key() string      // tells rows of the same time apart
	changed() uint64  // world.seq of its last change
}

func (k *work) order() time.Time         { return k.at }
func (k *work) key() string              { return k.id }
func (k *work) changed() uint64          { return k.seq }
func (c *comment) order() time.Time      { return c.at }
func (c *comment) key() string           { return c.id }
func (c *comment) changed() uint64       { return c.seq }
func (c *conversation) order() time.Time { return c.last().at }
func (c *conversation) key() string      { return c.peer.uid }
func (c *conversation) changed() uint64  { return c.seq }
func (m *message) order() time.Time      { return m.at }
func (m *message) key() string           { return m.id }
func (m *message) changed() uint64       { return m.seq }
func (n *notice) order() time.Time       { return n.at }
func (n *notice) key() string            { return n.id }
func (n *notice) changed() uint64        { return n.seq }

var errBadParameter = stage.ErrBadParameter

// query is what a list was asked for.
type query struct {
	count    int
	since    uint64
	after    mark // the last row of the page before
	hasAfter bool
	oldest   bool // oldest first
}

type mark struct {
	at int64 // nanoseconds
	id string
}

func markOf[T item](row T) mark { return mark{row.order().UnixNano(), row.key()} }

func (m mark) compare(o mark) int {
	switch {
	case m.at < o.at:
		return -1
	case m.at > o.at:
		return 1
	}
	return strings.Compare(m.id, o.id)
}

func (m mark) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte("c1:" + strconv.FormatInt(m.at, 10) + ":" + m.id))
}

func sinceToken(seq uint64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("s1:" + strconv.FormatUint(seq, 10)))
}

func parseQuery(v url.Values) (query, error) {
	q := query{count: 20}
	if s := v.Get("count"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 50 {
			return q, fmt.Errorf("count %q: %w", s, errBadParameter)
		}
		q.count = n
	}
	if s := v.Get("since"); s != "" {
		raw, _ := base64.RawURLEncoding.DecodeString(s)
		n, err := strconv.ParseUint(strings.TrimPrefix(string(raw), "s1:"), 10, 64)
		if err != nil {
			return q, fmt.Errorf("since %q: %w", s, errBadParameter)
		}
		q.since = n
	}
	if s := v.Get("cursor"); s != "" {
		raw, _ := base64.RawURLEncoding.DecodeString(s)
		at, id, _ := strings.Cut(strings.TrimPrefix(string(raw), "c1:"), ":")
		n, err := strconv.ParseInt(at, 10, 64)
		if err != nil || id == "" {
			return q, fmt.Errorf("cursor %q: %w", s, errBadParameter)
		}
		q.after, q.hasAfter = mark{n, id}, true
	}
	return q, nil
}

// page is one page of a list.
type page[T item] struct {
	rows   []T
	cursor string // of the next page, "" at the end
}

// cut takes one page out of all rows, which may come in any order and stay as they are.
func cut[T item](all []T, q query) page[T] {
	sign := -1
	if q.oldest {
		sign = 1
	}
	var rows []T
	for _, r := range all {
		if r.changed() > q.since && (!q.hasAfter || sign*markOf(r).compare(q.after) > 0) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b T) int { return sign * markOf(a).compare(markOf(b)) })
	if len(rows) <= q.count {
		return page[T]{rows: rows}
	}
	rows = rows[:q.count]
	return page[T]{rows: rows, cursor: markOf(rows[q.count-1]).String()}
}

// answer is a list's JSON before its keys are named: the page's place, to which the caller adds the rows.
func (p page[T]) answer(w *world) map[string]any {
	return map[string]any{"cursor": p.cursor, "has_more": p.cursor != "", "since": sinceToken(w.seq)}
}

// rowsOf renders items; the result is never nil, so that JSON shows [] and not null.
func rowsOf[T interface{ row() R }, R any](items []T) []R {
	rows := make([]R, 0, len(items))
	for _, it := range items {
		rows = append(rows, it.row())
	}
	return rows
}
