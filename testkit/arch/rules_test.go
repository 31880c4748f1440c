package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/foreign"
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
)

// public are the routes that ask for nobody: whoever adds one says so here.
var public = []string{
	"GET /healthz", "GET /health", "GET /readyz", "GET /api/v1/openapi.json", "GET /api/v1/cluster", "POST /api/v1/login-link",
	"GET /api/v1/session", "POST /api/v1/session", "DELETE /api/v1/session", "POST /api/v1/first-admin",
}

// open are the events that every client may send that was let in.
var open = []string{im.AdminAuthEvent}

func TestEveryRouteHasARule(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range api.Routes() {
		name := row.Method + " " + row.Pattern
		if seen[name] {
			t.Errorf("%s stands in the table twice", name)
		}
		seen[name] = true
		if row.Role != people.Public && !row.Role.Valid() {
			t.Errorf("%s has no rule: role %q", name, row.Role)
		}
		if (row.Role == people.Public) != slices.Contains(public, name) {
			t.Errorf("%s: is it for everybody (%s) or not?", name, row.Role)
		}
		if takes := row.Method != "GET" && row.Method != "DELETE"; takes != (row.Limit > 0) {
			t.Errorf("%s: a body of at most %d bytes", name, row.Limit)
		}
		if row.Summary == "" {
			t.Errorf("%s does not say what it does", name)
		}
	}
}

func TestEveryEventHasARule(t *testing.T) {
	roles := []string{im.Viewer, im.Agent, im.Operator}
	seen := map[string]bool{}
	for _, e := range im.Events {
		name := e.Namespace + " " + string(e.Direction) + " " + e.Name
		if seen[name] {
			t.Errorf("%s stands in the table twice", name)
		}
		seen[name] = true
		if !slices.Contains(roles, e.Role) && e.Role != im.Anyone {
			t.Errorf("%s has no rule: role %q", name, e.Role)
		}
		if e.Direction == im.In && (e.Role == im.Anyone) != slices.Contains(open, e.Name) {
			t.Errorf("%s: may everybody send it (%s) or not?", name, e.Role)
		}
		if e.Direction == im.In && (e.MaxBytes == 0 || e.PerSecond == 0 || e.Burst == 0) {
			t.Errorf("%s has no limits", name)
		}
	}
	for _, r := range foreign.Rules() {
		if r.MaxBytes == 0 || r.PerSecond == 0 || r.Burst == 0 {
			t.Errorf("%s %s has no limits", foreign.Namespace, r.Event)
		}
	}
}

// TestNoEventIsNamedOutsideTheTable finds event names that are declared in im and stand in no row.
func TestNoEventIsNamedOutsideTheTable(t *testing.T) {
	files, err := filepath.Glob(root + "/actors/gateway/im/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, is := n.(*ast.ValueSpec)
			if !is {
				return true
			}
			for i, name := range spec.Names {
				if !strings.HasSuffix(name.Name, "Event") || i >= len(spec.Values) {
					continue
				}
				text, is := spec.Values[i].(*ast.BasicLit)
				if !is || text.Kind != token.STRING {
					continue
				}
				event, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(im.Events, func(e im.Event) bool { return e.Name == event }) {
					t.Errorf("im.%s (%s) has no row", name.Name, event)
				}
			}
			return true
		})
	}
}

// tables are the only places where something becomes reachable from outside: they go through the tables row by row.
var tables = []string{
	"actors/gateway/api/api.go",         // its routes
	"actors/gateway/gateway.go",         // the events of im
	"actors/gateway/im.go",              // the events of im
	"actors/gateway/foreign/foreign.go", // the events of Node workers
	"cmd/troupe/node_gateway.go",        // the two servers
	"cmd/troupe/health.go",              // health, readiness and numbers of a node without a gateway
}

// TestNothingIsServedBesideTheTables finds handlers that are set up elsewhere, and events that are sent by a name of their own.
func TestNothingIsServedBesideTheTables(t *testing.T) {
	served := regexp.MustCompile(`\.Handle(Func)?\(|socketio\.Rule\{|http\.ServeMux\{`)
	sent := regexp.MustCompile(`\.(Emit|Broadcast|BroadcastIf|Frame)\((func\([^)]*\)[^,]*, )?"|announce\([^,]*, "`)
	sources(t, func(path, text string) {
		if !strings.HasPrefix(path, "actors/gateway/") && !strings.HasPrefix(path, "cmd/troupe/") || strings.HasSuffix(path, "_test.go") ||
			strings.HasPrefix(path, "actors/gateway/socketio/") || strings.HasPrefix(path, "actors/gateway/api/apitest/") {
			return
		}
		if what := served.FindString(text); what != "" && !slices.Contains(tables, path) {
			t.Errorf("%s serves something beside the tables: %s", path, what)
		}
		if what := sent.FindString(text); what != "" && !strings.HasPrefix(path, "actors/gateway/foreign/") {
			t.Errorf("%s sends an event that stands in no table: %s", path, what)
		}
	})
}
