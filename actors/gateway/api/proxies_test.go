package api_test

import (
	"fmt"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

const canary = "canary-7531"

func TestProxyLifeByAPINeverShowsItsPassword(t *testing.T) {
	n := apitest.Start(t)
	var said []answer
	do := func(method, path string, body any) answer {
		a := call(t, n, method, path, body)
		said = append(said, a)
		return a
	}
	made := read[api.Proxy](t, do("POST", "/api/v1/proxies", api.NewProxy{Name: "office", Scheme: "socks5", Host: "proxy.example", Port: 1080, Username: "anna", Password: canary}), 201)
	if made.ID == "" || made.State != "unknown" || !made.HasPassword || made.Accounts == nil {
		t.Errorf("%+v", made)
	}
	moved := read[api.Proxy](t, do("PATCH", "/api/v1/proxies/office", `{"port": 1081}`), 200)
	if moved.Port != 1081 || moved.Host != "proxy.example" || moved.Username != "anna" || !moved.HasPassword || moved.ID != made.ID {
		t.Errorf("%+v", moved)
	}
	account := read[api.Account](t, do("PUT", "/api/v1/accounts/shop/proxy", `{"proxy": "office"}`), 200)
	if account.Proxy != "office" {
		t.Errorf("%+v", account)
	}
	tested := read[api.Proxy](t, do("POST", "/api/v1/proxies/office/test", nil), 200)
	if tested.State != "ok" || tested.ExitAddress != "203.0.113.9" || tested.LatencyMS != 48 || tested.CheckedAt == 0 || tested.Class != "" {
		t.Errorf("%+v", tested)
	}
	list := read[struct{ Proxies []api.Proxy }](t, do("GET", "/api/v1/proxies", nil), 200)
	if len(list.Proxies) != 1 || len(list.Proxies[0].Accounts) != 1 || list.Proxies[0].Accounts[0] != "shop" {
		t.Errorf("%+v", list)
	}
	read[api.Proxy](t, do("GET", "/api/v1/proxies/"+made.ID, nil), 200)
	if account = read[api.Account](t, do("PUT", "/api/v1/accounts/shop/proxy", `{"proxy": ""}`), 200); account.Proxy != "" {
		t.Errorf("%+v", account)
	}
	refused(t, do("PUT", "/api/v1/accounts/shop/proxy", `{}`), 400, "invalid")
	refused(t, do("DELETE", "/api/v1/proxies/office", nil), 400, "confirm")
	if a := do("DELETE", "/api/v1/proxies/office?confirm=office", nil); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	refused(t, do("POST", "/api/v1/proxies/office/test", nil), 404, "not_found")
	for _, a := range said {
		if text := string(a.body); strings.Contains(text, canary) || strings.Contains(text, `"password"`) {
			t.Errorf("the password is shown: %s", text)
		}
	}
}

func TestFailedCheckSaysItsClass(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) {
		m.Proxy("office")
		m.Checked("office", &messages.ProxyChecked{Class: "upstream_auth", Reason: "407", Account: "shop", Worker: "node-1", At: 5})
	})
	p := read[api.Proxy](t, call(t, n, "POST", "/api/v1/proxies/office/test", nil), 200)
	if p.State != "failed" || p.Class != "upstream_auth" || p.Reason != "407" || p.CheckedBy != "shop" || p.CheckedOn != "node-1" {
		t.Errorf("%+v", p)
	}
}

func TestProxysAlarmStandsWithEachOfItsAccounts(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) {
		m.Proxy("office")
		m.Accounts["shop"].Record.Proxy = "id-office"
		m.Alarms = append(m.Alarms, &messages.Alarm{Id: "a1", Name: "proxy_down", Proxy: "id-office", Reason: "proxy office: refused", RaisedAt: 5})
	})
	for account, want := range map[string]int{"shop": 1, "cafe": 0} {
		a := read[api.Account](t, call(t, n, "GET", "/api/v1/accounts/"+account, nil), 200)
		alarms := read[struct{ Alarms []api.Alarm }](t, call(t, n, "GET", "/api/v1/alarms?account="+account, nil), 200).Alarms
		if len(a.Alarms) != want || len(alarms) != want {
			t.Errorf("%s: %+v %+v", account, a.Alarms, alarms)
		}
		if want == 1 && (alarms[0].Proxy != "office" || alarms[0].Account != "") {
			t.Errorf("%+v", alarms[0])
		}
	}
}

func TestAccountShowsItsPersonaAndWhatItsGateCounted(t *testing.T) {
	n := apitest.Start(t)
	hosts := map[string]int64{"b.example": 7, "a.example": 7, "c.example": 9}
	for i := range 40 {
		hosts[fmt.Sprintf("once-%02d.example", i)] = 1
	}
	n.Update(func(m *apitest.Master) {
		m.Accounts["shop"].Record.Noise = "seed"
		m.Accounts["shop"].Status = &messages.AccountStatus{
			Account: "shop", State: string(messages.Watching), BrowserEnd: "memory",
			Persona: &messages.Persona{Locale: "zh-CN", TimeZone: "Asia/Shanghai", Width: 1920, Height: 1080, Cores: 8, SelfTest: "ok", Shared: []string{"canvas"}},
			Counts:  &messages.GateCounts{BytesUp: 1 << 40, BytesDown: 2, Refused: map[string]int64{"private": 1}, Unlisted: hosts},
		}
		m.Nodes[0].Status.Carries, m.Nodes[0].Status.Full, m.Nodes[0].Status.Mode = 24, "no memory", "headless"
	})
	a := read[api.Account](t, call(t, n, "GET", "/api/v1/accounts/shop", nil), 200)
	if a.Persona == nil || a.Persona.Cores != 8 || a.Noise != "seed" || a.BrowserEnd != "memory" || a.Traffic == nil || a.Traffic.BytesUp != 1<<40 {
		t.Fatalf("%+v", a)
	}
	if u := a.Traffic.Unlisted; len(u) != 30 || u[0].Name != "c.example" || u[1].Name != "a.example" || u[2].Name != "b.example" || a.Traffic.More != 13 {
		t.Errorf("%+v and %d more", u, a.Traffic.More)
	}
	if b := read[api.Account](t, call(t, n, "GET", "/api/v1/accounts/cafe", nil), 200); b.Persona != nil || b.Traffic != nil {
		t.Errorf("%+v", b)
	}
	nodes := read[struct{ Nodes []api.Node }](t, call(t, n, "GET", "/api/v1/nodes", nil), 200).Nodes
	if nodes[0].Carries != 24 || nodes[0].Full != "no memory" || nodes[0].Mode != "headless" {
		t.Errorf("%+v", nodes)
	}
	s := read[api.Status](t, call(t, n, "GET", "/api/v1/status", nil), 200)
	if s.Carries != 24 || s.MaxAccounts != 10 || len(s.Full) != 1 || s.Full[0] != "node-1: no memory" {
		t.Errorf("%+v", s)
	}
}
