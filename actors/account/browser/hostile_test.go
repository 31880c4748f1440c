package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/cdp"

	"troupe/platforms/page"
)

// hostile is a site whose pages do what no page should.
func hostile() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/calm", html(`<button id=b onclick="this.textContent='clicked'">press</button><input id=i>`))
	mux.HandleFunc("/loop", html(`<p id=p>loop</p><script>setTimeout(() => { while (true) {} }, 0)</script>`))
	mux.HandleFunc("/alerts", html(`<script>setTimeout(() => { while (true) alert("again") }, 0)</script>`))
	mux.HandleFunc("/dialogs", html(`<script>onbeforeunload = (e) => { e.preventDefault(); e.returnValue = "stay" };
		setTimeout(() => { alert(1); document.title = confirm("?") + "," + prompt("?", "x"); }, 0)</script><button id=b>b</button>`))
	mux.HandleFunc("/popups", html(`<button id=b onclick="for (let n = 0; n < 50; n++) window.open('/calm?' + n, '_blank')">open</button>`))
	mux.HandleFunc("/frames", html(`<script>for (let n = 0; n < 1000; n++) { const f = document.createElement("iframe"); f.srcdoc = n; document.body.append(f) }
		for (let n = 0; n < 20; n++) { const f = document.createElement("iframe"); f.src = "https://f" + n + ".test/calm"; document.body.append(f) }</script>`))
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
		io.WriteString(w, "data")
	})
	mux.HandleFunc("/download", html(`<a id=a download href="/file">file</a><input id=f type=file><input id=d type=file webkitdirectory><button id=p onclick="print()">print</button>`))
	mux.HandleFunc("/silent", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<p>huge<pre id=pre hidden>")
		write(w, rounds(30, 100)<<20, 'h')
	})
	mux.HandleFunc("/worker.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, `onfetch = () => { while (true) {} }; oninstall = () => skipWaiting(); onactivate = (e) => e.waitUntil(clients.claim())`)
	})
	mux.HandleFunc("/stuck/", html(`<script>navigator.serviceWorker.register("/worker.js", {scope: "/stuck/"}).then(() => navigator.serviceWorker.ready).then(() => { document.title = "ready" })</script>`))
	return mux
}

// soon is a context of the test that ends after d.
func soon(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// works says that a tab does its work.
func works(t *testing.T, tab page.Tab) {
	t.Helper()
	ctx := soon(t, 20*time.Second)
	if err := tab.Navigate(ctx, "https://calm.test/calm"); err != nil {
		t.Fatal(err)
	}
	b := find(t, tab, "#b")
	if err := b.Click(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Text(ctx); got != "clicked" || err != nil {
		t.Errorf("another tab: %q %v", got, err)
	}
}

// TestEveryMethodReturnsWhenAPageHangs calls everything on a page in an endless loop.
func TestEveryMethodReturnsWhenAPageHangs(t *testing.T) {
	r := newRig(t, hostile())
	i := start(t, r.config(t))
	i.targets.patience, i.targets.workerEvery = 2*time.Second, time.Second
	other := open(t, i, "other", "https://calm.test/calm")
	tab := open(t, i, "main", "https://site.test/calm")
	el := find(t, tab, "#b")
	eval(t, tab, `() => { setTimeout(() => { while (true) {} }, 0) }`)
	until(t, "the page to hang", func() bool {
		_, err := tab.Eval(soon(t, time.Second), `() => 1`, nil)
		return errors.Is(err, context.DeadlineExceeded)
	})
	calls := map[string]func(context.Context) error{
		"eval":       func(ctx context.Context) error { _, err := tab.Eval(ctx, `() => 1`, nil); return err },
		"eval page":  func(ctx context.Context) error { _, err := tab.EvalPage(ctx, `() => 1`, nil); return err },
		"find":       func(ctx context.Context) error { _, _, err := tab.Find(ctx, []string{"#b"}, nil); return err },
		"frame":      func(ctx context.Context) error { _, err := tab.Frame(ctx, []string{"iframe"}); return err },
		"text":       func(ctx context.Context) error { _, err := el.Text(ctx); return err },
		"click":      el.Click,
		"hover":      el.Hover,
		"focus":      el.Focus,
		"dom":        func(ctx context.Context) error { _, err := tab.DOM(ctx, 100); return err },
		"screenshot": func(ctx context.Context) error { _, err := tab.Screenshot(ctx); return err },
		"type":       func(ctx context.Context) error { return tab.Type(ctx, "x") },
		"paste":      func(ctx context.Context) error { return tab.Paste(ctx, "x") },
		"press":      func(ctx context.Context) error { return tab.Press(ctx, "Enter") },
		"scroll":     func(ctx context.Context) error { return tab.Scroll(ctx, nil, 100) },
		"title":      func(ctx context.Context) error { tab.Title(ctx); return context.DeadlineExceeded }, // Chromium itself knows
	}
	done := make(chan string, len(calls))
	for name, call := range calls {
		go func() {
			began := time.Now()
			err := call(soon(t, 500*time.Millisecond))
			if took := time.Since(began); took > 10*time.Second {
				name = fmt.Sprintf("%s took %v", name, took)
			} else if err == nil {
				name += " succeeded"
			} else if !errors.Is(err, context.DeadlineExceeded) && !isGone(err) {
				name = fmt.Sprintf("%s: %v", name, err)
			} else {
				name = ""
			}
			done <- name
		}()
	}
	for range calls {
		if wrong := <-done; wrong != "" {
			t.Error(wrong)
		}
	}
	works(t, other)
	until(t, "the page to be ended", func() bool { _, err := tab.URL(t.Context()); return isGone(err) })
	if n := i.Refusals().Hung; n != 1 {
		t.Errorf("%d pages hung", n)
	}
	works(t, open(t, i, "main", ""))
	noneBurns(t, i)
}

// noneBurns says that no renderer takes a core.
func noneBurns(t *testing.T, i *Instance) {
	t.Helper()
	used := func() map[int]float64 { // seconds
		var answer struct {
			Processes []struct {
				Type string  `json:"type"`
				ID   int     `json:"id"`
				CPU  float64 `json:"cpuTime"`
			} `json:"processInfo"`
		}
		if err := i.browser.call(t.Context(), "SystemInfo.getProcessInfo", nil, &answer); err != nil {
			t.Fatal(err)
		}
		seconds := map[int]float64{}
		for _, p := range answer.Processes {
			if p.Type == "renderer" {
				seconds[p.ID] = p.CPU
			}
		}
		return seconds
	}
	before := used()
	until(t, "the renderers to rest", func() bool {
		<-soon(t, 500*time.Millisecond).Done()
		now, rest := used(), true
		for id, seconds := range now {
			rest = rest && seconds-before[id] < 0.03
		}
		before = now
		return rest
	})
}

func TestAHangingTabIsReplaced(t *testing.T) {
	r := newRig(t, hostile())
	i := start(t, r.config(t))
	tab := open(t, i, "main", "")
	if err := tab.Navigate(soon(t, time.Second), "https://site.test/loop"); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if _, err := tab.Eval(soon(t, 300*time.Millisecond), `() => 1`, nil); err == nil {
		t.Fatal("it does not hang")
	}
	if err := i.CloseTab(t.Context(), "main"); err != nil {
		t.Errorf("close: %v", err)
	}
	works(t, open(t, i, "main", ""))
	noneBurns(t, i)
	if pages := i.targets.pages(false); len(pages) != 2 {
		t.Errorf("%d pages", len(pages))
	}
}

func TestAPageFunctionIsCutAtItsDeadline(t *testing.T) {
	r := newRig(t, hostile())
	i := start(t, r.config(t))
	tab := open(t, i, "main", "https://site.test/calm")
	for _, function := range []string{`() => { while (true) {} }`, `async () => { while (true) {} }`, `() => new Promise(() => {})`} {
		for name, call := range map[string]func(context.Context, string, any) error{
			"eval":      func(ctx context.Context, f string, a any) error { _, err := tab.Eval(ctx, f, a); return err },
			"eval page": func(ctx context.Context, f string, a any) error { _, err := tab.EvalPage(ctx, f, a); return err },
		} {
			if err := call(soon(t, 300*time.Millisecond), function, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s of %s: %v", name, function, err)
			}
			if got, err := tab.Eval(soon(t, 10*time.Second), `() => document.title`, nil); string(got) != `"page"` || err != nil {
				t.Errorf("after %s of %s: %s %v", name, function, got, err)
			}
		}
	}
	if n := i.Refusals().Hung; n != 0 {
		t.Errorf("%d pages were ended", n)
	}
	if _, err := tab.Eval(t.Context(), `(a) => a`, make(chan int)); err == nil {
		t.Error("arguments that are no JSON are no error")
	}
	if _, err := tab.Eval(t.Context(), `() => { throw new Error("mine") }`, nil); err == nil || !strings.Contains(err.Error(), "mine") {
		t.Errorf("thrown: %v", err)
	}
}

func TestHostilePages(t *testing.T) {
	r := newRig(t, hostile())
	i := start(t, r.config(t))
	i.targets.patience, i.targets.workerEvery = 2*time.Second, time.Second
	other := open(t, i, "other", "https://calm.test/calm")

	t.Run("DialogsAreDismissedAndCounted", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/dialogs")
		until(t, "the answers", func() bool { title, err := tab.Title(t.Context()); return err == nil && title == "false,null" })
		if err := find(t, tab, "#b").Click(t.Context()); err != nil { // now the page may ask before it is left
			t.Fatal(err)
		}
		if err := tab.Navigate(soon(t, 10*time.Second), "https://site.test/calm"); err != nil {
			t.Errorf("leave: %v", err)
		}
		if n := i.Refusals().Dialogs; n != 4 {
			t.Errorf("%d dialogs", n)
		}
	})
	t.Run("DownloadsFilesAndPrintersAreNotToBeHad", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/download")
		for _, id := range []string{"#a", "#f", "#d", "#p"} {
			if err := find(t, tab, id).Click(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		until(t, "the refusals", func() bool { n := i.Refusals(); return n.Downloads == 1 && n.Files == 2 })
		if err := tab.Navigate(t.Context(), "https://site.test/file"); err == nil {
			t.Error("a download is a page")
		}
		works(t, tab)
	})
	t.Run("PermissionsAreDenied", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/calm")
		got, err := tab.EvalPage(soon(t, 20*time.Second), `async () => {
			const states = {};
			for (const name of ["geolocation", "notifications", "camera", "microphone", "midi", "clipboard-read", "persistent-storage"]) {
				states[name] = await navigator.permissions.query({name}).then((p) => p.state, String);
			}
			states.place = await new Promise((done) => navigator.geolocation.getCurrentPosition(() => done("known"), (e) => done(e.code)));
			states.media = await navigator.mediaDevices.getUserMedia({video: true, audio: true}).then(() => "given", (e) => e.name);
			states.notices = await Notification.requestPermission();
			return states;
		}`, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, yes := range []string{"granted", "given", "known", `"prompt"`} {
			if strings.Contains(string(got), yes) {
				t.Errorf("a permission is %s", yes)
			}
		}
	})
	t.Run("FiftyPopupsBecomeFew", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/popups")
		i.targets.popupLife = 2 * time.Second
		for range 3 {
			if err := find(t, tab, "#b").Click(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		until(t, "surplus windows to close", func() bool { return i.Refusals().Popups > 0 && len(i.targets.pages(false)) <= 3+maxPopups })
		until(t, "the others to close too", func() bool { return len(i.targets.pages(false)) == 3 })
		t.Log(i.Refusals().Popups, "windows were closed")
		works(t, other)
		if err := i.CloseTab(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("AThousandFrames", func(t *testing.T) {
		tab := open(t, i, "main", "")
		if err := tab.Navigate(soon(t, 45*time.Second), "https://site.test/frames"); err != nil {
			t.Fatal(err)
		}
		works(t, other)
		works(t, tab)
		until(t, "the frames to be forgotten", func() bool { return len(i.targets.pages(true)) == len(i.targets.pages(false)) })
	})
	t.Run("ASilentSite", func(t *testing.T) {
		tab := open(t, i, "main", "")
		if err := tab.Navigate(soon(t, 500*time.Millisecond), "https://site.test/silent"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		works(t, tab)
	})
	t.Run("APageOfManyMegabytes", func(t *testing.T) {
		tab := open(t, i, "main", "")
		if err := tab.Navigate(soon(t, 60*time.Second), "https://site.test/huge"); err != nil {
			t.Fatal(err)
		}
		if dom, err := tab.DOM(soon(t, 30*time.Second), 1000); len(dom) != 1000 || err != nil {
			t.Errorf("%d bytes, %v", len(dom), err)
		}
		if text, err := find(t, tab, "#pre").Text(soon(t, 30*time.Second)); err == nil {
			t.Errorf("read %d bytes", len(text))
		}
		works(t, other)
		works(t, tab)
	})
	t.Run("AServiceWorkerThatHangs", func(t *testing.T) {
		tab := open(t, i, "main", "https://stuck.test/stuck/")
		until(t, "the worker", func() bool { title, err := tab.Title(t.Context()); return err == nil && title == "ready" })
		if err := tab.Navigate(soon(t, 2*time.Second), "https://stuck.test/stuck/again"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		works(t, other)
		works(t, tab)
		until(t, "the worker to be cut", func() bool { return i.Refusals().Hung == 1 })
		noneBurns(t, i)
	})
	t.Run("ALoopOfAlertsEnds", func(t *testing.T) {
		tab := open(t, i, "main", "")
		if err := tab.Navigate(soon(t, time.Second), "https://site.test/alerts"); err != nil {
			t.Log("the loop began before the page was whole:", err)
		}
		if _, err := tab.Eval(soon(t, 500*time.Millisecond), `() => 1`, nil); err == nil {
			t.Error("it does not loop")
		}
		works(t, other)
		until(t, "the page to be ended", func() bool { _, err := tab.URL(t.Context()); return isGone(err) })
		works(t, open(t, i, "main", ""))
		noneBurns(t, i)
	})
}

func TestChromiumsOwnTimeLimitReadsAsTheDeadline(t *testing.T) {
	refused := &cdp.Error{Code: internalError, Message: "Internal error"}
	if err := outOfTime(refused, true); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, refused) {
		t.Error(err)
	}
	for _, err := range []error{outOfTime(refused, false), outOfTime(&cdp.Error{Code: -32000, Message: "Internal error"}, true)} {
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
}
