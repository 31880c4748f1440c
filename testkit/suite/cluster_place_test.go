package suite

import (
	"testing"
	"time"
)

// TestClusterPlacesEvenlyAndStaysPut has nine accounts on three workers, three each. A fourth worker that joins moves none of them.
func TestClusterPlacesEvenlyAndStaysPut(t *testing.T) {
	c := newLoneCluster(t, 3)
	c.bringIn(9)
	if got, want := c.spread(), "worker-1:3 worker-2:3 worker-3:3"; got != want {
		t.Fatalf("placed %s, want %s", got, want)
	}
	before := c.placement()
	c.commentEach(c.accounts, "来自各处", 20*time.Second)

	c.joins()
	c.commentEach(c.accounts, "第四个节点来了", 20*time.Second)
	for account, place := range c.placement() {
		if place != before[account] {
			t.Errorf("account %s is at %s, was at %s", account, place, before[account])
		}
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}
