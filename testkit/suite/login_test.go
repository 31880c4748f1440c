package suite

import (
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit/site"
)

// loggingIn is an account whose login has shown its first picture.
func (s *stage) loggingIn() (account, session string, owner site.Owner) {
	s.t.Helper()
	owner, err := s.site.CreateOwner(site.NewOwner{Nickname: "甲"})
	if err != nil {
		s.t.Fatal(err)
	}
	account = s.addAccount("甲")
	s.owners[account] = owner.UID
	s.awaitState(account, "logged_out", 30*time.Second)
	return account, s.startLogin(account), owner
}

func (s *stage) startLogin(account string) string {
	s.t.Helper()
	var login api.Login
	s.must("POST", "/accounts/"+account+"/login", nil, &login)
	s.eventually("the QR picture is shown", 20*time.Second, func() bool { return s.qr(login.Session) != "" })
	return login.Session
}

// TestLoginThroughAllItsStepsEndsWithTheAccountsOwnFace: an expired picture is shown anew, a refusal and a cancellation end the
// session, a wrong code may be entered again, and success brings the profile.
func TestLoginThroughAllItsStepsEndsWithTheAccountsOwnFace(t *testing.T) {
	s := newStage(t)
	account, session, owner := s.loggingIn()

	first := s.qr(session)
	if err := s.site.Expire(""); err != nil {
		t.Fatal(err)
	}
	s.eventually("another picture is shown", 20*time.Second, func() bool { p := s.qr(session); return p != "" && p != first })
	if err := s.site.Refuse(""); err != nil {
		t.Fatal(err)
	}
	s.loginEnds(session, "failed")
	s.awaitState(account, "logged_out", 20*time.Second)

	session = s.startLogin(account)
	s.must("DELETE", "/logins/"+session, nil, nil)
	s.loginEnds(session, "cancelled")
	s.awaitState(account, "logged_out", 20*time.Second)

	s.site.RequireCode("246802")
	session = s.startLogin(account)
	if err := s.site.Scan(""); err != nil {
		t.Fatal(err)
	}
	if err := s.site.Confirm("", owner.UID); err != nil {
		t.Fatal(err)
	}
	var l api.Login
	s.eventually("a code is asked for", 20*time.Second, func() bool {
		return s.call("GET", "/logins/"+session, nil, &l) == nil && l.Ask == "verification_code"
	})
	for _, code := range []string{"111111", "246802"} {
		s.must("POST", "/logins/"+session+"/input", map[string]string{"kind": "verification_code", "value": code}, nil)
		time.Sleep(time.Second) // the page shows that the first one was wrong
	}
	s.loginEnds(session, "success")
	s.eventually("the account shows its own face", 20*time.Second, func() bool {
		p := s.account(account).Profile
		return p != nil && p.PlatformUserID == owner.UID && p.Nickname == owner.Nickname && p.Avatar != ""
	})
}
