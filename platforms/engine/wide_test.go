package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// wide is a browser on the wide platform. functions answer page functions by their names; "page:" says the world.
type wide struct {
	*fakeBrowser
	functions map[string]func() (any, error)
}

func newWide() *wide {
	w := &wide{fakeBrowser: newFake(), functions: map[string]func() (any, error){}}
	w.functions["page:me"] = func() (any, error) { return map[string]any{"uid": "me", "nickname": "我"}, nil }
	w.eval = func(_ *fakeTab, function string, _ any) (any, error) {
		world, code, _ := strings.Cut(function, `() => "`)
		name, _, _ := strings.Cut(code, `"`)
		if answer := w.functions[strings.TrimSpace(world)+name]; answer != nil {
			return answer()
		}
		return nil, errors.New("nothing is there")
	}
	return w
}

func wideDefinition(t *testing.T, change func(string) string) *definition.Definition {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{definition.File, "me.js", "store.js", "dom.js", "mine.js", "entry_key.js"} {
		b, err := os.ReadFile("testdata/wide/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if files[name] = strings.TrimSpace(string(b)); change != nil && name == definition.File {
			files[name] = change(files[name])
		}
	}
	d, err := definition.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *wide) client(t *testing.T, change func(*Config)) *client {
	t.Helper()
	cfg := Config{Definition: wideDefinition(t, nil), Browser: w, Account: "wi_1", Owner: "me", Whole: []string{messages.Comments}}
	if change != nil {
		change(&cfg)
	}
	return New(cfg).(*client)
}

// feed is an answer with these comments, newest first.
func comments(more bool, ids ...string) map[string]any {
	rows := []any{}
	for i, id := range ids {
		rows = append(rows, map[string]any{
			"id": id, "work": "w1", "text": "text of " + id, "by": "you", "at": time.Now().UnixMilli() - int64(i)*1000, "mine": strings.HasPrefix(id, "own"),
		})
	}
	return map[string]any{"code": 0, "rows": rows, "more": more}
}

func (w *wide) says(tab, method, path string, answer any) {
	b, err := json.Marshal(answer)
	if err != nil {
		panic(err) // plain values always marshal
	}
	address, status := "https://wide.test/"+path, 200
	w.add(page.Record{Kind: page.Response, Tab: tab, Method: method, URL: address, Status: status, Body: b})
}

func TestWhatDoesNotArriveIsReadFromTheStoreAndThenTheDOM(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    func(w *wide)
		ids    string
		source messages.Source
		want   platforms.Kind
	}{
		{"it arrives", func(w *wide) {
			w.visit = func(tab *fakeTab) error { w.says(tab.name, "GET", "api/feed", comments(false, "a")); return nil }
		}, "a", messages.Source_SOURCE_LIST, 0},
		{"store", func(w *wide) {
			w.functions["page:store"] = func() (any, error) { return comments(false, "s"), nil }
			w.functions["dom"] = func() (any, error) { return comments(false, "d"), nil }
		}, "s", messages.Source_SOURCE_PAGE_STORE, 0},
		{"DOM", func(w *wide) {
			w.functions["page:store"] = func() (any, error) { return nil, nil }
			w.functions["dom"] = func() (any, error) { return comments(false, "d"), nil }
		}, "d", messages.Source_SOURCE_DOM, 0},
		{"a malformed answer is not replaced", func(w *wide) {
			w.visit = func(tab *fakeTab) error {
				w.says(tab.name, "GET", "api/feed", map[string]any{"code": 0, "list": []any{}})
				return nil
			}
			w.functions["dom"] = func() (any, error) { return comments(false, "d"), nil }
		}, "", 0, platforms.PageChanged},
		{"nothing at all", func(*wide) {}, "", 0, platforms.PageChanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWide()
				c.set(w)
				got, err := w.client(t, nil).Collect(t.Context())
				if platforms.KindOf(err) != c.want || ids(got) != c.ids {
					t.Fatalf("%q %v", ids(got), err)
				}
				if err == nil && got.Items[0].GetSource() != c.source {
					t.Errorf("source %v", got.Items[0].GetSource())
				}
			})
		})
	}
}

func TestAnEndlessPageFunctionIsCutAndNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		w.functions["page:me"] = func() (any, error) { return nil, errEndless }
		_, err := w.client(t, nil).Probe(t.Context())
		if platforms.KindOf(err) != platforms.PageChanged || !strings.Contains(fmt.Sprint(err), "page function me.js was cut after 5s") {
			t.Error(err)
		}
	})
}

func TestAPageFunctionThatThrowsMeansThatThePageChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		delete(w.functions, "page:me")
		_, err := w.client(t, nil).Probe(t.Context())
		if platforms.KindOf(err) != platforms.PageChanged || !strings.Contains(fmt.Sprint(err), "me.js") {
			t.Error(err)
		}
		drawn := time.Now().Add(2 * time.Second) // a page that is drawn late is waited for
		w.functions["page:me"] = func() (any, error) {
			if time.Now().Before(drawn) {
				return nil, errors.New("Cannot read properties of undefined")
			}
			return map[string]any{"uid": "me"}, nil
		}
		if _, err := w.client(t, nil).Probe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestServerRenderedPagesAreTurnedToTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		var turns []time.Time // when a click's page is there
		pages := []map[string]any{comments(true, "e", "d"), comments(true, "c", "b"), comments(false, "own-a")}
		w.functions["dom"] = func() (any, error) {
			at := 0
			for at < len(turns) && time.Now().After(turns[at]) {
				at++
			}
			return pages[at], nil
		}
		w.els["a.next"] = &fakeElement{click: func() error { turns = append(turns, time.Now().Add(700*time.Millisecond)); return nil }}
		r := &messages.Reply{Target: &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: "w1"}, Content: "nobody said this"}
		c := w.client(t, nil)
		if _, found, err := c.FindReply(t.Context(), r, nil); found || err != nil {
			t.Fatal(found, err)
		}
		got, err := c.Drain(t.Context())
		if err != nil || ids(got) != "own-a b c d e" && len(got.Items) != 5 {
			t.Errorf("%q %v", ids(got), err)
		}
		if !slices.ContainsFunc(got.Items, func(i *messages.Item) bool { return i.GetComment().GetId() == "own-a" && i.GetComment().GetIsOwn() }) {
			t.Error("the row that says it is our own is not")
		}
		if n := len(c.Memory.kept.Navigations); n != 3 {
			t.Errorf("%d page loads were counted, not 3", n)
		}
	})
}

// library is a site with works whose threads are read one by one.
func (w *wide) library(works *[]map[string]any, opened *[]string) {
	w.visit = func(tab *fakeTab) error {
		_, id, thread := strings.Cut(tab.url, "?id=")
		switch {
		case thread:
			*opened = append(*opened, id)
			w.says(tab.name, "GET", "api/thread?id="+id, comments(false, "c"+id))
		case tab.name == "work":
			w.says(tab.name, "GET", "api/works", map[string]any{"works": *works})
		default:
			w.says(tab.name, "GET", "api/feed", comments(false, "x"))
		}
		return nil
	}
}

func TestEachGoesThroughWhatChangedAndLeavesTheRestForTheNextRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		var opened []string
		works := []map[string]any{{"id": "1", "count": 1}, {"id": "2", "count": 1}, {"id": "3", "count": 1}}
		w.library(&works, &opened)
		c := w.client(t, func(cfg *Config) { cfg.Whole = nil })
		rounds := func(n int) (complete int) {
			for range n {
				b, err := c.Collect(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				complete += len(b.Complete)
				w.tabs["watch"].url = "about:blank" // so that the feed loads anew
			}
			return complete
		}
		if n := rounds(1); n != 0 || !slices.Equal(opened, []string{"1", "2"}) {
			t.Fatalf("first round: %d complete, opened %v", n, opened)
		}
		if n := rounds(1); n != 1 || !slices.Equal(opened, []string{"1", "2", "3"}) {
			t.Fatalf("second round: %d complete, opened %v", n, opened)
		}
		if rounds(1); len(opened) != 3 {
			t.Fatalf("a quiet round opened %v", opened[3:])
		}
		works[1]["count"] = 2
		w.add(page.Record{Kind: page.Frame, Tab: "watch", URL: "wss://wide.test/bell", Text: true, Body: []byte(`{"type":"ring"}`)})
		if _, err := c.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rounds(1); !slices.Equal(opened[3:], []string{"2"}) {
			t.Errorf("after the bell it opened %v", opened[3:])
		}
	})
}

func TestNothingIsMarkedAsReadWhereItIsNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		var opened []string
		works := []map[string]any{{"id": "1", "count": 1}}
		w.library(&works, &opened)
		c := w.client(t, func(cfg *Config) { cfg.Whole, cfg.ReadOnly = nil, true })
		if _, err := c.Collect(t.Context()); err != nil || len(opened) != 0 {
			t.Errorf("opened %v, %v", opened, err)
		}
		o := c.Reply(t.Context(), &messages.Reply{Target: &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT}}, func(context.Context) error { return nil })
		if o.State != messages.ReplyFailedState {
			t.Errorf("%+v", o)
		}
	})
}

func TestFurtherNamesOfAThingAreLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		w.visit = func(tab *fakeTab) error { w.says(tab.name, "GET", "api/feed", comments(false, "x")); return nil }
		c := w.client(t, nil)
		if _, err := c.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		row := comments(false, "c1")
		row["rows"].([]any)[0].(map[string]any)["work"] = "@opaque"
		w.says("watch", "GET", "api/thread?id=1", row) // the comment comes before its work
		w.says("watch", "GET", "api/works", map[string]any{"works": []any{map[string]any{"id": "71", "title": "t", "aliases": []any{"@opaque"}}}})
		got, err := c.Drain(t.Context())
		if err != nil || len(got.Items) != 2 {
			t.Fatal(got.Items, err)
		}
		for _, i := range got.Items {
			if comment := i.GetComment(); comment != nil && comment.GetWorkId() != "71" {
				t.Errorf("the comment stands under %q", comment.GetWorkId())
			}
		}
		kept, err := c.Memory.Export()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ImportMemory(kept)
		if err != nil || again.real(workName, "@opaque") != "71" {
			t.Errorf("the name was forgotten: %v", err)
		}
	})
}
