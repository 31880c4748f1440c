package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/page"
)

// stage is a chat page with a header, an editor and a send button.
type stage struct {
	b                    *fakeBrowser
	header, editor, send *fakeElement
	commits              int
}

func newStage() *stage {
	s := &stage{b: newFake(), header: &fakeElement{text: "路人甲"}, editor: &fakeElement{}, send: &fakeElement{}}
	s.b.els = map[string]*fakeElement{"#header": s.header, "#editor": s.editor, "#send": s.send}
	s.site(`{"code":0,"id":"77"}`)
	return s
}

// site answers the send button with this body; "" is no answer at all.
func (s *stage) site(body string) {
	s.send.click = func() error {
		if s.editor.text = ""; body != "" {
			s.b.answer("act", "POST", "send", body)
		}
		return nil
	}
}

func (s *stage) reply(t *testing.T, to *messages.ReplyTarget) platforms.Outcome {
	t.Helper()
	c := newMini(t, s.b, nil)
	return c.Reply(t.Context(), &messages.Reply{Target: to, Content: "你好\n再见"}, func(context.Context) error { s.commits++; return nil })
}

func TestReplyEnds(t *testing.T) {
	for _, c := range []struct {
		name          string
		set           func(*stage)
		state, reason string
		clicks        int
	}{
		{"confirmed by the site", func(*stage) {}, "confirmed", "", 1},
		{"refused by the site", func(s *stage) { s.site(`{"code":5}`) }, "failed", "refused_words", 1},
		{"refused in the page's words", func(s *stage) {
			s.send.click = func() error { s.b.els["text=太快"] = &fakeElement{}; return nil }
		}, "failed", "too_fast", 1},
		{"an answer that nothing recognises", func(s *stage) { s.site(`{"code":17}`) }, "unknown", "the site's answer did not come", 1},
		{"an answer that is no JSON", func(s *stage) { s.site(`<html>`) }, "unknown", "the site's answer did not come", 1},
		{"no answer", func(s *stage) { s.site("") }, "unknown", "the site's answer did not come", 1},
		{"a broken connection", func(s *stage) {
			s.send.click = func() error {
				s.b.add(page.Record{Kind: page.Failed, Tab: "act", Method: "POST", URL: "https://mini.test/api/send", Err: "reset"})
				return nil
			}
		}, "unknown", "the site's answer did not come", 1},
		{"a browser that dies with the click", func(s *stage) { s.send.click = func() error { return page.ErrGone } }, "unknown", "the site's answer did not come", 0},
		{"a button that never keeps still", func(s *stage) { s.send.click = func() error { return page.ErrMoved } }, "returned", "timeout", 0},
		{"a button that stays disabled", func(s *stage) { s.send.attrs = map[string]string{"disabled": ""} }, "returned", "page_changed", 0},
		{"another person", func(s *stage) { s.header.text = "路人乙" }, "failed", "recipient_mismatch", 0},
		{"nobody", func(s *stage) { s.header.text = "" }, "returned", "page_changed", 0},
		{"text that does not arrive", func(s *stage) { s.b.typed = func(*fakeElement) bool { return false } }, "returned", "internal", 0},
		{"a captcha", func(s *stage) {
			delete(s.b.els, "#editor")
			s.b.els["#captcha"] = &fakeElement{}
		}, "returned", "challenge", 0},
		{"a login page", func(s *stage) {
			s.header.text = ""
			s.b.visit = func(tab *fakeTab) error { tab.url = "https://mini.test/login"; return nil }
		}, "returned", "logged_out", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage()
				c.set(s)
				o := s.reply(t, target)
				if o.State != c.state || o.Reason != c.reason {
					t.Errorf("%s %q: %v", o.State, o.Reason, o.Err)
				}
				if o.State == messages.ReplyConfirmedState && o.PlatformID != "77" {
					t.Errorf("platform id %q", o.PlatformID)
				}
				if s.send.clicks != c.clicks || s.commits > 1 {
					t.Errorf("%d clicks, %d commits", s.send.clicks, s.commits)
				}
				if slices.Contains(s.b.closed, "act") == (platforms.KindOf(o.Err) == platforms.BrowserGone) {
					t.Errorf("closed tabs: %v", s.b.closed)
				}
				if o.State != "unknown" && s.editor.text != "" {
					t.Errorf("the editor still holds %q", s.editor.text)
				}
			})
		})
	}
}

func TestAnEmptyNameMatchesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		o := s.reply(t, &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: "me:you"})
		if o.State != messages.ReplyFailedState || s.commits != 0 {
			t.Errorf("%+v after %d commits", o, s.commits)
		}
	})
}

func TestNothingIsClickedWithoutPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		c := newMini(t, s.b, nil)
		o := c.Reply(t.Context(), &messages.Reply{Target: target, Content: "你好"}, func(context.Context) error { return errors.New("no ticket") })
		if o.State != messages.ReplyReturned || o.Reason != "commit_refused" || s.send.clicks != 0 || s.editor.text != "" {
			t.Errorf("%+v, %d clicks, editor %q", o, s.send.clicks, s.editor.text)
		}
	})
}

func TestAReplyStoppedAfterItsCommitIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		ctx, cancel := context.WithCancel(t.Context())
		s.send.click = func() error { cancel(); return nil }
		began := time.Now()
		o := newMini(t, s.b, nil).Reply(ctx, &messages.Reply{Target: target, Content: "你好"}, func(context.Context) error { return nil })
		if o.State != messages.ReplyUnknownState || time.Since(began) > time.Second {
			t.Errorf("%+v after %v", o, time.Since(began))
		}
	})
}

func TestUnsupportedTargetsAreRefused(t *testing.T) {
	c := newMini(t, newFake(), nil)
	if c.CanReply(messages.ReplyKind_REPLY_WORK) || !c.CanReply(messages.ReplyKind_REPLY_MESSAGE) {
		t.Error("CanReply")
	}
	o := c.Reply(t.Context(), &messages.Reply{Target: &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_WORK}}, nil)
	if o.State != messages.ReplyFailedState || o.Reason != "unsupported" {
		t.Errorf("%+v", o)
	}
}

func TestAThreadSettlesAReply(t *testing.T) {
	for _, c := range []struct {
		name    string
		page    func() string
		matched []string
		found   string
		fails   bool
	}{
		{"found", func() string { return rows(false, "a", "b!", "c") }, nil, "b", false},
		{"somebody else's", func() string { return rows(false, "a", "b", "c") }, nil, "", false},
		{"another reply's", func() string { return rows(false, "a", "b!", "c") }, []string{"b"}, "", false},
		{"not there", func() string { return rows(false) }, nil, "", false},
		{"a thread that goes on and on", func() string { return rows(true, "a") }, nil, "", true},
		{"a page that changed", func() string { return `{"code":0,"msgs":[]}` }, nil, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newFake()
				b.visit = func(tab *fakeTab) error { b.answer(tab.name, "GET", "list", c.page()); return nil }
				b.els["#more"] = &fakeElement{click: func() error { b.answer("act", "GET", "list", c.page()); return nil }}
				r := &messages.Reply{Target: target, Content: " text of\n b ", DispatchedAt: time.Now().UnixMilli()}
				id, found, err := newMini(t, b, nil).FindReply(t.Context(), r, c.matched)
				if id != c.found || found != (c.found != "") || (err != nil) != c.fails {
					t.Errorf("%q %v %v", id, found, err)
				}
			})
		})
	}
}

func TestAnOlderTextIsAnotherReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		b.visit = func(tab *fakeTab) error { b.answer(tab.name, "GET", "list", rows(false, "b!")); return nil }
		r := &messages.Reply{Target: target, Content: "text of b", DispatchedAt: time.Now().Add(5 * time.Minute).UnixMilli()}
		if id, found, err := newMini(t, b, nil).FindReply(t.Context(), r, nil); found || err != nil {
			t.Errorf("%q %v", id, err)
		}
	})
}
