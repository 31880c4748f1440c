package browser

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"troupe/platforms/page"
)

func TestMaySee(t *testing.T) {
	c := []string{"www.site.test", "*.shop.test"}
	for address, want := range map[string]bool{
		"https://www.site.test/x":          true,
		"https://WWW.site.test./x":         true,
		"https://www.site.test:8443/":      true,
		"https://site.test/":               false,
		"https://shop.test/":               true,
		"http://a.b.shop.test/":            true,
		"https://notshop.test/":            false,
		"https://shop.test.evil.test/":     false,
		"https://www.site.test@evil.test/": false,
		"https://evil.test/www.site.test":  false,
		"about:blank":                      true,
		"blob:https://www.site.test/1":     true,
		"file:///etc/passwd":               false,
		"chrome://settings":                false,
		"://":                              false,
	} {
		if got := maySee(c, address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if !maySee(nil, "https://any.test/") {
		t.Error("without sites nothing is refused")
	}
}

// TestPagesStayOnTheirSites tries every way in which a page can be led away.
func TestPagesStayOnTheirSites(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/page", html(`<a id=link href="https://evil.test/link">link</a> <a id=blank target=_blank href="https://evil.test/blank">blank</a>
		<a id=good target=_blank href="https://two.test/plain">good</a>
		<button id=popup onclick="window.opened = window.open('https://evil.test/popup')">popup</button>
		<form id=form method=post action="https://evil.test/form"><button id=submit>send</button></form>
		<iframe id=inner src="https://elsewhere.test/framed"></iframe>`))
	mux.HandleFunc("/framed", html(`framed <script>top.postMessage("in", "*")</script>`))
	mux.HandleFunc("/breakout", html(`<script>top.location = "https://evil.test/breakout"</script>`))
	mux.HandleFunc("/meta", html(`<meta http-equiv=refresh content="0;url=https://evil.test/meta">meta`))
	mux.HandleFunc("/script", html(`<script>location = "https://evil.test/script"</script>script`))
	mux.HandleFunc("/plain", html(`plain`))
	mux.HandleFunc("/away", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "https://evil.test/redirected", http.StatusFound)
	})
	mux.HandleFunc("/near", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "https://two.test/plain", http.StatusFound)
	})
	r := newRig(t, mux)
	cfg := r.config(t)
	cfg.Sites = []string{"site.test", "*.two.test"}
	i := start(t, cfg)
	tab := open(t, i, "main", "https://site.test/page")
	here := func(want string) {
		t.Helper()
		if got, err := tab.URL(t.Context()); got != want || err != nil {
			t.Errorf("the page is at %s, %v", got, err)
		}
	}
	refused := func(what string, act func()) {
		t.Helper()
		before := i.Refusals().Outside
		act()
		until(t, what+" to be refused", func() bool { return i.Refusals().Outside > before })
	}

	for _, address := range []string{"https://evil.test/direct", "https://site.test/away", "file:///etc/passwd"} {
		if err := tab.Navigate(t.Context(), address); !errors.Is(err, page.ErrOutside) {
			t.Errorf("%s: %v", address, err)
		}
		here("https://site.test/page")
	}
	for _, id := range []string{"#link", "#submit"} {
		refused(id, func() {
			if err := find(t, tab, id).Click(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		here("https://site.test/page")
	}
	for _, id := range []string{"#blank", "#popup"} {
		refused(id, func() {
			if err := find(t, tab, id).Click(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		until(t, "the empty window to close", func() bool { return len(i.targets.pages(false)) == 2 })
	}
	for path, want := range map[string]error{"/meta": nil, "/script": page.ErrOutside} { // script goes before its page is whole
		refused(path, func() {
			if err := tab.Navigate(t.Context(), "https://site.test"+path); !errors.Is(err, want) {
				t.Errorf("%s: %v", path, err)
			}
		})
		here("https://site.test" + path)
	}
	refused("breaking out of a frame", func() {
		if err := tab.Navigate(t.Context(), "https://site.test/page"); err != nil {
			t.Fatal(err)
		}
		eval(t, tab, `() => { document.querySelector("#inner").src = "https://site.test/breakout" }`)
	})
	here("https://site.test/page")
	if err := tab.Navigate(t.Context(), "https://site.test/near"); err != nil {
		t.Error("from site to site:", err)
	}
	here("https://two.test/plain")
	if err := tab.Navigate(t.Context(), "https://site.test/page"); err != nil {
		t.Fatal(err)
	}
	if err := find(t, tab, "#good").Click(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the window of a site", func() bool {
		return slices.Contains(r.requests(), "two.test/plain") && len(i.targets.pages(false)) == 3
	})
	if !slices.Contains(r.requests(), "elsewhere.test/framed") {
		t.Error("a frame in the page was not loaded")
	}
	for _, asked := range r.requests() {
		if strings.HasPrefix(asked, "evil.test/") {
			t.Error("asked for", asked)
		}
	}
}
