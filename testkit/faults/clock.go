package faults

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Clock is the wall clock of one node, which a test steps while the node runs: the machine's own, and every other node's, stay as they
// are. Time since boot, by which leases are judged, is no part of it, and Chromium and the kernel keep the machine's time.
type Clock struct {
	t    testing.TB
	file string
}

// NewClock makes a clock that is right. A node has it by its Args.
func NewClock(t testing.TB) *Clock {
	t.Helper()
	c := &Clock{t, filepath.Join(t.TempDir(), "clock")}
	c.Set(0)
	return c
}

// Args are the flags of `troupe serve` that give a node this clock.
func (c *Clock) Args() []string { return []string{"--dev-clock", c.file} }

// Set puts the clock before (or, below zero, behind) the machine's by off. The node notices within a tenth of a second.
func (c *Clock) Set(off time.Duration) {
	c.t.Helper()
	next := c.file + ".next"
	if err := os.WriteFile(next, []byte(off.String()), 0o644); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(next, c.file); err != nil { // at once: it is read at any time
		c.t.Fatal(err)
	}
}
