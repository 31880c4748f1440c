package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/testkit/proc"
)

// TestNodesThatDoNotBelongAreRefusedWithALineOnBothSides starts real processes that must not take part: they end by themselves, and say why.
func TestNodesThatDoNotBelongAreRefusedWithALineOnBothSides(t *testing.T) {
	t.Parallel()
	c := proc.StartCluster(t, proc.ClusterOptions{Workers: 1})
	other := proc.StartCluster(t, proc.ClusterOptions{})
	for _, r := range []struct {
		name   string
		node   string
		folder func(dir string) // what its data folder holds before
		args   []string
		says   string // in the node's last words
		log    string // in the master's log; empty where it hears of nothing
	}{
		{
			"a second worker of the same name", "worker-1", nil,
			[]string{"--token", c.Token()},
			"a worker named worker-1 is alive", "a worker named worker-1 is alive",
		},
		{
			"the same name with files brought by hand", "worker-1", func(dir string) { issue(t, c.Master, dir, "worker-1") }, nil,
			"another worker named worker-1", "another worker named worker-1",
		},
		{"a token of another cluster", "worker-8", nil, []string{"--token", other.Token()}, "authority is not the one that the join token names", ""},
		{"no token", "worker-8", nil, nil, "give it a token", ""},
		{
			"a worker of another cluster", "worker-8", func(dir string) { issue(t, other.Master, dir, "worker-8") }, nil,
			"this node belongs to cluster", "",
		},
		{
			"another key ring", "worker-9",
			func(dir string) {
				issue(t, c.Master, dir, "worker-9")
				copyFile(t, filepath.Join(other.Master.Dir, proc.MasterName, "keys"), filepath.Join(dir, "worker-9", "keys"))
			},
			nil, "is not the cluster's", "is not the cluster's",
		},
	} {
		t.Run(r.name, func(t *testing.T) {
			dir := openFolder(t)
			if r.folder != nil {
				r.folder(dir)
			}
			args := append([]string{"serve", "--data-dir", dir, "--worker-id", r.node, "--join", c.Gateway()}, r.args...)
			_, said, status := proc.Run(t, args...)
			if status == 0 || !strings.Contains(said, r.says) {
				t.Errorf("ended with %d, and said %s", status, said)
			}
			if !strings.Contains(c.Master.Log(), r.log) {
				t.Errorf("the master's log has nothing of %q", r.log)
			}
		})
	}
	t.Run("a second master", func(t *testing.T) { refusesSecondMaster(t, c) })
}

// refusesSecondMaster starts a node with a copy of the master's identity: it ends once it hears of the first one, which goes on.
func refusesSecondMaster(t *testing.T, c *proc.Cluster) {
	dir := openFolder(t)
	from, to := filepath.Join(c.Master.Dir, proc.MasterName), filepath.Join(dir, proc.MasterName)
	if err := os.CopyFS(filepath.Join(to, "cluster"), os.DirFS(filepath.Join(from, "cluster"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cluster.json", "ca-key.pem", "node.pem", "gossip.key"} { // a copy has the modes of a fresh file
		if err := os.Chmod(filepath.Join(to, "cluster", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, filepath.Join(from, "keys"), filepath.Join(to, "keys"))
	began := time.Now()
	_, said, status := proc.Run(t, "serve", "--data-dir", dir, "--worker-id", proc.MasterName, "--master-port", "0", "--max-accounts", "0", "--cluster-host", "127.0.0.9")
	if status == 0 || !strings.Contains(said, "another master of this cluster runs already") {
		t.Errorf("ended with %d after %s, and said %s", status, time.Since(began), said)
	}
	if !c.Master.Running() {
		t.Error("the first master ended")
	}
}

// issue writes the files of a node that joins without a token, as `troupe keys node` does.
func issue(t *testing.T, master *proc.Node, dir, node string) {
	t.Helper()
	if _, said, status := master.CLI("keys", "node", node, "--out", dir); status != 0 {
		t.Fatal(said)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
