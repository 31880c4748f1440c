package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDevClockIsOffByWhatItsFileSays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	w := &wallClock{file: file}
	for _, step := range []string{"", "24h", "-1h", "no duration", "0s"} {
		want := w.off
		if off, err := time.ParseDuration(step); err == nil {
			want = off
		}
		if err := os.WriteFile(file, []byte(step+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.looked = time.Time{}
		if off := w.now().Sub(time.Now().Round(0)); (off - want).Abs() > time.Minute {
			t.Errorf("%q: off by %s, want %s", step, off, want)
		}
	}
	if off := time.Since((&wallClock{}).now()); off > time.Minute {
		t.Errorf("without a file off by %s", off)
	}
}

func TestDevClockIsRefusedInProduction(t *testing.T) {
	c, err := settingsOf(t, "", "--dev-clock", "clock", "--node-env", "production")
	if err == nil {
		err = c.validate()
	}
	if err == nil || !strings.Contains(err.Error(), "--dev-clock") {
		t.Errorf("production with --dev-clock: %v", err)
	}
}
