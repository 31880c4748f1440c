package suite

import (
	"testing"
	"time"
)

// partingTime is how long a worker may take to end when it has no master: it looks for one, saves what it can and closes its browsers.
const partingTime = 20 * time.Second

// TestClusterWorkerWithoutAMasterEndsInOrder ends a worker as a service manager does while its master is dead: its browsers are closed, in
// time. A second signal ends it at once. When both are back, everything that was written meanwhile is stored, once.
func TestClusterWorkerWithoutAMasterEndsInOrder(t *testing.T) {
	c := newCluster(t, 1)
	c.bringIn(1)
	worker, account := c.Workers[0], c.accounts[0]

	c.Master.Kill()
	seen := c.injectEach(c.accounts, "主控死了")
	time.Sleep(1500 * time.Millisecond)
	began := time.Now()
	worker.Stop()
	took := time.Since(began)
	t.Logf("it ended %s after the signal", took.Round(time.Millisecond))
	if took > patience*partingTime {
		t.Errorf("it took %s to end", took)
	}
	if s := worker.State(); !s.Success() || len(worker.Browsers("")) > 0 {
		t.Errorf("it ended with %s and left %d processes of browsers", s, len(worker.Browsers("")))
	}
	if !hasLine(worker.Log(), "browser exited", account, "closed (code 0)") {
		t.Error("its browser was not closed, but killed")
	}
	unseen := c.injectEach(c.accounts, "都不在")
	c.Master.Restart()
	worker.Restart()
	c.allWatched(30 * time.Second)
	c.eventually("what was written meanwhile is stored", 20*time.Second, func() bool { return seen() && unseen() })

	c.Master.Kill()
	again := c.injectEach(c.accounts, "再来一次")
	if took := worker.StopTwice(); took > 2*time.Second {
		t.Errorf("it ended %s after the second signal", took)
	}
	c.eventually("its browsers follow", 5*time.Second, func() bool { return len(worker.Browsers("")) == 0 })
	c.Master.Restart()
	worker.Restart()
	c.allWatched(30 * time.Second)
	c.eventually("what was written meanwhile is stored", 20*time.Second, again)
	c.loggedInWithoutCodes()
	c.announcedOnce()
}
