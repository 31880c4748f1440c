package douyin_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
	site "troupe/testkit/site/douyin"
	"troupe/testkit/site/stage"
)

func TestLoginGoesFromCodeToProfileAndNamesEveryOtherEnd(t *testing.T) {
	if !inFull(t) {
		return
	}
	s := newStand(t, site.NewOwner{Nickname: "小厨", Empty: true})
	s.play(
		part{"without a login the account is logged out, whatever avatar a guest sees", true, guests},
		part{"a refusal, a captcha and the end of patience have names", false, loginsThatEnd},
		part{"an expired code is renewed, a wrong verification code asked for again", true, loginSteps},
		part{"an account without works, chats and notices is quiet", true, nothingThere},
		part{"a login that lapsed is seen in every disguise", false, lapses},
	)
}

func guests(s *stand) {
	if _, err := s.Client.Probe(s.Context(30 * time.Second)); platforms.KindOf(err) != platforms.LoggedOut {
		s.t.Errorf("probe: %v\n%s", err, s.Story())
	}
}

// loginEnds logs in until the login ends without success.
func (s *stand) loginEnds(name string, want platforms.Kind, show func(platforms.Step)) {
	s.t.Helper()
	_, err := s.Client.Login(s.Context(60*time.Second), nil, show)
	if platforms.KindOf(err) != want {
		s.t.Errorf("%s: %v, want %v\n%s", name, err, want, s.Story())
	}
}

func loginsThatEnd(s *stand) {
	onReady := func(do func() error) func(platforms.Step) {
		return func(step platforms.Step) {
			if step.Status == "qrcode_ready" {
				s.must(do())
			}
		}
	}
	s.loginEnds("refused", platforms.LoginRefused, onReady(func() error { return s.site.Refuse("") }))
	s.must(s.site.Behave(func(b *site.Behaviour) { b.CaptchaAfter = true }))
	s.loginEnds("captcha", platforms.Challenge, onReady(func() error { return s.site.Confirm("", s.owner.UID) }))
	s.must(s.site.Behave(func(b *site.Behaviour) { b.CaptchaAfter = false }))
	if n := s.audited(stage.KindCaptchaClick); n != 0 {
		s.t.Errorf("the captcha was touched %d times", n)
	}
	ctx, cancel := context.WithCancel(s.Context(30 * time.Second))
	if _, err := s.Client.Login(ctx, nil, func(platforms.Step) { cancel() }); platforms.KindOf(err) != platforms.Cancelled {
		s.t.Errorf("cancelled: %v", err)
	}
	s.Definition.Login.QR.Timeout = definition.Span{Min: 4 * time.Second, Max: 4 * time.Second}
	s.loginEnds("nobody scans", platforms.LoginTimeout, func(platforms.Step) {})
	s.Definition.Login.QR.Timeout = definition.Span{Min: 5 * time.Minute, Max: 5 * time.Minute}
	s.Definition.Login.QR.Renewals = 1
	s.loginEnds("expired too often", platforms.LoginTimeout, func(step platforms.Step) {
		if step.QR != nil {
			s.must(s.site.Expire(""))
		}
	})
	s.Definition.Login.QR.Renewals = 5
}

func loginSteps(s *stand) {
	s.site.RequireCode("123456")
	defer s.site.RequireCode("")
	inputs := make(chan platforms.Input, 3)
	var seen []string
	pictures := map[string]bool{}
	began := time.Now()
	profile, err := s.Client.Login(s.Context(90*time.Second), inputs, func(step platforms.Step) {
		seen = append(seen, step.Status+step.Message)
		switch step.Status {
		case "qrcode_ready":
			s.t.Log("the code was there after", time.Since(began))
			s.codeIsFresh()
			s.must(s.site.Expire(""))
		case "qrcode_refreshed":
			s.must(s.site.Scan(""))
		case "scanning":
			s.must(s.site.Confirm("", s.owner.UID))
		case "sms_input_required":
			if s.audited(stage.KindLogin) != 0 {
				s.t.Error("logged in before the code was entered")
			}
			code := "123456"
			if step.Message == "" {
				code = "000000"
			}
			inputs <- platforms.Input{Kind: step.Ask, Value: messages.Secret(code)}
		}
		if step.QR != nil {
			pictures[string(step.QR)] = true
			if left := time.Until(step.ExpiresAt); left < 0 || left > time.Minute {
				s.t.Errorf("the code is said to be good for %v", left)
			}
		}
	})
	if err != nil {
		s.t.Fatalf("%v after %v\n%s", err, seen, s.Story())
	}
	want := []string{"qrcode_ready", "qrcode_refreshed", "scanning", "sms_input_required", "sms_input_requiredthe code was wrong"}
	if !slices.Equal(seen, want) || len(pictures) != 2 {
		s.t.Errorf("%d pictures, steps %v", len(pictures), seen)
	}
	if profile.GetPlatformUserId() != s.owner.UID || profile.GetNickname() != s.owner.Nickname || profile.GetFollowers() != s.owner.Fans ||
		profile.GetSignature() != s.owner.Signature || profile.GetAvatar() == "" {
		s.t.Errorf("profile %v of %+v", profile, s.owner)
	}
}

// codeIsFresh wants a code that is shown to have come to the page within the last three seconds.
func (s *stand) codeIsFresh() {
	s.t.Helper()
	records, _ := s.Browser.Traffic().Since(0)
	for _, rec := range slices.Backward(records) {
		if rec.Kind == page.Response && strings.Contains(rec.URL, "/passport/web/get_qrcode/") {
			if age := time.Since(rec.At); age > 3*time.Second {
				s.t.Errorf("the code was shown %v after it came", age)
			}
			return
		}
	}
	s.t.Error("the code came with no answer")
}

func nothingThere(s *stand) {
	if n := held(s.rounds(messages.Collections...)); len(n) != 0 {
		s.t.Errorf("there is nothing, and it was seen: %v", n)
	}
	s.round()
}

// lapses ends the login in each way the site knows, and logs in again.
func lapses(s *stand) {
	for _, how := range []string{"silently", "card", ""} {
		s.must(s.site.Logout(s.owner.UID, how))
		if _, err := s.Client.Collect(s.Context(2 * time.Minute)); platforms.KindOf(err) != platforms.LoggedOut {
			s.t.Errorf("a round after logout %q: %v\n%s", how, err, s.Story())
		}
		if _, err := s.Client.Probe(s.Context(time.Minute)); platforms.KindOf(err) != platforms.LoggedOut {
			s.t.Errorf("a probe after logout %q: %v", how, err)
		}
		s.logIn()
		s.round()
	}
}
