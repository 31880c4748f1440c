package definition_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
)

func sandboxSource() (string, error) {
	b, err := sandbox.FS.ReadFile(definition.File)
	return string(b), err
}

// edition is the sandbox's definition with another version.
func edition(t *testing.T, version string) *definition.Definition {
	t.Helper()
	d, err := parse(strings.Replace(source(t), "version: 1\n", "version: "+version+"\n", 1))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReplacingIsSeenByAllAndMixesNothing(t *testing.T) {
	r, err := definition.NewRegistry(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	second := edition(t, "2")
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if d := r.Get("sandbox"); d == nil || d.Version != 1 && d.Version != 2 || len(r.All()) != 1 {
					t.Error("a reader saw half a registry")
					return
				}
			}
		})
	}
	for range 100 {
		before, err := r.Replace("sandbox", second)
		if err != nil || before == nil {
			t.Fatal(before, err)
		}
	}
	close(stop)
	readers.Wait()
	if r.Edition() != 101 || r.Get("sandbox") != second {
		t.Errorf("edition %d", r.Edition())
	}
}

func TestAPlatformIsReplacedByItsOwnAlone(t *testing.T) {
	r, err := definition.NewRegistry(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	d := edition(t, "2")
	if _, err := r.Replace("douyin", d); err == nil {
		t.Error("a definition of another platform was taken")
	}
	twin, err := parse(strings.Replace(source(t), "platform: sandbox", "platform: twin", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Replace("twin", twin); err == nil || !strings.Contains(err.Error(), "prefix") {
		t.Errorf("two platforms with one prefix: %v", err)
	}
	if _, err := r.Replace("sandbox", nil); err != nil || r.Get("sandbox") != nil {
		t.Errorf("not taken away: %v", err)
	}
}

func TestAFolderOfDefinitionsNamesTheBrokenOnes(t *testing.T) {
	src := source(t)
	all, err := definition.LoadDir(fstest.MapFS{
		"sandbox/platform.yaml": {Data: []byte(src)}, "sandbox/answered.js": {Data: []byte("() => 1")},
		"broken/platform.yaml": {Data: []byte("version: one")},
		"notes/readme.txt":     {Data: []byte("nothing")},
	})
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if all[0].Folder != "broken" || all[0].Err == nil || all[1].Definition == nil || all[1].Err != nil {
		t.Errorf("%+v", all)
	}
}

func TestAPackedDefinitionIsTheSame(t *testing.T) {
	d := load(t)
	packed, err := d.Pack()
	if err != nil {
		t.Fatal(err)
	}
	again, err := definition.Unpack(packed)
	if err != nil || again.Digest != d.Digest || again.Functions["answered"] != d.Functions["answered"] {
		t.Errorf("%v", err)
	}
	if _, err := definition.Unpack([]byte(`{"platform.yaml":"version: one"}`)); err == nil {
		t.Error("a broken one was unpacked")
	}
}

func TestQuietHoursHaveTheirOwnPace(t *testing.T) {
	d, err := parse(strings.Replace(source(t), "navigate_at_most: 12/min",
		"navigate_at_most: 12/min\n  quiet: [{ from: \"23:30\", to: \"07:00\", round: 5m-10m }]", 1))
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for clock, quiet := range map[string]bool{"23:29": false, "23:30": true, "03:00": true, "06:59": true, "07:00": false, "12:00": false} {
		at, err := time.ParseInLocation("2006-01-02 15:04", "2026-03-01 "+clock, zone)
		if err != nil {
			t.Fatal(err)
		}
		if wait := d.RoundAt(at.UTC()); (wait >= 5*time.Minute) != quiet {
			t.Errorf("at %s the next round is in %v", clock, wait)
		}
	}
}

func TestBackOffDoublesUpToItsMost(t *testing.T) {
	b := definition.BackOff{First: time.Minute, Most: 10 * time.Minute}
	for n, want := range map[int]time.Duration{1: time.Minute, 2: 2 * time.Minute, 3: 4 * time.Minute, 5: 10 * time.Minute, 500: 10 * time.Minute} {
		if got := b.After(n); got != want {
			t.Errorf("after %d: %v", n, got)
		}
	}
	if (definition.BackOff{}).After(1) != time.Minute {
		t.Error("without figures")
	}
}
