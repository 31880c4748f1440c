package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes one request; a body that is not a string is sent as JSON.
func call(t *testing.T, n *apitest.Node, method, path string, body any, header ...string) answer {
	t.Helper()
	var content io.Reader
	if text, ok := body.(string); ok {
		content = bytes.NewReader([]byte(text))
	} else if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, n.Server.URL+path, content)
	if err != nil {
		t.Fatal(err)
	}
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	document, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Check(method, path, response.StatusCode, response.Header.Get("Content-Type"), raw); err != nil {
		t.Error(err)
	}
	return answer{response.StatusCode, response.Header, raw}
}

// documented is the OpenAPI document as a node serves it: every answer of every test is held against it.
var documented = sync.OnceValues(func() (*apitest.Document, error) {
	w := httptest.NewRecorder()
	api.New(api.Config{Door: people.NewDoor(people.DoorConfig{People: &people.Holder{}}), Log: slog.New(slog.DiscardHandler)}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/api/v1/openapi.json", nil))
	return apitest.ReadDocument(w.Body.Bytes())
})

// read decodes an answer that must have the status.
func read[T any](t *testing.T, a answer, status int) T {
	t.Helper()
	var v T
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// refused checks that an answer is a problem with that status and code, and returns its message.
func refused(t *testing.T, a answer, status int, code string) string {
	t.Helper()
	p := read[api.ProblemBody](t, a, status)
	if p.Error == nil || p.Error.Code != code || p.Error.Message == "" {
		t.Fatalf("want code %s with a message: %s", code, a.body)
	}
	return p.Error.Message
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
