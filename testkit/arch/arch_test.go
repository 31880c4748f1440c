// Package arch tests the house itself: who may import whom, where each library lives, that every package says what it
// owns, and that every message of an actor is handled somewhere.
package arch

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

const root = "../.."

// within says whether path is folder or below it.
func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func anyWithin(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(path, f) })
}

// mayImport is the import plan: what of ours a folder may import beside itself and what is below it. A room imports
// another room to spawn it, and the two published pictures (board, dataset) that are read instead of asked for.
var mayImport = []struct {
	folder  string
	imports []string
}{
	{"troupe/messages", nil},
	{"troupe/platforms/page", nil},
	{"troupe/platforms/definition", []string{"troupe/messages"}},
	{"troupe/platforms/engine", []string{"troupe/messages", "troupe/platforms"}},
	{"troupe/platforms/sandbox", nil},
	{"troupe/platforms/douyin", nil},
	{"troupe/platforms/xiaohongshu", nil},
	{"troupe/platforms", []string{"troupe/messages"}},
	{"troupe/cluster", []string{"troupe/messages"}},
	{"troupe/actors/account", []string{"troupe/messages", "troupe/actors", "troupe/cluster/lease", "troupe/platforms"}},
	{"troupe/actors/platform", []string{"troupe/messages", "troupe/actors", "troupe/actors/account", "troupe/platforms/definition"}},
	{"troupe/actors/worker", []string{"troupe/messages", "troupe/actors", "troupe/actors/account", "troupe/actors/platform", "troupe/platforms/definition"}},
	{"troupe/actors/master/board", []string{"troupe/messages"}},
	{"troupe/actors/master", []string{"troupe/messages", "troupe/actors", "troupe/cluster", "troupe/platforms/definition"}},
	{"troupe/actors/store", []string{"troupe/messages", "troupe/actors", "troupe/actors/master/board"}},
	{"troupe/actors/gateway/api/apitest", []string{"troupe/messages", "troupe/actors/gateway/api", "troupe/actors/gateway/people", "troupe/actors/master/board", "troupe/actors/store/dataset", "troupe/testkit"}},
	{"troupe/actors/gateway", []string{"troupe/messages", "troupe/actors", "troupe/actors/master/board", "troupe/actors/store/dataset"}},
	{"troupe/actors", []string{"troupe/messages"}},
	{"troupe/cmd", []string{"troupe/messages", "troupe/platforms", "troupe/cluster", "troupe/actors", "troupe/testkit/site"}},
	{"troupe/testkit", []string{"troupe"}},
}

func TestImportsFollowThePlan(t *testing.T) {
	for _, p := range packages(t) {
		rule := slices.IndexFunc(mayImport, func(r struct {
			folder  string
			imports []string
		},
		) bool {
			return within(p.ImportPath, r.folder)
		})
		if rule < 0 {
			t.Errorf("%s stands in no room of the import plan", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			allowed := within(i, mayImport[rule].folder) || slices.Contains(mayImport[rule].imports, i) ||
				anyWithin(i, mayImport[rule].imports) && i != "troupe/actors" && !strings.HasPrefix(i, "troupe/actors/")
			if mayImport[rule].folder == "troupe/cmd" || mayImport[rule].folder == "troupe/testkit" {
				allowed = allowed || anyWithin(i, mayImport[rule].imports)
			}
			if within(i, "troupe") && !allowed {
				t.Errorf("%s may not import %s", p.ImportPath, i)
			}
		}
	}
}

// homes says where each library lives.
var homes = []struct {
	library string
	rooms   []string
}{
	{"github.com/go-rod/rod", []string{"troupe/actors/account/browser"}},
	{"github.com/cockroachdb/pebble", []string{"troupe/actors/store/disk", "troupe/actors/store"}},
	{"github.com/hashicorp/memberlist", []string{"troupe/cluster"}},
	{"github.com/coder/websocket", []string{"troupe/actors/gateway/socketio", "troupe/platforms/recording", "troupe/testkit/site"}},
	{"github.com/asynkron/protoactor-go", []string{"troupe/actors", "troupe/cluster", "troupe/cmd", "troupe/testkit"}},
	{"github.com/itchyny/gojq", []string{"troupe/platforms"}},
	{"github.com/spf13/cobra", []string{"troupe/cmd"}},
}

func TestEachLibraryHasOneHome(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			for _, h := range homes {
				if within(i, h.library) && !anyWithin(p.ImportPath, h.rooms) {
					t.Errorf("%s imports %s, whose home is %s", p.ImportPath, i, strings.Join(h.rooms, ", "))
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	for _, p := range packages(t) {
		said := false
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			said = said || f.Doc != nil && len(f.Doc.Text()) > 60
		}
		if !said && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment that says what it owns", p.ImportPath)
		}
		if slices.Contains([]string{"util", "utils", "common", "helpers", "manager"}, filepath.Base(p.ImportPath)) {
			t.Errorf("%s: no package has that name here", p.ImportPath)
		}
	}
}

// sources calls visit with every Go file that is not generated.
func sources(t *testing.T, visit func(path string, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "bin"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".pb.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		visit(rel, string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// forbidden are words that must not stand in certain places.
var forbidden = []struct {
	what   string
	word   *regexp.Regexp
	within string // path prefix; "" = everywhere
	tests  bool   // also in tests
	except []string
}{
	{"sleep in an actor room: send a message to oneself", regexp.MustCompile(`\btime\.Sleep\(`), "actors/", false, nil},
	{"environment outside cmd", regexp.MustCompile(`\bos\.(Getenv|LookupEnv|Environ)\(`), "", false, []string{"cmd/", "testkit/"}},
	{"default logger", regexp.MustCompile(`\bslog\.(Debug|Info|Warn|Error|Default)\(|\blog\.(Print|Fatal|Panic)`), "", false, nil},
	{"panicking rod call", regexp.MustCompile(`\b(page|browser|el|element|tab|p|b)\.Must[A-Z]\w*\(`), "actors/account/", false, nil},
	{"skipped test", regexp.MustCompile(`\bt\.Skip`), "", true, []string{"testkit/arch/", "testkit/root.go"}},
}

func TestForbiddenWordsStandNowhere(t *testing.T) {
	sources(t, func(path, text string) {
		for _, f := range forbidden {
			if !strings.HasPrefix(path, f.within) || strings.HasSuffix(path, "_test.go") && !f.tests ||
				slices.ContainsFunc(f.except, func(e string) bool { return strings.HasPrefix(path, e) }) {
				continue
			}
			if f.word.MatchString(text) {
				t.Errorf("%s: %s", path, f.what)
			}
		}
	})
}

// TestTestsThatNeedRootSayItInTheirName, because the Makefile finds and lists them by it.
func TestTestsThatNeedRootSayItInTheirName(t *testing.T) {
	test := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\) \{\n(?:\t.*\n|\n)*`)
	sources(t, func(path, text string) {
		for _, m := range test.FindAllStringSubmatch(text, -1) {
			if needs := strings.Contains(m[0], "testkit."+"NeedsRoot(t)"); needs != strings.HasSuffix(m[1], "AsRoot") {
				t.Errorf("%s: %s needs root: %t", path, m[1], needs)
			}
		}
	})
}
