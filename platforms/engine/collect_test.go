package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/page"
)

// feed is a site with one list: what the home page and each refresh show first, and the pages behind.
func feed(b *fakeBrowser, first func() string, further ...string) {
	b.visit = func(tab *fakeTab) error {
		b.answer(tab.name, "GET", "me", `{"code":0,"uid":"me","nickname":"我"}`)
		b.answer(tab.name, "GET", "list", first())
		return nil
	}
	b.els["#refresh"] = &fakeElement{click: func() error { b.answer("watch", "GET", "list", first()); return nil }}
	next := 0
	b.els["#more"] = &fakeElement{click: func() error {
		b.answer("work", "GET", "list", further[next])
		next = (next + 1) % len(further)
		return nil
	}}
}

func round(t *testing.T, c platforms.Client) platforms.Batch {
	t.Helper()
	b, err := c.Collect(t.Context())
	if err != nil || !b.Round {
		t.Fatalf("%v\n%+v", err, b.Steps)
	}
	return b
}

func TestTheFirstRoundReadsToTheEndAndTheNextOnlyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		feed(b, func() string { return rows(true, "d", "c") }, rows(false, "b", "a"))
		c := newMini(t, b, nil)
		if got := round(t, c); ids(got) != "a b c d" && held(got) != 4 || !slices.Equal(got.Complete, []string{messages.Messages}) {
			t.Errorf("%s complete %v", ids(got), got.Complete)
		}
		opened := len(b.opened)
		if got := round(t, c); len(got.Complete) != 0 || len(b.opened) != opened {
			t.Errorf("a quiet round opened %v, complete %v", b.opened[opened:], got.Complete)
		}
		if !slices.Equal(b.closed, []string{"work"}) {
			t.Errorf("closed tabs: %v", b.closed)
		}
	})
}

func held(b platforms.Batch) int {
	seen := map[string]bool{}
	for _, i := range b.Items {
		key, _ := i.KnownKey()
		seen[key] = true
	}
	return len(seen)
}

func TestWhatWasSeenWholeIsReadAgainAtItsPaceOrWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		feed(b, func() string { return rows(true, "b") }, rows(false, "a"))
		c := newMini(t, b, func(cfg *Config) {
			cfg.Whole, cfg.Known = []string{messages.Messages}, func(string) bool { return true }
		})
		if got := round(t, c); len(got.Complete) != 0 {
			t.Errorf("complete %v at once", got.Complete)
		}
		c.(platforms.Rereader).Reread()
		if got := round(t, c); len(got.Complete) != 1 || held(got) != 2 {
			t.Errorf("read again: %s complete %v", ids(got), got.Complete)
		}
		time.Sleep(13 * time.Hour)
		if got := round(t, c); len(got.Complete) != 1 {
			t.Error("not read whole after its time")
		}
	})
}

func TestAGapIsReadUntilAPageIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		known := map[string]bool{"messages/a": true, "messages/b": true}
		feed(b, func() string { return rows(true, "f", "e") }, rows(true, "d", "c"), rows(true, "b", "a"), rows(true, "never", "read"))
		c := newMini(t, b, func(cfg *Config) {
			cfg.Whole, cfg.Known = []string{messages.Messages}, func(key string) bool { return known[key] }
		})
		got := round(t, c)
		if held(got) != 6 || strings.Contains(ids(got), "never") || len(got.Complete) != 0 {
			t.Errorf("%s complete %v", ids(got), got.Complete)
		}
	})
}

func TestTrafficThatWasDroppedIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		feed(b, func() string { return rows(false, "a") }, rows(false))
		c := newMini(t, b, func(cfg *Config) { cfg.Whole = []string{messages.Messages} })
		round(t, c)
		b.push(rows(false, "lost"))
		b.forget()
		if _, err := c.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := round(t, c); !slices.ContainsFunc(got.Steps, func(s platforms.StepLog) bool { return strings.HasPrefix(s.Step, "collect.whole/") }) {
			t.Errorf("no second look: %+v", got.Steps)
		}
	})
}

func TestPushesAreNotHeldUpByARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		feed(b, func() string { return rows(false, "a") }, rows(false))
		c := newMini(t, b, nil)
		round(t, c)
		b.els["#refresh"].click = nil // the site takes its time
		done := make(chan platforms.Batch)
		go func() {
			got, err := c.Collect(t.Context())
			if err != nil {
				t.Error(err)
			}
			done <- got
		}()
		time.Sleep(time.Second)
		b.push(rows(false, "p"))
		if got, err := c.Drain(t.Context()); err != nil || ids(got) != "p" || got.PageAt.IsZero() {
			t.Errorf("during a round: %q %v", ids(got), err)
		}
		b.answer("watch", "GET", "list", rows(false, "q", "p"))
		if got, err := c.Drain(t.Context()); err != nil || ids(got) != "" {
			t.Errorf("the round's answers are the round's: %q %v", ids(got), err)
		}
		if got := <-done; ids(got) != "p q" {
			t.Errorf("the round: %q", ids(got))
		}
		if got, err := c.Drain(t.Context()); err != nil || ids(got) != "" {
			t.Errorf("after the round: %q %v", ids(got), err)
		}
	})
}

func TestTroubleHasAName(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*fakeBrowser)
		want platforms.Kind
	}{
		{"key missing", func(b *fakeBrowser) { feed(b, func() string { return `{"code":0,"msgs":[]}` }, "") }, platforms.PageChanged},
		{"button missing", func(b *fakeBrowser) { delete(b.els, "#refresh") }, platforms.PageChanged},
		{"rows changed", func(b *fakeBrowser) { feed(b, func() string { return `{"code":0,"messages":[{"ID":1}]}` }, "") }, platforms.PageChanged},
		{"login wanted by an answer", func(b *fakeBrowser) { feed(b, func() string { return `{"code":8}` }, "") }, platforms.LoggedOut},
		{"captcha", func(b *fakeBrowser) {
			b.els["#refresh"] = &fakeElement{}
			b.els["#captcha"] = &fakeElement{}
		}, platforms.Challenge},
		{"slow down", func(b *fakeBrowser) { feed(b, func() string { return `{"code":4}` }, "") }, platforms.RateLimited},
		{"a code that nobody knows", func(b *fakeBrowser) { feed(b, func() string { return `{"code":99}` }, "") }, platforms.PageChanged},
		{"silence", func(b *fakeBrowser) { b.els["#refresh"] = &fakeElement{} }, platforms.Timeout},
		{"a broken connection", func(b *fakeBrowser) {
			b.els["#refresh"].click = func() error {
				b.add(page.Record{Kind: page.Failed, Tab: "watch", Method: "GET", URL: "https://mini.test/api/list", Err: "reset"})
				return nil
			}
		}, platforms.Network},
		{"gate shut", func(b *fakeBrowser) {
			b.tabs["watch"].url = "about:blank"
			b.visit = func(*fakeTab) error { return fmt.Errorf("navigate: %w", page.ErrGate) }
		}, platforms.GateShut},
		{"renderer gone", func(b *fakeBrowser) { b.els["#refresh"].click = func() error { return page.ErrGone } }, platforms.BrowserGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newFake()
				feed(b, func() string { return rows(false, "a") }, rows(false))
				var evidence []Evidence
				client := newMini(t, b, func(cfg *Config) { cfg.Evidence = func(e Evidence) { evidence = append(evidence, e) } })
				round(t, client)
				c.set(b)
				got, err := client.Collect(t.Context())
				if platforms.KindOf(err) != c.want || got.Round {
					t.Errorf("%v (%v), round %v", platforms.KindOf(err), err, got.Round)
				}
				if !strings.HasPrefix(platforms.StepOf(err), "collect.quick/") {
					t.Errorf("step %q", platforms.StepOf(err))
				}
				if len(evidence) != 1 || evidence[0].Kind != c.want || len(evidence[0].Steps) == 0 {
					t.Errorf("evidence %+v", evidence)
				}
			})
		})
	}
}

func TestAnAnswerThatThePageReceivedByItselfNamesTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		c := newMini(t, b, nil)
		b.answer("watch", "GET", "list", `{"code":8}`)
		b.push(rows(false, "p"))
		got, err := c.Drain(t.Context())
		if platforms.KindOf(err) != platforms.LoggedOut || ids(got) != "p" {
			t.Errorf("%v, items %q", err, ids(got))
		}
		b.push(`{"type":"news"}`)
		if _, err := c.Drain(t.Context()); platforms.KindOf(err) != platforms.PageChanged {
			t.Errorf("%v", err)
		}
		b.push(`{"nothing":true}`)
		b.push(rows(false, "q")) // the next one is well: it was a moment's
		if got, err := c.Drain(t.Context()); err != nil || ids(got) != "q" {
			t.Errorf("%v, items %q", err, ids(got))
		}
	})
}

func TestNavigationsKeepTheirFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		feed(b, func() string { return rows(false, "a") }, rows(false))
		c := newMini(t, b, nil)
		began := time.Now()
		for range 12 {
			if _, err := c.Collect(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.tabs["watch"].url = "about:blank" // so that the next look loads it
		}
		if took := time.Since(began); took < 59*time.Second {
			t.Errorf("12 page loads in %v although 6 a minute are allowed", took)
		}
		began = time.Now()
		if _, err := c.Probe(t.Context()); err != nil || time.Since(began) > time.Second {
			t.Errorf("a probe waited %v, %v", time.Since(began), err)
		}
	})
}

func TestAProbeNeedsPageAndCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		feed(b, func() string { return rows(false) }, rows(false))
		c := newMini(t, b, func(cfg *Config) { cfg.Owner = "" })
		b.cookie = false
		if _, err := c.Probe(t.Context()); platforms.KindOf(err) != platforms.LoggedOut {
			t.Errorf("without the cookie: %v", err)
		}
		b.cookie = true
		if p, err := c.Probe(t.Context()); err != nil || p.GetPlatformUserId() != "me" {
			t.Errorf("%v %v", p, err)
		}
		stranger := newMini(t, b, func(cfg *Config) { cfg.Owner = "another" })
		if _, err := stranger.Probe(t.Context()); platforms.KindOf(err) != platforms.LoggedOut {
			t.Errorf("another account's browser: %v", err)
		}
	})
}

func TestACancelledRoundIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFake()
		feed(b, func() string { return rows(false, "a") }, rows(false))
		c := newMini(t, b, nil)
		round(t, c)
		b.els["#refresh"].click = nil
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		time.AfterFunc(time.Second, cancel)
		if _, err := c.Collect(ctx); platforms.KindOf(err) != platforms.Cancelled {
			t.Errorf("%v", err)
		}
	})
}
