package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// rowsMost is how many rows of a list are looked at for their keys.
const rowsMost = 500

// row is the located row, found again by its key before each use.
type row struct {
	selectors []string // of the rows; with an attribute: of this row alone
	key       string
	attribute string // that holds the key, or:
	function  string // code of the page function that tells it
	label     string // how an error names the function
	world     string
	args      map[string]string
	within    *row
}

// newRow is the row that a locate means.
func (f *flow) newRow(l *definition.Locate, key string) *row {
	r := &row{selectors: f.client.Definition.Find[l.Row], key: key, attribute: l.Attribute}
	if l.In == "row" {
		r.within = f.row
	}
	if l.Attribute != "" {
		r.selectors = keyed(r.selectors, l.Attribute, key)
		return r
	}
	r.function, r.world = f.client.Definition.Functions[l.Function], l.World
	r.label, r.args = "page function "+l.Function+".js", f.names
	return r
}

// keyed are selectors of a row with that attribute.
func keyed(alternatives []string, attribute, value string) []string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\a `).Replace(value)
	out := make([]string, len(alternatives))
	for i, selector := range alternatives {
		out[i] = fmt.Sprintf(`:is(%s)[%s="%s"]`, selector, attribute, quoted)
	}
	return out
}

// findRow finds the row with its key; nil when it is not there now. Two rows with the same key are nobody's.
func (f *flow) findRow(ctx context.Context, r *row) (page.Element, error) {
	if r == nil {
		return nil, nil
	}
	var within page.Element
	if r.within != nil {
		var err error
		if within, err = f.findRow(ctx, r.within); err != nil || within == nil {
			return nil, over(ctx, err)
		}
	}
	if r.function != "" {
		return f.findByFunction(ctx, r, within)
	}
	doc, err := f.document(ctx)
	if err != nil {
		return nil, over(ctx, err)
	}
	all, err := doc.FindAll(ctx, r.selectors, within, 2)
	if err != nil || len(all) == 0 {
		return nil, over(ctx, err)
	}
	return all[0], ambiguous(len(all))
}

func ambiguous(n int) error {
	if n > 1 {
		return fmt.Errorf("two rows have the same key: %w", errRecipient)
	}
	return nil
}

// findByFunction finds the row whose key the page function tells.
func (f *flow) findByFunction(ctx context.Context, r *row, within page.Element) (page.Element, error) {
	index, err := f.indexOf(ctx, r)
	if err != nil || index < 0 {
		return nil, over(ctx, err)
	}
	doc, err := f.document(ctx)
	if err != nil {
		return nil, over(ctx, err)
	}
	all, err := doc.FindAll(ctx, r.selectors, within, index+1)
	if err != nil || len(all) <= index {
		return nil, over(ctx, err)
	}
	return all[index], nil
}

// indexOf is where among the rows the one with the key stands, -1 if nowhere.
func (f *flow) indexOf(ctx context.Context, r *row) (int, error) {
	raw, err := f.eval(ctx, r.label, r.keysCode(), r.world, r.args)
	if err != nil {
		return -1, err
	}
	var keys []*string
	if err := json.Unmarshal(raw, &keys); err != nil {
		return -1, fmt.Errorf("%s answers no text for a row: %w", r.label, err)
	}
	index, found := -1, 0
	for i, key := range keys {
		if key != nil && *key == r.key {
			index = i
			found++
		}
	}
	return index, ambiguous(found)
}

// keysCode is code that answers the key of every row, in their order.
func (r *row) keysCode() string {
	return fmt.Sprintf(`(args) => { const root = %s; if (!root) return [];
  const rows = %s.map(s => [...root.querySelectorAll(s)]).find(l => l.length) ?? [];
  const key = %s;
  return rows.slice(0, %d).map(row => { const k = key(row, args); return k === null || k === undefined ? null : String(k); }); }`,
		r.within.elementCode(), quoted(r.selectors), r.function, rowsMost)
}

// elementCode is code for the row itself, by its key; of no row: the document.
func (r *row) elementCode() string {
	switch {
	case r == nil:
		return "document"
	case r.attribute != "":
		return fmt.Sprintf(`(() => { const root = %s; return root && %s.map(s => root.querySelector(s)).find(Boolean); })()`,
			r.within.elementCode(), quoted(r.selectors))
	}
	return fmt.Sprintf(`(() => { const root = %s; if (!root) return null; const args = %s, key = %s;
  return (%s.map(s => [...root.querySelectorAll(s)]).find(l => l.length) ?? []).find(row => String(key(row, args)) === %s); })()`,
		r.within.elementCode(), quoted(r.args), r.function, quoted(r.selectors), quoted(r.key))
}

// rowProof is code that proves, of an element in the row, that it still is in the row with that key. What only the page's
// own world knows cannot be proven there: then the row must read as it did when its key was told.
func (f *flow) rowProof(ctx context.Context, r *row) (string, error) {
	selectors := quoted(strings.Join(r.selectors, ","))
	switch {
	case r.attribute != "":
		return fmt.Sprintf(`(el) => el.closest(%s) !== null`, selectors), nil
	case r.world != "page":
		return fmt.Sprintf(`(el) => { const row = el.closest(%s); return !!row && String((%s)(row, %s)) === %s; }`,
			selectors, r.function, quoted(r.args), quoted(r.key)), nil
	}
	el, err := f.findRow(ctx, r)
	if err != nil {
		return "", err
	}
	if el == nil {
		return "", page.ErrMoved
	}
	words, err := el.Text(ctx)
	if err != nil {
		return "", err
	}
	if index, err := f.indexOf(ctx, r); err != nil || index < 0 {
		return "", over(ctx, err)
	}
	return fmt.Sprintf(`(el) => { const row = el.closest(%s), plain = s => s.split(/\s+/).join(" ").trim(); return !!row && plain(row.innerText) === plain(%s); }`,
		selectors, quoted(words)), nil
}

// quoted writes a value into code.
func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // texts and lists of texts always marshal
	}
	return string(b)
}
