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

// TestClusterRefusesWhoDoesNotBelong starts nodes that must not come in: each ends by itself with a line that says what is wrong and what
// to do, and the master's log has one too.
func TestClusterRefusesWhoDoesNotBelong(t *testing.T) {
	c := newCluster(t, 1)
	worker := c.Workers[0]
	other := newLoneCluster(t, 1)
	spent := c.Token()
	join := func(dir, name, token string) []string {
		return []string{"--data-dir", dir, "--worker-id", name, "--join", c.Gateway(), "--token", token}
	}
	files := func(dir, name string) []string {
		return []string{"--data-dir", dir, "--worker-id", name, "--join", c.Gateway()}
	}
	stranger := other.Workers[0]
	stranger.Kill()
	older := proc.Changed(t, proc.Edit{File: "cluster/join_registrar.go", Was: "Protocol       = 1\n	OldestProtocol = 1", Is: "Protocol       = 0\n	OldestProtocol = 0"})

	for _, story := range []struct {
		name    string
		program string
		args    []string
		says    string // the line that the node ends with
		heard   string // the master's; "" = it never hears of the node
	}{
		{"a namesake", "", join(openFolder(t), worker.Name, c.Token()), "a worker named worker-1 is alive: choose another --worker-id", "is alive"},
		{"a copy of a worker's folder", "", join(copyOf(t, worker), worker.Name, c.Token()), "another worker named worker-1, with another data folder", "another data folder"},
		{"another cluster's worker", "", join(copyOf(t, stranger), stranger.Name, c.Token()), "this node belongs to cluster", "takes this master for a stranger"},
		{"a token of another cluster", "", join(openFolder(t), "worker-8", other.Token()), "not the one that the join token names: take a token", "takes this master for a stranger"},
		{"a token that was changed", "", join(openFolder(t), "worker-9", spent[:len(spent)-4]+"AAAA"), "token is not one of this cluster", "token is not one of this cluster"},
		{"another gossip key", "", files(c.files("worker-10", anotherGossipKey), "worker-10"), "the gossip key of node worker-10 is not the cluster's: remove", "gossip key of node worker-10"},
		{"a certificate of another authority", "", files(c.files("worker-11", anotherAuthority), "worker-11"), "has another authority than the one that made this node's certificate: remove", "takes this master for a stranger"},
		{"a certificate that ended", "", files(c.files("worker-12", c.endedCertificate), "worker-12"), "certificate ended on", "certificate ended on"},
		{"another key ring", "", files(c.files("worker-13", other.itsRing), "worker-13"), "is not the cluster's", "key ring"},
		{"an older program", older, join(openFolder(t), "worker-14", c.Token()), "speaks protocol 0, the master needs at least 1: upgrade the node", "speaks protocol 0"},
		{"a second node in one folder", "", join(worker.Dir, worker.Name, c.Token()), "another troupe runs", ""},
	} {
		t.Run(story.name, func(t *testing.T) {
			logged := len(c.Master.Log())
			said := endsRefused(t, story.program, append([]string{"serve", "--cluster-host", "127.0.0.9"}, story.args...))
			if !strings.Contains(said, story.says) {
				t.Errorf("it does not say %q: %s", story.says, said)
			}
			t.Log(said)
			if story.heard != "" {
				c.eventually("the master says that it refused a node: "+story.heard, 2*time.Second, func() bool {
					return hasLine(c.Master.Log()[logged:], "node refused", story.heard)
				})
			}
		})
	}
}

// endsRefused runs the program ("" = as it is), which must end by itself and fail, and returns the last line that it says.
func endsRefused(t *testing.T, program string, args []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience*15*time.Second)
	defer cancel()
	if program == "" {
		program = proc.Program(t)
	}
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
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

// files makes the data folder of a worker that joins without a token, as `troupe keys node` writes it, and lets spoil change it.
func (c *cluster) files(name string, spoil func(t *testing.T, folder, name string)) (dir string) {
	c.t.Helper()
	dir = openFolder(c.t)
	if _, errs, status := c.Master.CLI("keys", "node", name, "--out", dir); status != 0 {
		c.t.Fatalf("troupe keys node: %s", errs)
	}
	spoil(c.t, filepath.Join(dir, name), name)
	return dir
}

// itsRing puts this cluster's key ring into a node's folder.
func (c *cluster) itsRing(t *testing.T, folder, _ string) {
	t.Helper()
	ring, err := os.ReadFile(filepath.Join(c.Master.Dir, c.Master.Name, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "keys"), ring)
}

// write replaces a file that only its owner may read.
func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
