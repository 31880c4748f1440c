package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"troupe/actors/account/vault"
)

// TestExportedLoginIsWholeInAFreshProfile moves a login into a wiped profile in another data folder: cookies with every attribute,
// session cookies, partitioned cookies of two sites, and local storage whatever stands in it.
func TestExportedLoginIsWholeInAFreshProfile(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Add("Set-Cookie", "kept=1; Max-Age=3600; Secure; HttpOnly; SameSite=Lax; Path=/app; Priority=High")
		h.Add("Set-Cookie", "kept=other; Max-Age=3600; Path=/; Priority=Low")
		h.Add("Set-Cookie", "session=2; Secure; HttpOnly; Domain=site.test")
		h.Add("Set-Cookie", "__Host-strict=3; Secure; Path=/; SameSite=Strict")
		html(`<iframe src="https://third.test/frame"></iframe>
			<script>localStorage.setItem("token", "令牌"); localStorage.setItem("empty", "")</script>`)(w, nil)
	})
	mux.HandleFunc("/other", html(`<iframe src="https://third.test/frame"></iframe>`))
	mux.HandleFunc("/frame", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "parted=4; Secure; HttpOnly; SameSite=None; Partitioned; Path=/")
		io.WriteString(w, "framed")
	})
	mux.HandleFunc("/im", html(`<script>
		localStorage.setItem("im", "5");
		localStorage.setItem("half", "a\ud83d"); localStorage.setItem("\ude00", "😀\u0000\u2028");
		localStorage.setItem("length", "6"); localStorage.setItem("key", "7"); localStorage.setItem("__proto__", "8");
		localStorage.setItem("big", "大".repeat(1000000));
	</script>`))
	r := newRig(t, mux)
	cfg := r.config(t)
	cfg.Origins = []string{"https://site.test", "https://im.test", "https://never.test"}
	first := start(t, cfg)
	tab := open(t, first, "main", "https://im.test/im")
	for _, address := range []string{"https://other.test/other", "https://site.test/login"} {
		if err := tab.Navigate(t.Context(), address); err != nil {
			t.Fatal(err)
		}
	}
	var exported *vault.State
	until(t, "the frames' cookies", func() (ok bool) {
		var err error
		if exported, err = first.Export(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(exported.Cookies) == 6
	})
	asked := len(r.requests())
	want := []vault.Origin{
		{Origin: "https://site.test", LocalStorage: [][2]vault.Text{{"empty", ""}, {"token", "令牌"}}},
		{Origin: "https://im.test", LocalStorage: [][2]vault.Text{
			{"__proto__", "8"},
			{"big", vault.Text(strings.Repeat("大", 1000000))},
			{"half", "a\xed\xa0\xbd"},
			{"im", "5"},
			{"key", "7"},
			{"length", "6"},
			{"\xed\xb8\x80", "😀\x00\u2028"},
		}},
	}
	if !reflect.DeepEqual(sorted(exported.Origins), want) {
		t.Errorf("exported %v", exported.Origins)
	}
	if exported.ChromiumMajor == 0 || exported.Contents().Partitioned != 2 || exported.Contents().Session != 4 {
		t.Errorf("exported %+v of Chromium %d", exported.Contents(), exported.ChromiumMajor)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	again := r.config(t)
	again.State = exported // its origins need not be named to stay
	second := start(t, again)
	restored, err := second.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.requests()); n != asked {
		t.Errorf("the site was asked for %v", r.requests()[asked:])
	}
	if diff := cmp.Diff(cookiesByName(t, exported), cookiesByName(t, restored)); diff != "" {
		t.Errorf("cookies changed: %s", diff)
	}
	if !reflect.DeepEqual(sorted(restored.Origins), want) {
		t.Errorf("restored %v", restored.Origins)
	}
	shown := open(t, second, "main", "https://im.test/im")
	if got := eval(t, shown, `() => localStorage.getItem("half") === "a\ud83d" && localStorage.getItem("length")`); got != `"6"` {
		t.Errorf("the page sees its storage as %s", got)
	}
	eval(t, shown, "() => localStorage.setItem('im', '6')")
	later, err := second.Export(t.Context())
	if err != nil || sorted(later.Origins)[1].LocalStorage[3][1] != "6" {
		t.Errorf("a change was not seen: %v", err)
	}
}

func sorted(origins []vault.Origin) []vault.Origin {
	for _, o := range origins {
		slices.SortFunc(o.LocalStorage, func(a, b [2]vault.Text) int { return strings.Compare(string(a[0]), string(b[0])) })
	}
	return origins
}

// cookiesByName lists cookies with all their attributes by what tells them apart.
func cookiesByName(t *testing.T, s *vault.State) map[string]map[string]any {
	t.Helper()
	list := map[string]map[string]any{}
	for _, raw := range s.Cookies {
		var c map[string]any
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		list[fmt.Sprint(c["name"], c["domain"], c["path"], c["partitionKey"])] = c
	}
	if len(list) != len(s.Cookies) {
		t.Errorf("%d of %d cookies differ", len(list), len(s.Cookies))
	}
	return list
}

// TestWhatChromiumRefusesDoesNotCostTheLogin restores good cookies and storage among bad ones.
func TestWhatChromiumRefusesDoesNotCostTheLogin(t *testing.T) {
	var log bytes.Buffer
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cookie := func(n int) json.RawMessage {
		return fmt.Appendf(nil, `{"name":"good%d","value":"1","domain":"site.test","path":"/","secure":true,"session":true,"expires":-1}`, n)
	}
	cfg.State = &vault.State{
		Cookies: []json.RawMessage{
			cookie(0), json.RawMessage(`{"name":"__Host-bad","value":"canary","domain":".site.test","path":"/x","secure":false}`),
			cookie(1), json.RawMessage(`"canary"`), cookie(2), json.RawMessage(`{"value":"canary"}`),
		},
		Origins: []vault.Origin{
			{Origin: "https://not an origin", LocalStorage: [][2]vault.Text{{"a", "canary"}}},
			{Origin: "https://site.test", LocalStorage: [][2]vault.Text{
				{"kept", "1"}, {"too large", vault.Text(strings.Repeat("canary", 1<<20))}, {"kept too", "2"},
			}},
		},
	}
	i := start(t, cfg)
	exported, err := i.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := vault.Contents{Cookies: 3, Session: 3, Domains: []string{"site.test"}, Origins: []string{"https://site.test"}, Entries: 2}
	if diff := cmp.Diff(want, exported.Contents()); diff != "" {
		t.Error(diff)
	}
	for _, says := range []string{`"lost":3,"of":6`, `"origin":"https://not an origin"`, `"lost":1,"of":3`} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("the log lacks %s: %s", says, log.String())
		}
	}
	if strings.Contains(log.String(), "canary") {
		t.Error("a value stands in the log")
	}
}

func TestWhereACookieIsSent(t *testing.T) {
	now := time.Unix(1000, 0)
	base := cookie{Name: "c", Domain: "site.test", Path: "/", Expires: -1}
	for name, c := range map[string]struct {
		change func(*cookie)
		url    string
		want   bool
	}{
		"own host":        {nil, "http://site.test", true},
		"below, host":     {nil, "http://www.site.test/", false},
		"below, domain":   {func(c *cookie) { c.Domain = ".site.test" }, "http://www.site.test/", true},
		"alike":           {func(c *cookie) { c.Domain = ".site.test" }, "http://notsite.test/", false},
		"secure on http":  {func(c *cookie) { c.Secure = true }, "http://site.test/", false},
		"secure on wss":   {func(c *cookie) { c.Secure = true }, "wss://site.test/", true},
		"path":            {func(c *cookie) { c.Path = "/app" }, "http://site.test/app/x", true},
		"path alike":      {func(c *cookie) { c.Path = "/app" }, "http://site.test/apple", false},
		"expired":         {func(c *cookie) { c.Expires = 999 }, "http://site.test/", false},
		"not yet expired": {func(c *cookie) { c.Expires = 1001 }, "http://site.test/", true},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			made := base
			if c.change != nil {
				c.change(&made)
			}
			if got := made.sentTo(u, now); got != c.want {
				t.Errorf("sent: %v", got)
			}
		})
	}
}

func TestPortionsKeepSignsWhole(t *testing.T) {
	for _, text := range []string{"你好世界", "a👨‍👩‍👧b", "e\u0301e\u0301e\u0301", ""} {
		for range 20 {
			parts := portions(text)
			if strings.Join(parts, "") != text {
				t.Fatalf("%q became %q", text, parts)
			}
			for _, p := range parts {
				if strings.HasPrefix(p, "\u0301") || strings.HasPrefix(p, "\u200d") || strings.HasSuffix(p, "\u200d") {
					t.Fatalf("%q was cut inside a sign: %q", text, parts)
				}
			}
		}
	}
}
