package gate

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/messages"
)

func TestUpstreamSettingsAreJudgedAllAtOnce(t *testing.T) {
	good := []Upstream{
		{Scheme: "http", Host: "proxy.example.com", Port: 3128},
		{Scheme: "https", Host: "10.0.0.7", Port: 443, Username: "a", Password: messages.Secret("b:c")},
		{Scheme: "socks5", Host: "::1", Port: 1080, Username: "a:b", Password: messages.Secret("c")},
	}
	for _, u := range good {
		if err := u.Validate(); err != nil {
			t.Errorf("%s: %v", &u, err)
		}
	}
	bad := Upstream{Scheme: "socks4", Host: "http://proxy", Port: 70000, Username: "a:b", Password: messages.Secret("hush\r\nX: y")}
	err := bad.Validate()
	for _, want := range []string{"scheme", "host", "port", "colon", "password: control"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
	if text := fmt.Sprintf("%v %v %+v %s", err, &bad, bad, &bad); strings.Contains(text, "hush") {
		t.Errorf("shows the password: %s", text)
	}
}

func TestEachWayOfAProxyToFailHasItsClassWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	const login = "\x05\x02"
	for _, c := range []struct {
		name, scheme string
		act          func(net.Conn)
		class        Class
		reason       string
	}{
		{"http wants a password", "http", answer("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), UpstreamAuth, "407"},
		{"tinyproxy wants a password", "http", answer("HTTP/1.0 401 Unauthorized\r\n\r\n"), UpstreamAuth, "401"},
		{"http cannot reach the site", "http", answer("HTTP/1.1 502 Bad Gateway\r\n\r\n"), Unreachable, "502"},
		{"http forbids the site", "http", answer("HTTP/1.1 403 Filtered\r\n\r\n"), Unreachable, "403 Filtered"},
		{"http is a web server", "http", answer("HTTP/1.1 405 Method Not Allowed\r\n\r\n"), UpstreamProtocol, "405"},
		{"http is something else", "http", answer("220 mail.example.com ESMTP\r\n"), UpstreamProtocol, "malformed"},
		{"http hangs up", "http", func(net.Conn) {}, UpstreamProtocol, ""},
		{"http hangs", "http", hang, UpstreamTimeout, "in time"},
		{"socks5 knows no such login", "socks5", talk("\x05\xff"), UpstreamAuth, "log in"},
		{"socks5 refuses the password", "socks5", talk(login, "\x01\x01"), UpstreamAuth, "refuses"},
		{"socks5 hangs up at the password", "socks5", func(conn net.Conn) { talkOnce(conn, login) }, UpstreamAuth, "hung up"},
		{"socks5 cannot reach the site", "socks5", talk(login, "\x01\x00", "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"), Unreachable, "reply 4"},
		{"socks5 knows no names", "socks5", talk("\x05\x00", "\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"), UpstreamProtocol, "reply 8"},
		{"socks4", "socks5", talk("\x00\x5b"), UpstreamProtocol, "socks5"},
		{"socks5 chooses at random", "socks5", talk("\x05\x07"), UpstreamProtocol, "method 7"},
		{"socks5 is an http proxy", "socks5", line, UpstreamProtocol, "plain http"},
		{"socks5 hangs", "socks5", hang, UpstreamTimeout, "in time"},
		{"https is an http proxy", "https", line, UpstreamProtocol, "plain http"},
		{"https is a socks5 proxy", "https", func(conn net.Conn) { talkOnce(conn, "\x05\xff") }, UpstreamProtocol, ""},
		{"https hangs", "https", hang, UpstreamTimeout, "in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := play(t, loopback(t), c.act)
			u := &Upstream{Scheme: c.scheme, Host: "127.0.0.1", Port: p.addr.Port, Username: "me", Password: messages.Secret("hush")}
			start := time.Now()
			got := CheckUpstream(context.Background(), u, nil, "www.sandbox.test:443", "")
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if got.Class != c.class || !strings.Contains(got.Reason, c.reason) || strings.Contains(got.Reason, "hush") {
				t.Errorf("got %q: %s", got.Class, got.Reason)
			}
		})
	}
}

func TestDeadProxyIsUnreachable(t *testing.T) {
	ln := loopback(t)
	_ = ln.Close()
	for _, scheme := range schemes {
		u := &Upstream{Scheme: scheme, Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port}
		if got := CheckUpstream(context.Background(), u, nil, "www.sandbox.test:443", ""); got.Class != UpstreamUnreachable {
			t.Errorf("%s: %+v", scheme, got)
		}
	}
	u := &Upstream{Scheme: "socks5", Host: "proxy.invalid", Port: 1}
	nowhere := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host"}
	}
	if got := CheckUpstream(context.Background(), u, nowhere, "www.sandbox.test:443", ""); got.Class != UpstreamUnreachable {
		t.Errorf("unknown name: %+v", got)
	}
}

// A proxy may send its answer and the site's first words in one packet; socks5's bound address may have any form.
func TestSitesFirstWordsAreNotSwallowed(t *testing.T) {
	bound := []string{"\x01\x7f\x00\x00\x01\x00\x50", "\x03\x05proxy\x00\x50", "\x04" + strings.Repeat("\x00", 15) + "\x01\x00\x50"}
	secure, roots := secured(t)
	type proxy struct {
		u   Upstream
		act func(net.Conn)
		ln  net.Listener
	}
	proxies := []proxy{
		{Upstream{Scheme: "http"}, greetHTTP, loopback(t)},
		{Upstream{Scheme: "https", Roots: roots}, greetHTTP, secure},
	}
	for _, address := range bound {
		proxies = append(proxies, proxy{Upstream{Scheme: "socks5"}, talk("\x05\x00", "\x05\x00\x00"+address+"hello"), loopback(t)})
	}
	for _, p := range proxies {
		p.u.Host, p.u.Port = "127.0.0.1", play(t, p.ln, p.act).addr.Port
		g := open(t, newSite(t, false), func(o *Options) { o.Upstream = &p.u })
		lend(g)
		conn := mustTunnel(t, g, "www.sandbox.test:443")
		hear(t, conn, "hello")
	}
}

func TestTunnelInTLSCarriesBothWaysAndItsEnd(t *testing.T) {
	ln, roots := secured(t)
	p := play(t, ln, greetHTTP)
	g := open(t, newSite(t, false), func(o *Options) {
		o.Upstream = &Upstream{Scheme: "https", Host: "127.0.0.1", Port: p.addr.Port, Roots: roots}
	})
	lend(g)
	conn := mustTunnel(t, g, "www.sandbox.test:443")
	hear(t, conn, "hello")
	text := bytes.Repeat([]byte("words "), 50_000)
	go func() { _, _ = conn.Write(text) }()
	hear(t, conn, string(text))
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(conn); err != nil || len(rest) != 0 {
		t.Fatalf("want a clean end, got %q, %v", rest, err)
	}
	again := mustTunnel(t, g, "www.sandbox.test:443")
	hear(t, again, "hello")
	g.Shut("test")
	wasReset(t, again)
}

func TestProxyWithAStrangersCertificateIsNotTold(t *testing.T) {
	ln, _ := secured(t)
	p := play(t, ln, greetHTTP)
	u := &Upstream{Scheme: "https", Host: "127.0.0.1", Port: p.addr.Port, Username: "me", Password: messages.Secret("hush")}
	got := CheckUpstream(context.Background(), u, nil, "www.sandbox.test:443", "")
	if got.Class != UpstreamProtocol || !strings.Contains(got.Reason, "certificate") || p.heard.Load() != 0 {
		t.Fatalf("%+v, told %d bytes", got, p.heard.Load())
	}
}

func TestShutEndsAGreetingAndNothingMoreIsSaid(t *testing.T) {
	for _, scheme := range schemes {
		p := play(t, loopback(t), hang)
		g := open(t, newSite(t, false), func(o *Options) {
			o.Upstream = &Upstream{Scheme: scheme, Host: "127.0.0.1", Port: p.addr.Port, Username: "me", Password: messages.Secret("x")}
		})
		lend(g)
		checked := make(chan Check)
		go func() { checked <- g.Check(context.Background(), "www.sandbox.test:443", "") }()
		eventually(t, "the greeting", func() bool { return p.heard.Load() > 0 })
		g.Shut("test")
		said := p.heard.Load()
		if got := <-checked; got.Class != NoLease || p.heard.Load() != said {
			t.Errorf("%s: %+v, %d bytes after %d", scheme, got, p.heard.Load(), said)
		}
		if got := g.Check(context.Background(), "www.sandbox.test:443", ""); got.Class != NoLease || p.heard.Load() != said {
			t.Errorf("%s, shut: %+v", scheme, got)
		}
	}
}

func TestFailedProxyIsToldOnceWithItsClass(t *testing.T) {
	s := newSite(t, true)
	p := play(t, loopback(t), answer("HTTP/1.1 407 no\r\n\r\n"))
	told := make(chan Class, 64)
	g := open(t, s, func(o *Options) {
		o.Upstream = &Upstream{Scheme: "http", Host: "127.0.0.1", Port: p.addr.Port}
		o.UpstreamFailed = func(class Class) { told <- class }
	})
	lend(g)
	start := time.Now()
	for range 5 {
		if _, status := connect(t, g, "www.sandbox.test:443"); status != http.StatusBadGateway {
			t.Fatalf("status %d", status)
		}
	}
	if n, most := len(told), 1+int(time.Since(start)/tellAgain); n < 1 || n > most || <-told != UpstreamAuth {
		t.Fatalf("told %d times", n)
	}
	lastRefusal(t, g, "www.sandbox.test", UpstreamAuth)
	if r, ok := g.LastRefusal("www.sandbox.test", start); !ok || !strings.Contains(r.Reason, "407") {
		t.Fatalf("refusal %+v", r)
	}
	if _, ok := g.LastRefusal("www.sandbox.test", time.Now()); ok {
		t.Fatal("a refusal of before")
	}
	if st := g.Stats(); st.Refused[UpstreamAuth] != 5 || len(s.all()) != 0 {
		t.Fatalf("counted %+v, %d connections to the site", st, len(s.all()))
	}
}

func TestUpstreamIsChangedWhileTunnelsAreOpen(t *testing.T) {
	direct := newSite(t, true)
	ln, roots := secured(t)
	one, two := play(t, loopback(t), greetHTTP), play(t, ln, greetHTTP)
	g := open(t, direct, nil)
	lend(g)
	for range 2 {
		conn := mustTunnel(t, g, "www.sandbox.test:443")
		say(t, conn, "echo")
		hear(t, conn, "echo")
		g.SetUpstream(&Upstream{Scheme: "http", Host: "127.0.0.1", Port: one.addr.Port})
		wasReset(t, conn)
		reached := len(direct.all())

		conn = mustTunnel(t, g, "www.sandbox.test:443")
		hear(t, conn, "hello")
		g.SetUpstream(&Upstream{Scheme: "https", Host: "127.0.0.1", Port: two.addr.Port, Roots: roots})
		wasReset(t, conn)

		conn = mustTunnel(t, g, "www.sandbox.test:443")
		hear(t, conn, "hello")
		g.SetUpstream(nil)
		wasReset(t, conn)
		if len(direct.all()) != reached {
			t.Fatal("the site was reached without the proxy")
		}
	}
	if !g.Open() || g.Stats().Cuts != 0 {
		t.Fatal("the lease did not stay")
	}
}

func TestCheckWithoutAProxyTriesTheDirectWay(t *testing.T) {
	g := open(t, newSite(t, false), func(o *Options) { o.Resources = []string{"img.example.com"} })
	lend(g)
	if got := g.Check(context.Background(), "www.sandbox.test:443", ""); got.Class != OK || got.Latency <= 0 {
		t.Errorf("%+v", got)
	}
	if got := g.Check(context.Background(), "elsewhere.example.org:443", ""); got.Class != HostNotAllowed {
		t.Errorf("%+v", got)
	}
	if n := len(g.Refusals()); n != 0 {
		t.Errorf("a check is no refusal, %d", n)
	}
	eventually(t, "the end of the check's link", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.links) == 0
	})
}

func TestAddressIsFoundInWhatAnExitServiceSays(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.7\n":                    "203.0.113.7",
		`{"ip":"203.0.113.7","cc":"DE"}`:   "203.0.113.7",
		"Current IP Address: 203.0.113.7.": "203.0.113.7",
		"2001:db8::7":                      "2001:db8::7",
		`{"ip": "::ffff:203.0.113.7"}`:     "203.0.113.7",
		"<h1>Bad: gateway</h1>":            "",
	} {
		if got, err := findAddress(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
