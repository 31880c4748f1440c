package suite

import (
	"net/http"
	"os"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit/proc"
)

func TestPausedAccountResumesAndARemovedOneLeavesNothingBehind(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	other := s.watched("乙")
	s.pausesAndResumes(other)
	if err := s.call(http.MethodDelete, "/accounts/"+account, nil, nil); err == nil {
		t.Error("removed without a confirmation")
	}
	s.must(http.MethodDelete, "/accounts/"+account+"?confirm="+account, nil, nil)
	delete(s.owners, account)
	if err := s.call(http.MethodGet, "/accounts/"+account, nil, nil); err == nil {
		t.Error("the account is still shown")
	}
	s.eventually("its folder and browser are gone", 15*time.Second, func() bool {
		_, err := os.Stat(s.node.AccountDir(account))
		return os.IsNotExist(err) && len(s.node.Browsers(account)) == 0
	})
	s.node.Kill()
	s.node.Restart()
	s.awaitState(other, "watching", 30*time.Second)
	var all struct{ Accounts []api.Account }
	s.must(http.MethodGet, "/accounts", nil, &all)
	if len(all.Accounts) != 1 {
		t.Errorf("%d accounts after a restart, want 1", len(all.Accounts))
	}
	if next := s.addAccount("丙"); next == account {
		t.Error("the id of a removed account was given out again")
	}
}

// pausesAndResumes has an account rest, without a browser, and go on with its login.
func (s *stage) pausesAndResumes(account string) {
	s.t.Helper()
	codes := s.qrCodes()
	s.must(http.MethodPost, "/accounts/"+account+"/pause", map[string]string{"reason": "夜间"}, nil)
	s.eventually("its browser is closed", 15*time.Second, func() bool { return len(s.node.Browsers(account)) == 0 })
	if a := s.awaitState(account, "paused", 15*time.Second); a.Reason != "夜间" {
		s.t.Errorf("reason %q", a.Reason)
	}
	s.must(http.MethodPost, "/accounts/"+account+"/resume", nil, nil)
	s.awaitState(account, "watching", 30*time.Second)
	if s.qrCodes() != codes {
		s.t.Error("a QR code was asked for")
	}
}

func TestSecondNodeInOneFolderIsRefused(t *testing.T) {
	s := newStage(t)
	_, stderr, status := proc.Run(t, "serve", "--data-dir", s.node.Dir, "--master-port", "0")
	if status == 0 || stderr == "" {
		t.Errorf("status %d, %q", status, stderr)
	}
}
