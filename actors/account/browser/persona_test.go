package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// probe is what a page or worker can learn of its browser.
const probe = `async function probe() {
	const d = navigator.userAgentData;
	const hints = d ? await d.getHighEntropyValues(["architecture","bitness","fullVersionList","model","platformVersion","uaFullVersion","formFactors"]) : null;
	if (hints) delete hints.wow64;
	return {
		agent: navigator.userAgent, platform: navigator.platform, languages: navigator.languages.join(), hints,
		locale: Intl.DateTimeFormat().resolvedOptions().locale, zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
		cores: navigator.hardwareConcurrency, webdriver: navigator.webdriver ?? false,
	};
}`

// probeSite tells what contexts report: each posts its probe under its name.
func probeSite(t *testing.T) (mux *http.ServeMux, seen func() map[string]string, headers func() map[string]http.Header) {
	t.Helper()
	var mu sync.Mutex
	reports, asked := map[string]string{}, map[string]http.Header{}
	script := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			mu.Lock()
			asked[req.Host+req.URL.Path] = req.Header
			mu.Unlock()
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, probe+body)
		}
	}
	page := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			mu.Lock()
			asked[req.Host+req.URL.Path] = req.Header
			mu.Unlock()
			html(body)(w, req)
		}
	}
	const report = `probe().then(p => fetch("https://site.test/report?from=" + from, {method: "POST", mode: "no-cors", body: JSON.stringify(p)}));`
	mux = http.NewServeMux()
	mux.HandleFunc("/report", func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		mu.Lock()
		defer mu.Unlock()
		reports[req.URL.Query().Get("from")] = string(b)
	})
	mux.HandleFunc("/worker.js", script(`const from = "worker";`+report))
	mux.HandleFunc("/shared.js", script(`const from = "shared worker";`+report))
	mux.HandleFunc("/service.js", script(`const from = "service worker";`+report))
	mux.HandleFunc("/frame", page(`<script>`+probe+`const from = "frame of another site";`+report+`</script>`))
	mux.HandleFunc("/popup", page(`<script>`+probe+`const from = "popup";`+report+`</script>`))
	mux.HandleFunc("/probe", page(`<pre id=out></pre><iframe src="https://other.test/frame"></iframe><script>`+probe+`
		const from = "page";`+report+`
		probe().then(p => { out.textContent = JSON.stringify(p); });
		new Worker("/worker.js"); new SharedWorker("/shared.js"); navigator.serviceWorker.register("/service.js");
	</script><button onclick="window.open('/popup')">more</button>`))
	copied := func() map[string]string {
		mu.Lock()
		defer mu.Unlock()
		list := map[string]string{}
		for k, v := range reports {
			list[k] = v
		}
		return list
	}
	return mux, copied, func() map[string]http.Header {
		mu.Lock()
		defer mu.Unlock()
		list := map[string]http.Header{}
		for k, v := range asked {
			list[k] = v
		}
		return list
	}
}

func TestPersonaIsTheSameInEveryContext(t *testing.T) {
	mux, seen, headers := probeSite(t)
	r := newRig(t, mux)
	cfg := r.config(t)
	i := start(t, cfg)
	tab := open(t, i, "main", "https://site.test/probe")
	contexts := []string{"page", "frame of another site", "popup", "worker", "shared worker", "service worker"}
	if err := find(t, tab, "button").Click(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "all contexts to report", func() bool { return len(seen()) >= len(contexts) })

	reports := seen()
	for _, name := range contexts {
		if diff := cmp.Diff(decoded(t, reports["page"]), decoded(t, reports[name])); diff != "" {
			t.Errorf("%s differs from the page: %s", name, diff)
		}
		if strings.Contains(reports[name], "Headless") || !strings.Contains(reports[name], `"webdriver":false`) {
			t.Errorf("%s shows automation: %s", name, reports[name])
		}
	}
	got := decoded(t, reports["page"])
	if got["zone"] != cfg.Persona.TimeZone || got["locale"] != cfg.Persona.Locale || got["languages"] != strings.Join(cfg.Persona.Languages, ",") {
		t.Errorf("place is %v %v %v", got["zone"], got["locale"], got["languages"])
	}
	for request, header := range headers() {
		if agent := header.Get("User-Agent"); agent != got["agent"] {
			t.Errorf("%s was asked for by %q", request, agent)
		}
		if hints := header.Get("Sec-Ch-Ua"); hints != "" && !strings.Contains(hints, "Chromium") || strings.Contains(hints, "Headless") {
			t.Errorf("%s was asked for with hints %q", request, hints)
		}
	}
	if language := headers()["site.test/probe"].Get("Accept-Language"); language != "zh-CN,zh;q=0.9,en;q=0.8" {
		t.Errorf("Accept-Language is %q", language)
	}
	if got := eval(t, tab, "() => [screen.width, screen.height, devicePixelRatio, outerWidth <= screen.width, innerHeight > 300].join()"); got != sizes(cfg) {
		t.Errorf("screen is %s, not %s", got, sizes(cfg))
	}

	t.Run("HintsAreThisChromiumsOwn", func(t *testing.T) {
		own := decoded(t, ownWords(t, r, cfg))
		if diff := cmp.Diff(own["hints"], got["hints"]); diff != "" {
			t.Errorf("hints are not what Chromium says by itself: %s", diff)
		}
		if strings.Replace(own["agent"].(string), "HeadlessChrome", "Chrome", 1) != got["agent"] {
			t.Errorf("agent is %v by itself", own["agent"])
		}
		if own["cores"] != got["cores"] || own["platform"] != got["platform"] {
			t.Errorf("the machine itself is %v %v", own["cores"], own["platform"])
		}
	})
}

// ownWords is what the installed Chromium says without any of our overrides.
func ownWords(t *testing.T, r *rig, cfg Config) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), cfg.Bin, "--headless=new", "--no-sandbox", "--user-data-dir="+openTempDir(t),
		"--proxy-server=http://"+cfg.Proxy, "--ignore-certificate-errors-spki-list="+r.pin,
		"--timeout=10000", "--virtual-time-budget=3000", "--dump-dom", "https://site.test/probe")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`<pre id="out">(.+)</pre>`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no probe in %s", out)
	}
	return string(found[1])
}

func decoded(t *testing.T, report string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(report), &m); err != nil {
		t.Fatalf("report %q: %v", report, err)
	}
	return m
}

func sizes(cfg Config) string {
	b, _ := json.Marshal(fmt.Sprintf("%d,%d,1,true,true", cfg.Persona.Width, cfg.Persona.Height))
	return string(b)
}
