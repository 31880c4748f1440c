package suite

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"troupe/testkit/proc"
)

// TestClusterRefusesWhoDoesNotBelong starts nodes that must not come in: each ends by itself with a line that says why, and the master's
// log has one too.
func TestClusterRefusesWhoDoesNotBelong(t *testing.T) {
	c := newCluster(t, 1)
	worker := c.Workers[0]
	other := newLoneCluster(t, 1)
	spent := c.Token()
	join := func(cl *cluster, name, token string) []string {
		return []string{"--worker-id", name, "--join", cl.Gateway(), "--token", token}
	}
	copied := openFolder(t)
	if out, err := exec.Command("cp", "-a", worker.Dir+"/"+worker.Name, copied).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	foreign := openFolder(t)
	stranger := other.Workers[0]
	stranger.Kill()
	if out, err := exec.Command("cp", "-a", stranger.Dir+"/"+stranger.Name, foreign).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, story := range []struct {
		name string
		dir  string
		args []string
		word string // of the line
		both bool   // the master hears of it
	}{
		{"a namesake", openFolder(t), join(c, worker.Name, c.Token()), worker.Name, true},
		{"a copy of a worker's folder", copied, join(c, worker.Name, c.Token()), worker.Name, true},
		{"another cluster's worker", foreign, join(c, stranger.Name, c.Token()), "cluster", false},
		{"a token of another cluster", openFolder(t), join(c, "worker-8", other.Token()), "", false},
		{"a token that was changed", openFolder(t), join(c, "worker-9", spent[:len(spent)-4]+"AAAA"), "token", true},
		{"a second node in one folder", worker.Dir, join(c, worker.Name, c.Token()), "another troupe runs", false},
	} {
		t.Run(story.name, func(t *testing.T) {
			logged := len(c.Master.Log())
			said := endsRefused(t, append([]string{"serve", "--data-dir", story.dir, "--cluster-host", "127.0.0.9"}, story.args...))
			if !strings.Contains(said, story.word) {
				t.Errorf("it does not say %q: %s", story.word, said)
			}
			if log := c.Master.Log()[logged:]; story.both && !strings.Contains(log, "node refused") {
				t.Errorf("the master does not say that it refused a node:\n%s", log)
			}
			t.Log(said)
		})
	}
}

// endsRefused runs the program, which must end by itself and fail, and returns the last line that it says.
func endsRefused(t *testing.T, args []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience*15*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, proc.Program(t), args...).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err == nil || ctx.Err() != nil {
		t.Fatalf("it did not end refused: %v\n%s", err, out)
	}
	return lines[len(lines)-1]
}
