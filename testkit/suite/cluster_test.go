package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit/check"
	"troupe/testkit/faults"
	"troupe/testkit/proc"
	"troupe/testkit/rig"
	"troupe/testkit/site"
)

// cluster is a stage whose node is a master that runs no accounts itself, with workers that do. Most of its stories wait for
// leases, so they run beside each other; the one with nine browsers has the machine for itself.
type cluster struct {
	*stage
	*proc.Cluster
	net      *faults.Net // nil where all nodes are on this machine
	judged   sync.Once
	clocks   map[string]*faults.Clock
	accounts []string // in the order of their ids
}

// siteHost is the look-alike's machine in a made-up network.
const siteHost = "site"

// newCluster starts a site, a master and workers on this machine, each with an address of its own, beside other stories.
func newCluster(t *testing.T, workers int, args ...string) *cluster {
	t.Helper()
	t.Parallel()
	return newLoneCluster(t, workers, args...)
}

// newLoneCluster is newCluster for a story that nothing runs beside.
func newLoneCluster(t *testing.T, workers int, args ...string) *cluster {
	t.Helper()
	return startCluster(&cluster{stage: openStage(t, site.Options{Seed: 1})}, workers, nil, args)
}

// newNetwork starts the same with every node, and the site, on a machine of its own in a made-up network.
func newNetwork(t *testing.T, workers int, args ...string) *cluster {
	t.Helper()
	t.Parallel()
	hosts := []string{siteHost, proc.MasterName}
	for i := range workers {
		hosts = append(hosts, workerName(i))
	}
	c := &cluster{net: faults.NewNet(t, hosts...)}
	web := c.net.Host(siteHost)
	c.stage = openStage(t, site.Options{Seed: 1, Addr: web.Addr.String() + ":443", Listen: web.Listen})
	return startCluster(c, workers, func(name string) proc.Place {
		host := c.net.Host(name)
		return proc.Place{Addr: host.Addr, Spawn: host.Start}
	}, args)
}

func workerName(i int) string { return fmt.Sprintf("worker-%d", i+1) }

func startCluster(c *cluster, workers int, place func(string) proc.Place, args []string) *cluster {
	c.t.Helper()
	c.clocks = map[string]*faults.Clock{}
	c.Cluster = proc.StartCluster(c.t, proc.ClusterOptions{
		Options: proc.Options{
			Dial: c.site.Addr(), Pins: []string{c.site.SPKI()}, Args: append([]string{"--mode", string(rig.Mode())}, args...),
		},
		Workers: workers, Place: place,
		Each: func(name string) []string {
			c.clocks[name] = faults.NewClock(c.t)
			return c.clocks[name].Args()
		},
	})
	c.node = c.Master
	c.t.Cleanup(c.judgeAll)
	return c
}

// joins adds a worker while the story runs.
func (c *cluster) joins() {
	c.t.Helper()
	c.AddWorker()
	c.t.Cleanup(c.judgeAll) // before the new worker ends
}

// judgeAll judges the whole run, once, while all nodes are there.
func (c *cluster) judgeAll() {
	c.judged.Do(func() {
		c.ends = append(c.ends, c.gatesShut()...)
		c.judge()
	})
}

var shutLine = regexp.MustCompile(`(?m)^time=(\S+) .*msg="gate shut".* account=(\S+)`)

// gatesShut is when each worker's log says that it shut an account's gate: it has reset all of its connections then.
func (c *cluster) gatesShut() (ends []check.End) {
	for _, n := range c.Workers {
		for _, m := range shutLine.FindAllStringSubmatch(n.Log(), -1) {
			if at, err := time.Parse(time.RFC3339, m[1]); err == nil {
				ends = append(ends, check.End{Owner: c.owners[m[2]], Source: n.Addr, At: at})
			}
		}
	}
	return ends
}

// bringIn adds accounts that are logged in already, and waits until all are watched.
func (c *cluster) bringIn(count int) {
	c.t.Helper()
	folder := c.t.TempDir()
	for i := range count {
		c.leaveState(folder, "shop-"+strconv.Itoa(i+1))
	}
	c.cli("", "account", "import", folder, "--platform", "sandbox", "--yes")
	for _, a := range c.stage.accounts() {
		c.accounts = append(c.accounts, a.ID)
	}
	if len(c.accounts) != count {
		c.t.Fatalf("%d accounts were brought in, want %d", len(c.accounts), count)
	}
	c.allWatched(time.Duration(20+5*count) * time.Second)
}

// allWatched waits until every account is watched, somewhere.
func (c *cluster) allWatched(limit time.Duration) {
	c.t.Helper()
	c.eventually("all accounts are watched", limit, func() bool {
		return !slices.ContainsFunc(c.stage.accounts(), func(a api.Account) bool { return a.State != "watching" || !a.GateOpen })
	})
}

// placement is a picture of which account is where, and under which epoch.
type placement map[string]string

func (c *cluster) placement() placement {
	c.t.Helper()
	p := placement{}
	for _, a := range c.stage.accounts() {
		p[a.ID] = a.Node + "@" + a.Epoch
	}
	return p
}

// on lists the accounts that are on a node.
func (c *cluster) on(node string) (ids []string) {
	c.t.Helper()
	for _, a := range c.stage.accounts() {
		if a.Node == node {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// worker is a worker by its name.
func (c *cluster) worker(name string) *proc.Node {
	c.t.Helper()
	i := slices.IndexFunc(c.Workers, func(n *proc.Node) bool { return n.Name == name })
	if i < 0 {
		c.t.Fatalf("no worker %s", name)
	}
	return c.Workers[i]
}

// commentEach has a visitor comment on each of these accounts, and waits until all of it is stored.
func (c *cluster) commentEach(accounts []string, text string, limit time.Duration) {
	c.t.Helper()
	waits := c.injectEach(accounts, text)
	c.eventually("comments are stored: "+text, limit, waits)
}

// injectEach has a visitor comment on each of these accounts; what it returns says whether all of it is stored.
func (c *cluster) injectEach(accounts []string, text string) (stored func() bool) {
	c.t.Helper()
	open := map[string]string{}
	for _, account := range accounts {
		open[account] = c.comment(account, text+" "+account).ID
	}
	return func() bool {
		for account, id := range open {
			if c.has(account, messages.Comments, id) {
				delete(open, account)
			}
		}
		return len(open) == 0
	}
}

// announcedOnce judges the log of changes: each injected item was announced as new, and under one event id.
func (c *cluster) announcedOnce() {
	c.t.Helper()
	var log []check.Announcement
	for since := "0"; ; {
		var page api.Changes
		c.must("GET", "/changes?since="+since, nil, &page)
		for _, e := range page.Events {
			if e.Change == "new" {
				log = append(log, check.Announcement{EventID: e.Item.Rev, Item: check.Item{Account: e.Item.Account, Collection: e.Item.Collection, ID: e.Item.ID}})
			}
		}
		if since = page.Cursor; !page.More {
			break
		}
	}
	check.None(c.t, check.Announced(c.injected, log))
}

// loggedInWithoutCodes makes sure that the site never showed a QR code.
func (c *cluster) loggedInWithoutCodes() {
	c.t.Helper()
	if n := c.qrCodes(); n != 0 {
		c.t.Errorf("%d QR codes were asked for", n)
	}
}

// spread says how many accounts are on each node.
func (c *cluster) spread() string {
	count := map[string]int{}
	for _, a := range c.stage.accounts() {
		count[a.Node]++
	}
	var words []string
	for node, n := range count {
		words = append(words, fmt.Sprintf("%s:%d", node, n))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}
