package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func quiet(int64, int64) {}

func accept(Manifest) error { return nil }

// checkpoint is a made-up store with files of several sizes.
func checkpoint(t *testing.T) (dir string, m Manifest) {
	t.Helper()
	dir = t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	for name, size := range map[string]int{"000002.log": 0, "000004.sst": 70_000, "MANIFEST-000001": 300, "marker.format": 1} {
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(random.IntN(200))
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Describe(t.Context(), dir, Manifest{
		Schema: 1, Node: "worker-1", Version: "test", Rev: 1 << 60, Accounts: 2, Items: 30, TakenAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

func packed(t *testing.T, dir string, m Manifest) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(t.Context(), &b, dir, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files is what a folder holds, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		held[e.Name()] = string(text)
	}
	return held
}

func TestABackupComesBackAsItWasPackedAndUnpacked(t *testing.T) {
	dir, m := checkpoint(t)
	unpacked := t.TempDir()
	var last, whole int64
	if _, err := Unpack(t.Context(), bytes.NewReader(packed(t, dir, m)), unpacked, func(done, of int64) { last, whole = done, of }); err != nil {
		t.Fatal(err)
	}
	if last != m.Size() || whole != m.Size() {
		t.Errorf("told %d of %d bytes, there are %d", last, whole, m.Size())
	}
	file := filepath.Join(t.TempDir(), "backup.tar.zst")
	if err := os.WriteFile(file, packed(t, dir, m), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{unpacked, file} {
		to := t.TempDir()
		back, err := Load(t.Context(), from, to, accept, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(files(t, dir), files(t, filepath.Join(to, "store"))); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNoDamageIsTaken flips one bit in every part of a packed and of an unpacked backup, and cuts it at every part.
func TestNoDamageIsTaken(t *testing.T) {
	dir, m := checkpoint(t)
	whole := packed(t, dir, m)
	read := func(b []byte) error {
		_, err := Read(t.Context(), bytes.NewReader(b), func(Manifest) (Sink, error) { return nil, nil }, quiet)
		return err
	}
	if err := read(whole); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += 1 + len(whole)/97 {
		broken := bytes.Clone(whole)
		broken[at] ^= 4
		if read(broken) == nil {
			t.Errorf("a flipped bit at %d of %d was not noticed", at, len(whole))
		}
		if read(whole[:at]) == nil {
			t.Errorf("%d of %d bytes were taken for the whole", at, len(whole))
		}
	}
	for _, f := range m.Files {
		unpacked := t.TempDir()
		if _, err := Unpack(t.Context(), bytes.NewReader(whole), unpacked, quiet); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(unpacked, "store", f.Name)
		if err := os.WriteFile(name, []byte("something else"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(t.Context(), unpacked, t.TempDir(), accept, quiet); err == nil || !strings.Contains(err.Error(), f.Name) {
			t.Errorf("a changed %s: %v", f.Name, err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(t.Context(), unpacked, t.TempDir(), accept, quiet); err == nil || !strings.Contains(err.Error(), "incomplete") {
			t.Errorf("a missing %s: %v", f.Name, err)
		}
	}
}

func TestAFileThatChangesWhileItIsPackedIsNoBackup(t *testing.T) {
	dir, m := checkpoint(t)
	if err := os.WriteFile(filepath.Join(dir, "MANIFEST-000001"), []byte("shorter"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), io.Discard, dir, m); err == nil {
		t.Error("packed")
	}
}

func TestARefusedOrForeignManifestWritesNothing(t *testing.T) {
	_, m := checkpoint(t)
	for name, tc := range map[string]struct {
		change func(*Manifest)
		accept func(Manifest) error
		why    string
	}{
		"refused by the caller": {func(*Manifest) {}, func(Manifest) error { return errors.New("not this one") }, "not this one"},
		"a newer form":          {func(m *Manifest) { m.Format = Format + 1 }, accept, "a newer troupe"},
		"no form":               {func(m *Manifest) { m.Format = 0 }, accept, "not of a backup"},
		"a way out":             {func(m *Manifest) { m.Files[0].Name = "../keys" }, accept, "../keys"},
		"a name twice":          {func(m *Manifest) { m.Files[0].Name = m.Files[1].Name }, accept, "cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			other := m
			other.Files = append([]File{}, m.Files...)
			tc.change(&other)
			text, err := other.encode()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "backup.tar.zst")
			if err := os.WriteFile(file, archive(t, map[string][]byte{manifestName: text}), 0o600); err != nil {
				t.Fatal(err)
			}
			to := t.TempDir()
			if _, err := Load(t.Context(), file, to, tc.accept, quiet); err == nil || !strings.Contains(err.Error(), tc.why) {
				t.Errorf("%v", err)
			}
			if held := files(t, to); len(held) > 0 {
				t.Errorf("written: %v", held)
			}
		})
	}
	if _, err := Read(t.Context(), bytes.NewReader(archive(t, map[string][]byte{"readme": nil})), into(t.TempDir()), quiet); err == nil {
		t.Error("any archive is a backup")
	}
}

// archive packs files as a backup is packed.
func archive(t *testing.T, content map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for name, text := range content {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600}))
		_, werr := w.Write(text)
		err = errors.Join(err, werr)
	}
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestABackupThatIsGivenUpEnds(t *testing.T) {
	dir, m := checkpoint(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("nobody waits for it"))
	if err := Write(ctx, io.Discard, dir, m); err == nil || !strings.Contains(err.Error(), "nobody waits") {
		t.Errorf("%v", err)
	}
}
