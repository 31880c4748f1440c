package master

import (
	"io/fs"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"troupe/actors/master/board"
	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
	"troupe/testkit"
)

// drawer is a definitions folder that can be edited while it is watched.
type drawer struct {
	mu    sync.Mutex
	files fstest.MapFS
}

func (d *drawer) Open(name string) (fs.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.files).Open(name)
}

// put writes a version of the sandbox's definition, or takes the folder away when edit is nil.
func (d *drawer) put(t *testing.T, edit func(string) string) {
	t.Helper()
	src, err := sandbox.FS.ReadFile(definition.File)
	if err != nil {
		t.Fatal(err)
	}
	function, err := sandbox.FS.ReadFile("answered.js")
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if edit == nil {
		d.files = fstest.MapFS{}
		return
	}
	now := time.Now()
	d.files = fstest.MapFS{
		"sandbox/" + definition.File: {Data: []byte(edit(string(src))), ModTime: now},
		"sandbox/answered.js":        {Data: function, ModTime: now},
	}
}

// drain forgets what the worker was told before.
func (s *stage) drain() {
	for len(s.worker.Letters()) > 0 {
		<-s.worker.Letters()
	}
}

// version is an edit that only raises the version.
func version(n string) func(string) string {
	return func(src string) string { return strings.Replace(src, "\nversion: 1\n", "\nversion: "+n+"\n", 1) }
}

// watchFolder is a stage whose master watches a folder.
func watchFolder(t *testing.T) (*stage, *drawer) {
	s, d := newIdleStage(t), &drawer{files: fstest.MapFS{}}
	s.configure = func(cfg *Config) {
		r, err := definition.NewRegistry(sandbox.FS)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Platforms, cfg.Definitions, cfg.Folder = nil, r, d
	}
	s.start()
	return s, d
}

func (s *stage) platform() *board.Platform {
	s.t.Helper()
	synctest.Wait()
	for _, p := range s.board.Load().Platforms {
		if p.Name == "sandbox" {
			return p
		}
	}
	s.t.Fatal("the sandbox is not on the board")
	return nil
}

// swap changes the folder and returns what the worker is told of then. It lives as long as it is talked to.
func (s *stage) swap(folder *drawer, edit func(string) string) *messages.SetDefinition {
	s.t.Helper()
	s.sayNode()
	before := s.platform().Digest
	folder.put(s.t, edit)
	told := testkit.Expect(s.worker, func(m *messages.SetDefinition) bool { return m.GetDigest() != before })
	if now := s.platform().Digest; told.GetDigest() != now {
		s.t.Fatalf("the worker is told of %s, the board of %s", told.GetDigest(), now)
	}
	return told
}

func TestValidVersionInTheFolderIsToldToNodesWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, folder := watchFolder(t)
		builtIn := s.platform()
		if !builtIn.BuiltIn || builtIn.Version != 1 || len(builtIn.Versions) != 1 {
			t.Fatalf("%+v", builtIn)
		}
		began := time.Now()
		told := s.swap(folder, version("7"))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("after %s", took)
		}
		d, err := definition.Unpack(told.GetPacked())
		if err != nil || d.Version != 7 || d.Digest != told.GetDigest() {
			t.Fatalf("%v %v", d, err)
		}
		if p := s.platform(); p.BuiltIn || p.Version != 7 || p.Digest != d.Digest || len(p.Versions) != 2 || p.Problem != "" {
			t.Errorf("%+v", p)
		}
		if back := s.swap(folder, nil); back.GetDigest() != builtIn.Digest {
			t.Error("without its folder the platform does not run the built-in version")
		}
	})
}

func TestInvalidVersionChangesNothingAndIsNamedWithItsLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, folder := watchFolder(t)
		running := s.swap(folder, version("2")).GetDigest()
		folder.put(t, func(src string) string { return strings.Replace(src, "\nversion: 1\n", "\nverzion: 3\n", 1) })
		time.Sleep(5 * time.Second)
		p := s.platform()
		if p.Digest != running || !strings.Contains(p.Problem, "sandbox/platform.yaml:6: ") || !strings.Contains(p.Problem, `"verzion"`) {
			t.Fatalf("%+v", p)
		}
		if alarms := s.openAlarms(); len(alarms) != 1 || alarms[0] != "definition_refused sandbox" {
			t.Errorf("alarms %v", alarms)
		}
		s.crash()
		time.Sleep(5 * time.Second)
		if p := s.platform(); p.Digest != running || p.Problem == "" {
			t.Errorf("after a restart: %+v", p)
		}
		s.swap(folder, version("3"))
		if p := s.platform(); p.Version != 3 || p.Problem != "" || len(s.openAlarms()) != 0 {
			t.Errorf("%+v", p)
		}
	})
}

func TestRollbackStandsOverARestartUntilTheFolderChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, folder := watchFolder(t)
		digests := []string{s.platform().Digest}
		for _, v := range []string{"2", "3"} {
			digests = append(digests, s.swap(folder, version(v)).GetDigest())
		}
		for _, step := range []struct {
			version string
			want    int
		}{{"", 1}, {"", 0}, {"3", 2}, {digests[1][:8], 1}} {
			s.client.Send(s.master, &messages.RollBackDefinition{Platform: "sandbox", Version: step.version})
			if done := testkit.Expect[*messages.DefinitionRolledBack](s.client, nil); done.GetDigest() != digests[step.want] {
				t.Fatalf("rolled back to %q: version %d", step.version, done.GetVersion())
			}
			if p := s.platform(); p.Digest != digests[step.want] || p.RolledBack != (step.want != 2) {
				t.Errorf("%+v", p)
			}
		}
		s.crash()
		time.Sleep(10 * time.Second)
		if p := s.platform(); p.Digest != digests[1] || !p.RolledBack || len(p.Versions) != 3 {
			t.Errorf("after a restart: %+v", p)
		}
		s.drain()
		s.swap(folder, version("4"))
		if p := s.platform(); p.Version != 4 || p.RolledBack {
			t.Errorf("after a change: %+v", p)
		}
		s.client.Send(s.master, &messages.RollBackDefinition{Platform: "sandbox", Version: "99"})
		testkit.Expect(s.client, func(m *messages.Refused) bool { return m.GetCode() == "conflict" })
		s.client.Send(s.master, &messages.RollBackDefinition{Platform: "nowhere"})
		testkit.Expect(s.client, func(m *messages.Refused) bool { return m.GetCode() == "not_found" })
	})
}

func TestOnlyTheNewestVersionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, folder := watchFolder(t)
		last := s.platform().Digest
		for _, v := range strings.Fields("2 3 4 5 6 7 8 9 10 11 12 13") {
			last = s.swap(folder, version(v)).GetDigest()
		}
		if p := s.platform(); len(p.Versions) != versionsKept+1 || p.Versions[0].Digest != last || p.Versions[versionsKept-1].Version != 4 || !p.Versions[versionsKept].BuiltIn {
			t.Errorf("%+v", p)
		}
		if n := len(s.records[tableDefinitions]); n != versionsKept {
			t.Errorf("%d records", n)
		}
	})
}

func TestAssignmentCarriesWhatTheFolderHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, folder := watchFolder(t)
		builtIn := s.platform().Digest
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "小店"})
		if m := testkit.Expect[*messages.AssignAccount](s.worker, nil); m.GetDigest() != builtIn || m.GetDefinition() != nil {
			t.Errorf("the built-in definition travels: %s", m.GetDigest())
		}
		digest := s.swap(folder, version("2")).GetDigest()
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "大店"})
		m := testkit.Expect[*messages.AssignAccount](s.worker, nil)
		if d, err := definition.Unpack(m.GetDefinition()); err != nil || m.GetDigest() != digest || d.Version != 2 {
			t.Errorf("%v %v", d, err)
		}
	})
}

func TestFolderOfAnotherNameAndNewPlatformsOfTheFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, folder := watchFolder(t)
		folder.put(t, func(src string) string { return strings.Replace(src, "platform: sandbox", "platform: market", 1) })
		time.Sleep(5 * time.Second)
		if p := s.platform(); !strings.Contains(p.Problem, "name the folder market") || !p.BuiltIn {
			t.Fatalf("%+v", p)
		}
		folder.mu.Lock()
		market := fstest.MapFS{}
		for name, f := range folder.files {
			data := []byte(strings.Replace(string(f.Data), "prefix: sb", "prefix: mk", 1))
			market[strings.Replace(name, "sandbox/", "market/", 1)] = &fstest.MapFile{Data: data, ModTime: f.ModTime}
		}
		folder.files = market
		folder.mu.Unlock()
		time.Sleep(5 * time.Second)
		s.client.Send(s.master, &messages.CreateAccount{Platform: "market", Name: "小店"})
		if id := testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount().GetId(); id != "mk_1" {
			t.Error(id)
		}
		folder.put(t, nil)
		time.Sleep(5 * time.Second)
		if s.openAlarms() == nil {
			t.Error("a platform with accounts lost its folder, and nobody is told")
		}
	})
}
