package suite

import (
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/testkit"
)

// unwatched is for how long an account may be unwatched while it moves to another node: 95 of 100 drained ones.
const unwatched = 10 * time.Second

// TestClusterPlacesEvenlyAndDrainsLoggedIn has nine accounts on three workers, three each. A fourth worker that joins moves none of them.
// Then a node is drained: its accounts are watched elsewhere, logged in, each after a short gap, and the drain says when it is over. (In
// full: each node in turn, ten drains.)
func TestClusterPlacesEvenlyAndDrainsLoggedIn(t *testing.T) {
	c := newLoneCluster(t, 3)
	c.bringIn(9)
	if got, want := c.spread(), "worker-1:3 worker-2:3 worker-3:3"; got != want {
		t.Fatalf("placed %s, want %s", got, want)
	}
	before := c.placement()
	c.commentEach(c.accounts, "来自各处", 20*time.Second)
	c.joins()
	c.commentEach(c.accounts, "第四个节点来了", 20*time.Second)
	c.unmoved(before)

	var gaps []time.Duration
	for i := range testkit.Runs(t, 1, 10) {
		gaps = append(gaps, c.drains(c.Workers[i%len(c.Workers)].Name)...)
	}
	slices.Sort(gaps)
	p95 := gaps[(len(gaps)*95+99)/100-1]
	t.Logf("%d moves, unwatched for: p95 %s, worst %s", len(gaps), p95.Round(time.Millisecond), gaps[len(gaps)-1].Round(time.Millisecond))
	if testkit.Full && p95 > unwatched {
		t.Errorf("moved accounts were unwatched for %s (p95), want %s at most", p95, unwatched)
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// drains empties a node while visitors write, lets it take accounts again, and says for how long each of its accounts was unwatched.
func (c *cluster) drains(name string) (gaps []time.Duration) {
	c.t.Helper()
	moving := c.on(name)
	meanwhile := c.injectEach(c.accounts, "搬家之中 "+name)
	said := make(chan string, 1)
	unwatched := c.watchGaps(moving, time.Minute, func() {
		go func() {
			out, errs, _ := c.Master.CLI("node", "drain", name)
			said <- out + errs
		}()
	}, func() bool { return len(c.on(name)) == 0 })
	if words := <-said; !strings.Contains(words, "moved or ended, 0 stay") {
		c.t.Errorf("the drain of %s did not say that it is over: %s", name, words)
	}
	for account, gap := range unwatched {
		c.t.Logf("%s left %s and was unwatched for %s", account, name, gap.Round(time.Millisecond))
		gaps = append(gaps, gap)
	}
	c.eventually("what was written meanwhile is stored", 20*time.Second, meanwhile)
	c.cli("", "node", "undrain", name)
	return gaps
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
