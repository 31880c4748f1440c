package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

func TestWhatMayBeRepeatedIsTriedThreeTimes(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int
		err      error
		want     platforms.Kind
		opened   int
		least    time.Duration
	}{
		{"a fault that passes", 2, page.ErrNetwork, 0, 3, 2400 * time.Millisecond},
		{"a fault that stays", 9, page.ErrNetwork, platforms.Network, 3, 2400 * time.Millisecond},
		{"a gate that is shut", 9, page.ErrGate, platforms.GateShut, 1, 0},
		{"a browser that is gone", 9, page.ErrGone, platforms.BrowserGone, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWide()
				left, tried := c.failures, 0
				w.visit = func(*fakeTab) error {
					tried++
					if left--; left >= 0 {
						return fmt.Errorf("navigate: %w", c.err)
					}
					return nil
				}
				began := time.Now()
				_, err := w.client(t, nil).Probe(t.Context())
				if took := time.Since(began); platforms.KindOf(err) != c.want || tried != c.opened || took < c.least || took > 2*c.least+time.Second {
					t.Errorf("%v after %d tries and %v", err, tried, took)
				}
			})
		})
	}
}

func TestNothingIsRepeatedAfterTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		s.send.click = func() error { return errors.New("the connection to the browser hiccuped") }
		o := s.reply(t, target)
		if o.State != messages.ReplyUnknownState || s.commits != 1 {
			t.Errorf("%+v after %d commits", o, s.commits)
		}
	})
}

func TestAListThatWentEmptyIsAnAlarmAndNotQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		answer := comments(false, "a", "b")
		w.visit = func(tab *fakeTab) error { w.says(tab.name, "GET", "api/feed", answer); return nil }
		var evidence []Evidence
		c := w.client(t, func(cfg *Config) { cfg.Evidence = func(e Evidence) { evidence = append(evidence, e) } })
		if _, err := c.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		answer = comments(false)
		w.tabs["watch"].url = "about:blank"
		_, err := c.Collect(t.Context())
		if platforms.KindOf(err) != platforms.PageChanged || !strings.Contains(fmt.Sprint(err), "feed went empty: there were 2 before") {
			t.Fatal(err)
		}
		if len(evidence) != 1 || evidence[0].Step != "collect.feed/empty feed" {
			t.Errorf("%+v", evidence)
		}
		c.Memory.Accept() // a person has looked: it is so
		if _, err := c.Collect(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAWholeLookBelievesNoEmptinessOfWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, held := range []int{0, 7} {
			b := newFake()
			feed(b, func() string { return rows(false) }, rows(false))
			c := newMini(t, b, func(cfg *Config) { cfg.Holds = func(string) int { return held } })
			if _, err := c.Collect(t.Context()); (platforms.KindOf(err) == platforms.PageChanged) != (held > 0) {
				t.Errorf("%d held: %v", held, err)
			}
		}
	})
}

func TestThePlatformIsLeftAloneWhenItAsksForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		refuse := true
		w.visit = func(tab *fakeTab) error {
			if refuse {
				w.add(page.Record{Kind: page.Response, Tab: tab.name, Method: "GET", URL: "https://wide.test/api/feed", Status: 471, Body: []byte{}})
			} else {
				w.says(tab.name, "GET", "api/feed", comments(false, "a"))
			}
			return nil
		}
		c := w.client(t, nil)
		for _, pause := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 4 * time.Minute} {
			opened := len(w.opened)
			if _, err := c.Collect(t.Context()); platforms.KindOf(err) != platforms.RateLimited || len(w.opened) == opened {
				t.Fatalf("%v", err)
			}
			opened = len(w.opened)
			time.Sleep(pause - time.Second)
			if _, err := c.Collect(t.Context()); platforms.KindOf(err) != platforms.RateLimited || len(w.opened) != opened {
				t.Fatalf("it was not left alone for %v: %v", pause, err)
			}
			time.Sleep(2 * time.Second)
		}
		refuse = false
		if _, err := c.Collect(t.Context()); err != nil || !c.Memory.LeaveUntil().Equal(time.UnixMilli(0)) {
			t.Error(err, c.Memory.LeaveUntil())
		}
	})
}

func TestTheHoursAllowanceOutlivesTheBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		c := w.client(t, nil)
		for i := range 40 {
			if _, err := c.Probe(t.Context()); err != nil {
				t.Fatal(i, err)
			}
		}
		kept, err := c.Memory.Export()
		if err != nil {
			t.Fatal(err)
		}
		memory, err := ImportMemory(kept)
		if err != nil {
			t.Fatal(err)
		}
		next := newWide().client(t, func(cfg *Config) { cfg.Memory = memory })
		if _, err := next.Probe(t.Context()); platforms.KindOf(err) != platforms.RateLimited || !errors.Is(err, errPaced) {
			t.Errorf("a 41st page load within the hour: %v", err)
		}
		time.Sleep(time.Hour)
		if _, err := next.Probe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnotherVersionIsTakenUpWithoutAnotherBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		path := "api/feed"
		w.visit = func(tab *fakeTab) error { w.says(tab.name, "GET", path, comments(false, "a"+path)); return nil }
		c := w.client(t, nil)
		if _, err := c.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		path = "api/v2/feed"
		w.tabs["watch"].url = "about:blank"
		if _, err := c.Collect(t.Context()); err == nil {
			t.Fatal("the old version understood the new site")
		}
		var reloader platforms.Reloader = c
		reloader.Reload(wideDefinition(t, func(src string) string {
			return strings.NewReplacer("https://wide.test/api/feed", "https://wide.test/api/v2/feed", "version: 1", "version: 2").Replace(src)
		}))
		tab := w.tabs["watch"]
		got, err := c.Collect(t.Context())
		if err != nil || ids(got) != "aapi/v2/feed" || w.tabs["watch"] != tab {
			t.Errorf("%q %v", ids(got), err)
		}
		if !w.keep(page.Response, "GET", "https://wide.test/api/v2/feed") || w.keep(page.Response, "GET", "https://other.test/api/feed") {
			t.Error("the traffic of the new version is not kept")
		}
	})
}

func TestAVisibleRiskFrameIsAChallengeAndAHiddenOneIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		frames := []string{"https://wide.test/ad"}
		scripted := w.eval
		w.eval = func(tab *fakeTab, function string, args any) (any, error) {
			if function == framesFunction {
				return frames, nil
			}
			return scripted(tab, function, args)
		}
		w.visit = func(tab *fakeTab) error {
			frames = []string{"https://verify.test/rc/1?x=2"}
			return nil
		}
		if _, err := w.client(t, nil).Collect(t.Context()); platforms.KindOf(err) != platforms.Challenge {
			t.Error(err)
		}
	})
}

func TestAllowancesSlide(t *testing.T) {
	m, now := NewMemory(), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	allowed := func() int {
		n := 0
		for range 10 {
			if _, ok := m.navigate(now, definition.Allowance{Hour: 2, Day: 3}); ok {
				n++
			}
		}
		return n
	}
	first := allowed()
	now = now.Add(time.Hour)
	second := allowed()
	now = now.Add(23 * time.Hour)
	if third := allowed(); first != 2 || second != 1 || third != 2 {
		t.Errorf("%d %d %d", first, second, third)
	}
	again, ok := m.navigate(now, definition.Allowance{Hour: 2, Day: 3})
	if ok || !again.After(now) {
		t.Errorf("again at %v, now it is %v", again, now)
	}
}

func TestACancelledDelayEndsTheFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		w.visit = func(*fakeTab) error { return page.ErrNetwork }
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := w.client(t, nil).Probe(ctx); err == nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
