package faults

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"troupe/testkit"
)

func TestFullDiskTakesNothingUntilFreedAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	d := NewDisk(t, 1<<20)
	kept := filepath.Join(d.Dir, "kept")
	write := func() error { return os.WriteFile(kept, make([]byte, 1<<16), 0o600) }
	if err := write(); err != nil {
		t.Fatal(err)
	}
	d.Fill()
	if err := os.WriteFile(filepath.Join(d.Dir, "more"), make([]byte, 1), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("a full disk took a byte: %v", err)
	}
	d.Free()
	if err := write(); err != nil {
		t.Errorf("a freed disk takes nothing: %v", err)
	}
}

func TestDiskOfADeadTestIsTakenAwayAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	dir, err := os.MkdirTemp("", diskPrefix)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(diskPrefix+"0", dir, "tmpfs", 0, "size=4096"); err != nil { // no process has this number
		t.Fatal(err)
	}
	mine := NewDisk(t, 1<<16)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the disk of a dead process is left: %v", err)
	}
	if err := os.WriteFile(filepath.Join(mine.Dir, "file"), []byte("x"), 0o600); err != nil {
		t.Error(err)
	}
}
