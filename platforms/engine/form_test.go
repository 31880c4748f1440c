package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/platforms"
)

// door is a login form that lets in whoever knows the password, or the code.
func (w *wide) door() (name, password, code *fakeElement) {
	name, password, code = &fakeElement{}, &fakeElement{}, &fakeElement{}
	w.cookie = false
	w.visit = func(tab *fakeTab) error {
		if !w.cookie {
			tab.url = "https://wide.test/login"
		}
		return nil
	}
	w.els["#name"], w.els["#password"], w.els["#code"] = name, password, code
	w.els["#enter"] = &fakeElement{click: func() error {
		delete(w.els, "text=密码错误")
		switch {
		case password.text == "open sesame" || code.text == "4711":
			w.cookie, w.tabs["watch"].url = true, "https://wide.test/home"
		case password.text != "":
			w.els["text=密码错误"] = &fakeElement{}
		}
		return nil
	}}
	return name, password, code
}

// answered logs in with a person who answers each question in turn, and returns the questions.
func answered(t *testing.T, c *client, answers map[string][]string) (asked []string, err error) {
	t.Helper()
	in := make(chan platforms.Input, 4)
	_, err = c.Login(t.Context(), in, func(s platforms.Step) {
		asked = append(asked, strings.TrimSpace(s.Ask+" "+s.Message))
		if left := answers[s.Ask]; len(left) > 0 {
			kind, value := s.Ask, left[0]
			if way, ok := strings.CutPrefix(value, "way:"); ok {
				kind, value = wayWord, way
			}
			answers[s.Ask] = left[1:]
			in <- platforms.Input{Kind: kind, Value: messages.Secret(value)}
		}
	})
	return asked, err
}

func TestALoginByFormAsksForEachValueAndAgainWhenItWasWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		name, _, _ := w.door()
		c := w.client(t, func(cfg *Config) { cfg.Owner = "" })
		asked, err := answered(t, c, map[string][]string{"username": {"li", "li"}, "password": {"guess", "open sesame"}})
		if err != nil {
			t.Fatal(err, asked)
		}
		want := []string{"username", "password", "username what was entered was wrong", "password"}
		if !slices.Equal(asked, want) || name.text != "li" || c.inbox.ownerID() != "me" {
			t.Errorf("asked %q, typed %q", asked, name.text)
		}
	})
}

func TestAWrongPasswordEndsTheLoginTheThirdTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		w.door()
		asked, err := answered(t, w.client(t, nil), map[string][]string{"username": {"a", "b", "c"}, "password": {"1", "2", "3"}})
		if platforms.KindOf(err) != platforms.LoginRefused || len(asked) != 6 {
			t.Errorf("%v after %q", err, asked)
		}
	})
}

func TestAPersonMayLogInInAnotherWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		w.door()
		asked, err := answered(t, w.client(t, nil), map[string][]string{"username": {"way:sms"}, "phone_number": {"13800000000"}, "verification_code": {"4711"}})
		if err != nil || !slices.Equal(asked, []string{"username", "phone_number", "verification_code"}) {
			t.Errorf("%v after %q", err, asked)
		}
	})
}

func TestALoginThatNobodyAnswersTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		w.door()
		began := time.Now()
		_, err := answered(t, w.client(t, nil), nil)
		if platforms.KindOf(err) != platforms.LoginTimeout || time.Since(began) > 6*time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// book is a page of entries with an answer button each, an editor that sends by Enter, and a count of own entries.
type book struct {
	*wide
	header, editor, row, answer *fakeElement
	keys                        []string // of the rows, as the page function tells them
	mine                        int
	lands                       bool // whether what is sent stands there afterwards
}

func newBook() *book {
	b := &book{wide: newWide(), lands: true, keys: []string{"c1"}}
	b.header, b.editor, b.row, b.answer = &fakeElement{text: "回复 路人甲"}, &fakeElement{}, &fakeElement{text: "路人甲 好看"}, &fakeElement{}
	b.els["#header"], b.els["#editor"], b.els["li.entry"], b.els["button.answer"] = b.header, b.editor, b.row, b.answer
	b.functions["page:mine"] = nil
	b.functions["mine"] = func() (any, error) { return map[string]any{"count": b.mine, "id": "c9"}, nil }
	scripted := b.eval
	b.eval = func(tab *fakeTab, function string, args any) (any, error) {
		if strings.Contains(function, "rows.slice(0,") && strings.HasPrefix(function, "page:") {
			return b.keys, nil
		}
		return scripted(tab, function, args)
	}
	b.pressed = func(key string) {
		if key == "Enter" {
			if b.editor.text = ""; b.lands {
				b.mine++
			}
		}
	}
	return b
}

func (b *book) reply(t *testing.T, commit func() error) (platforms.Outcome, *client) {
	t.Helper()
	c := b.client(t, nil)
	o := c.Reply(t.Context(), &messages.Reply{Target: &messages.ReplyTarget{
		Kind: messages.ReplyKind_REPLY_COMMENT, CommentId: "c1", PersonName: "路人甲",
	}, Content: "谢谢\n再来"}, func(context.Context) error { return commit() })
	return o, c
}

func TestAReplyByEnterIsConfirmedByWhatThePageShowsMore(t *testing.T) {
	for _, c := range []struct {
		name          string
		set           func(*book)
		state, reason string
		presses       int
	}{
		{"it stands there once more", func(*book) {}, "confirmed", "", 1},
		{"it does not", func(b *book) { b.lands = false }, "unknown", "the site's answer did not come", 1},
		{"an older one stands there", func(b *book) { b.mine, b.lands = 3, false }, "unknown", "the site's answer did not come", 1},
		{"words that stood there before are no refusal", func(b *book) { b.els["text=太长"] = &fakeElement{} }, "confirmed", "", 1},
		{"two rows with that key", func(b *book) { b.keys = []string{"c1", "c1"} }, "failed", "recipient_mismatch", 0},
		{"no row with that key", func(b *book) { b.keys = []string{"c2"} }, "failed", "target_gone", 0},
		{"another name", func(b *book) { b.header.text = "回复 路人甲乙" }, "failed", "recipient_mismatch", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBook()
				c.set(b)
				o, _ := b.reply(t, func() error { return nil })
				if o.State != c.state || o.Reason != c.reason {
					t.Errorf("%s %q: %v", o.State, o.Reason, o.Err)
				}
				if o.State == messages.ReplyConfirmedState && o.PlatformID != "c9" {
					t.Errorf("id %q", o.PlatformID)
				}
				if b.presses["Enter"] != c.presses {
					t.Errorf("Enter was pressed %d times", b.presses["Enter"])
				}
				if c.presses > 0 && (len(b.answer.proofs) != 1 || !strings.Contains(b.answer.proofs[0], "路人甲 好看")) {
					t.Errorf("the click proved %q", b.answer.proofs)
				}
				if b.presses["Shift+Enter"] != c.presses {
					t.Errorf("%d line breaks", b.presses["Shift+Enter"])
				}
			})
		})
	}
}

func TestAHeaderThatChangesDuringThePermissionSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		o, c := b.reply(t, func() error { b.header.text = "回复 路人乙"; return nil })
		if o.State != messages.ReplyFailedState || o.Reason != "recipient_mismatch" || b.presses["Enter"] != 0 || len(c.Memory.kept.Replies) != 0 {
			t.Errorf("%+v, %d presses", o, b.presses["Enter"])
		}
	})
}

func TestRepliesKeepTheirAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		_, c := b.reply(t, func() error { return nil })
		c.Memory.replied(time.Now())
		r := &messages.Reply{Target: &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, CommentId: "c1", PersonName: "路人甲"}, Content: "x"}
		o := c.Reply(t.Context(), r, func(context.Context) error { t.Error("asked to commit"); return nil })
		if o.State != messages.ReplyReturned || platforms.KindOf(o.Err) != platforms.RateLimited {
			t.Errorf("%+v", o)
		}
	})
}
