package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"troupe/actors/account/persona"
)

// DefaultBin is where Debian's package puts Chromium itself; /usr/bin/chromium is a shell script around it.
const DefaultBin = "/usr/lib/chromium/chromium"

const shellBin = "/usr/lib/chromium/chromium-headless-shell"

// Find returns Chromium's binary. The error says how to get one.
func Find() (string, error) {
	return firstOf(
		[]string{DefaultBin, "/opt/google/chrome/chrome", "/opt/chromium.org/chromium/chrome"},
		[]string{"chromium", "chromium-browser", "google-chrome"},
		"no Chromium found: install it (apt-get install chromium chromium-l10n chromium-sandbox fonts-noto-cjk) or set its path",
	)
}

func (m Mode) find() (string, error) {
	if m != Shell {
		return Find()
	}
	return firstOf([]string{shellBin}, []string{"chromium-headless-shell", "chrome-headless-shell"},
		"mode shell: no chromium-headless-shell found: install it (apt-get install chromium-headless-shell) or set its path")
}

// firstOf is the first of files that is there, else the first of names on the search path.
func firstOf(files, names []string, none string) (string, error) {
	for _, name := range files {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return name, nil
		}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New(none)
}

// program is Chromium's binary as it lies on disk. Two that are equal are the same file, unchanged.
type program struct {
	path    string // no link in it
	version string // full: 156.0.8078.79

	device, inode uint64
	size          int64
	changed       time.Time
}

// openProgram follows links once and for all. What is there is looked at by again.
func openProgram(path string) (program, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return program{}, fmt.Errorf("find chromium: %w", err)
	}
	return program{path: real}, nil
}

// again looks at the file again, and asks it for its version if it is another than before.
func (b program) again(ctx context.Context) (program, error) {
	info, err := os.Stat(b.path)
	if err != nil {
		return program{}, fmt.Errorf("find chromium: %w", err)
	}
	now := program{path: b.path, version: b.version, size: info.Size(), changed: info.ModTime()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		now.device, now.inode = stat.Dev, stat.Ino
	}
	if now == b {
		return b, nil
	}
	now.version, err = askVersion(ctx, b.path)
	return now, err
}

var versionForm = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+`)

func askVersion(ctx context.Context, bin string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, bin, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", bin, err)
	}
	version := versionForm.FindString(string(out))
	if persona.Major(version) == 0 {
		return "", fmt.Errorf("ask %s for its version: no number in its answer", bin)
	}
	return version, nil
}
