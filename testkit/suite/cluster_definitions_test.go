package suite

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit/proc"
)

// TestClusterDefinitionIsAtWorkOnEveryNodeAndOneThatIsBehindSaysSo changes the definition on the master of two workers, of which one is of
// an older program. Each version is at work on both within five seconds; one with a word that the older program does not know is at
// work on the other alone, while the older one says so and goes on with what it had.
func TestClusterDefinitionIsAtWorkOnEveryNodeAndOneThatIsBehindSaysSo(t *testing.T) {
	c := newCluster(t, 1)
	const file = "actors/worker/definitions.go"
	behind := c.AddWorkerOf(proc.Changed(t, // its parser has another word where the present one has back_off
		proc.Edit{File: file, Was: "import (\n", Is: "import (\n	\"bytes\"\n"},
		proc.Edit{File: file, Was: "Unpack(packed)", Is: `Unpack(bytes.ReplaceAll(packed, []byte("back_off:"), []byte("back_away:")))`},
	))
	t.Cleanup(c.judgeAll) // before the new worker ends
	c.bringIn(2)
	there, here := c.on(behind.Name), c.on(c.Workers[0].Name)
	if len(there) != 1 || len(here) != 1 {
		t.Fatalf("placed %s", c.spread())
	}
	folder := filepath.Join(c.Master.Dir, c.Master.Name, "definitions")
	runs := func(accounts []string, version int64) func() bool {
		return func() bool { return c.account(accounts[0]).DefinitionVersion == version }
	}

	putDefinition(t, folder, "\nversion: 1\n", "\nversion: 2\n")
	c.eventually("version 2 is at work on one", reloadLimit, runs(here, 2))
	c.eventually("version 2 is at work on the other", reloadLimit, runs(there, 2))

	putDefinition(t, folder, "\nversion: 1\n", "\nversion: 3\n", "\n  round: ", "\n  back_off: { first: 90s }\n  round: ")
	c.eventually("version 3 is at work where its words are known", reloadLimit, runs(here, 3))
	c.eventually("the node that is behind says why", reloadLimit, func() bool {
		return strings.Contains(c.behind(behind), "platform.yaml:") && len(c.alarms("definition_refused")) == 1
	})
	if out, errs, status := c.Master.CLI("nodes"); status != 0 || !hasLine(out, behind.Name, "sandbox: not the present definition", "platform.yaml:") {
		t.Errorf("troupe nodes: %d %s%s", status, out, errs)
	}
	if reason := c.alarms("definition_refused")[0].Reason; !strings.Contains(reason, "node worker-2 goes on with the version before") {
		t.Errorf("the alarm says %s", reason)
	}
	if why := c.behind(c.Workers[0]); why != "" {
		t.Errorf("the other node is behind too: %s", why)
	}
	c.commentEach(c.accounts, "两个版本", 20*time.Second)
	if a := c.account(there[0]); a.DefinitionVersion != 2 || a.State != "watching" || a.BrowserStarts != 1 {
		t.Errorf("on the node that is behind: version %d, %s, browser started %d times", a.DefinitionVersion, a.State, a.BrowserStarts)
	}

	putDefinition(t, folder, "\nversion: 1\n", "\nversion: 4\n")
	c.eventually("version 4 is at work on one", reloadLimit, runs(here, 4))
	c.eventually("version 4 is at work on the other", reloadLimit, runs(there, 4))
	c.eventually("nobody is behind any more", reloadLimit, func() bool { return c.behind(behind) == "" && len(c.alarms("definition_refused")) == 0 })
	c.announcedOnce()
}

// behind is why a node does not run the present definition of the sandbox; empty = it does.
func (c *cluster) behind(n *proc.Node) (why string) {
	c.t.Helper()
	var list api.Nodes
	c.must("GET", "/nodes", nil, &list)
	for _, node := range list.Nodes {
		if node.Name == n.Name {
			why = node.Behind["sandbox"]
		}
	}
	return why
}
