package xiaohongshu

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// visitor keeps cookies and dials every name to the site, as a browser behind a test node's gate does.
type visitor struct {
	t    *testing.T
	site *Site
	http *http.Client
}

func newVisitor(t *testing.T, s *Site) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Addr())
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, s, &http.Client{Transport: transport, Jar: jar, Timeout: 20 * time.Second}}
}

// loggedIn is a visitor who scanned the main site's code as that owner.
func loggedIn(t *testing.T, s *Site, owner string) *visitor {
	t.Helper()
	v := newVisitor(t, s)
	id := v.code()
	must(t, s.Confirm(id, owner))
	if got := v.poll(id); got != "2" {
		t.Fatalf("login: %v", got)
	}
	return v
}

// do asks, with the mark that the pages' own calls carry.
func (v *visitor) do(method, address, body string) (*http.Response, []byte) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, "https://"+address, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("X-S", "XYS_test")
	resp, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp, text
}

func (v *visitor) cookie(name string) string {
	for _, c := range v.http.Jar.Cookies(&url.URL{Scheme: "https", Host: hostWWW}) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (v *visitor) page(address string) (at, text string) {
	v.t.Helper()
	resp, body := v.do(http.MethodGet, address, "")
	return resp.Request.URL.Host + resp.Request.URL.Path, string(body)
}

// answered is the envelope of an answer.
type answered struct {
	Code    int
	Success bool
	Msg     string
	Data    map[string]any
}

func (v *visitor) ask(method, address string, body any) (a answered) {
	v.t.Helper()
	_, text := v.do(method, address, asJSON(body))
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&a); err != nil {
		v.t.Fatalf("%s: %v in %q", address, err, text)
	}
	return a
}

func (v *visitor) get(address string) answered {
	v.t.Helper()
	return v.ask(http.MethodGet, hostAPI+address, nil)
}

func (v *visitor) post(address string, body fields) answered {
	v.t.Helper()
	return v.ask(http.MethodPost, hostAPI+address, body)
}

// code opens the home page and asks for a QR code.
func (v *visitor) code() (id string) {
	v.t.Helper()
	v.page(hostWWW + "/explore")
	return v.post("/api/sns/web/v1/login/qrcode/create", fields{"qr_type": 1}).Data["qr_id"].(string)
}

// poll is the number that the newer form answers.
func (v *visitor) poll(id string) string {
	v.t.Helper()
	return fmt.Sprint(v.post("/api/qrcode/userinfo", fields{"qrId": id}).Data["codeStatus"])
}
