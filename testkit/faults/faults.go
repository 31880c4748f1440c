// Package faults breaks things by name, in tests: what dies, and when, is said and never left to luck.
//
// Net is a network of hosts that are cut from each other, one way or both, slowed, and taken down (only for root); Link does less, for
// TCP, without being root. Disk is a data folder that fills up (only for root), Clock one node's time of day. Processes are killed and stopped by proc.Node itself,
// browsers here. Each ends with its test and leaves nothing behind.
package faults

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"troupe/testkit/proc"
)

// KillBrowser ends an account's Chromium with SIGKILL.
func KillBrowser(t testing.TB, n *proc.Node, account string) {
	t.Helper()
	pid := n.BrowserMain(account)
	if pid == 0 {
		t.Fatalf("account %s has no browser to kill", account)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// KillRenderer ends every page process of an account's Chromium with SIGKILL; the browser itself lives.
func KillRenderer(t testing.TB, n *proc.Node, account string) {
	t.Helper()
	pids := n.Renderers(account)
	if len(pids) == 0 {
		t.Fatalf("account %s has no renderer to kill", account)
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // one may have ended meanwhile
	}
}

// AtLogLine begins something, waits until the node's log has a line with all of the words, and then strikes at once.
func AtLogLine(t testing.TB, n *proc.Node, limit time.Duration, begin, strike func(), words ...string) {
	t.Helper()
	from := len(n.Log())
	begin()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		for line := range strings.SplitSeq(n.Log()[from:], "\n") {
			if all(line, words) {
				strike()
				return
			}
		}
	}
	t.Fatalf("the log had no line with %q within %s", words, limit)
}

func all(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}
