package definition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// The bounds of one jq expression on one answer.
const (
	queryTime    = 3 * time.Second
	queryResults = 20_000
)

// Query is a jq expression. It sees its input and the variables of Vars, no environment, no file and no
// further input; it has a deadline and a bound on its results. The zero Query is absent.
type Query struct {
	src  string
	code *gojq.Code
}

// Vars are the variables of a query.
type Vars struct {
	Owner  string            // $owner: the account's own platform id
	Query  map[string]string // $query: of the address
	Post   any               // $post: what the request posted, null if nothing is known of it
	Status int               // $status: of the answer
	Text   string            // $text: the answer's beginning as it came
	Before any               // $before: a page function's answer before the commit
}

var varNames = []string{"$owner", "$query", "$post", "$status", "$text", "$before"}

func (v Vars) values() []any {
	query := make(map[string]any, len(v.Query))
	for name, value := range v.Query {
		query[name] = value
	}
	return []any{v.Owner, query, v.Post, v.Status, v.Text, v.Before}
}

func (q *Query) parse(src string) error {
	q.src = src
	return nil
}

// IsZero says whether the expression is absent.
func (q Query) IsZero() bool { return q.src == "" }

// String is the expression as it was written.
func (q Query) String() string { return q.src }

// The forms that a query is compiled in.
const (
	asWritten = "%s"
	// present turns a path into the question whether it is there, be it empty or null.
	present = `try (. as $all | path(%s) as $path | $all | getpath($path[:-1]) | has($path[-1])) catch false`
	// places turns a path into all places that it stands for and at which something is.
	places = `. as $all | [path(%s)] | map(select(. as $path | $all | try (getpath($path) != null) catch false))`
)

// compile parses q behind the shared definitions, which it gets only if it names one of them; form says what is made
// of it, "%s" for q itself.
func (q *Query) compile(shared []*gojq.FuncDef, form string) (*gojq.Query, error) {
	if _, err := gojq.Parse(q.src); err != nil {
		return nil, fmt.Errorf("jq: %w", err)
	}
	parsed, err := gojq.Parse(fmt.Sprintf(form, q.src))
	if err != nil {
		return nil, fmt.Errorf("jq: %w", err)
	}
	if slices.ContainsFunc(shared, func(f *gojq.FuncDef) bool { return strings.Contains(q.src, f.Name) }) {
		parsed.FuncDefs = slices.Concat(shared, parsed.FuncDefs)
	}
	code, err := gojq.Compile(parsed, gojq.WithVariables(varNames))
	if err != nil {
		return nil, fmt.Errorf("jq: %w", err)
	}
	q.code = code
	return parsed, nil
}

// All returns every result for an input that was decoded with json.Number. The results may share memory with it. An
// expression that does not end is cut, and the error names it.
func (q Query) All(ctx context.Context, input any, vars Vars) ([]any, error) {
	timed, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	var results []any
	for iter := q.code.RunWithContext(timed, input, vars.values()...); ; {
		v, ok := iter.Next()
		if !ok {
			return results, nil
		}
		if err, isErr := v.(error); isErr {
			if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
				return results, nil
			}
			if timed.Err() != nil && ctx.Err() == nil {
				return nil, fmt.Errorf("jq %q was cut after %v", brief(q.src), queryTime)
			}
			return nil, fmt.Errorf("jq %q: %w", brief(q.src), err)
		}
		if len(results) == queryResults {
			return nil, fmt.Errorf("jq %q: more than %d results", brief(q.src), queryResults)
		}
		results = append(results, v)
	}
}

// First returns the first result, nil if there is none.
func (q Query) First(ctx context.Context, input any, vars Vars) (any, error) {
	results, err := q.All(ctx, input, vars)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[0], nil
}

// True says whether the first result is neither null nor false. An absent query is true.
func (q Query) True(ctx context.Context, input any, vars Vars) (bool, error) {
	if q.IsZero() {
		return true, nil
	}
	v, err := q.First(ctx, input, vars)
	return err == nil && v != nil && v != false, err
}

// brief cuts an expression for an error text.
func brief(src string) string {
	if r := []rune(src); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return src
}
