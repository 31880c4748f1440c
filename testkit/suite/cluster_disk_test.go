package suite

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit"
	"troupe/testkit/faults"
	"troupe/testkit/proc"
	"troupe/testkit/site"
)

// diskSize is enough for a node with a browser.
const diskSize = 256 << 20

// newClusterOnDisk is newCluster with one node's data folder on a disk of its own.
func newClusterOnDisk(t *testing.T, workers int, node string) (*cluster, *faults.Disk) {
	t.Helper()
	t.Parallel()
	disk := faults.NewDisk(t, diskSize)
	c, addr := &cluster{stage: openStage(t, site.Options{Seed: 1})}, netip.MustParseAddr("127.0.0.1")
	return startCluster(c, workers, func(name string) proc.Place {
		addr = addr.Next()
		place := proc.Place{Addr: addr}
		if name == node {
			place.Dir = disk.Dir
		}
		return place
	}, nil), disk
}

// TestClusterMasterWithAFullDiskKeepsWhatItAcknowledgedAsRoot fills the master's disk while it is told things: it ends rather than acknowledge what it cannot
// keep, says why, and does not start again until there is room. Then all that it acknowledged is there, and what was collected meanwhile.
func TestClusterMasterWithAFullDiskKeepsWhatItAcknowledgedAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	c, disk := newClusterOnDisk(t, 1, proc.MasterName)
	c.bringIn(1)
	account := c.accounts[0]
	c.commentEach(c.accounts, "还有地方", 20*time.Second)

	disk.Fill()
	acknowledged := c.renamesUntilItEnds(account)
	t.Logf("it ended after %d acknowledged changes on the full disk", acknowledged)
	if !hasLine(c.Master.Log(), "level=ERROR", "the node ends", "no space left on device") {
		t.Error("the master does not say that its disk is full")
	}
	meanwhile := c.injectEach(c.accounts, "没有地方")
	said := endsRefused(t, proc.Program(t), []string{"--data-dir", disk.Dir, "--worker-id", proc.MasterName, "--master-port", "0", "--cluster-host", c.Master.Addr})
	if !strings.Contains(said, "no space left on device") {
		t.Errorf("started with a full disk it says: %s", said)
	}

	disk.Free()
	c.Master.Restart()
	c.eventually("clients are served", 3*time.Second, c.served)
	var kept int
	if _, err := fmt.Sscanf(c.account(account).Name, "name %d", &kept); err != nil || kept < acknowledged {
		t.Errorf("change %d was acknowledged, and %d is there (%v)", acknowledged, kept, err)
	}
	c.allWatched(30 * time.Second)
	c.eventually("what was written meanwhile is stored", 20*time.Second, meanwhile)
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// renamesUntilItEnds changes an account again and again until the master ends, and returns the last change that it acknowledged.
func (c *cluster) renamesUntilItEnds(account string) (acknowledged int) {
	c.t.Helper()
	bulk := slices.Repeat([]string{""}, 20)
	for i := range bulk {
		bulk[i] = fmt.Sprintf("%02d %s", i, strings.Repeat("标", 20))
	}
	for i := 1; c.Master.Running(); i++ {
		name := fmt.Sprintf("name %d", i)
		if c.call("PATCH", "/accounts/"+account, api.AccountChange{Name: &name, Tags: &bulk}, nil) == nil {
			acknowledged = i
		}
		if i > 20_000 {
			c.t.Fatal("the master does not notice that its disk is full")
		}
	}
	return acknowledged
}

// TestClusterWorkerWithAFullDiskDisturbsNobodyAsRoot fills a worker's disk: an alarm names the node, the others go on, and so does it once there is room
// again.
func TestClusterWorkerWithAFullDiskDisturbsNobodyAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	c, disk := newClusterOnDisk(t, 2, workerName(0))
	c.bringIn(2)
	elsewhere := c.on(workerName(1))
	if len(elsewhere) != 1 {
		t.Fatalf("placed %s", c.spread())
	}
	disk.Fill()
	c.eventually("an alarm names the node", 12*time.Second, func() bool {
		alarms := c.alarms("disk_full")
		return len(alarms) == 1 && strings.Contains(alarms[0].Reason, "node worker-1")
	})
	c.commentEach(elsewhere, "别处照常", 20*time.Second)
	here := c.injectEach(c.on(workerName(0)), "没有地方")
	disk.Free()
	c.eventually("the alarm is over", 12*time.Second, func() bool { return len(c.alarms("disk_full")) == 0 })
	c.allWatched(30 * time.Second)
	c.eventually("what was written meanwhile is stored", 20*time.Second, here)
	c.commentEach(c.accounts, "又有地方", 20*time.Second)
	c.loggedInWithoutCodes()
	c.announcedOnce()
}
