package site

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOnlyTheWholeQRDanceLogsIn(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	s := start(t, Options{Clock: func() time.Time { return now }})
	o, _ := emptyOwner(t, s, "阿月")
	s.RequireCode("4711")
	b := newBrowser(t, s, "127.0.0.1")
	if at, _ := b.page("/home"); at != "/login" {
		t.Fatalf("without a login /home led to %s", at)
	}
	if b.cookie(cookieGuest) == "" || b.get("/api/me")["status_code"] != 8.0 {
		t.Fatal("the guest cookie is missing, or counts as a login")
	}
	made := b.post("/api/login/qr", nil)
	token := made["token"].(string)
	state := func() any { return b.get("/api/login/poll?token=" + token)["state"] }
	checkPNG(t, made["image"].(string))

	steps := []struct {
		name string
		do   func() error
		want string
	}{
		{"shown", func() error { return nil }, "new"},
		{"scanned", func() error { return s.Scan(token) }, "scanned"},
		{"confirmed on the phone", func() error { return s.Confirm("", o.UID) }, "code"},
		{"wrong code", func() error {
			if got := b.post("/api/login/code", map[string]string{"token": token, "code": "1"})["status_msg"]; got != "验证码错误" {
				t.Errorf("wrong code was answered by %v", got)
			}
			return nil
		}, "code"},
		{"right code", func() error {
			b.post("/api/login/code", map[string]string{"token": token, "code": "4711"})
			return nil
		}, "confirmed"},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := state(); got != step.want {
			t.Fatalf("%s: state %v, want %s", step.name, got, step.want)
		}
	}
	if b.cookie(cookieSession) == "" || b.cookie(cookieCSRF) == "" {
		t.Error("a login without its cookies")
	}
	if me := b.get("/api/me")["user"].(map[string]any); me["uid"] != o.UID || me["nickname"] != "阿月" {
		t.Errorf("logged in as %v", me)
	}
	if logins, _ := s.Audit(AuditQuery{Kind: KindLogin, Owner: o.UID}); len(logins) != 1 {
		t.Errorf("%d logins in the audit log", len(logins))
	}
}

func checkPNG(t *testing.T, dataURL string) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(dataURL, "data:image/png;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
}

func TestCodesExpireAreRefusedAndBelongToOneBrowser(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	s := start(t, Options{Clock: func() time.Time { return now }})
	s.SetQRTTL(30 * time.Second)
	b, thief := newBrowser(t, s, "127.0.0.1"), newBrowser(t, s, "127.0.0.1")
	b.page("/login")
	thief.page("/login")

	old := b.post("/api/login/qr", nil)["token"].(string)
	now = now.Add(31 * time.Second)
	if got := b.get("/api/login/poll?token=" + old)["state"]; got != "expired" {
		t.Errorf("after its ttl: %v", got)
	}
	if err := s.Scan(old); err == nil {
		t.Error("an expired code was scanned")
	}
	refused := b.post("/api/login/qr", nil)["token"].(string)
	if err := s.Refuse(refused); err != nil {
		t.Fatal(err)
	}
	if got := b.get("/api/login/poll?token=" + refused)["state"]; got != "refused" {
		t.Errorf("after a refusal: %v", got)
	}
	taken := b.post("/api/login/qr", nil)["token"].(string)
	if err := s.Confirm(taken, ""); err != nil {
		t.Fatal(err)
	}
	thief.get("/api/login/poll?token=" + taken)
	if thief.cookie(cookieSession) != "" {
		t.Error("another browser got the login")
	}
	if len(s.QRs()) != 0 || len(s.Owners()) != 1 {
		t.Errorf("waiting codes %v, owners %v", s.QRs(), s.Owners())
	}
}

func TestLogoutsAndCaptchaAreSeenEverywhere(t *testing.T) {
	s := start(t, Options{})
	o, _ := emptyOwner(t, s, "阿月")
	cases := []struct {
		name     string
		on, off  func() error
		code     float64
		redirect any
		page     string
	}{
		{"captcha", func() error { return s.Captcha(o.UID, true) }, func() error { return s.Captcha(o.UID, false) }, 9, "/verify", "/verify"},
		{"logout", func() error { return s.Logout(o.UID, false) }, nil, 8, "/login", "/login"},
		{"silent logout", func() error { return s.Logout(o.UID, true) }, nil, 8, nil, "/desk"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := loggedIn(t, s, o.UID, "127.0.0.1")
			if err := c.on(); err != nil {
				t.Fatal(err)
			}
			answer := b.get("/api/comments/recent")
			if answer["status_code"] != c.code || answer["redirect"] != c.redirect {
				t.Errorf("JSON says %v", answer)
			}
			if _, ok := answer["comments"]; ok {
				t.Error("a refusal has an empty list in it")
			}
			at, text := b.page("/desk")
			if at != c.page {
				t.Errorf("the page led to %s", at)
			}
			if c.code == 9 && !(strings.Contains(text, "安全验证") && strings.Contains(text, `id="captcha_box"`)) {
				t.Error("no captcha on the page")
			}
			if c.off != nil {
				if err := c.off(); err != nil {
					t.Fatal(err)
				}
				if got := b.get("/api/me")["status_code"]; got != 0.0 {
					t.Errorf("afterwards: %v", got)
				}
			}
		})
	}
}

func TestChangedLayoutLeavesNoOldName(t *testing.T) {
	s := start(t, Options{})
	o, _ := emptyOwner(t, s, "阿月")
	other, _ := emptyOwner(t, s, "老王")
	b, untouched := loggedIn(t, s, o.UID, "127.0.0.1"), loggedIn(t, s, other.UID, "127.0.0.1")
	if err := s.SetLayout(o.UID, true); err != nil {
		t.Fatal(err)
	}
	answer := b.get("/api/comments/recent")
	if _, old := answer["comments"]; old || answer["comment_list"] == nil || answer["reply_list"] == nil {
		t.Errorf("keys of the changed layout: %v", answer)
	}
	for _, path := range []string{"/desk", "/comments", "/messages", "/static/app.js", "/static/comments.js", "/static/style.css"} {
		_, text := b.page(path)
		for _, name := range append(label.FindAllString(text, -1), shortLabel.FindAllString(text, -1)...) {
			i := strings.Index(text, name)
			if !strings.Contains(name, "v2-") && !strings.HasSuffix(text[:i], "v2-") {
				t.Errorf("%s still has %q", path, name)
			}
		}
	}
	if untouched.get("/api/comments/recent")["comments"] == nil {
		t.Error("the other owner's layout changed too")
	}
}

func TestEveryLabelOfTheReadmeIsOnAPageAndCanChange(t *testing.T) {
	var all string
	files, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.IsDir() {
			all += asset(f.Name())
		}
	}
	found := label.FindAllString(all, -1)
	for _, name := range []string{
		"site-top", "me-avatar", "me-nickname", "me-uid", "profile-card", "profile-nickname", "profile-uid", "profile-followers", "qr-state", "qr-expired", "code-step",
		"code-input", "code-submit", "code-error", "work-card", "work-pick", "work-editor", "work-send", "comment-list", "comment-row", "reply-row", "reply-btn", "expand-btn",
		"more-replies", "reply-editor", "reply-send", "conv-list", "conv-row", "chat-header", "chat-name", "chat-msg", "chat-input", "chat-send", "chat-older", "notice-row",
		"desk-row", "desk-state", "panel-more", "panel_comments", "panel_conversations", "panel_messages", "panel_notices", "panel_works", "captcha_box",
	} {
		if !slices.Contains(found, name) {
			t.Errorf("%s is on no page, or would not change", name)
		}
	}
}
