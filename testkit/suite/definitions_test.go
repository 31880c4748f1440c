package suite

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
)

// putDefinition writes the sandbox's definition into a folder of definitions, with each pair of words replaced in platform.yaml.
func putDefinition(t *testing.T, definitions string, edits ...string) {
	t.Helper()
	files, err := definition.Files(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	files[definition.File] = strings.NewReplacer(edits...).Replace(files[definition.File])
	folder := filepath.Join(definitions, "sandbox")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// definitions is the folder that the node watches.
func (s *stage) definitions() string { return filepath.Join(s.node.Dir, "worker-1", "definitions") }

func (s *stage) platform() api.Platform {
	s.t.Helper()
	var p api.Platform
	s.must("GET", "/platforms/sandbox", nil, &p)
	return p
}

// madeOn waits until an account has made a round on a version, and returns the round.
func (s *stage) madeOn(account, digest string, limit time.Duration) (round api.Round) {
	s.t.Helper()
	s.eventually("a round on the new version", limit, func() bool {
		var list struct{ Rounds []api.Round }
		s.must("GET", "/accounts/"+account+"/rounds", nil, &list)
		i := slices.IndexFunc(list.Rounds, func(r api.Round) bool { return r.What == "round" && r.Definition == digest })
		if i >= 0 {
			round = list.Rounds[i]
		}
		return i >= 0
	})
	return round
}

// reloadLimit is how soon an edited definition has to be at work.
const reloadLimit = 5 * time.Second

// TestEditedDefinitionIsAtWorkWithinFiveSecondsAndABrokenOneIsNamed edits the definition of a node that runs, as a person would whose
// site changed: a selector, a mistake, a trial, a way back.
func TestEditedDefinitionIsAtWorkWithinFiveSecondsAndABrokenOneIsNamed(t *testing.T) {
	s := newStage(t)
	account := s.watched("小厨娘阿月")
	before := s.account(account)

	putDefinition(t, s.definitions(), "\nversion: 1\n", "\nversion: 2\n", `["#refresh"]`, `["#renamed", "button#refresh"]`)
	s.eventually("the account runs the edited version", reloadLimit, func() bool { return s.account(account).DefinitionVersion == 2 })
	edited := s.account(account)
	if round := s.madeOn(account, edited.Definition, 10*time.Second); !slices.ContainsFunc(round.Steps, func(r api.RoundStep) bool { return r.Matched == "refresh[1]" }) {
		t.Errorf("the edited selector was not used: %+v", round.Steps)
	}

	putDefinition(t, s.definitions(), "\nversion: 1\n", "\nverzion: 3\n")
	s.eventually("the fault is named", reloadLimit, func() bool { return strings.Contains(s.platform().Problem, "sandbox/platform.yaml:6: ") })
	d := s.desk()
	if out, errs, err := d.run("troupe platform list", "", ""); err != nil || !strings.Contains(out, `"verzion"`) || !strings.Contains(out, "what runs stays") {
		t.Errorf("%v %s%s", err, out, errs)
	}
	c := openConsole(t, s.node.URL)
	c.open("#/platforms")
	c.shows("[data-platform=sandbox]", "verzion")
	c.accessible("platforms")
	s.round(account)
	if now := s.account(account); now.Definition != edited.Definition || now.State != "watching" {
		t.Errorf("a broken file changed the account: %s on %s", now.State, now.Definition)
	}

	putDefinition(t, d.dir, "\nversion: 1\n", "\nversion: 9\n", "*.sandbox.test", "assets.sandbox.test")
	out, errs, err := d.run("troupe platform try sandbox --account "+account, "", "")
	if err != nil || !strings.Contains(out, "tried version 9") || !strings.Contains(out, "beside version 2") || !strings.Contains(out, "refresh[0]") ||
		!strings.Contains(out, `- "im.sandbox.test"`) {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
	s.awaitState(account, "watching", 10*time.Second)

	if out, errs, err := d.run("troupe platform rollback sandbox", "", ""); err != nil || !strings.Contains(out, "version 1") {
		t.Errorf("%v %s%s", err, out, errs)
	}
	s.eventually("the account runs the version before", reloadLimit, func() bool { return s.account(account).Definition == before.Definition })
	s.comment(account, "还看得到吗")
	s.madeOn(account, before.Definition, 30*time.Second)
	if now := s.account(account); now.BrowserStarts != before.BrowserStarts || now.BrowserPID != before.BrowserPID {
		t.Errorf("the browser was started again: %d times, process %d", now.BrowserStarts, now.BrowserPID)
	}
}
