package suite

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit/proc"
)

// TestLoginOutlivesItsProfileItsKeyAndItsNode kills the node after its key was rotated, wipes the browser's profile, retires the old
// key, and at last moves the login to another data folder. No QR code is asked for.
func TestLoginOutlivesItsProfileItsKeyAndItsNode(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	codes := s.qrCodes()
	stillLoggedIn := func(after string) {
		t.Helper()
		s.awaitState(account, "watching", 30*time.Second)
		if s.qrCodes() != codes {
			t.Fatalf("a QR code was asked for after %s", after)
		}
	}

	old := s.keys()[0].ID
	var rotated api.Rotated
	s.must("POST", "/keys/rotate", nil, &rotated)
	if rotated.Resealed != 1 || rotated.Failed != 0 {
		t.Errorf("%+v", rotated)
	}
	s.node.Kill()
	s.wipe(account)
	s.node.Restart()
	stillLoggedIn("its key was rotated, its node killed and its profile wiped")
	s.must("DELETE", "/keys/"+old+"?confirm="+old, nil, nil)
	if keys := s.keys(); len(keys) != 1 || keys[0].Logins != 1 || keys[0].ID != rotated.Key {
		t.Errorf("%+v", keys)
	}

	s.pauseWhole(account)
	var login json.RawMessage
	s.must("GET", "/accounts/"+account+"/state?form=playwright", nil, &login)
	for _, cookie := range s.site.SessionCookies() {
		s.notOnDisk(cookie)
	}
	s.node.Stop()
	s.node = proc.Start(t, proc.Options{Dial: s.site.Addr(), Pins: []string{s.site.SPKI()}})
	if again := s.addAccount("甲"); again != account {
		t.Fatalf("the account is %s", again)
	}
	s.pauseWhole(account)
	codes = s.qrCodes() // it may have looked at the page that asks for a login
	var holds api.StateFile
	s.must("PUT", "/accounts/"+account+"/state", api.NewState{State: login}, &holds)
	if !holds.Written || holds.Cookies == 0 {
		t.Errorf("%+v", holds)
	}
	s.must("POST", "/accounts/"+account+"/resume", nil, nil)
	stillLoggedIn("it moved to another data folder")
}

// wipe deletes what a dead node holds of an account on disk, once its Chromium is gone too.
func (s *stage) wipe(account string) {
	s.t.Helper()
	s.eventually("no Chromium is left", 10*time.Second, func() bool { return len(s.node.Browsers(account)) == 0 })
	if err := os.RemoveAll(s.node.AccountDir(account)); err != nil {
		s.t.Fatal(err)
	}
}

// pauseWhole pauses an account and waits until nothing of it runs.
func (s *stage) pauseWhole(account string) {
	s.t.Helper()
	s.must("POST", "/accounts/"+account+"/pause", nil, nil)
	s.awaitState(account, "paused", 20*time.Second)
}

func (s *stage) keys() []api.Key {
	s.t.Helper()
	var list struct{ Keys []api.Key }
	s.must("GET", "/keys", nil, &list)
	return list.Keys
}
