package api

import (
	"bytes"
	"encoding/json"
	goflag "flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = goflag.Bool("update", false, "write openapi.json")

// TestOpenAPIDocumentIsWhatTheRoutesAndTypesSay compares the served document with the table of routes, the types of bodies and
// answers, and their comments.
func TestOpenAPIDocumentIsWhatTheRoutesAndTypesSay(t *testing.T) {
	want, err := json.MarshalIndent(newDocument(sourceComments(t)), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, document) {
		t.Error("openapi.json is stale; write it by: go test ./actors/gateway/api -run TestOpenAPIDocument -update")
	}
}

// TestEveryRouteHasItsShapeAndEveryParameterItsMeaning finds what the document would be silent about.
func TestEveryRouteHasItsShapeAndEveryParameterItsMeaning(t *testing.T) {
	known, used := shapes(), map[string]bool{}
	for _, row := range Routes() {
		key := row.Method + " " + row.Pattern
		s, ok := known[key]
		if !ok {
			t.Errorf("%s has no shape", key)
		}
		used[key] = true
		if (s.body != nil) != (row.Limit > 0) {
			t.Errorf("%s takes %d bytes, and its shape says otherwise", key, row.Limit)
		}
		names := row.Query
		for _, m := range pathParameter.FindAllStringSubmatch(row.Pattern, -1) {
			names = append(names, m[1])
		}
		for _, name := range names {
			if parameters[name].kind == "" || parameters[name].text == "" {
				t.Errorf("%s: nothing is said of the parameter %q", key, name)
			}
		}
	}
	for key := range known {
		if !used[key] {
			t.Errorf("a shape, and no route: %s", key)
		}
	}
}

// sourceComments reads the comments of this package's types and their fields.
func sourceComments(t *testing.T) func(typeName, field string) string {
	t.Helper()
	said := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if decl, ok := n.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
				for _, spec := range decl.Specs {
					typeComments(said, decl, spec.(*ast.TypeSpec))
				}
			}
			return true
		})
	}
	return func(typeName, field string) string {
		plain, _, _ := strings.Cut(typeName, "[")
		return said[plain+"."+field]
	}
}

func typeComments(said map[string]string, decl *ast.GenDecl, spec *ast.TypeSpec) {
	said[spec.Name.Name+"."] = oneLine(decl.Doc)
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range fields.Fields.List {
		for _, name := range f.Names {
			text := oneLine(f.Comment)
			if text == "" {
				text = oneLine(f.Doc)
			}
			said[spec.Name.Name+"."+name.Name] = text
		}
	}
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
