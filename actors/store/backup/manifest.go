// Package backup is the form in which a copy of the store leaves its node and comes back. It knows files and checksums, not what is
// in them, and never touches a store that is in use.
//
// A backup is a tar stream of plain files, usually packed with zstd; unpacked, it is a folder with the same content:
//
//	manifest.json   what it is, and the name, size and checksum of every other file
//	store/...       the files of one checkpoint, in the manifest's order
//
// The manifest comes first, so that whoever reads a stream knows from its first kilobyte whether it can be used, and at its end that all
// of it arrived. Nothing that Read hands on has been checked before its file ends: write it where it can be thrown away.
//
// No key is in a backup. Logins and passwords are in it as the store has them, sealed by the cluster's key ring, which is kept apart.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Format is the form of the backups that this version writes, and the newest that it reads.
const Format = 1

const (
	manifestName = "manifest.json"
	folder       = "store"
	manifestMost = 16 << 20
)

// Manifest says what a backup holds.
type Manifest struct {
	Format   int       `json:"format"`
	Schema   int       `json:"schema"`            // the layout of the store's records
	Cluster  string    `json:"cluster,omitempty"` // id of the cluster; empty = it has none
	Node     string    `json:"node"`
	Version  string    `json:"version"` // of the program that wrote it
	TakenAt  time.Time `json:"taken_at"`
	Rev      uint64    `json:"rev"` // the newest change that it holds
	Accounts int       `json:"accounts"`
	Items    int64     `json:"items"`
	Files    []File    `json:"files"`
}

// File is one file of the store.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Size is the sum of all files.
func (m Manifest) Size() (bytes int64) {
	for _, f := range m.Files {
		bytes += f.Size
	}
	return bytes
}

// check says why a manifest cannot be trusted.
func (m Manifest) check() error {
	switch {
	case m.Format > Format:
		return fmt.Errorf("a newer troupe wrote this backup (form %d, this one knows %d): use that version", m.Format, Format)
	case m.Format < 1 || len(m.Files) == 0:
		return errors.New("its manifest is not of a backup")
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if f.Name != filepath.Base(f.Name) || !filepath.IsLocal(f.Name) || f.Name == "." || seen[f.Name] || f.Size < 0 {
			return fmt.Errorf("its manifest has a file that cannot be: %q", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// Describe reads every file of a checkpoint and completes its manifest with their names, sizes and checksums.
func Describe(ctx context.Context, dir string, m Manifest) (Manifest, error) {
	m.Format, m.Files = Format, nil
	entries, err := os.ReadDir(dir)
	if err != nil {
		return m, fmt.Errorf("list a checkpoint: %w", err)
	}
	for _, e := range entries {
		f, err := describe(ctx, dir, e.Name())
		if err != nil {
			return m, fmt.Errorf("describe a checkpoint: %w", err)
		}
		m.Files = append(m.Files, f)
	}
	return m, m.check()
}

func describe(ctx context.Context, dir, name string) (File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, until{ctx, f})
	return File{Name: name, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

func (m Manifest) encode() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return append(text, '\n'), nil
}

func decode(r io.Reader) (m Manifest, err error) {
	text, err := io.ReadAll(io.LimitReader(r, manifestMost))
	if err != nil {
		return m, fmt.Errorf("read the manifest: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("its manifest cannot be read: %w", err)
	}
	return m, m.check()
}

// until is a reader that ends with its context.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := context.Cause(u.ctx); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
