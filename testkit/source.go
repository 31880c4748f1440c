package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Source is a folder of the sources, by its path below the module's root: tests run somewhere below it. It holds for a test built with
// -trimpath too, which no longer knows where its files were.
func Source(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, path)
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("the test does not run below the module's sources")
		}
		dir = above
	}
}
