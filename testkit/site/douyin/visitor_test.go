package douyin

import (
	"bytes"
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

// loggedIn is a visitor who scanned a code as that owner.
func loggedIn(t *testing.T, s *Site, owner string) *visitor {
	t.Helper()
	v := newVisitor(t, s)
	token := v.code()
	if err := s.Confirm(token, owner); err != nil {
		t.Fatal(err)
	}
	if got := v.poll(token); got["status"] != "confirmed" {
		t.Fatalf("login: %v", got)
	}
	return v
}

func (v *visitor) do(method, address, body, kind string) (*http.Response, []byte) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, "https://"+address, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("X-Secsdk-Csrf-Token", v.cookie(cookieCSRF))
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
	for _, c := range v.http.Jar.Cookies(&url.URL{Scheme: "https", Host: hostCreator}) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (v *visitor) page(address string) (at, text string) {
	v.t.Helper()
	resp, body := v.do(http.MethodGet, address, "", "")
	return resp.Request.URL.Host + resp.Request.URL.Path, string(body)
}

func (v *visitor) json(method, address string, form url.Values) map[string]any {
	v.t.Helper()
	_, text := v.do(method, address, form.Encode(), "application/x-www-form-urlencoded")
	var answer map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		v.t.Fatalf("%s: %v in %q", address, err, text)
	}
	return answer
}

func (v *visitor) get(address string) map[string]any { return v.json(http.MethodGet, address, nil) }

func (v *visitor) post(address string, form url.Values) map[string]any {
	return v.json(http.MethodPost, address, form)
}

// code opens the login page and asks for a QR code.
func (v *visitor) code() (token string) {
	v.t.Helper()
	v.page(hostCreator + "/")
	return v.get(hostLogin + "/passport/web/get_qrcode/")["data"].(map[string]any)["token"].(string)
}

func (v *visitor) poll(token string) map[string]any {
	v.t.Helper()
	return v.post(hostLogin+"/passport/web/check_qrconnect/", url.Values{"token": {token}})["data"].(map[string]any)
}

// im asks a command of private messages and shows the answer with the names of im.proto.
func (v *visitor) im(path string, cmd int, body fields) map[string]any {
	v.t.Helper()
	names := map[int]string{cmdSend: "send", cmdByConversation: "by_conversation", cmdMarkRead: "mark_read", cmdInfoList: "info_list", cmdInit: "init", cmdUserMessage: "user_message"}
	raw := v.site.wire.encode("Request", fields{"cmd": cmd, "body": fields{names[cmd]: body}})
	_, out := v.do(http.MethodPost, hostIM+path, string(raw), "application/x-protobuf")
	text, err := v.site.wire.show("Response", out)
	if err != nil {
		v.t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		v.t.Fatal(err)
	}
	if b, ok := m["body"].(map[string]any); ok {
		return b[names[cmd]].(map[string]any)
	}
	return m
}
