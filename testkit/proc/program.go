package proc

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "troupe-program-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "troupe")
	return path, build(path)
})

// build makes the program, in the way in which the test itself was made.
func build(path string, flags ...string) error {
	args := append([]string{"build", "-o", path}, flags...)
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "troupe/cmd/troupe")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// Program is the path of the built program.
func Program(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Clean removes the built program; a suite's TestMain calls it last.
func Clean() {
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
}

// Edit is words of a source file that another version of the program has otherwise. Was stands in the file exactly once.
type Edit struct {
	File string // below the module's folder
	Was  string
	Is   string
}

// Changed builds the program as another version of it would be, and returns its path. It goes with the test; the sources stay as they are.
func Changed(t testing.TB, edits ...Edit) string {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "troupe").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	dir := t.TempDir()
	overlay := struct{ Replace map[string]string }{map[string]string{}} // as go build -overlay reads it
	for _, e := range edits {
		file := filepath.Join(strings.TrimSpace(string(module)), e.File)
		other, edited := overlay.Replace[file]
		from := other
		if !edited {
			from, other = file, filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay.Replace)))
		}
		source, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), e.Was); n != 1 {
			t.Fatalf("%s has %q %d times", e.File, e.Was, n)
		}
		if err := os.WriteFile(other, []byte(strings.Replace(string(source), e.Was, e.Is, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[file] = other
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "troupe")
	if err := build(path, "-overlay", filepath.Join(dir, "overlay.json")); err != nil {
		t.Fatal(err)
	}
	return path
}
