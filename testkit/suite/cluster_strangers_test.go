package suite

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/testkit/proc"
)

// TestNodesThatDoNotBelongAreRefusedWithALineOnBothSides starts nodes that must not come in: each ends by itself with a line that says what is
// wrong and what to do, and the log of the node that refused it has one too.
func TestNodesThatDoNotBelongAreRefusedWithALineOnBothSides(t *testing.T) {
	t.Parallel()
	c, other := proc.StartCluster(t, proc.ClusterOptions{Workers: 1}), proc.StartCluster(t, proc.ClusterOptions{})
	s := &stage{t: t, node: c.Master}
	worker, token := c.Workers[0], c.Token()
	older := proc.Changed(t, proc.Edit{File: "cluster/join_registrar.go", Was: "Protocol       = 1\n	OldestProtocol = 1", Is: "Protocol       = 0\n	OldestProtocol = 0"})
	master := []string{"--master-port", "0", "--max-accounts", "0"}
	with := func(token string) []string { return []string{"--join", c.Gateway(), "--token", token} }
	files := []string{"--join", c.Gateway()}

	for _, story := range []struct {
		name  string
		dir   string
		node  string
		args  []string
		says  string // the line that the node ends with
		heard string // the master's; "" = it never hears of the node
	}{
		{"a namesake", openFolder(t), "worker-1", with(c.Token()), "a worker named worker-1 is alive: choose another --worker-id", "is alive"},
		{"a namesake with files", issued(t, c, "worker-1"), "worker-1", files, "another worker named worker-1, with another data folder", "with another data folder"},
		{"a copy of a worker's folder", copyOf(t, worker), "worker-1", files, "another worker named worker-1, with another data folder", "with another data folder"},
		{"a second node in one folder", worker.Dir, "worker-1", files, "another troupe runs in", ""},
		{"a copy of the master's folder", copyOf(t, c.Master), proc.MasterName, master, "another master of this cluster runs already", "a second master of this cluster"},
		{"another cluster's worker", issued(t, other, "worker-8"), "worker-8", files, "this node belongs to cluster", "takes this master for a stranger"},
		{"no token", openFolder(t), "worker-8", files, "give it a token", ""},
		{"a token of another cluster", openFolder(t), "worker-8", with(other.Token()), "not the one that the join token names: take a token", "takes this master for a stranger"},
		{"a token that was changed", openFolder(t), "worker-9", with(token[:len(token)-4] + "AAAA"), "token is not one of this cluster", "token is not one of this cluster"},
		{"another gossip key", issued(t, c, "worker-10", anotherGossipKey), "worker-10", files, "the gossip key of node worker-10 is not the cluster's: remove", "gossip key of node worker-10"},
		{"a certificate of another authority", issued(t, c, "worker-11", anotherAuthority), "worker-11", files, "has another authority than the one that made this node's certificate: remove", "takes this master for a stranger"},
		{"a certificate that ended", issued(t, c, "worker-12", endedCertificate(c.Master)), "worker-12", files, "the node's certificate ended on", "the node's certificate ended on"},
		{"another key ring", issued(t, c, "worker-13", ringOf(other.Master)), "worker-13", files, "is not the cluster's", "key ring"},
		{"an older program", openFolder(t), "worker-14", with(c.Token()), "speaks protocol 0, the master needs at least 1: upgrade the node", "speaks protocol 0"},
	} {
		t.Run(story.name, func(t *testing.T) {
			logged, program := len(c.Master.Log()), proc.Program(t)
			if story.name == "an older program" {
				program = older
			}
			said := endsRefused(t, program, append([]string{"--data-dir", story.dir, "--worker-id", story.node, "--cluster-host", "127.0.0.9"}, story.args...))
			if !strings.Contains(said, story.says) {
				t.Errorf("it does not say %q: %s", story.says, said)
			}
			t.Log(said)
			if story.heard != "" {
				s.eventually("the master says that it refused a node: "+story.heard, 5*time.Second, func() bool {
					return hasLine(c.Master.Log()[logged:], "node refused", story.heard)
				})
			}
		})
	}
	if !c.Master.Running() || !worker.Running() {
		t.Error("who belongs to the cluster ended too")
	}
}

// endsRefused runs a node, which must end by itself and fail, and returns the last line that it says.
func endsRefused(t *testing.T, program string, args []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience*15*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, append([]string{"serve"}, args...)...).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err == nil || ctx.Err() != nil {
		t.Fatalf("it did not end refused: %v\n%s", err, out)
	}
	return lines[len(lines)-1]
}

// hasLine says whether a log has a line with all of these words.
func hasLine(log string, words ...string) bool {
	for line := range strings.SplitSeq(log, "\n") {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			return true
		}
	}
	return false
}

// copyOf is a data folder with a copy of a node's in it.
func copyOf(t *testing.T, n *proc.Node) string {
	t.Helper()
	dir := openFolder(t)
	if out, err := exec.Command("cp", "-a", filepath.Join(n.Dir, n.Name), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// issued is the data folder of a worker that joins without a token, as `troupe keys node` writes it, and then is spoiled.
func issued(t *testing.T, c *proc.Cluster, name string, spoil ...func(t *testing.T, folder, name string)) (dir string) {
	t.Helper()
	dir = openFolder(t)
	if _, errs, status := c.Master.CLI("keys", "node", name, "--out", dir); status != 0 {
		t.Fatalf("troupe keys node: %s", errs)
	}
	for _, do := range spoil {
		do(t, filepath.Join(dir, name), name)
	}
	return dir
}

// ringOf puts a master's key ring into a node's folder.
func ringOf(master *proc.Node) func(*testing.T, string, string) {
	return func(t *testing.T, folder, _ string) {
		t.Helper()
		ring, err := os.ReadFile(filepath.Join(master.Dir, master.Name, "keys"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "keys"), ring)
	}
}

// write replaces a file that only its owner may read.
func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestClusterForgottenNodeComesBackOnlyWithANewToken forgets a node that is gone. Its files let nobody in any more, neither its own nor a copy; a
// new token does. A node whose first start comes before its master's waits for it meanwhile.
func TestClusterForgottenNodeComesBackOnlyWithANewToken(t *testing.T) {
	c := newCluster(t, 1)
	gone, early := c.Workers[0], c.Token()
	_, errs, status := c.Master.CLI("node", "forget", gone.Name, "--yes")
	if status == 0 || !strings.Contains(errs, "troupe node drain "+gone.Name) {
		t.Errorf("one that is online: exit %d: %s", status, errs)
	}
	gone.Kill()
	copied := copyOf(t, gone)
	c.Master.Kill()
	waiting := c.waitsForMaster("worker-2", early)
	c.Master.Restart() // which has not heard of the first one yet
	waiting("worker worker-2 runs accounts")
	c.cli("", "node", "forget", gone.Name, "--yes")
	if out := c.cli("", "node", "list"); strings.Contains(out, gone.Name) {
		t.Errorf("it is listed still:\n%s", out)
	}
	again := func(dir, token string) []string {
		return []string{"--data-dir", dir, "--worker-id", gone.Name, "--cluster-host", "127.0.0.9", "--join", c.Gateway(), "--token", token}
	}
	for where, dir := range map[string]string{"its own": gone.Dir, "a copy": copied} {
		logged := len(c.Master.Log())
		if said := endsRefused(t, proc.Program(t), again(dir, "")); !strings.Contains(said, "forgotten by the cluster: join again with a new token (troupe keys token)") {
			t.Errorf("by %s files: %s", where, said)
		}
		if log := c.Master.Log()[logged:]; !strings.Contains(log, "forgotten by the cluster") {
			t.Errorf("by %s files, the master says nothing:\n%s", where, log)
		}
	}
	if said := endsRefused(t, proc.Program(t), again(gone.Dir, early)); !strings.Contains(said, "used up") {
		t.Errorf("with a token that was used: %s", said)
	}
	c.runs(again(gone.Dir, c.Token()))("worker worker-1 runs accounts")
	c.eventually("it is a node of the cluster again", 5*time.Second, func() bool { return strings.Contains(c.cli("", "node", "list"), gone.Name) })
	if said := endsRefused(t, proc.Program(t), again(copied, "")); !strings.Contains(said, "forgotten by the cluster") {
		t.Errorf("by a copy of what it had before: %s", said)
	}
	if out := c.cli("", "audit"); !strings.Contains(out, "DELETE /api/v1/nodes/{worker}") || !strings.Contains(out, gone.Name) {
		t.Errorf("the audit log does not tell:\n%s", out)
	}
}

// waitsForMaster starts a node that joins a master which is not there, and waits until it says so. What it returns waits for more of its words.
func (c *cluster) waitsForMaster(name, token string) (says func(words string)) {
	c.t.Helper()
	says = c.runs([]string{"--data-dir", openFolder(c.t), "--worker-id", name, "--cluster-host", "127.0.0.8", "--join", c.Gateway(), "--token", token})
	says("the master does not answer, trying again")
	return says
}

// runs runs a node until the test's end. What it returns waits until the program has said the words.
func (c *cluster) runs(args []string) (says func(words string)) {
	c.t.Helper()
	var said screen
	cmd := exec.Command(proc.Program(c.t), append([]string{"serve"}, args...)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := proc.Spawn(cmd); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	return func(words string) {
		c.t.Helper()
		c.eventually("it says "+words, 15*time.Second, func() bool { return strings.Contains(said.String(), words) })
	}
}
