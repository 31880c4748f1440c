package suite

import (
	"regexp"
	"testing"
	"time"

	"troupe/testkit/check"
)

// leaseTime is for how long a gate may stay open after the newest beat: TTL without the drain (design.md D2).
const leaseTime = 11 * time.Second

// TestStoppedNodeSendsNothingAfterItsLease stops the node's process in the middle of uploads, for longer than its lease, and lets
// it go on. What arrives at the site after the lease's end, until the gate was opened again, is counted there.
func TestStoppedNodeSendsNothingAfterItsLease(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	owner := s.owners[account]
	starts := s.account(account).BrowserStarts
	s.setUploading(owner, true)
	s.eventually("uploads are under way", 30*time.Second, func() bool { return s.received(owner, time.Now().Add(-time.Second)) > 1<<20 })

	s.node.Suspend()
	stopped := time.Now()
	time.Sleep(30 * time.Second)
	resumed := time.Now()
	s.node.Resume()
	var reopened time.Time
	s.eventually("the gate is open again", 20*time.Second, func() bool {
		reopened = s.gateOpened(resumed)
		return !reopened.IsZero()
	})

	leases := []check.Lease{
		{Owner: owner, Epoch: 1, Source: "127.0.0.1", Until: stopped.Add(leaseTime)},
		{Owner: owner, Epoch: 1, Source: "127.0.0.1", From: reopened},
	}
	check.None(t, check.InsideLeases(s.site.Arrivals(owner, stopped), leases, 20*time.Millisecond))

	s.eventually("uploads go on", 20*time.Second, func() bool { return s.received(owner, time.Now().Add(-time.Second)) > 0 })
	s.setUploading(owner, false)
	c := s.comment(account, "停过之后")
	s.eventually("the page goes on", 20*time.Second, func() bool { return s.has(account, "comments", c.ID) })
	if now := s.account(account).BrowserStarts; now != starts {
		t.Errorf("the browser was started again: %d, was %d", now, starts)
	}
}

// received counts the bytes of an owner that arrived since then.
func (s *stage) received(owner string, since time.Time) int64 {
	var sum int64
	for _, a := range s.site.Arrivals(owner, since) {
		sum += a.N
	}
	return sum
}

// setUploading begins or stops the uploads of an owner's open page.
func (s *stage) setUploading(owner string, on bool) {
	s.t.Helper()
	if err := s.site.SetUploading(owner, on); err != nil {
		s.t.Fatal(err)
	}
}

var openedLine = regexp.MustCompile(`time=(\S+) .*msg="gate opened"`)

// gateOpened is when the node's log says that a gate opened, after a time; zero while it does not.
func (s *stage) gateOpened(after time.Time) time.Time {
	for _, m := range openedLine.FindAllStringSubmatch(s.node.Log(), -1) {
		if at, err := time.Parse(time.RFC3339, m[1]); err == nil && at.After(after.Add(-time.Millisecond)) {
			return at
		}
	}
	return time.Time{}
}
