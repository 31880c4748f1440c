package definition

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite schema.json")

// TestSchemaDescribesTheTypes makes schema.json, for editors, from the types and their comments.
func TestSchemaDescribesTheTypes(t *testing.T) {
	made := describe(t)
	if *update {
		if err := os.WriteFile("schema.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile("schema.json"); err != nil || !bytes.Equal(kept, made) {
		t.Errorf("schema.json is not what the types say (%v): run go test ./platforms/definition -run Schema -update", err)
	}
}

func TestEveryWordOfTheSchemaIsExplained(t *testing.T) {
	s := newSchema(t)
	s.of(reflect.TypeFor[Definition]())
	for name, def := range s.defs {
		if def["description"] == nil {
			t.Errorf("the type %s has no comment", name)
		}
	}
}

func describe(t *testing.T) []byte {
	t.Helper()
	s := newSchema(t)
	root := s.of(reflect.TypeFor[Definition]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "A platform of troupe: " + File
	root["$defs"] = s.defs
	b, err := json.MarshalIndent(root, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

type object = map[string]any

// schema turns the types into JSON Schema.
type schema struct {
	types  map[string]string // comments of types
	fields map[string]string // comments of fields, by Type.Field
	defs   map[string]object
}

// newSchema reads the comments of this package's sources.
func newSchema(t *testing.T) *schema {
	t.Helper()
	s := &schema{types: map[string]string{}, fields: map[string]string{}, defs: map[string]object{}}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if decl, ok := d.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
				for _, spec := range decl.Specs {
					s.note(decl, spec.(*ast.TypeSpec))
				}
			}
		}
	}
	return s
}

func (s *schema) note(decl *ast.GenDecl, spec *ast.TypeSpec) {
	s.types[spec.Name.Name] = flat(decl.Doc.Text() + spec.Doc.Text())
	st, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		for _, name := range f.Names {
			s.fields[spec.Name.Name+"."+name.Name] = flat(f.Doc.Text() + " " + f.Comment.Text())
		}
	}
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// of is the schema of a type, or a reference to it.
func (s *schema) of(t reflect.Type) object {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	value := reflect.New(t).Interface()
	if _, ok := value.(plain); ok {
		return s.scalar(t)
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return object{"type": "string", "description": "a time, such as 15s, 5m or 12h"}
	case t == reflect.TypeFor[Text]():
		return s.scalar(t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.reference(t, value)
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Slice:
		if t == reflect.TypeFor[Flow]() {
			return object{"type": "array", "items": s.of(t.Elem())}
		}
		one := s.of(t.Elem())
		return object{"anyOf": []any{object{"type": "array", "items": one}, one}}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Bool:
		return object{"type": "boolean"}
	}
	return object{"type": "string"}
}

func (s *schema) scalar(t reflect.Type) object {
	return object{"type": []any{"string", "number", "boolean"}, "description": s.types[t.Name()]}
}

// reference describes a struct once, and refers to it.
func (s *schema) reference(t reflect.Type, value any) object {
	ref := object{"$ref": "#/$defs/" + t.Name()}
	if s.defs[t.Name()] == nil {
		s.defs[t.Name()] = object{} // it may hold itself
		long := s.structure(t)
		if short, ok := value.(shortened); ok {
			long = object{"anyOf": []any{s.of(reflect.TypeOf(short.short()).Elem()), long}}
		}
		long["description"] = s.types[t.Name()]
		s.defs[t.Name()] = long
	}
	return ref
}

func (s *schema) structure(t reflect.Type) object {
	properties := object{}
	for i := range t.NumField() {
		f := t.Field(i)
		word := f.Tag.Get("yaml")
		if word == "" || word == "-" {
			continue
		}
		one := s.of(f.Type)
		if said := s.fields[t.Name()+"."+f.Name]; said != "" {
			one = object{"allOf": []any{one}, "description": said}
		}
		properties[word] = one
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if t == stepType {
		out["minProperties"], out["maxProperties"] = 1, 1
	}
	return out
}
