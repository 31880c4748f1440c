package faults

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk is a small file system of its own, for a node's data folder, that a test fills up and frees again.
type Disk struct {
	Dir string // where it is mounted; others may pass through it, as Chromium's own users must

	t testing.TB
}

const (
	diskPrefix = "troupe-disk-" // with the process's number, the name by which a mount is known
	ballast    = "ballast"      // file that takes the room
)

// NewDisk mounts an empty file system of that many bytes, in memory. It goes with the test; what a test that was killed left mounted goes
// first. Only root can (testkit.NeedsRoot).
func NewDisk(t testing.TB, size int64) *Disk {
	t.Helper()
	if err := unmountLeftOver(); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", diskPrefix)
	if err != nil {
		t.Fatal(err)
	}
	source := diskPrefix + strconv.Itoa(os.Getpid())
	if err := unix.Mount(source, dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=711", size)); err != nil {
		t.Fatalf("mount a disk: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(unix.Unmount(dir, unix.MNT_DETACH), os.Remove(dir)); err != nil {
			t.Errorf("take the disk away: %v", err)
		}
	})
	return &Disk{Dir: dir, t: t}
}

// Fill takes all room that is left.
func (d *Disk) Fill() {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.Dir, ballast), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<12)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		d.t.Fatal(err)
	}
}

// Free gives the room back that Fill took.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.Dir, ballast)); err != nil {
		d.t.Fatal(err)
	}
}

// unmountLeftOver takes away the disks of processes that live no longer.
func unmountLeftOver() error {
	mounts, err := os.Open("/proc/self/mounts")
	if err != nil {
		return err
	}
	defer mounts.Close()
	lines := bufio.NewScanner(mounts)
	for lines.Scan() {
		source, rest, _ := strings.Cut(lines.Text(), " ")
		dir, _, _ := strings.Cut(rest, " ")
		pid, ours := strings.CutPrefix(source, diskPrefix)
		if !ours || alive(pid) {
			continue
		}
		if err := errors.Join(unix.Unmount(dir, unix.MNT_DETACH), os.Remove(dir)); err != nil {
			return fmt.Errorf("take a left-over disk away: %w", err)
		}
	}
	return lines.Err()
}

func alive(pid string) bool {
	_, err := os.Stat("/proc/" + pid)
	return err == nil
}
