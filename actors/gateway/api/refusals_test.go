package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
	"troupe/messages"
)

// TestEveryRefusalInTheDocumentCanHappen lets each route be refused in every way that the OpenAPI document names for it, but for what only
// a broken or a slow node answers, or one that was tried too often. That nothing else happens is seen by every call of every test.
func TestEveryRefusalInTheDocumentCanHappen(t *testing.T) {
	document, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	open, shut := filled(t), closed(t)
	viewer := shut.AddToken("viewer", people.Viewer, 0)
	for _, row := range api.Routes() {
		for _, status := range document.Refusals(row.Method, row.Pattern) {
			path, body := pathOf(row.Pattern), bodies[row.Method+" "+row.Pattern]
			var a answer
			switch status {
			case http.StatusInternalServerError, http.StatusGatewayTimeout, http.StatusTooManyRequests:
				continue
			case http.StatusUnauthorized:
				if row.Role == people.Public || row.Pattern == "/metrics" {
					continue // a wrong password or code; or somebody from another machine
				}
				a = call(t, shut, row.Method, path, nil)
			case http.StatusForbidden:
				a = call(t, open, row.Method, path, nil, "Host", "evil.example")
				if a.status == status && !people.Viewer.May(row.Role) {
					a = call(t, shut, row.Method, path, nil, "Authorization", "Bearer "+viewer)
				}
			case http.StatusBadRequest:
				a = wronged(t, open, row, path)
			case http.StatusRequestEntityTooLarge:
				if row.Limit > 1<<20 {
					continue // the same code; 32 MB would only take time
				}
				a = call(t, open, row.Method, path, `{"name": "`+strings.Repeat("x", int(row.Limit))+`"}`)
			case http.StatusUnsupportedMediaType:
				a = call(t, open, row.Method, path, "name=x", "Content-Type", "text/plain")
			case http.StatusNotFound:
				a = missing(t, open, row, body)
			default:
				if !slices.Contains(ofTheMaster, firstWord(row.Pattern)) {
					continue // people and store are the real ones here, and have no reason
				}
				a = refusedBehind(t, row, body, status)
			}
			if a.status != status {
				t.Errorf("%s %s: %d, want %d: %.200s", row.Method, row.Pattern, a.status, status, a.body)
			}
		}
	}
}

// ofTheMaster are the first words of the paths of routes that the master is behind.
var ofTheMaster = []string{
	"accounts", "platforms", "proxies", "keys", "logins", "login-link", "login-queue", "replies", "nodes", "worker-configs", "worker-lifecycle",
}

// wronged asks a route for something that it does not understand.
func wronged(t *testing.T, n *apitest.Node, row api.Route, path string) answer {
	t.Helper()
	switch {
	case row.Limit > 0:
		return call(t, n, row.Method, path, "{")
	case ofTheContract(row.Pattern):
		return call(t, n, row.Method, path+"?limit=none&status=none&worker_status=none", nil)
	}
	return call(t, n, row.Method, path+"?acount=shop", nil)
}

// missing asks a route for something that does not exist: in its path, in a filter, or behind it.
func missing(t *testing.T, n *apitest.Node, row api.Route, body any) answer {
	t.Helper()
	path := row.Pattern
	for _, name := range []string{"account", "session", "topic", "reply", "proxy", "key", "platform", "worker", "user", "token", "signin"} {
		path = strings.ReplaceAll(path, "{"+name+"}", "nobody")
	}
	path = strings.ReplaceAll(path, "{name}", "nothing.png")
	switch {
	case slices.Contains(row.Query, "confirm"):
		path += "?confirm=nobody"
	case strings.HasSuffix(path, "/changes"):
		path += "?since=0&account=nobody"
	case slices.Contains(row.Query, "account"):
		path += "?account=nobody"
	case slices.Contains(row.Query, "account_id"):
		path += "?account_id=nobody"
	case path == row.Pattern:
		return refusedBehind(t, row, body, http.StatusNotFound)
	}
	if a := call(t, n, row.Method, path, body); a.status == http.StatusNotFound {
		return a
	}
	return refusedBehind(t, row, body, http.StatusNotFound)
}

// firstWord is the first part of a path below the prefix.
func firstWord(pattern string) string {
	return strings.Split(strings.TrimPrefix(strings.TrimPrefix(pattern, api.Prefix), api.ContractPrefix), "/")[1]
}

// refusedBehind lets the master refuse.
func refusedBehind(t *testing.T, row api.Route, body any, status int) answer {
	t.Helper()
	n, path := filled(t), pathOf(row.Pattern)
	code := map[int]string{404: "not_found", 409: "conflict", 422: "unsupported", 503: "unavailable"}[status]
	n.Update(func(m *apitest.Master) { m.Refuse = &messages.Refused{Code: code, Message: "do this instead"} })
	if slices.Contains(row.Query, "confirm") {
		path += "?confirm=" + path[strings.LastIndex(path, "/")+1:]
	}
	return call(t, n, row.Method, path, body)
}
