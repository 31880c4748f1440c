package definition

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// nodesMost bounds a file, whose aliases could stand for more than there is memory.
const nodesMost = 100_000

// decoder reads a file into the types of the schema. Unlike the YAML library's own it does not stop at the first
// mistake, knows the line of everything, and refuses words that the schema does not have.
type decoder struct {
	lines    map[string]int // by path
	anchors  map[string]ast.Node
	nodes    int
	problems Problems
}

// plain is a type that is written as one plain value.
type plain interface{ parse(src string) error }

// shortened is a struct that may also be written as the plain value, or list, of one of its fields.
type shortened interface{ short() any }

// decode reads src into d, and returns the line of each path and everything that is wrong with the words.
func decode(src []byte, d *Definition) (lines map[string]int, problems Problems) {
	in := &decoder{lines: make(map[string]int), anchors: make(map[string]ast.Node)}
	defer func() { // the YAML library panics on some odd documents ("{0:! 0}")
		if r := recover(); r != nil {
			lines, problems = in.lines, append(in.problems, Problem{Text: fmt.Sprintf("this YAML cannot be read: %v", r)})
		}
	}()
	file, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return in.lines, Problems{syntax(err)}
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return in.lines, Problems{{Line: 1, Text: "a definition is one YAML document"}}
	}
	in.value(file.Docs[0].Body, reflect.ValueOf(d).Elem(), "")
	return in.lines, in.problems
}

func syntax(err error) Problem {
	if at, ok := err.(yaml.Error); ok && at.GetToken() != nil {
		return Problem{Line: at.GetToken().Position.Line, Text: at.GetMessage()}
	}
	return Problem{Text: err.Error()}
}

func (in *decoder) wrong(n ast.Node, path, format string, args ...any) {
	in.problems = append(in.problems, Problem{Line: lineOf(n), Path: path, Text: fmt.Sprintf(format, args...)})
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// resolve looks behind anchors, aliases and tags.
func (in *decoder) resolve(n ast.Node, path string) ast.Node {
	for {
		switch at := n.(type) {
		case *ast.AnchorNode:
			in.anchors[at.Name.GetToken().Value] = at.Value
			n = at.Value
		case *ast.AliasNode:
			name := at.Value.GetToken().Value
			if in.anchors[name] == nil {
				in.wrong(n, path, "there is no anchor &%s before this", name)
				return nil
			}
			n = in.anchors[name]
		case *ast.TagNode:
			n = at.Value
		default:
			return n
		}
	}
}

// value reads one node into v.
func (in *decoder) value(n ast.Node, v reflect.Value, path string) {
	if n = in.resolve(n, path); n == nil {
		return
	}
	if in.nodes++; in.nodes > nodesMost {
		if in.nodes == nodesMost+1 {
			in.wrong(n, path, "the file stands for more than %d values", nodesMost)
		}
		return
	}
	if in.lines[path] == 0 {
		in.lines[path] = lineOf(n)
	}
	if _, null := n.(*ast.NullNode); null {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch to := v.Addr().Interface().(type) {
	case plain:
		in.parsed(n, path, to.parse)
		return
	case *time.Duration:
		in.parsed(n, path, func(src string) (err error) {
			if *to, err = time.ParseDuration(src); err != nil || *to < 0 {
				err = fmt.Errorf("%q is no time: write 15s, 5m or 12h", src)
			}
			return err
		})
		return
	case shortened:
		if _, long := mapping(n); !long {
			in.value(n, reflect.ValueOf(to.short()).Elem(), path)
			return
		}
	}
	in.kind(n, v, path)
}

// kind reads a node into a value of a basic kind.
func (in *decoder) kind(n ast.Node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		in.object(n, v, path)
	case reflect.Map:
		in.table(n, v, path)
	case reflect.Slice:
		in.list(n, v, path)
	case reflect.String:
		in.parsed(n, path, func(src string) error { v.SetString(src); return nil })
	case reflect.Int:
		in.parsed(n, path, func(src string) error {
			i, err := strconv.Atoi(src)
			if err != nil {
				return fmt.Errorf("%q is no whole number", src)
			}
			v.SetInt(int64(i))
			return nil
		})
	case reflect.Bool:
		in.parsed(n, path, func(src string) error {
			if src != "true" && src != "false" {
				return fmt.Errorf("%q is neither true nor false", src)
			}
			v.SetBool(src == "true")
			return nil
		})
	}
}

// parsed hands a plain value to parse.
func (in *decoder) parsed(n ast.Node, path string, parse func(string) error) {
	var src string
	_, plain := n.(ast.ScalarNode)
	if err := yaml.NodeToValue(n, &src); !plain || err != nil {
		in.wrong(n, path, "write one plain value here")
		return
	}
	if err := parse(src); err != nil {
		in.wrong(n, path, "%v", err)
	}
}

// list reads a sequence; a single value stands for a list of one.
func (in *decoder) list(n ast.Node, v reflect.Value, path string) {
	nodes := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		nodes = s.Values
	}
	v.Set(reflect.MakeSlice(v.Type(), len(nodes), len(nodes)))
	for i, one := range nodes {
		at := path
		if len(nodes) > 1 || nodes[0] != n {
			at = fmt.Sprintf("%s[%d]", path, i)
			in.lines[at] = lineOf(one)
		}
		in.value(one, v.Index(i), at)
	}
}

// mapping returns a mapping's pairs; ok is false for anything else.
func mapping(n ast.Node) (pairs []*ast.MappingValueNode, ok bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// pairs calls each for every key of a mapping, those of a merged one (<<) first.
func (in *decoder) pairs(n ast.Node, path, otherwise string, each func(key string, pair *ast.MappingValueNode, at string)) {
	all, ok := mapping(n)
	if !ok {
		in.wrong(n, path, "%s", otherwise)
		return
	}
	for _, pair := range all {
		if _, merged := pair.Key.(*ast.MergeKeyNode); merged {
			if from := in.resolve(pair.Value, path); from != nil {
				in.pairs(from, path, "only a mapping can be merged", each)
			}
		}
	}
	seen := make(map[string]bool)
	for _, pair := range all {
		if _, merged := pair.Key.(*ast.MergeKeyNode); merged {
			continue
		}
		key := pair.Key.GetToken().Value
		at := strings.TrimPrefix(path+"."+key, ".")
		in.lines[at] = lineOf(pair.Key)
		if seen[key] {
			in.wrong(pair.Key, at, "%q stands here twice", key)
			continue
		}
		seen[key] = true
		each(key, pair, at)
	}
}

func (in *decoder) object(n ast.Node, v reflect.Value, path string) {
	words := strings.Join(wordsOf(v.Type()), " ")
	in.pairs(n, path, "write some of these words here: "+words, func(key string, pair *ast.MappingValueNode, at string) {
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("yaml") == key {
				in.value(pair.Value, v.Field(i), at)
				return
			}
		}
		in.wrong(pair.Key, at, "unknown word %q; known here: %s", key, words)
	})
}

func (in *decoder) table(n ast.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	in.pairs(n, path, "write names with their values here", func(key string, pair *ast.MappingValueNode, at string) {
		value := reflect.New(v.Type().Elem()).Elem()
		in.value(pair.Value, value, at)
		v.SetMapIndex(reflect.ValueOf(key), value)
	})
}

// wordsOf are the words of a struct of the schema, in their order.
func wordsOf(t reflect.Type) []string {
	var words []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			words = append(words, name)
		}
	}
	return words
}
