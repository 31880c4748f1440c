package suite

import (
	"math/rand/v2"
	"testing"
	"time"

	"troupe/testkit"
	"troupe/testkit/check"
	"troupe/testkit/proc"
)

// reassigned is after how long a cut-off worker's accounts are elsewhere, on a quiet machine.
const reassigned = 25 * time.Second

// TestClusterPartitionNeverHasTwoBrowsersAsRoot cuts a worker off in the middle of its uploads, in one direction or in both, with or
// without the site. The site never hears an account from two nodes at once (the judge of every story), and what was cut is whole again soon
// after. (In full: 46 cuts, each kind in a cluster of its own.)
func TestClusterPartitionNeverHasTwoBrowsersAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	kinds := []cutKind{
		{"from all nodes", 20, func(c *cluster, w string) { c.net.Isolate(w, siteHost) }},
		{"to the master", 20, func(c *cluster, w string) { c.net.CutOneWay(w, proc.MasterName) }},
		{"from the master", 3, func(c *cluster, w string) { c.net.CutOneWay(proc.MasterName, w) }},
		{"from everything", 3, func(c *cluster, w string) { c.net.Isolate(w) }},
	}
	all := 0
	for _, kind := range kinds {
		all += kind.times
	}
	if testkit.Runs(t, 2, all) != all {
		c := newNetwork(t, 2)
		c.bringIn(2)
		for _, kind := range kinds[:2] {
			c.cuts(kind, 0)
		}
		c.loggedInWithoutCodes()
		c.announcedOnce()
		return
	}
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			c := newNetwork(t, 2)
			c.bringIn(2)
			dice := rand.New(rand.NewPCG(7, 1))
			for range kind.times {
				c.cuts(kind, 3*time.Second+time.Duration(dice.Int64N(int64(57*time.Second))))
			}
			c.loggedInWithoutCodes()
			c.announcedOnce()
		})
	}
}

// cutKind is a way to cut a worker off.
type cutKind struct {
	name  string
	times int // in full
	cut   func(c *cluster, worker string)
}

// cuts cuts the worker of the first account off for that long, or (0) until its accounts are elsewhere.
func (c *cluster) cuts(kind cutKind, length time.Duration) {
	c.t.Helper()
	c.uploadAll(true)
	worker := c.stage.account(c.accounts[0]).Node
	began := time.Now()
	kind.cut(c, worker)
	if length == 0 || length >= reassigned {
		c.movesOff(c.accounts[0], worker)
	}
	time.Sleep(length - time.Since(began)) // the rest, if any
	c.t.Logf("%s was cut %s for %s", worker, kind.name, time.Since(began).Round(time.Second))
	c.net.Join(worker)
	c.wholeAgain(kind.name)
}

// movesOff waits until an account is watched on another node.
func (c *cluster) movesOff(account, node string) {
	c.t.Helper()
	c.eventually("the account is elsewhere", reassigned, func() bool {
		a := c.stage.account(account)
		return a.Node != node && a.State == "watching"
	})
}

// wholeAgain waits until all is watched, ends the uploads, and proves that news arrive.
func (c *cluster) wholeAgain(after string) {
	c.t.Helper()
	c.allWatched(30 * time.Second)
	c.uploadAll(false)
	c.commentEach(c.accounts, "之后 "+after, 20*time.Second)
}

// uploadAll begins or ends the uploads of every account's open page, and waits for the first.
func (c *cluster) uploadAll(on bool) {
	c.t.Helper()
	for _, account := range c.accounts {
		owner := c.owners[account]
		c.setUploading(owner, on)
		if on {
			c.eventually("uploads are under way", 30*time.Second, func() bool { return c.received(owner, time.Now().Add(-time.Second)) > 0 })
		}
	}
}

// TestClusterStoppedWorkerSendsNothingWhenItGoesOn stops a worker's process in the middle of its uploads until its accounts are
// elsewhere, and lets it go on.
func TestClusterStoppedWorkerSendsNothingWhenItGoesOn(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(2)
	for range testkit.Runs(t, 1, 20) {
		c.uploadAll(true)
		account := c.accounts[0]
		worker := c.worker(c.stage.account(account).Node)
		worker.Suspend()
		// The site sees its connections until it goes on. They carry nothing after the lease: a byte of them would be judged.
		c.ends = append(c.ends, check.End{Source: worker.Addr, At: time.Now().Add(leaseTime)})
		c.movesOff(account, worker.Name)
		worker.Resume()
		c.wholeAgain("停过")
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}
