package browser

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"troupe/actors/account/vault"
)

func TestExportedLoginIsWholeInAFreshProfile(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Add("Set-Cookie", "kept=1; Max-Age=3600; Secure; HttpOnly; SameSite=Lax; Path=/app")
		h.Add("Set-Cookie", "session=2; Secure; HttpOnly; Domain=site.test")
		h.Add("Set-Cookie", "__Host-strict=3; Secure; Path=/; SameSite=Strict")
		html(`<iframe src="https://third.test/frame"></iframe>
			<script>localStorage.setItem("token", "令牌"); localStorage.setItem("empty", "")</script>`)(w, nil)
	})
	mux.HandleFunc("/frame", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "parted=4; Secure; HttpOnly; SameSite=None; Partitioned; Path=/")
		io.WriteString(w, "framed")
	})
	mux.HandleFunc("/im", html(`<script>localStorage.setItem("im", "5")</script>`))
	r := newRig(t, mux)
	cfg := r.config(t)
	cfg.Origins = []string{"https://site.test", "https://im.test", "https://never.test"}
	first := start(t, cfg)
	tab := open(t, first, "main", "https://im.test/im")
	if err := tab.Navigate(t.Context(), "https://site.test/login"); err != nil {
		t.Fatal(err)
	}
	until(t, "the frame's cookie", func() bool {
		has, err := first.HasCookie(t.Context(), "https://third.test/", "parted")
		return err == nil && has
	})
	asked := len(r.requests())
	exported, err := first.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []vault.Origin{
		{Origin: "https://site.test", LocalStorage: [][2]string{{"empty", ""}, {"token", "令牌"}}},
		{Origin: "https://im.test", LocalStorage: [][2]string{{"im", "5"}}},
	}
	if diff := cmp.Diff(want, sorted(exported.Origins)); diff != "" {
		t.Error(diff)
	}
	if len(exported.Cookies) != 4 || exported.ChromiumMajor == 0 {
		t.Errorf("exported %v of Chromium %d", exported, exported.ChromiumMajor)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	cfg.Fresh, cfg.State = true, exported
	second := start(t, cfg)
	again, err := second.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.requests()); n != asked {
		t.Errorf("the site was asked for %v", r.requests()[asked:])
	}
	if diff := cmp.Diff(cookiesByName(t, exported), cookiesByName(t, again)); diff != "" {
		t.Errorf("cookies changed: %s", diff)
	}
	if diff := cmp.Diff(want, sorted(again.Origins)); diff != "" {
		t.Error(diff)
	}
	if shown := open(t, second, "main", "https://im.test/im"); eval(t, shown, "() => localStorage.getItem('im')") != `"5"` {
		t.Error("the page does not see its storage")
	}
	eval(t, second.tabs["main"], "() => localStorage.setItem('im', '6')")
	if later, err := second.Export(t.Context()); err != nil || later.Origins[1].LocalStorage[0][1] != "6" {
		t.Errorf("a change was not seen: %v", err)
	}
}

func sorted(origins []vault.Origin) []vault.Origin {
	for _, o := range origins {
		slices.SortFunc(o.LocalStorage, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	}
	return origins
}

func cookiesByName(t *testing.T, s *vault.State) map[string]map[string]any {
	t.Helper()
	list := map[string]map[string]any{}
	for _, raw := range s.Cookies {
		var c map[string]any
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		list[c["name"].(string)] = c
	}
	return list
}

func TestOneBadCookieDoesNotCostTheLogin(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	good := `{"name":"good","value":"1","domain":"site.test","path":"/","secure":true,"session":true,"expires":-1}`
	cfg.State = &vault.State{Cookies: []json.RawMessage{
		json.RawMessage(`{"name":"__Host-bad","value":"1","domain":".site.test","path":"/x","secure":false}`), json.RawMessage(good),
	}}
	i := start(t, cfg)
	if has, err := i.HasCookie(t.Context(), "https://site.test/", "good"); !has || err != nil {
		t.Errorf("good cookie: %v %v", has, err)
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
