package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/platforms/definition"
)

// platformsDocument tells how to write a platform.
var platformsDocument = filepath.Join(docs, "platforms.md")

// wordsBegin ends what people wrote of the document; what follows is made from the types.
const wordsBegin = "<!-- Written from the Go types by: go test ./cmd/troupe -run TestEveryWordOfDefinitions -update -->\n"

// TestEveryWordOfDefinitionsStandsInTheDocument compares the document's tables with the types.
func TestEveryWordOfDefinitionsStandsInTheDocument(t *testing.T) {
	text, err := os.ReadFile(platformsDocument)
	if err != nil {
		t.Fatal(err)
	}
	written, made, found := strings.Cut(string(text), wordsBegin)
	if !found {
		t.Fatalf("%s has no place for the words", platformsDocument)
	}
	want := wordTables(t)
	if *update {
		if err := os.WriteFile(platformsDocument, []byte(written+wordsBegin+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if made != want {
		t.Errorf("%s is stale; write it by: go test ./cmd/troupe -run TestEveryWordOfDefinitions -update", platformsDocument)
	}
}

// described is what the schema says of one type.
type described struct {
	Description string
	Properties  map[string]struct{ Description string }
	AnyOf       []described
}

// wordTables is a table for each type of a definition, in the order in which they are met.
func wordTables(t *testing.T) string {
	t.Helper()
	var schema struct {
		Defs map[string]described `json:"$defs"`
	}
	if err := json.Unmarshal(definition.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	waiting := []reflect.Type{reflect.TypeFor[definition.Definition]()}
	met := map[reflect.Type]bool{waiting[0]: true}
	for len(waiting) > 0 {
		kind := waiting[0]
		waiting = waiting[1:]
		said := schema.Defs[kind.Name()]
		properties := said.Properties
		for _, form := range said.AnyOf {
			if form.Properties != nil {
				properties = form.Properties
			}
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| word | is | |\n|---|---|---|\n", kind.Name(), said.Description)
		for i := range kind.NumField() {
			field := kind.Field(i)
			word := field.Tag.Get("yaml")
			if word == "" || word == "-" {
				continue
			}
			property, known := properties[word]
			if !known {
				t.Errorf("%s.%s is not in the schema", kind.Name(), word)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", word, formOf(field.Type), strings.ReplaceAll(property.Description, "|", `\|`))
			if below := structOf(field.Type); below != nil && !met[below] {
				met[below] = true
				waiting = append(waiting, below)
			}
		}
	}
	return b.String()
}

// plainForms are the values that are written as one text, by what people call them.
var plainForms = map[reflect.Type]string{
	reflect.TypeFor[definition.Query]():   "jq",
	reflect.TypeFor[definition.Pattern](): "address pattern",
	reflect.TypeFor[definition.Glob]():    "text with `*`",
	reflect.TypeFor[definition.Text]():    "text with `{{names}}`",
	reflect.TypeFor[definition.Span]():    "time, or a span: `15s-30s`",
	reflect.TypeFor[definition.Rate]():    "rate: `6/min`",
	reflect.TypeFor[definition.Clock]():   "time of day: `23:30`",
	reflect.TypeFor[time.Duration]():      "time: `15s`",
	reflect.TypeFor[definition.Flow]():    "steps",
}

// formOf says how a field is written.
func formOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name := plainForms[t]; name != "" {
		return name
	}
	switch t.Kind() {
	case reflect.Struct:
		return fmt.Sprintf("[%s](#%s)", t.Name(), strings.ToLower(t.Name()))
	case reflect.Map:
		return "by name: " + formOf(t.Elem())
	case reflect.Slice:
		return "one or more: " + formOf(t.Elem())
	case reflect.Int:
		return "number"
	case reflect.Bool:
		return "true or false"
	default:
		return "text"
	}
}

// structOf is the type with words of its own that a field holds, or nil.
func structOf(t reflect.Type) reflect.Type {
	for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Map, reflect.Slice}, t.Kind()) {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || plainForms[t] != "" {
		return nil
	}
	return t
}

// TestTheDocumentsExampleIsAValidDefinition puts the blocks of the worked example together.
func TestTheDocumentsExampleIsAValidDefinition(t *testing.T) {
	text, err := os.ReadFile(platformsDocument)
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "\n## A platform in an hour\n")
	example, _, _ = strings.Cut(example, "\n## ")
	files := map[string]string{}
	for block := range strings.SplitSeq(example, "\n```") {
		kind, body, _ := strings.Cut(block, "\n")
		switch kind {
		case "yaml":
			files[definition.File] += body + "\n"
		case "js":
			name, function, _ := strings.Cut(strings.TrimPrefix(body, "// "), "\n")
			files[name] = function
		}
	}
	d, err := definition.Parse(files)
	if err != nil {
		t.Fatalf("%v\n%s", err, files[definition.File])
	}
	if len(d.Functions) != 5 || len(d.Reply) != 1 || len(d.Collect.Looks) != 2 {
		t.Errorf("%d functions, %d replies, %d looks", len(d.Functions), len(d.Reply), len(d.Collect.Looks))
	}
}
