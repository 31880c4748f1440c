package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"troupe/actors/account/browser"
	"troupe/actors/account/persona"
	"troupe/platforms/page"
	"troupe/testkit"
	"troupe/testkit/rig"
)

// consoleAddress is where the person's browser finds the console, whichever port the node has at the moment.
const consoleAddress = "http://localhost/"

// consoleUser is the user that the person's Chromium runs as where the tests run as root.
const consoleUser = 23101

// console is a person's own Chromium with the console open. Its only way out is a proxy to the node.
type console struct {
	t    *testing.T
	tab  page.Tab
	node atomic.Pointer[url.URL]
}

// openConsole starts the browser and opens the accounts page of the node at address.
func openConsole(t *testing.T, address string) *console {
	t.Helper()
	return openAt(t, address, "")
}

// openAt starts the browser and opens a page of the console of the node at address, as a link to it does.
func openAt(t *testing.T, address, hash string) *console {
	t.Helper()
	c := &console{t: t}
	c.moveTo(address)
	proxy := httptest.NewServer(http.HandlerFunc(c.pass))
	dir, err := os.MkdirTemp("", "troupe-console-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := browser.Config{
		Host: rig.Host(t, browser.SandboxAuto), Account: "person", Epoch: 1, Node: "desk", Dir: filepath.Join(dir, "person"), Fresh: true,
		Proxy: strings.TrimPrefix(proxy.URL, "http://"), Persona: persona.Make(1, "", "", "", persona.Machine{Cores: 2}), Log: testkit.Quiet(),
	}
	if os.Geteuid() == 0 {
		cfg.UID, cfg.GID = consoleUser, consoleUser
	}
	chromium, err := browser.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromium.Kill(); err != nil {
			t.Error(err)
		}
		proxy.CloseClientConnections() // streams that the browser left open
		proxy.Close()
		os.RemoveAll(dir)
	})
	if c.tab, err = chromium.Tab(t.Context(), "console"); err != nil {
		t.Fatal(err)
	}
	if err := c.tab.Navigate(t.Context(), consoleAddress+hash); err != nil {
		t.Fatal(err)
	}
	c.eval(nil, `() => {
		window.violations = [];
		document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI));
		new ReportingObserver((reports) => window.violations.push(...reports.map((r) => r.body.effectiveDirective + " " + r.body.blockedURL)),
			{ types: ["csp-violation"], buffered: true }).observe();
	}`, nil)
	return c
}

// moveTo says where the node is now.
func (c *console) moveTo(address string) {
	c.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.node.Store(u)
}

// pass hands a request for the console on to the node; nothing else is let out.
func (c *console) pass(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect || r.Host != "localhost" {
		http.Error(w, "only the console", http.StatusForbidden)
		return
	}
	(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(c.node.Load())
			p.Out.Host = p.In.Host
			p.Out.Header.Del("Accept-Encoding") // the answer is looked at
		},
		ModifyResponse: c.judge,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}).ServeHTTP(w, r)
}

// judge holds what the node answers the console against its OpenAPI document. A stream passes as it comes.
func (c *console) judge(res *http.Response) error {
	kind := res.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "text/event-stream") {
		return nil
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err := promised(c.t).Check(res.Request.Method, res.Request.URL.Path, res.StatusCode, kind, body); err != nil {
		c.t.Error(err)
	}
	return nil
}

// eval runs a function in the console's page and decodes its answer.
func (c *console) eval(answer any, function string, args any) {
	c.t.Helper()
	raw, err := c.tab.Eval(c.t.Context(), function, args)
	if err == nil && answer != nil {
		err = json.Unmarshal(raw, answer)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// open goes to a page of the console, as a click on a link does.
func (c *console) open(hash string) {
	c.t.Helper()
	c.eval(nil, `(hash) => { location.hash = hash; }`, hash)
}

// find waits until an element is there and visible.
func (c *console) find(selector string) page.Element {
	c.t.Helper()
	var found page.Element
	c.until("there is "+selector, func() bool {
		el, _, err := c.tab.Find(c.t.Context(), []string{selector}, nil)
		if err != nil || el == nil {
			return false
		}
		visible, err := el.Visible(c.t.Context())
		found = el
		return err == nil && visible
	})
	return found
}

func (c *console) click(selector string) {
	c.t.Helper()
	c.until("clicked on "+selector, func() bool { return c.find(selector).Click(c.t.Context()) == nil })
}

// write types into a field.
func (c *console) write(selector, text string) {
	c.t.Helper()
	if err := c.find(selector).Focus(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if err := c.tab.Type(c.t.Context(), text); err != nil {
		c.t.Fatal(err)
	}
}

// choose picks an option of a select as a person does.
func (c *console) choose(selector, value string) {
	c.t.Helper()
	c.find(fmt.Sprintf("%s:has(option[value=%q])", selector, value))
	c.eval(nil, `([s, v]) => {
		const el = document.querySelector(s);
		el.value = v;
		el.dispatchEvent(new Event("change", { bubbles: true }));
	}`, []string{selector, value})
}

// shows waits until the element's text holds the words.
func (c *console) shows(selector, words string) {
	c.t.Helper()
	c.until(fmt.Sprintf("%s shows %q", selector, words), func() bool { return strings.Contains(c.text(selector), words) })
}

// text is what stands in the element, "" when there is none.
func (c *console) text(selector string) (text string) {
	c.t.Helper()
	c.eval(&text, `(s) => document.querySelector(s)?.textContent ?? ""`, selector)
	return text
}

func (c *console) count(selector string) (n int) {
	c.t.Helper()
	c.eval(&n, `(s) => document.querySelectorAll(s).length`, selector)
	return n
}

func (c *console) until(what string, ok func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(patience * 20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	c.t.Fatalf("not in time: %s\nthe page says: %s", what, c.text("body"))
}

// axe is the accessibility checker, an npm package of the console.
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../actors/gateway/console/web/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("the console is not built (make console): %v", err)
	}
	return string(source)
}

// accessible fails the test if axe finds something serious on the page as it is now, light or dark.
func (c *console) accessible(where string) {
	c.t.Helper()
	var there bool
	c.eval(&there, `() => "axe" in window`, nil)
	if !there {
		c.eval(nil, "() => {"+axe(c.t)+"\n}", nil)
	}
	var found []struct {
		ID, Impact, Help string
		Nodes            []string
	}
	c.eval(&found, `async () => {
		const root = document.documentElement, found = [];
		for (const theme of ["dark", "light"]) {
			root.dataset.theme = theme;
			const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
			found.push(...violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help,
				nodes: v.nodes.map((n) => theme + ": " + n.html.slice(0, 200) + " | " + n.failureSummary) })));
		}
		delete root.dataset.theme;
		return found;
	}`, nil)
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" {
			c.t.Errorf("%s: %s (%s): %s\n%s", where, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
		}
	}
}

// unharmed fails the test if the page tried what its policy forbids, or does not notice when it does.
func (c *console) unharmed() {
	c.t.Helper()
	var seen []string
	c.eval(&seen, `() => window.violations`, nil)
	if len(seen) > 0 {
		c.t.Errorf("the page broke its policy: %v", seen)
	}
	c.eval(nil, `() => { new Image().src = "http://elsewhere.invalid/picture.png"; }`, nil)
	c.until("a foreign picture is refused and noticed", func() bool {
		c.eval(&seen, `() => window.violations`, nil)
		return len(seen) > 0
	})
}

// fetch reads a path of the node as a browser would.
func fetch(t *testing.T, address string) (body []byte, header http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, res.Status, err)
	}
	return body, res.Header
}
