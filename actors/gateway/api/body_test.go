package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
)

// TestAHostileBodyIsRefusedAndSaysWhatToDo sends bodies that are made to harm a reader to every route that takes one.
func TestAHostileBodyIsRefusedAndSaysWhatToDo(t *testing.T) {
	n := filled(t)
	n.SignIn("anna")
	for _, row := range api.Routes() {
		if row.Limit == 0 || strings.HasPrefix(row.Summary, "refused") {
			continue // what is refused in any case reads none
		}
		for name, tc := range map[string]struct {
			body   string
			status int
			says   string
		}{
			"10,000 levels":  {strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), http.StatusBadRequest, "send it flatter"},
			"a field twice":  {`{"name": "one", "name": "two"}`, http.StatusBadRequest, "send each field once"},
			"broken UTF-8":   {"{\"name\": \"\xff\"}", http.StatusBadRequest, "as UTF-8"},
			"too many bytes": {`{"name": "` + strings.Repeat("x", int(row.Limit)) + `"}`, http.StatusRequestEntityTooLarge, "send less at a time"},
		} {
			if name == "10,000 levels" && row.Limit < 20_000 {
				tc.status, tc.says = http.StatusRequestEntityTooLarge, "send less at a time"
			}
			a := call(t, n, row.Method, pathOf(row.Pattern), tc.body, "Content-Type", "application/json")
			if a.status != tc.status || !strings.Contains(string(a.body), tc.says) {
				t.Errorf("%s %s with %s: %d %s", row.Method, row.Pattern, name, a.status, a.body)
			}
		}
	}
	if got := n.Commands(); len(got) != 0 {
		t.Errorf("commands reached the master: %v", got)
	}
}

// spaces is a body without an end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestFiftyMegabytesAreNotRead sends them to the route that takes the most.
func TestFiftyMegabytesAreNotRead(t *testing.T) {
	n := filled(t)
	body := &io.LimitedReader{R: spaces{}, N: 50 << 20}
	r := httptest.NewRequest(http.MethodPost, "http://localhost:3000/api/v1/accounts/import", body)
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "127.0.0.1:5"
	w := httptest.NewRecorder()
	n.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "send less at a time") || body.N < 10<<20 {
		t.Errorf("%d %s, %d bytes were left", w.Code, w.Body, body.N)
	}
}
