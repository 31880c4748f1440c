package api_test

import (
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

func TestLoginLeavesAndEntersAsAFile(t *testing.T) {
	n := apitest.Start(t)
	a := call(t, n, "GET", "/api/v1/accounts/shop/state", nil)
	if a.status != 200 || string(a.body) != `{"v":2,"cookies":[]}` || !strings.Contains(a.header.Get("Content-Disposition"), "shop.state.json") ||
		a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := call(t, n, "GET", "/api/v1/accounts/shop/state?form=playwright", nil); string(a.body) != `{"cookies":[],"origins":[]}` {
		t.Errorf("%s", a.body)
	}
	refused(t, call(t, n, "GET", "/api/v1/accounts/shop/state?form=netscape", nil), 400, "invalid")
	refused(t, call(t, n, "GET", "/api/v1/accounts/none/state", nil), 404, "not_found")

	body := map[string]any{"state": map[string]any{"cookies": []any{}, "half": "\u2028"}, "dry_run": true}
	refused(t, call(t, n, "PUT", "/api/v1/accounts/shop/state", body), 409, "conflict") // it runs
	read[api.Account](t, call(t, n, "POST", "/api/v1/accounts/shop/pause", nil), 200)
	before := len(n.Commands())
	if holds := read[api.StateFile](t, call(t, n, "PUT", "/api/v1/accounts/shop/state", body), 200); holds.Written || holds.Cookies != 61 || len(n.Commands()) != before {
		t.Errorf("%+v", holds)
	}
	delete(body, "dry_run")
	if holds := read[api.StateFile](t, call(t, n, "PUT", "/api/v1/accounts/shop/state", body), 200); !holds.Written || holds.Session != 10 {
		t.Errorf("%+v", holds)
	}
	if a := call(t, n, "GET", "/api/v1/accounts/shop/state", nil); !strings.Contains(string(a.body), `"cookies"`) {
		t.Errorf("%s", a.body)
	}
	refused(t, call(t, n, "PUT", "/api/v1/accounts/shop/state", map[string]any{}), 400, "invalid")
	if says := refused(t, call(t, n, "PUT", "/api/v1/accounts/shop/state", map[string]any{"state": "broken"}), 400, "invalid"); !strings.Contains(says, "cookies[3].expires") {
		t.Error(says)
	}
}

func TestKeysAreListedRotatedAndRetired(t *testing.T) {
	n := apitest.Start(t)
	type keys struct{ Keys []api.Key }
	if got := read[keys](t, call(t, n, "GET", "/api/v1/keys", nil), 200).Keys; len(got) != 2 || got[1].ID != "k2" || !got[1].Newest || got[1].Logins != 3 {
		t.Errorf("%+v", got)
	}
	if got := read[api.Rotated](t, call(t, n, "POST", "/api/v1/keys/rotate", nil), 200); got.Key != "k2" || got.Resealed != 3 || got.Already != 1 {
		t.Errorf("%+v", got)
	}
	refused(t, call(t, n, "DELETE", "/api/v1/keys/k1", nil), 400, "confirm")
	if got := read[keys](t, call(t, n, "DELETE", "/api/v1/keys/k1?confirm=k1", nil), 200).Keys; len(got) != 1 {
		t.Errorf("%+v", got)
	}
	n.Update(func(m *apitest.Master) {
		m.Refuse = &messages.Refused{Code: "conflict", Message: "key k2 is the newest"}
	})
	refused(t, call(t, n, "DELETE", "/api/v1/keys/k2?confirm=k2", nil), 409, "conflict")
}
