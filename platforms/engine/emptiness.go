package engine

import (
	"context"
	"fmt"
	"slices"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
)

// doubtEmptiness is an error when a look, that loaded its page, found nothing where there was something before. A list that
// was never empty and suddenly is means far more often that the page or the login changed than that all is gone; a person
// decides. Lists that the definition allows to be empty, and answers to "what is new since", are believed.
func (f *flow) doubtEmptiness(ctx context.Context, l *definition.Look, due dueness) error {
	if !f.navigated {
		return nil
	}
	for _, name := range f.lists() {
		listen := f.client.Definition.Listen[name]
		if listen.MayBeEmpty || len(listen.Yields) == 0 {
			continue
		}
		key, n := l.Name+"/"+name, f.yielded(name)
		if n > 0 {
			f.client.Memory.yields(key, n)
		} else if before := f.client.Memory.yielded(key); before > 0 {
			return f.wentEmpty(ctx, name, before)
		}
	}
	if due != whole || f.client.Holds == nil {
		return nil
	}
	for _, collection := range l.Whole {
		if held := f.client.Holds(collection); held > 0 && !f.shows(collection) && !f.mayBeEmpty(collection) {
			return f.wentEmpty(ctx, collection, held)
		}
	}
	return nil
}

// wentEmpty is the alarm. It keeps evidence like a failed step.
func (f *flow) wentEmpty(ctx context.Context, what string, before int) error {
	err := error(&platforms.Error{
		Op: f.name + "/empty " + what, Kind: platforms.PageChanged,
		Err: fmt.Errorf("%s went empty: there were %d before", what, before),
	})
	f.client.dirty[f.tabName] = true
	f.keepEvidence(ctx, err)
	return err
}

// yielded counts the items of a listen in this flow, and of what was read instead of it.
func (f *flow) yielded(listen string) (n int) {
	for _, a := range f.read {
		if a.listen == listen || a == f.last[listen] {
			n += len(a.items)
		}
	}
	return n
}

func (f *flow) shows(collection string) bool {
	return slices.ContainsFunc(f.items(), func(i *messages.Item) bool {
		of, _, _ := i.Key()
		return of == collection
	})
}

// mayBeEmpty says whether every list of this flow that holds the collection may be empty.
func (f *flow) mayBeEmpty(collection string) bool {
	for _, name := range f.lists() {
		listen := f.client.Definition.Listen[name]
		if _, ok := listen.Yields[collection]; ok && !listen.MayBeEmpty {
			return false
		}
	}
	return true
}
