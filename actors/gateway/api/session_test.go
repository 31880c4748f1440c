package api_test

import (
	"net/http"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
)

// cookieOf is what an answer gave to the browser.
func cookieOf(t *testing.T, a answer) *http.Cookie {
	t.Helper()
	cookies := (&http.Response{Header: a.header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies: %v", cookies)
	}
	return cookies[0]
}

func TestAPersonSignsInChangesThePasswordAndSignsOut(t *testing.T) {
	n := closed(t)
	n.AddUser("anna", people.Operator)
	refused(t, call(t, n, "POST", "/api/v1/session", api.NewSession{User: "anna", Password: "wrong horse battery"}), http.StatusUnauthorized, "unauthenticated")
	refused(t, call(t, n, "POST", "/api/v1/session", api.NewSession{User: "nobody", Password: apitest.Password}), http.StatusUnauthorized, "unauthenticated")
	cookie := cookieOf(t, call(t, n, "POST", "/api/v1/session", api.NewSession{User: "anna", Password: apitest.Password}))
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" {
		t.Errorf("%+v", cookie)
	}
	mine := cookie.Name + "=" + cookie.Value
	if who := read[api.Caller](t, call(t, n, "GET", "/api/v1/session", nil, "Cookie", mine), 200); who.Name != "anna" || who.Role != api.Operator {
		t.Errorf("%+v", who)
	}
	again := cookieOf(t, call(t, n, "POST", "/api/v1/session", api.NewSession{User: "anna", Password: apitest.Password}, "Cookie", mine))
	refused(t, call(t, n, "GET", "/api/v1/status", nil, "Cookie", mine), http.StatusUnauthorized, "unauthenticated") // it was rotated
	mine = again.Name + "=" + again.Value

	body := api.NewPassword{Old: apitest.Password, New: "another horse battery"}
	refused(t, call(t, n, "PUT", "/api/v1/session/password", body, "Cookie", mine), http.StatusForbidden, "origin")
	refused(t, call(t, n, "PUT", "/api/v1/session/password", api.NewPassword{Old: "x", New: body.New}, "Cookie", mine, "X-Troupe", "1"), http.StatusConflict, "conflict")
	changed := call(t, n, "PUT", "/api/v1/session/password", body, "Cookie", mine, "Sec-Fetch-Site", "same-origin")
	fresh := cookieOf(t, changed)
	refused(t, call(t, n, "GET", "/api/v1/status", nil, "Cookie", mine), http.StatusUnauthorized, "unauthenticated")
	mine = fresh.Name + "=" + fresh.Value
	read[api.Status](t, call(t, n, "GET", "/api/v1/status", nil, "Cookie", mine), 200)
	if a := call(t, n, "DELETE", "/api/v1/session", nil, "Cookie", mine); a.status != http.StatusNoContent {
		t.Errorf("%d %s", a.status, a.body)
	}
	refused(t, call(t, n, "GET", "/api/v1/status", nil, "Cookie", mine), http.StatusUnauthorized, "unauthenticated")
}

func TestGuessingIsStoppedAndTheFirstAdminComesInByCode(t *testing.T) {
	n := closed(t)
	if !read[api.Caller](t, call(t, n, "GET", "/api/v1/session", nil), 200).FirstAdmin {
		t.Error("nobody says that the first admin is missing")
	}
	claim := api.FirstAdmin{Code: "AAAAA-BBBBB-CCCCC-DDDDD", User: "anna", Password: apitest.Password}
	refused(t, call(t, n, "POST", "/api/v1/first-admin", claim), http.StatusUnauthorized, "unauthenticated")
	claim.Code = strings.ToLower(n.Code())
	made := call(t, n, "POST", "/api/v1/first-admin", claim)
	who := read[api.Caller](t, made, http.StatusCreated)
	cookie := cookieOf(t, made)
	if who.Role != api.Admin || who.FirstAdmin {
		t.Errorf("%+v", who)
	}
	check := read[api.AuditCheck](t, call(t, n, "GET", "/api/v1/audit/verify", nil, "Cookie", cookie.Name+"="+cookie.Value), 200)
	if !check.OK || check.Entries == 0 {
		t.Errorf("%+v", check)
	}
	list := read[api.AuditList](t, call(t, n, "GET", "/api/v1/audit", nil, "Cookie", cookie.Name+"="+cookie.Value), 200)
	if last := list.Entries[0]; last.What != "first_admin" || last.Who != "anna" || last.From != "127.0.0.1" {
		t.Errorf("%+v", list.Entries)
	}
	codes := map[int]int{}
	for range 8 {
		codes[call(t, n, "POST", "/api/v1/first-admin", api.FirstAdmin{Code: "x"}).status]++
	}
	if codes[http.StatusTooManyRequests] == 0 {
		t.Errorf("answers to guesses: %v", codes)
	}
}
