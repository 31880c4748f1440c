package site

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start makes a site that ends with the test.
func start(t *testing.T, o Options) *Site {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// emptyOwner makes an owner with one work and nothing else.
func emptyOwner(t *testing.T, s *Site, name string) (Owner, Work) {
	t.Helper()
	o, err := s.CreateOwner(NewOwner{Nickname: name, Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.AddWork(NewWork{Owner: o.UID, Title: "作品"})
	if err != nil {
		t.Fatal(err)
	}
	return o, w
}

// fakeBrowser keeps cookies and dials every name to the site, as a browser behind a test node's gate does.
type fakeBrowser struct {
	t    *testing.T
	site *Site
	http *http.Client
}

func newBrowser(t *testing.T, s *Site, source string) *fakeBrowser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, s.Addr())
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &fakeBrowser{t, s, &http.Client{Transport: transport, Jar: jar, Timeout: 20 * time.Second}}
}

// loggedIn is a browser of that owner.
func loggedIn(t *testing.T, s *Site, owner, source string) *fakeBrowser {
	t.Helper()
	b := newBrowser(t, s, source)
	b.page("/login")
	token := b.post("/api/login/qr", nil)["token"].(string)
	if err := s.Confirm(token, owner); err != nil {
		t.Fatal(err)
	}
	if state := b.get("/api/login/poll?token=" + token)["state"]; state != "confirmed" {
		t.Fatalf("login state %v", state)
	}
	return b
}

func (b *fakeBrowser) cookie(name string) string {
	for _, c := range b.http.Jar.Cookies(&url.URL{Scheme: "https", Host: hostCreator}) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *fakeBrowser) try(method, path string, body any) (*http.Response, []byte, error) {
	b.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, "https://"+hostCreator+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Body = io.NopCloser(strings.NewReader(string(raw)))
		req.Header.Set("X-SB-CSRF", b.cookie(cookieCSRF))
	}
	resp, err := b.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp, text, err
}

func (b *fakeBrowser) json(method, path string, body any) map[string]any {
	b.t.Helper()
	_, text, err := b.try(method, path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		b.t.Fatalf("%s: %v in %s", path, err, text)
	}
	return answer
}

func (b *fakeBrowser) get(path string) map[string]any {
	b.t.Helper()
	return b.json(http.MethodGet, path, nil)
}

func (b *fakeBrowser) post(path string, body any) map[string]any {
	b.t.Helper()
	return b.json(http.MethodPost, path, body)
}

// page opens a page and says where it led to and what it reads.
func (b *fakeBrowser) page(path string) (at, text string) {
	b.t.Helper()
	resp, body, err := b.try(http.MethodGet, path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.Request.URL.Path, string(body)
}

// ids are the ids of the rows under a key.
func ids(t *testing.T, answer map[string]any, key string) []string {
	t.Helper()
	rows, ok := answer[key].([]any)
	if !ok {
		t.Fatalf("no list %q in %v", key, answer)
	}
	var all []string
	for _, r := range rows {
		all = append(all, r.(map[string]any)["id"].(string))
	}
	return all
}
