package evidence

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open(t *testing.T, dir string, limits Limits) (*Box, *clock) {
	t.Helper()
	c := &clock{time.Now()}
	b, err := Open(dir, limits, c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, c
}

func keep(t *testing.T, b *Box, size int) string {
	t.Helper()
	stem, err := b.Keep("acc-1", "page_changed", map[string][]byte{"png": bytes.Repeat([]byte{1}, size)})
	if err != nil {
		t.Fatal(err)
	}
	return stem + ".png"
}

func TestTheOldestGoesWhenTheNodeIsFull(t *testing.T) {
	b, c := open(t, t.TempDir(), Limits{Size: 250})
	first := keep(t, b, 100)
	c.at = c.at.Add(time.Second)
	second := keep(t, b, 100)
	c.at = c.at.Add(time.Second)
	third := keep(t, b, 100)
	if _, err := b.Read("acc-1", first); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the oldest is still there: %v", err)
	}
	for _, name := range []string{second, third} {
		if content, err := b.Read("acc-1", name); err != nil || len(content) != 100 {
			t.Errorf("%s: %d bytes, %v", name, len(content), err)
		}
	}
	if b.Size() != 200 {
		t.Errorf("size %d", b.Size())
	}
}

func TestTheOldGoesAfterItsTime(t *testing.T) {
	dir := t.TempDir()
	b, c := open(t, dir, Limits{Age: time.Hour})
	old := keep(t, b, 10)
	if err := os.Chtimes(filepath.Join(dir, "acc-1", old), c.at, c.at); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(2 * time.Hour)
	b.Prune()
	if _, err := b.Read("acc-1", old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

func TestBoundsHoldOverARestart(t *testing.T) {
	dir := t.TempDir()
	b, _ := open(t, dir, Limits{})
	keep(t, b, 100)
	b.Close()
	again, _ := open(t, dir, Limits{Size: 50})
	if again.Size() != 0 {
		t.Errorf("kept %d bytes over the bound of an earlier life", again.Size())
	}
}

func TestNamesLeadNowhereElse(t *testing.T) {
	dir := t.TempDir()
	b, _ := open(t, filepath.Join(dir, "evidence"), Limits{})
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, b, 1)
	for _, name := range []string{"../../secret", "..", "../acc-2/x.png", ""} {
		if content, err := b.Read("acc-1", name); err == nil {
			t.Errorf("%q read %d bytes", name, len(content))
		}
	}
	if _, err := b.Keep("../x", "k", nil); err == nil {
		t.Error("kept for an account outside")
	}
}

func TestErasedAccountLeavesNoEvidence(t *testing.T) {
	b, _ := open(t, t.TempDir(), Limits{})
	name := keep(t, b, 10)
	if err := b.Erase("acc-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read("acc-1", name); !errors.Is(err, fs.ErrNotExist) || b.Size() != 0 {
		t.Errorf("after erasing: %v, %d bytes", err, b.Size())
	}
}
