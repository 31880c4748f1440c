package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/testkit"
	"troupe/testkit/faults"
	"troupe/testkit/proc"
)

// TestClusterHealedWithTwoMastersKeepsTheFirstAsRoot starts a second master, from the first one's backup and keys, on a host that reaches nobody, as
// after a restore elsewhere while the first one lives. When the network heals the second one ends, and both logs say so; the first one goes
// on, and its worker with it.
func TestClusterHealedWithTwoMastersKeepsTheFirstAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	t.Parallel()
	const twin = "twin"
	net := faults.NewNet(t, proc.MasterName, workerName(0), twin)
	c := proc.StartCluster(t, proc.ClusterOptions{Workers: 1, Place: func(name string) proc.Place {
		host := net.Host(name)
		return proc.Place{Addr: host.Addr, Spawn: host.Start}
	}})
	s, worker := &stage{t: t, node: c.Master}, c.Workers[0]

	backup := filepath.Join(t.TempDir(), "backup.tar.zst")
	if _, errs, status := c.Master.CLI("store", "backup", backup); status != 0 {
		t.Fatalf("troupe store backup: %s", errs)
	}
	dir := copyOf(t, c.Master)
	if err := os.RemoveAll(filepath.Join(dir, proc.MasterName, "store")); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := proc.Run(t, "store", "restore", backup, "--data-dir", dir, "--worker-id", proc.MasterName); status != 0 {
		t.Fatalf("troupe store restore: %s", errs)
	}
	net.Isolate(twin)
	second := proc.Start(t, proc.Options{
		Name: proc.MasterName, Dir: dir, Spawn: net.Host(twin).Start, Args: []string{"--cluster-host", net.Host(twin).Addr.String(), "--max-accounts", "0"},
	})
	time.Sleep(time.Second)
	if !second.Running() {
		t.Fatal("the second master ended while it could know of nobody")
	}
	logged, registered := len(c.Master.Log()), strings.Count(worker.Log(), "registered with the master")
	healed := time.Now()
	net.Join(twin)
	s.eventually("the second master ends", 15*time.Second, func() bool { return !second.Running() })
	t.Logf("it ended after %s", time.Since(healed).Round(time.Millisecond))
	if !hasLine(second.Log(), "level=ERROR", "another master of this cluster", net.Host(proc.MasterName).Addr.String(), "was there first") {
		t.Error("the second master does not say why it ends")
	}
	s.eventually("the first master says that there was another", 5*time.Second, func() bool {
		return hasLine(c.Master.Log()[logged:], "node refused", "a second master of this cluster", net.Host(twin).Addr.String())
	})
	if !c.Master.Running() || !worker.Running() {
		t.Error("who was there first ended too")
	}
	if n := strings.Count(worker.Log(), "registered with the master"); n != registered {
		t.Errorf("the worker registered %d times more", n-registered)
	}
}
