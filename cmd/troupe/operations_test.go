package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/cluster"
	"troupe/cluster/lease"
	"troupe/cmd/troupe/metrics"
	"troupe/messages"
)

func TestEveryFlagOfOperationsIsTheProgramsOwn(t *testing.T) {
	root := rootCommand(&cli{lang: english, getenv: func(string) string { return "" }})
	flags := map[string]bool{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for _, m := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(c.UsageString(), -1) {
			flags[m[1]] = true
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
	for _, m := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(told(t)["docs/operations.md"], -1) {
		if !flags[m[1]] {
			t.Errorf("no command knows --%s", m[1])
		}
	}
}

// TestPathsOfTheDataFolderAreTheProgramsOwn compares the table of a data folder with the names that the program uses.
func TestPathsOfTheDataFolderAreTheProgramsOwn(t *testing.T) {
	cfg := &config{DataDir: "/d", WorkerID: "w"}
	n := &node{cfg: cfg}
	want := []string{"store", "evidence", "definitions", "lock", "folder", firstAdminFile, api.SocketName}
	for _, path := range []string{n.ringPath(), n.accountsRoot(), cfg.clusterDir()} {
		want = append(want, filepath.Base(path))
	}
	var found []string
	section := told(t)["docs/operations.md"]
	section = section[strings.Index(section, "What lies in `DATA_DIR/WORKER_ID`"):strings.Index(section, "## The first cluster")]
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllStringSubmatch(section, -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			found = append(found, name[1])
		}
	}
	slices.Sort(want)
	slices.Sort(found)
	if !slices.Equal(want, found) {
		t.Errorf("the document has %v, the program %v", found, want)
	}
	for file, text := range told(t) {
		for _, path := range regexp.MustCompile(`/(?:var/lib|var/backups|etc)/troupe[\w./@-]*`).FindAllString(text, -1) {
			known := []string{"/var/lib/troupe", "/var/backups/troupe", "/etc/troupe"}
			if !slices.ContainsFunc(known, func(k string) bool {
				return path == k || strings.HasPrefix(path, k+"/") || strings.TrimRight(path, ".") == k
			}) {
				t.Errorf("%s: %s", file, path)
			}
		}
	}
}

// TestEveryAlarmHasItsEntry finds the names of alarms in the master's code, and those of states that need a person.
func TestEveryAlarmHasItsEntry(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("../../actors/master/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			source.Write(text)
		}
	}
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(`m\.raise\([^,]+, [^,]+, ([^,]+),|messages\.Alarm\{\s*Name: ([^,]+),`).FindAllStringSubmatch(source.String(), -1) {
		expression := m[1] + m[2]
		switch constant := regexp.MustCompile(`\b` + regexp.QuoteMeta(expression) + `\s*=\s*"(\w+)"`).FindStringSubmatch(source.String()); {
		case constant != nil:
			names[constant[1]] = true
		case expression != "name" && !strings.HasPrefix(expression, "string("):
			t.Errorf("which alarm is %s?", expression)
		}
	}
	for _, state := range []messages.AccountState{messages.LoggedOut, messages.Challenge, messages.PageChanged, messages.ProxyDown, messages.Parked, messages.RateLimited, messages.Draining, messages.Paused} {
		if state.NeedsPerson() {
			names[string(state)] = true
		}
	}
	if len(names) < 8 {
		t.Errorf("only %v", names)
	}
	text := told(t)["docs/operations.md"]
	for name := range names {
		if !regexp.MustCompile("(?m)^\\| `" + name + "` \\| .+ \\| .+ \\|$").MatchString(text) {
			t.Errorf("operations.md does not say what to do about %s", name)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .+ \\| .+ \\|$").FindAllStringSubmatch(text[strings.Index(text, "## Alarms"):strings.Index(text, "## Stop")], -1) {
		if !names[row[1]] {
			t.Errorf("there is no alarm %s", row[1])
		}
	}
}

// door stands in for a gateway.
type door struct{}

func (door) Clients() int              { return 0 }
func (door) Dropped() uint64           { return 0 }
func (door) Served() socketio.Snapshot { return socketio.Snapshot{} }

func TestMetricsOfOperationsExist(t *testing.T) {
	v := newVitals()
	v.watchOffice(metrics.Office{Board: &board.Holder{}, Views: &dataset.Views{}, Gateway: door{}})
	v.metrics.AddLeases(func() lease.Standing { return lease.Standing{} })
	v.metrics.AddLinks(func() []cluster.LinkFigures { return []cluster.LinkFigures{{Peer: "w"}} })
	v.board.Publish(&board.Board{
		Alarms: []*messages.Alarm{{Name: "parked"}}, Nodes: []*board.Node{{Status: &messages.NodeStatus{Worker: "w"}}},
	})
	w := httptest.NewRecorder()
	v.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	names := regexp.MustCompile(`troupe_\w+`).FindAllString(told(t)["docs/operations.md"], -1)
	if len(names) < 8 {
		t.Errorf("only %v", names)
	}
	for _, name := range names {
		if !strings.Contains(w.Body.String(), "\n"+name) {
			t.Errorf("there is no metric %s", name)
		}
	}
}
