package api_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
	"troupe/messages"
)

// pathOf fills a route's pattern with things that exist.
func pathOf(pattern string) string {
	return strings.NewReplacer("{account}", "shop", "{session}", "s1", "{topic}", "shop.w.w1", "{reply}", "r1", "{proxy}", "office", "{key}", "k1", "{platform}", "sandbox", "{worker}", "node-1", "{user}", "anna", "{token}", "backup").Replace(pattern)
}

// bodies are what each route with a body needs at least.
var bodies = map[string]any{
	"POST /api/v1/accounts":                 map[string]any{"platform": "sandbox", "name": "New"},
	"POST /api/v1/logins/{session}/input":   map[string]any{"kind": "refresh"},
	"POST /api/v1/replies":                  map[string]any{"topic": "shop.w.w1", "content": "thanks"},
	"POST /api/v1/accounts/{account}/login": map[string]any{"session": "s2"},
	"PUT /api/v1/accounts/{account}/pin":    map[string]any{"worker": "worker-7"},
	"PUT /api/v1/accounts/{account}/proxy":  map[string]any{"proxy": "office"},
	"PUT /api/v1/accounts/{account}/state":  map[string]any{"state": map[string]any{}},
	"POST /api/v1/accounts/{account}/try":   map[string]any{"files": map[string]string{"platform.yaml": "platform: sandbox"}},
	"POST /api/v1/users":                    map[string]any{"name": "ben", "role": "viewer", "password": apitest.Password},
	"PATCH /api/v1/users/{user}":            map[string]any{"role": "viewer"},
	"POST /api/v1/tokens":                   map[string]any{"name": "robot", "role": "agent"},
	"POST /api/v1/proxies":                  map[string]any{"name": "home", "scheme": "http", "host": "127.0.0.1", "port": 3128},
	"POST /api/v1/accounts/import":          map[string]any{"csv": "platform,name\nsandbox,Newer\n"},
	"POST /api/v1/login-link":               map[string]any{"token": base64.RawURLEncoding.EncodeToString(apitest.LinkToken), "holder": strings.Repeat("A", 22)},
	"POST /compat/v1/accounts":              map[string]any{"platform": "sandbox", "account_name": "New"},
	"POST /compat/v1/proxies":               map[string]any{"name": "home", "protocol": "http", "server": "127.0.0.1:3128"},
}

// byPersons are routes that take a password or a code.
var byPersons = []string{"POST /api/v1/session", "POST /api/v1/first-admin", "PUT /api/v1/session/password"}

func filled(t *testing.T) *apitest.Node {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w1", "Spring"), apitest.Comment("c1", "w1", "hello"))
	n.Update(func(m *apitest.Master) {
		m.Replies = append(m.Replies, &messages.Reply{Id: "r1", Account: "shop", State: messages.ReplyConfirmedState, AcceptedAt: 5})
		m.Logins = append(m.Logins, &messages.LoginSession{Session: "s1", Account: "shop", Status: "pending"})
		m.Alarms = append(m.Alarms, &messages.Alarm{Id: "a1", Name: "challenge", Account: "shop", RaisedAt: 9})
		m.Proxy("office")
		m.Pause("shop", true)
	})
	n.AddUser("anna", people.Agent)
	n.AddToken("backup", people.Viewer, 0)
	return n
}

func TestEveryRouteAnswers(t *testing.T) {
	for _, row := range api.Routes() {
		if strings.HasSuffix(row.Pattern, "/events") || slices.Contains(byPersons, row.Method+" "+row.Pattern) {
			continue // their tests stand apart
		}
		t.Run(row.Method+" "+row.Pattern, func(t *testing.T) {
			n := filled(t)
			path := pathOf(row.Pattern)
			if strings.Contains(path, "{signin}") {
				id, _ := n.SignIn("anna")
				path = strings.ReplaceAll(path, "{signin}", id)
			}
			if slices.Contains(row.Query, "confirm") {
				path += "?confirm=" + path[strings.LastIndex(path, "/")+1:]
			}
			if strings.HasSuffix(path, "/changes") {
				path += "?since=0"
			}
			a := call(t, n, row.Method, path, bodies[row.Method+" "+row.Pattern])
			if truthful := supervised(row.Method, row.Pattern); truthful != (a.status == http.StatusConflict) || !truthful && a.status >= 300 {
				t.Errorf("status %d: %s", a.status, a.body)
			}
			if got := a.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			if row.Summary == "" || row.Role == "" {
				t.Error("the row has no summary or no role")
			}
		})
	}
}

// supervised says whether a route speaks of what only a node's supervisor can do.
func supervised(method, pattern string) bool {
	return strings.HasSuffix(pattern, "/start") || strings.HasSuffix(pattern, "/restart") || strings.HasSuffix(pattern, "/logs") ||
		strings.Contains(pattern, "/worker-configs") && method != http.MethodGet
}

// ofTheContract says whether a route has the contract's shapes, whose clients send more than it knows.
func ofTheContract(pattern string) bool {
	return strings.HasPrefix(pattern, api.ContractPrefix) || strings.Contains(pattern, "/worker-") || strings.Contains(pattern, "/workers") ||
		strings.Contains(pattern, "/cache/") || strings.HasSuffix(pattern, "/status/all")
}

func TestUnknownParametersAndFieldsAreNamed(t *testing.T) {
	n := filled(t)
	for _, row := range api.Routes() {
		if ofTheContract(row.Pattern) {
			continue
		}
		path := pathOf(row.Pattern)
		message := refused(t, call(t, n, row.Method, path+"?acount=shop", nil), http.StatusBadRequest, "invalid")
		if !strings.Contains(message, `"acount"`) {
			t.Errorf("%s %s: %s", row.Method, path, message)
		}
		if row.Limit == 0 {
			continue
		}
		message = refused(t, call(t, n, row.Method, path, `{"contnet": 1}`), http.StatusBadRequest, "invalid")
		if !strings.Contains(message, `"contnet"`) {
			t.Errorf("%s %s: %s", row.Method, path, message)
		}
	}
}

func TestBodiesAreLimited(t *testing.T) {
	n := filled(t)
	for _, row := range api.Routes() {
		if row.Limit == 0 || ofTheContract(row.Pattern) {
			continue
		}
		body := `{"x": "` + strings.Repeat("a", int(row.Limit)) + `"}`
		refused(t, call(t, n, row.Method, pathOf(row.Pattern), body), http.StatusRequestEntityTooLarge, "too_large")
	}
}

func TestBrokenBodiesAreExplained(t *testing.T) {
	n := filled(t)
	for name, tc := range map[string]struct {
		body, kind string
		status     int
		says       string
	}{
		"not JSON":     {`{`, "application/json", 400, "JSON"},
		"wrong type":   {`{"platform": 5}`, "application/json", 400, `"platform"`},
		"two values":   {`{"platform":"a"} {}`, "application/json", 400, "more than one"},
		"no platform":  {`{"name":"a"}`, "application/json", 400, `"platform"`},
		"bad id":       {`{"platform":"a","name":"a","id":"../x"}`, "application/json", 400, `"id"`},
		"a form":       {`{"platform":"a","name":"a"}`, "text/plain", 415, "application/json"},
		"bad interval": {`{"platform":"a","name":"a","monitor_interval":1}`, "application/json", 400, "10 to 300"},
		"deep":         {strings.Repeat("[", 4000), "application/json", 400, "64 levels"},
		"a key twice":  {`{"platform":"a","name":"a","platform":"b"}`, "application/json", 400, `"platform" twice`},
		"too much":     {`{"name":"` + strings.Repeat("a", 50<<20) + `"}`, "application/json", 413, "4096 bytes"},
		"long name":    {`{"platform":"a","name":"` + strings.Repeat("长", 51) + `"}`, "application/json", 400, "50 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			a := call(t, n, "POST", "/api/v1/accounts", tc.body, "Content-Type", tc.kind)
			if !strings.Contains(string(a.body), strings.ReplaceAll(tc.says, `"`, `\"`)) || a.status != tc.status {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	if got := n.Commands(); len(got) != 0 {
		t.Errorf("a broken body reached the master: %v", got)
	}
}

func TestABodyOfTenThousandLevelsIsRefusedWhereItWouldFit(t *testing.T) {
	n := filled(t)
	for _, body := range []string{strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)} {
		message := refused(t, call(t, n, "PUT", "/api/v1/accounts/shop/state", `{"state":`+body+`}`), 400, "invalid")
		if !strings.Contains(message, "64 levels") {
			t.Error(message)
		}
	}
}

func TestWrongPathAndMethodSaySo(t *testing.T) {
	n := filled(t)
	refused(t, call(t, n, "GET", "/api/v1/acounts", nil), http.StatusNotFound, "not_found")
	a := call(t, n, "DELETE", "/api/v1/accounts", nil)
	refused(t, a, http.StatusMethodNotAllowed, "method_not_allowed")
	if got := a.header.Values("Allow"); !slices.Equal(got, []string{"GET", "POST"}) {
		t.Errorf("Allow: %v", got)
	}
	for _, path := range []string{"/accounts/none", "/logins/none", "/replies/none", "/topics/none/messages", "/topics/shop.w.none/messages"} {
		refused(t, call(t, n, "GET", "/api/v1"+path, nil), http.StatusNotFound, "not_found")
	}
	refused(t, call(t, n, "GET", "/api/v1/items?account=none", nil), http.StatusNotFound, "not_found")
}

func TestPageWithoutConsoleSpeaksBothLanguages(t *testing.T) {
	n := apitest.Start(t)
	a := call(t, n, "GET", "/", nil)
	if a.status != 200 || !strings.Contains(string(a.body), "节点正在运行") || !strings.Contains(string(a.body), "This node is running") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page has no content security policy")
	}
	if a := call(t, n, "GET", "/favicon.ico", nil); a.status != 404 {
		t.Errorf("status %d", a.status)
	}
}

func TestConsoleIsServedWhereNoRouteIs(t *testing.T) {
	n := apitest.Start(t, func(cfg *api.Config) {
		cfg.Console = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("console " + r.URL.Path)) })
	})
	if a := call(t, n, "GET", "/inbox/1", nil); string(a.body) != "console /inbox/1" {
		t.Errorf("%s", a.body)
	}
}
