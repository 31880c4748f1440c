package recorded

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/recording"
)

// A mutation is what a site may do to one key of an answer, in every row that has it.
type mutation struct {
	name string
	do   func(of map[string]any, key string)
}

// mutations are the changes that each key of each recorded answer goes through. One that was protobuf goes through the first
// alone: there a field of another number or another type is to its reader a field that is not there.
var mutations = []mutation{
	{"dropped", func(of map[string]any, key string) { delete(of, key) }},
	{"renamed", func(of map[string]any, key string) { of[key+"_v2"] = of[key]; delete(of, key) }},
	{"as another type", func(of map[string]any, key string) { of[key] = retyped(of[key]) }},
	{"wrapped", func(of map[string]any, key string) { of[key] = map[string]any{"value": of[key]} }},
}

// retyped is a value of another type: what stood for something becomes what stands for nothing of the kind.
func retyped(v any) any {
	switch v.(type) {
	case string, json.Number, bool:
		return []any{v}
	case []any:
		return "changed"
	}
	return json.Number("7")
}

// CheckMutations changes every key of every answer and frame that items are read from, in turn, and maps what it became. The
// definition must then call the page changed, or lose no more than single rows, which the engine logs: no collection, and not
// the knowledge that a list goes on. An answer that is not a good one any more is the flow's that awaits it, which calls the page changed (CheckChanged).
//
// A null in the place of a list is no mutation: it is how some platforms say that there is nothing.
func (c Case) CheckMutations(t *testing.T, rec *recording.Recording) {
	t.Helper()
	c, rec, binary := c.unpacked(t, rec)
	tried, caught, partly := 0, 0, 0
	done := make(map[string]bool) // what was tried of answers like it
	for i := range rec.Entries {
		e := rec.Entries[i]
		whole, ok := decoded(e.Body)
		if !ok || !c.heard(&e) {
			continue
		}
		before := c.read(t, rec, e)
		if before.err != nil || len(before.keys) == 0 {
			continue
		}
		for _, path := range keys(whole) {
			like := fmt.Sprint(e.Kind, before.listens, path, before.more)
			if done[like] {
				continue
			}
			done[like] = true
			for n, m := range mutations {
				if n > 0 && binary[i] {
					break
				}
				changed, _ := decoded(e.Body)
				apply(changed, path, m.do)
				mutated := e
				mutated.Body = encoded(t, changed)
				after := c.read(t, rec, mutated)
				tried++
				if after.err != nil && platforms.KindOf(after.err) == platforms.PageChanged {
					caught++
					continue
				}
				if len(after.keys) < len(before.keys) {
					partly++
				}
				c.judge(t, e.BodyFile, strings.Join(path, "."), m.name, before, after)
			}
		}
	}
	t.Logf("%d mutations, %d called page_changed; %d cost rows that are logged as not understood, the others nothing", tried, caught, partly)
	if caught == 0 {
		t.Error("no mutation was noticed at all")
	}
}

// unpacked is the case and the recording as if the site had sent what the definition's pipelines make of its bytes, and which of
// the entries were protobuf.
func (c Case) unpacked(t *testing.T, rec *recording.Recording) (Case, *recording.Recording, map[int]bool) {
	t.Helper()
	plain, binary := *rec, make(map[int]bool)
	plain.Entries = slices.Clone(rec.Entries)
	for i := range plain.Entries {
		e := &plain.Entries[i]
		for _, name := range c.names(e) {
			l := c.Definition.Listen[name]
			if len(l.Decode) == 0 {
				continue
			}
			v, err := l.Value(t.Context(), e.Body)
			if err != nil {
				t.Fatalf("%s: %v", e.BodyFile, err)
			}
			e.Body, binary[i] = encoded(t, v), protobuf(l.Decode)
			break
		}
	}
	def := *c.Definition
	def.Listen = make(map[string]*definition.Listen, len(c.Definition.Listen))
	for name, l := range c.Definition.Listen {
		whole := *l
		whole.Decode = nil
		def.Listen[name] = &whole
	}
	c.Definition = &def
	return c, &plain, binary
}

func protobuf(stages []definition.Stage) bool {
	return slices.ContainsFunc(stages, func(s definition.Stage) bool { return s.Protobuf != "" || protobuf(s.Through) })
}

// reading is what one answer came to.
type reading struct {
	keys    []string       // of items
	counts  map[string]int // of items, by collection
	listens []string
	more    bool // some list goes on
	good    bool // some listen takes it for a good answer
	err     error
}

// read maps one entry alone, as if the pages had received nothing else.
func (c Case) read(t *testing.T, rec *recording.Recording, e recording.Entry) reading {
	t.Helper()
	alone := *rec
	alone.Entries = []recording.Entry{e}
	batch, err := recording.Map(t.Context(), c.Definition, &alone)
	r := reading{err: err, counts: make(map[string]int), listens: c.names(&e)}
	r.good, r.more = c.means(t.Context(), &e)
	for _, item := range batch.Items {
		key, _ := item.KnownKey()
		collection, _, _ := item.Key()
		r.keys = append(r.keys, key)
		r.counts[collection]++
	}
	slices.Sort(r.keys)
	return r
}

// judge says what a mutation that was not called page_changed lost.
func (c Case) judge(t *testing.T, file, path, what string, before, after reading) {
	t.Helper()
	name := fmt.Sprintf("%s: %s %s", file, path, what)
	if _, known := c.Optional[path]; known {
		return
	}
	switch {
	case after.err != nil:
		t.Errorf("%s: ended %s instead of page_changed: %v", name, platforms.KindOf(after.err), after.err)
	case !after.good:
	case len(after.counts) < len(before.counts):
		t.Errorf("%s: %v instead of %v, and no failure", name, after.counts, before.counts)
	case !subset(after.keys, before.keys):
		t.Errorf("%s: items of other names, and no failure", name)
	case before.more && !after.more:
		t.Errorf("%s: the list seems to be at its end, and no failure", name)
	}
}

// heard says whether the definition reads items from an entry.
func (c Case) heard(e *recording.Entry) bool {
	return len(c.names(e)) > 0
}

// names are the listens that read items from an entry.
func (c Case) names(e *recording.Entry) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c.Definition.Listen)) {
		l := c.Definition.Listen[name]
		meant := false
		switch e.Kind {
		case recording.Frame, recording.Sent:
			meant = l.Sent == (e.Kind == recording.Sent) && l.Frames.Match(e.URL)
		case recording.Response:
			meant = l.AnswersPost(context.Background(), e.Method, e.URL, e.Post)
		}
		if meant && len(l.Yields) > 0 {
			all = append(all, name)
		}
	}
	return all
}

// means says whether an answer is a good one to some listen, and whether it tells of further pages.
func (c Case) means(ctx context.Context, e *recording.Entry) (good, more bool) {
	vars := definition.Vars{Status: e.Status, Post: definition.Posted(e.Post)}
	for _, name := range c.names(e) {
		l := c.Definition.Listen[name]
		v, err := l.Value(ctx, e.Body)
		if err != nil {
			continue
		}
		is, err := l.When.True(ctx, v, vars)
		good = good || is && err == nil
		if l.More.IsZero() {
			continue
		}
		found, err := l.More.First(ctx, v, vars)
		more = more || err == nil && found != nil && found != false && found != "" && fmt.Sprint(found) != "0"
	}
	return good, more
}

func subset(of, all []string) bool {
	return !slices.ContainsFunc(of, func(key string) bool { return !slices.Contains(all, key) })
}

func decoded(body []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	_, object := v.(map[string]any)
	return v, err == nil && object
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// any number of rows is one step of a path: what a site changes, it changes in all of them.
const rows = "[]"

// keys are the paths to every key, rows of a list taken together.
func keys(v any) [][]string {
	seen := make(map[string][]string)
	var walk func(v any, path []string)
	walk = func(v any, path []string) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				to := append(slices.Clone(path), key)
				seen[strconv.Quote(strings.Join(to, "\x00"))] = to
				walk(value, to)
			}
		case []any:
			for _, row := range v {
				walk(row, append(slices.Clone(path), rows))
			}
		}
	}
	walk(v, nil)
	var all [][]string
	for _, at := range slices.Sorted(maps.Keys(seen)) {
		all = append(all, seen[at])
	}
	return all
}

// apply changes the last key of path in everything that the path leads to.
func apply(v any, path []string, do func(of map[string]any, key string)) {
	switch v := v.(type) {
	case map[string]any:
		if len(path) > 1 {
			apply(v[path[0]], path[1:], do)
		} else if _, there := v[path[0]]; there {
			do(v, path[0])
		}
	case []any:
		for _, row := range v {
			if path[0] == rows {
				apply(row, path[1:], do)
			}
		}
	}
}
