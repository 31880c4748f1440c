// Package evidence keeps what failed flows left behind: pictures of pages, their documents, the last answers. It is what a
// person looks at to see why an account is in trouble.
//
// A Box is one folder per node, with a folder for each account. It owns every file in there and keeps two bounds, over all
// accounts together: the size of all files, and their age. Whatever is over a bound goes, oldest first. What is put in was
// redacted by who took it; files are readable by the node's own user only.
//
// A Box is safe for concurrent use. It reads and writes files: never call it from a mailbox.
package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"troupe/messages"
)

// Limits are a Box's bounds. Zero means the default.
type Limits struct {
	Size int64         // bytes of all files; 1 GiB by default
	Age  time.Duration // since it was kept; 7 days by default
}

// The defaults of Limits.
const (
	DefaultSize = 1 << 30
	DefaultAge  = 7 * 24 * time.Hour
)

// Box is a node's evidence. Open makes it.
type Box struct {
	dir    *os.Root // no name leads out of it
	limits Limits
	now    func() time.Time

	mu    sync.Mutex
	files []file // oldest first
	size  int64
}

// file is one kept file.
type file struct {
	name string // account/stem.ext
	at   time.Time
	size int64
}

// Open takes over the folder dir, made if missing, and drops what is over the bounds.
func Open(dir string, limits Limits, now func() time.Time) (*Box, error) {
	limits.Size, limits.Age = cmp.Or(limits.Size, DefaultSize), cmp.Or(limits.Age, DefaultAge)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	b := &Box{dir: root, limits: limits, now: now}
	if err := b.scan(); err != nil {
		return nil, errors.Join(fmt.Errorf("open evidence: %w", err), root.Close())
	}
	b.Prune()
	return b, nil
}

// scan learns what is there from an earlier life.
func (b *Box) scan() error {
	err := fs.WalkDir(b.dir.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		b.files = append(b.files, file{name: name, at: info.ModTime(), size: info.Size()})
		b.size += info.Size()
		return nil
	})
	slices.SortStableFunc(b.files, func(x, y file) int { return x.at.Compare(y.at) })
	return err
}

// Keep stores the parts of one event of an account, each under its extension ("png", "html", "json"), and returns the stem of
// their names. A part that cannot be written is in the error; the others are kept.
func (b *Box) Keep(account messages.AccountID, kind string, parts map[string][]byte) (stem string, err error) {
	if !account.Valid() {
		return "", fmt.Errorf("keep evidence: %q is no account id", account)
	}
	if err := b.dir.Mkdir(string(account), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("keep evidence: %w", err)
	}
	at := b.now()
	stem = at.UTC().Format("20060102T150405.000") + "-" + kind
	var problems []error
	for extension, content := range parts {
		f := file{name: filepath.Join(string(account), stem+"."+extension), at: at, size: int64(len(content))}
		if err := b.dir.WriteFile(f.name, content, 0o600); err != nil {
			problems = append(problems, err)
			continue
		}
		b.mu.Lock()
		b.files = append(b.files, f)
		b.size += f.size
		b.mu.Unlock()
	}
	b.Prune()
	if len(problems) > 0 {
		return stem, fmt.Errorf("keep evidence: %w", errors.Join(problems...))
	}
	return stem, nil
}

// Read returns one file of an account. One that is not there (any more) is fs.ErrNotExist.
func (b *Box) Read(account messages.AccountID, name string) ([]byte, error) {
	if !account.Valid() || name != filepath.Base(name) {
		return nil, fmt.Errorf("read evidence %q: %w", name, fs.ErrNotExist)
	}
	content, err := b.dir.ReadFile(filepath.Join(string(account), name))
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return content, nil
}

// Erase drops everything of an account.
func (b *Box) Erase(account messages.AccountID) error {
	if !account.Valid() {
		return fmt.Errorf("erase evidence: %q is no account id", account)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files = slices.DeleteFunc(b.files, func(f file) bool {
		mine := strings.HasPrefix(f.name, string(account)+"/")
		if mine {
			b.size -= f.size
		}
		return mine
	})
	if err := b.dir.RemoveAll(string(account)); err != nil {
		return fmt.Errorf("erase evidence: %w", err)
	}
	return nil
}

// Prune drops what is over the bounds, oldest first. Keep does it each time; who keeps nothing calls it now and then.
func (b *Box) Prune() {
	b.mu.Lock()
	defer b.mu.Unlock()
	oldest := b.now().Add(-b.limits.Age)
	n := 0
	for n < len(b.files) && (b.size > b.limits.Size || b.files[n].at.Before(oldest)) {
		if err := b.dir.Remove(b.files[n].name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break // the disk's trouble; tried again at the next call
		}
		b.size -= b.files[n].size
		n++
	}
	b.files = slices.Delete(b.files, 0, n)
}

// Size is how many bytes are kept.
func (b *Box) Size() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size
}

// Close lets go of the folder.
func (b *Box) Close() error { return b.dir.Close() }
