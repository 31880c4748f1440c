package xiaohongshu_test

import (
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	site "troupe/testkit/site/xiaohongshu"
)

// TestCreatorCentreThatWantsALoginOfItsOwnGetsOne is the site whose creator centre does not take over the main site's login.
func TestCreatorCentreThatWantsALoginOfItsOwnGetsOne(t *testing.T) {
	if !inFull(t) {
		return
	}
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	s.must(s.site.Behave(func(b *site.Behaviour) { b.SSO = "off" }))
	if n := s.codes(); n != 2 {
		t.Errorf("a login showed %d codes", n)
	}
	s.rounds(messages.Contents)
	s.must(s.site.Logout(s.owner.UID, "creator"))
	s.due("notes")
	if _, err := s.Client.Collect(s.Context(time.Minute)); platforms.KindOf(err) != platforms.LoggedOut {
		t.Errorf("a round without the creator centre: %v", err)
	}
	if n := s.codes(); n != 1 {
		t.Errorf("a login of the creator centre alone showed %d codes", n)
	}
	s.due("notes")
	s.rounds(messages.Contents)
	for _, sso := range []string{"publish", "bounce"} {
		s.must(s.site.Logout(s.owner.UID, "creator"))
		s.must(s.site.Behave(func(b *site.Behaviour) { b.SSO = sso }))
		if n := s.codes(); n != 0 {
			t.Errorf("%s: a login that opens itself showed %d codes", sso, n)
		}
	}
}

// codes logs in, and counts the codes that a person confirmed.
func (s *stand) codes() (n int) {
	s.t.Helper()
	_, err := s.Client.Login(s.Context(90*time.Second), nil, func(step platforms.Step) {
		if step.Status == "qrcode_ready" {
			n++
			s.must(s.site.Confirm("", s.owner.UID))
		}
	})
	if err != nil {
		s.t.Fatalf("log in: %v\n%s", err, s.Story())
	}
	return n
}
