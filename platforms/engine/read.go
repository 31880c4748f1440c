package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"troupe/platforms"
	"troupe/platforms/definition"
)

// readPage runs the page function of a listen until its answer is taken for good.
func (f *flow) readPage(ctx context.Context, r *definition.Read) (string, error) {
	within := r.Within
	if within == 0 {
		within = awaitTime
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	args := maps.Clone(f.names)
	for name, value := range r.Args {
		args[name] = f.text(value)
	}
	a, err := f.readUntil(ctx, r.Listen, args, func(*answer) bool { return true })
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d items", f.client.Definition.Listen[r.Listen].Rank(), len(a.items)), nil
}

// readAnother reads a list from the page until it says something else than before.
func (f *flow) readAnother(ctx context.Context, list string, before *answer) (*answer, error) {
	return f.readUntil(ctx, list, f.names, func(a *answer) bool { return !bytes.Equal(a.rec.Body, before.rec.Body) })
}

// readUntil reads until an answer is good and wanted. What is not there yet, and what a page that is just being drawn
// throws, is waited out; when the time is over it is the error.
func (f *flow) readUntil(ctx context.Context, name string, args map[string]string, wanted func(*answer) bool) (*answer, error) {
	var last error
	for looks := 1; ; looks++ {
		a, err := f.readOnce(ctx, name, args)
		switch {
		case err == nil && wanted(a):
			f.take(a)
			return a, nil
		case err == nil:
			last = fmt.Errorf("%s: the page says the same as before: %w", name, context.DeadlineExceeded)
		case platforms.KindOf(err) != platforms.PageChanged && over(ctx, err) != nil && !thrown(err):
			return nil, err
		case ctx.Err() == nil:
			last = err
		}
		if looks%troubleLooks == 0 {
			if t := f.trouble(ctx); t != nil {
				return nil, t
			}
		}
		if err := wait(ctx, pollTime); err != nil {
			return nil, unread(name, last, err)
		}
	}
}

// unread is why a page function's answer was never taken: the page is not what the function was written for.
func unread(name string, last, over error) error {
	switch {
	case last == nil, errors.Is(over, context.Canceled):
		return fmt.Errorf("%s: %w", name, over)
	case platforms.KindOf(last) == platforms.Timeout, platforms.KindOf(last) == platforms.PageChanged:
		return last
	}
	return changed(name, last)
}

// readOnce runs the function once. null means that there is nothing to read yet.
func (f *flow) readOnce(ctx context.Context, name string, args map[string]string) (*answer, error) {
	l := f.client.Definition.Listen[name]
	raw, err := f.function(ctx, l.Function, l.World, args)
	if err != nil {
		return nil, err
	}
	if string(raw) == "null" || len(raw) == 0 {
		return nil, changed(name, errors.New("the page function answers null: there is nothing to read"))
	}
	a := read(ctx, name, l, bodyOf(f.record(ctx, raw), f.owner()))
	if a.err == nil && !a.good {
		a.err = changed(name, errors.New("what the page function answers is not good, and no sign explains it"))
	}
	return a, a.err
}

// take notes a good answer. What was read from the page is handed to the inbox, which sees only traffic by itself.
func (f *flow) take(a *answer) {
	if f.client.named(a); len(a.aliases) > 0 {
		f.client.Memory.alsoKnown(f.names)
	}
	f.last[a.listen] = a
	f.read = append(f.read, a)
	if f.owner() == "" && a.profile != nil {
		f.names[ownerName] = a.profile.GetPlatformUserId()
	}
	if f.client.Definition.Listen[a.listen].Function != "" {
		f.client.inbox.add(a)
	}
}

// rowsOf are the rows that an each goes through, of every answer of its listen in this flow, as texts.
func (f *flow) rowsOf(ctx context.Context, e *definition.Each) ([]map[string]string, error) {
	var rows []map[string]string
	for _, a := range f.read {
		if a.listen != e.Of {
			continue
		}
		objects, err := e.Rows.All(ctx, a.value, a.vars)
		if err != nil {
			return nil, changed(e.Of, err)
		}
		for _, object := range objects {
			row, err := textsOf(object)
			if err != nil {
				return nil, changed(e.Of, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func textsOf(object any) (map[string]string, error) {
	fields, ok := object.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("each: the rows are %T, not objects", object)
	}
	row := make(map[string]string, len(fields))
	for name, v := range fields {
		if s, ok := text(v); ok {
			row[name] = s
		} else if b, err := json.Marshal(v); err == nil && v != nil {
			row[name] = string(b)
		}
	}
	if row["key"] == "" {
		return nil, errors.New("each: a row has no key")
	}
	return row, nil
}
