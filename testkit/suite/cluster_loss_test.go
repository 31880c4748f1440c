package suite

import (
	"slices"
	"testing"
	"time"

	"troupe/testkit/check"
)

// repeated is how often a story of a cluster repeats its fault: once, or in full as often as asked for.
func repeated(times int) int {
	if full {
		return times
	}
	return 1
}

// TestClusterDrainMovesAccountsLoggedIn drains a node: its accounts are watched elsewhere, each with a short gap, and it says when
// it has none left. (In full: each node in turn, ten drains.)
func TestClusterDrainMovesAccountsLoggedIn(t *testing.T) {
	c := newCluster(t, 3)
	c.bringIn(6)
	for i := range repeated(10) {
		name := c.Workers[i%3].Name
		moving := c.on(name)
		during := c.injectEach(c.accounts, "搬家之中 "+name)
		gaps := c.watchGaps(moving, 60*time.Second, func() {
			c.must("POST", "/nodes/"+name+"/drain", struct{}{}, nil)
		}, func() bool { return len(c.on(name)) == 0 })
		for account, gap := range gaps {
			if limit := 10 * time.Second; gap > limit {
				t.Logf("account %s was unwatched for %s, %s on a quiet machine", account, gap.Round(time.Millisecond), limit)
			}
		}
		c.eventually("what was written meanwhile is stored", 20*time.Second, during)
		worker := c.worker(name)
		worker.Stop()
		worker.Restart()
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// watchGaps strikes, waits until ok holds and all accounts are watched again, and says for how long each was not.
func (c *cluster) watchGaps(accounts []string, limit time.Duration, strike func(), ok func() bool) map[string]time.Duration {
	c.t.Helper()
	gaps, lost := map[string]time.Duration{}, map[string]time.Time{}
	strike()
	c.eventually("accounts are watched elsewhere", limit, func() bool {
		now := time.Now()
		for _, a := range c.stage.accounts() {
			watched := a.State == "watching" && a.GateOpen
			since, was := lost[a.ID]
			switch {
			case !slices.Contains(accounts, a.ID):
			case !watched && !was:
				lost[a.ID] = now
			case watched && was:
				gaps[a.ID] = max(gaps[a.ID], now.Sub(since))
				delete(lost, a.ID)
			}
		}
		return ok() && len(lost) == 0
	})
	return gaps
}

// TestClusterKilledWorkerIsBackAtOnce kills a worker's process and starts it again: its accounts stay its own, logged in.
func TestClusterKilledWorkerIsBackAtOnce(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(4)
	for range repeated(10) {
		victim := c.Workers[0]
		moving := c.on(victim.Name)
		meanwhile := c.injectEach(c.accounts, "节点死了")
		began := time.Now()
		victim.Kill()
		victim.Restart()
		first := time.Duration(0)
		c.eventually("all accounts collect again", 15*time.Second, func() bool {
			again := c.collecting(moving, began)
			if again > 0 && first == 0 {
				first = time.Since(began)
			}
			return again == len(moving)
		})
		t.Logf("first account after %s, all after %s", first.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
		c.eventually("what was written meanwhile is stored", 20*time.Second, meanwhile)
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// collecting counts the accounts that have finished a round since then.
func (c *cluster) collecting(accounts []string, since time.Time) (count int) {
	for _, a := range c.stage.accounts() {
		if slices.Contains(accounts, a.ID) && a.State == "watching" && a.LastRound > since.UnixMilli() {
			count++
		}
	}
	return count
}

// TestClusterLostHostIsReplacedAsRoot takes a worker's machine off the network for good: its accounts come up elsewhere, logged in.
func TestClusterLostHostIsReplacedAsRoot(t *testing.T) {
	c := newNetwork(t, 2)
	c.bringIn(4)
	lost := c.Workers[0]
	moving := c.on(lost.Name)
	began := time.Now()
	c.net.Down(lost.Name)
	c.ends = append(c.ends, check.End{Source: lost.Addr, At: time.Now()})
	lost.Kill()
	meanwhile := c.injectEach(c.accounts, "机器没了")
	c.eventually("the first account is elsewhere", 25*time.Second, func() bool { return c.collecting(moving, began) > 0 })
	t.Logf("first account elsewhere after %s", time.Since(began).Round(time.Millisecond))
	c.eventually("all are elsewhere", 20*time.Second, func() bool { return len(c.on(lost.Name)) == 0 && c.collecting(moving, began) == len(moving) })
	c.eventually("what was written meanwhile is stored", 20*time.Second, meanwhile)
	c.loggedInWithoutCodes()
	c.announcedOnce()
}
