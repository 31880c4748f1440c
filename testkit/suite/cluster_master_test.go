package suite

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit"
	"troupe/testkit/check"
)

// beatTime is between two beats of a worker, with all that they may take.
const beatTime = 2 * time.Second

// TestClusterMasterDiesAndNoGateShuts kills the master while visitors write, and starts it again before a lease is over: browsers and
// gates stay open, what happens meanwhile is not lost, and everything is where it was. (In full: ten times, away for 2 to 40 s. Beyond
// a lease gates shut; browsers stay open then too.)
func TestClusterMasterDiesAndNoGateShuts(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(2)
	for i := range testkit.Runs(t, 1, 10) {
		before, browsers, shut := c.placement(), c.browsers(), c.gateShuts()
		c.Master.Kill()
		killed := time.Now()
		var meanwhile []func() bool
		for away := time.Duration(2+i*38/9) * time.Second; time.Since(killed) < away; time.Sleep(2 * time.Second) {
			meanwhile = append(meanwhile, c.injectEach(c.accounts, "主控不在"))
		}
		c.Master.Restart()
		c.eventually("clients are served", 3*time.Second, c.served)
		away := time.Since(killed)
		c.eventually("the workers are registered again", 5*time.Second, func() bool { return c.registered() >= len(c.Workers) })
		c.allWatched(20 * time.Second)
		for _, stored := range meanwhile {
			c.eventually("what was written meanwhile is stored", 20*time.Second, stored)
		}
		if now := c.browsers(); !maps.Equal(now, browsers) {
			t.Errorf("the master was away for %s: the browsers are %v, were %v", away.Round(time.Millisecond), now, browsers)
		}
		now := c.gateShuts()
		t.Logf("the master was away for %s: %d gates were shut", away.Round(time.Millisecond), now-shut)
		if away <= leaseTime-2*beatTime { // so much is left of a lease at any time
			c.unmoved(before)
			if now != shut {
				t.Errorf("the master was away for %s: %d gates were shut", away.Round(time.Millisecond), now-shut)
			}
		}
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// registered counts the nodes that are registered with the master in its present life.
func (c *cluster) registered() (count int) {
	log := c.Master.Log()
	return strings.Count(log[max(0, strings.LastIndex(log, `msg="other nodes can join"`)):], `msg="node registered"`)
}

// browsers are the processes of all accounts' browsers.
func (c *cluster) browsers() map[string]int {
	pids := map[string]int{}
	for _, account := range c.accounts {
		for _, n := range c.Workers {
			if pid := n.BrowserMain(account); pid != 0 {
				pids[account+" on "+n.Name] = pid
			}
		}
	}
	return pids
}

// TestClusterUpgradedMasterShutsNoGate ends the master as a service manager does, and starts it again long after an ordinary lease.
func TestClusterUpgradedMasterShutsNoGate(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(2)
	before, shut := c.placement(), c.gateShuts()
	c.Master.Stop()
	meanwhile := c.injectEach(c.accounts, "主控升级")
	time.Sleep(leaseTime + 5*time.Second)
	c.Master.Restart()
	c.eventually("clients are served", 3*time.Second, c.served)
	c.allWatched(20 * time.Second)
	c.eventually("what was written meanwhile is stored", 20*time.Second, meanwhile)
	c.unmoved(before)
	if now := c.gateShuts(); now != shut {
		t.Errorf("%d gates were shut", now-shut)
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// TestMasterRestoredFromABackupKeepsLogins loses the master's store, and puts one in its place that is older than what its
// workers have seen: nobody logs in again, no account runs twice, and what was written since is collected again. (In full: ten minutes older.)
func TestMasterRestoredFromABackupKeepsLogins(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(2)
	c.commentEach(c.accounts, "备份之前", 20*time.Second)
	file := filepath.Join(t.TempDir(), "backup.tar.zst")
	c.cli("", "store", "backup", file)
	for taken := time.Now(); ; time.Sleep(20 * time.Second) {
		c.commentEach(c.accounts, "备份之后", 20*time.Second)
		if !testkit.Full || time.Since(taken) > 10*time.Minute {
			break
		}
	}
	c.Master.Kill()
	if err := os.RemoveAll(filepath.Join(c.Master.Dir, c.Master.Name, "store")); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := c.Master.CLI("store", "restore", file, "--worker-id", c.Master.Name); status != 0 {
		t.Fatalf("troupe store restore: %s", errs)
	}
	c.Master.Restart()
	c.eventually("clients are served", 3*time.Second, c.served)
	c.allWatched(150 * time.Second) // accounts wait until nobody can run them any more
	c.commentEach(c.accounts, "恢复之后", 20*time.Second)
	c.eventually("what was newer than the backup is collected again", 60*time.Second, func() bool {
		return !slices.ContainsFunc(c.injected, func(i check.Item) bool { return !c.has(i.Account, i.Collection, i.ID) })
	})
	c.loggedInWithoutCodes()
}

// served says whether the master answers for every account, with all of its items.
func (c *cluster) served() bool {
	var list api.Accounts
	return c.call("GET", "/accounts", nil, &list) == nil && len(list.Accounts) == len(c.accounts) &&
		!slices.ContainsFunc(list.Accounts, func(a api.Account) bool { return !a.Loaded })
}

// TestClusterStoppedMasterReassignsNothing stops the master's process for longer than the leases that it granted.
func TestClusterStoppedMasterReassignsNothing(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(2)
	before := c.placement()
	c.Master.Suspend()
	time.Sleep(25 * time.Second)
	c.Master.Resume()
	c.allWatched(30 * time.Second)
	c.commentEach(c.accounts, "主控醒了", 20*time.Second)
	c.unmoved(before)
	c.loggedInWithoutCodes()
}

// step steps a node's time of day, and waits until the node has noticed.
func (c *cluster) step(name string, off time.Duration) {
	c.t.Helper()
	n := c.Master
	if name != n.Name {
		n = c.worker(name)
	}
	jumps := func() int { return strings.Count(n.Log(), `msg="wall clock jumped`) }
	before := jumps()
	c.clocks[name].Set(off)
	c.eventually("the step is noticed", 5*time.Second, func() bool { return jumps() > before })
}

// TestClusterClockStepsMoveAndLoseNothing steps the time of day of the master and of a worker by an hour and by a day, forth and back.
func TestClusterClockStepsMoveAndLoseNothing(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(2)
	before := c.placement()
	c.commentEach(c.accounts, "时间之前", 20*time.Second)
	for _, node := range []string{c.Master.Name, c.Workers[0].Name} {
		steps := []time.Duration{time.Hour, -24 * time.Hour}
		if testkit.Full {
			steps = append(steps, -time.Hour, 24*time.Hour)
		}
		for _, step := range steps {
			c.step(node, step)
			c.commentEach(c.accounts, node+" 差 "+step.String(), 30*time.Second)
			c.allWatched(30 * time.Second)
		}
		c.step(node, 0)
	}
	c.commentEach(c.accounts, "时间之后", 30*time.Second)
	c.unmoved(before)
	c.loggedInWithoutCodes()
}

// unmoved makes sure that every account is where it was, under the same epoch.
func (c *cluster) unmoved(before placement) {
	c.t.Helper()
	for account, place := range c.placement() {
		if place != before[account] {
			c.t.Errorf("account %s is at %s, was at %s", account, place, before[account])
		}
	}
}

// gateShuts counts how often a worker shut a gate.
func (c *cluster) gateShuts() (count int) {
	for _, n := range c.Workers {
		count += strings.Count(n.Log(), `msg="gate shut"`)
	}
	return count
}
