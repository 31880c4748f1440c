package suite

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit/faults"
	"troupe/testkit/site"
)

func TestDeadBrowserAndDeadPageComeBackLoggedInWhileOthersGoOn(t *testing.T) {
	s := newStage(t, wholeBrowser...)
	first, second := s.watched("甲"), s.watched("乙")
	codes := s.qrCodes()
	quietSince := time.Now()

	starts := s.account(first).BrowserStarts
	faults.KillBrowser(t, s.node, first)
	s.eventually("another browser watches", 20*time.Second, func() bool {
		a := s.account(first)
		return a.State == "watching" && a.BrowserStarts > starts
	})
	c := s.comment(first, "浏览器死后的评论")
	s.eventually("the comment is stored", 20*time.Second, func() bool { return s.has(first, "comments", c.ID) })

	starts = s.account(first).BrowserStarts
	faults.KillRenderer(t, s.node, first)
	s.round(first)
	c = s.comment(first, "页面死后的评论")
	s.eventually("the comment is stored", 20*time.Second, func() bool { return s.has(first, "comments", c.ID) })
	if now := s.account(first).BrowserStarts; now != starts {
		t.Errorf("a dead page cost a browser start: %d, was %d", now, starts)
	}

	if s.qrCodes() != codes {
		t.Error("a QR code was asked for")
	}
	s.noGap(second, quietSince, 40*time.Second)
}

// qrCodes counts the login codes that the site ever made.
func (s *stage) qrCodes() int {
	entries, _ := s.site.Audit(site.AuditQuery{Kind: site.KindCode})
	n := 0
	for _, e := range entries {
		if e.Detail == "created" {
			n++
		}
	}
	return n
}

// noGap makes sure that the account's page asked the site again and again since then, without a pause longer than limit.
func (s *stage) noGap(account string, since time.Time, limit time.Duration) {
	s.t.Helper()
	entries, _ := s.site.Audit(site.AuditQuery{Kind: site.KindRequest, Owner: s.owners[account]})
	last := since
	for _, e := range entries {
		if e.At.Before(since) || e.Path != "/api/comments/recent" {
			continue
		}
		if gap := e.At.Sub(last); gap > limit {
			s.t.Errorf("account %s did not look for %s", account, gap)
		}
		last = e.At
	}
	if gap := time.Since(last); gap > limit {
		s.t.Errorf("account %s has not looked for %s", account, gap)
	}
}

func TestChromiumThatDiesAtEveryStartParksItsAccountAndTheNodeStaysUp(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, "--chromium", broken)
	account := s.addAccount("甲")
	a := s.awaitState(account, "parked", 40*time.Second)
	if a.Reason == "" || len(a.Alarms) != 1 {
		t.Fatalf("reason %q, alarms %v", a.Reason, a.Alarms)
	}
	s.must("GET", "/status", nil, nil)
}

func TestKilledNodeLeavesNoChromiumAndGoesOnWhereItWas(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	c := s.comment(account, "读过的评论")
	s.eventually("the comment is stored", 5*time.Second, func() bool { return s.has(account, "comments", c.ID) })
	topic := string(messages.TopicOf(messages.AccountID(account), messages.WorkTopic, c.WorkID))
	s.must("POST", "/topics/"+topic+"/read", nil, nil)
	before := len(s.items(account, "comments"))
	codes := s.qrCodes()
	s.site.Hang("/comments", true) // the reply cannot begin before the kill
	r := s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: "稍后送达"})

	s.node.Kill()
	s.eventually("no Chromium is left", 2*time.Second, func() bool { return len(s.node.Browsers("")) == 0 })
	s.site.Hang("/comments", false)
	s.node.Restart()

	s.awaitState(account, "watching", 30*time.Second)
	if s.qrCodes() != codes {
		t.Error("a QR code was asked for")
	}
	if end := s.replyEnds(r.ID, 60*time.Second); end.State != "confirmed" {
		t.Errorf("the pending reply ended as %s: %s", end.State, end.Reason)
	}
	items := s.items(account, "comments")
	if len(items) < before {
		t.Errorf("%d comments, had %d", len(items), before)
	}
	for _, i := range items {
		if i.ID == c.ID && !i.IsRead {
			t.Error("the read mark is gone")
		}
	}
}

// TestNodeKilledThreeSecondsAfterALoginReapsAndIsStillLoggedIn suspends a browser, so that it cannot follow its node into death. Stopped
// with a word, the node leaves none either.
func TestNodeKilledThreeSecondsAfterALoginReapsAndIsStillLoggedIn(t *testing.T) {
	s := newStage(t)
	account, _ := s.loggedIn("甲")
	codes := s.qrCodes()
	old := s.node.BrowserMain(account)
	if err := syscall.Kill(old, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // what a login may take until it is safe
	s.node.Kill()
	s.node.Restart()
	s.eventually("the suspended browser is gone", 10*time.Second, func() bool { return syscall.Kill(old, 0) != nil })
	s.awaitState(account, "watching", 30*time.Second)
	if s.qrCodes() != codes {
		t.Error("a QR code was asked for")
	}
	s.node.Stop()
	if left := s.node.Browsers(""); len(left) > 0 {
		t.Errorf("Chromium processes are left: %v", left)
	}
}
