package definition

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// inspection walks a file beside the schema: it notes the line of everything and refuses unknown words. The
// decoder itself would stop at the first of them.
type inspection struct {
	lines    map[string]int
	problems Problems
}

// inspect returns the line of each path, and the words that the schema does not know.
func inspect(src []byte) (map[string]int, Problems) {
	in := &inspection{lines: make(map[string]int)}
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return in.lines, nil // the decoder says it better
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			in.walk(doc.Body, reflect.TypeFor[Definition](), "")
		}
	}
	return in.lines, in.problems
}

func (in *inspection) walk(n ast.Node, t reflect.Type, path string) {
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			in.pair(pair, t, path)
		}
	case *ast.MappingValueNode:
		in.pair(n, t, path)
	case *ast.SequenceNode:
		var elem reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		for i, v := range n.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			in.lines[at] = v.GetToken().Position.Line
			in.walk(v, elem, at)
		}
	}
}

func (in *inspection) pair(pair *ast.MappingValueNode, t reflect.Type, path string) {
	var key string
	line := pair.Key.GetToken().Position.Line
	if err := yaml.NodeToValue(pair.Key, &key); err != nil {
		key = pair.Key.String()
	}
	at := strings.TrimPrefix(path+"."+key, ".")
	in.lines[at] = line
	var value reflect.Type
	switch {
	case t == nil:
	case t.Kind() == reflect.Struct:
		field, ok := fieldOf(t, key)
		if !ok {
			in.problems = append(in.problems, Problem{line, at, fmt.Sprintf("unknown word %q; known here: %s", key, strings.Join(wordsOf(t), " "))})
			return
		}
		value = field
	case t.Kind() == reflect.Map:
		value = t.Elem()
	}
	in.walk(pair.Value, value, at)
}

func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	for f := range fieldsOf(t) {
		if f.name == key {
			return f.typ, true
		}
	}
	return nil, false
}

func wordsOf(t reflect.Type) []string {
	var words []string
	for f := range fieldsOf(t) {
		words = append(words, f.name)
	}
	return words
}

type field struct {
	name string
	typ  reflect.Type
}

// fieldsOf yields the fields of a struct by their YAML names.
func fieldsOf(t reflect.Type) func(yield func(field) bool) {
	return func(yield func(field) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			name := f.Tag.Get("yaml")
			if name != "" && name != "-" && !yield(field{name, f.Type}) {
				return
			}
		}
	}
}
