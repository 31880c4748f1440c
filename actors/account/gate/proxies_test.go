package gate

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

// The network of TestRealProxies: the site, the proxies, and the addresses from which the proxies go out.
const (
	siteAt      = "127.0.0.20"
	tinyproxyAt = "127.0.0.31"
	microsAt    = "127.0.0.32"
	siteNames   = siteAt + " www.sandbox.test exit.sandbox.test\n"
)

// realSite is a site on ports 80 and 443 that remembers who connected: pages, a WebSocket's upgrade, and the caller's address.
type realSite struct {
	secure *httptest.Server

	mu   sync.Mutex
	from map[string]int // address -> connections
}

func newRealSite(t *testing.T) *realSite {
	t.Helper()
	s := &realSite{from: map[string]int{}}
	handler := http.HandlerFunc(s.serve)
	for _, port := range []string{"80", "443"} {
		ln, err := net.Listen("tcp", net.JoinHostPort(siteAt, port))
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewUnstartedServer(handler)
		_ = server.Listener.Close()
		server.Listener = ln
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Config.ConnState = s.count
		if port == "443" {
			server.StartTLS()
			s.secure = server
		} else {
			server.Start()
		}
		t.Cleanup(server.Close)
	}
	return s
}

func (s *realSite) count(conn net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.from[conn.RemoteAddr().(*net.TCPAddr).IP.String()]++
	}
}

// callers lists who connected, and forgets it.
func (s *realSite) callers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for addr := range s.from {
		all = append(all, addr)
	}
	clear(s.from)
	slices.Sort(all)
	return all
}

func (s *realSite) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host == "exit.sandbox.test":
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintf(w, `{"ip":%q}`, host)
	case r.Header.Get("Upgrade") == "websocket":
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(conn, rw)
	default:
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
	}
}

// browser is a client that goes through the gate and trusts the site.
func (s *realSite) browser(t *testing.T, g *Gate) *http.Client {
	t.Helper()
	transport := &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: g.Addr()}),
		TLSClientConfig: &tls.Config{RootCAs: s.secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// run starts a real proxy, waits until it listens, and returns its end.
func run(t *testing.T, addr string, name string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(name, args...)
	if err := testkit.StartBound(cmd, nil); err != nil {
		t.Fatalf("%v (make setup installs it)", err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	eventually(t, name, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return stop
}

// Debian's proxies; the port tells them apart. They go out from their own addresses, and know a user or none.
func tinyproxy(t *testing.T, port int, user string) (stop func()) {
	t.Helper()
	auth := ""
	if user != "" {
		auth = "BasicAuth " + user + " secret\n"
	}
	file := filepath.Join(t.TempDir(), "tinyproxy.conf")
	text := fmt.Sprintf("Port %d\nListen %s\nBind %s\nTimeout 60\nLogLevel Critical\n%s", port, tinyproxyAt, tinyproxyAt, auth)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, fmt.Sprintf("%s:%d", tinyproxyAt, port), "tinyproxy", "-d", "-c", file)
}

func microsocks(t *testing.T, port int, user string) (stop func()) {
	t.Helper()
	args := []string{"-i", microsAt, "-p", fmt.Sprint(port), "-b", microsAt}
	if user != "" {
		args = append(args, "-u", user, "-P", "secret")
	}
	return run(t, fmt.Sprintf("%s:%d", microsAt, port), "microsocks", args...)
}

func TestRealProxiesCarryEverythingAndNothingGoesAroundThem(t *testing.T) {
	t.Parallel()
	if !inOwnNet(t, siteNames) {
		return
	}
	s := newRealSite(t)
	tinyproxy(t, 8001, "")
	tinyproxy(t, 8002, "me")
	microsocks(t, 1001, "")
	microsocks(t, 1002, "me")
	secure, roots := secured(t)
	play(t, secure, func(conn net.Conn) { pipe(conn, tinyproxyAt+":8002") })
	securePort := secure.Addr().(*net.TCPAddr).Port

	secret := messages.Secret("secret")
	for _, u := range []Upstream{
		{Scheme: "http", Host: tinyproxyAt, Port: 8001},
		{Scheme: "http", Host: tinyproxyAt, Port: 8002, Username: "me", Password: secret},
		{Scheme: "https", Host: "127.0.0.1", Port: securePort, Username: "me", Password: secret, Roots: roots},
		{Scheme: "socks5", Host: microsAt, Port: 1001},
		{Scheme: "socks5", Host: microsAt, Port: 1002, Username: "me", Password: secret},
	} {
		t.Run(u.String(), func(t *testing.T) { carriesEverything(t, s, &u) })
	}
	for _, c := range []refusedCase{
		{"http, wrong password", Upstream{Scheme: "http", Host: tinyproxyAt, Port: 8002, Username: "me", Password: messages.Secret("no")}, UpstreamAuth},
		{"http, no password", Upstream{Scheme: "http", Host: tinyproxyAt, Port: 8002}, UpstreamAuth},
		{"https, wrong password", Upstream{Scheme: "https", Host: "127.0.0.1", Port: securePort, Username: "you", Password: secret, Roots: roots}, UpstreamAuth},
		{"socks5, wrong password", Upstream{Scheme: "socks5", Host: microsAt, Port: 1002, Username: "me", Password: messages.Secret("no")}, UpstreamAuth},
		{"socks5, no password", Upstream{Scheme: "socks5", Host: microsAt, Port: 1002}, UpstreamAuth},
		{"http to a socks5 proxy", Upstream{Scheme: "http", Host: microsAt, Port: 1001}, UpstreamProtocol},
		{"https to a socks5 proxy", Upstream{Scheme: "https", Host: microsAt, Port: 1001}, UpstreamProtocol},
		{"socks5 to an http proxy", Upstream{Scheme: "socks5", Host: tinyproxyAt, Port: 8001}, UpstreamProtocol},
		{"https to an http proxy", Upstream{Scheme: "https", Host: tinyproxyAt, Port: 8001}, UpstreamProtocol},
		{"http to an https proxy", Upstream{Scheme: "http", Host: "127.0.0.1", Port: securePort}, UpstreamProtocol},
		{"dead", Upstream{Scheme: "http", Host: tinyproxyAt, Port: 9}, UpstreamUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) { isRefused(t, &c.u, c.class) })
	}
	for _, u := range []Upstream{{Scheme: "http", Host: tinyproxyAt, Port: 8001}, {Scheme: "socks5", Host: microsAt, Port: 1001}} {
		if got := CheckUpstream(t.Context(), &u, nil, "nowhere.invalid:443", ""); got.Class != Unreachable {
			t.Errorf("%s, unknown site: %+v", &u, got)
		}
	}
}

type refusedCase struct {
	name  string
	u     Upstream
	class Class
}

// pipe joins a connection with another one.
func pipe(conn net.Conn, addr string) {
	to, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, conn)
		_ = to.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(conn, to)
}

// exitOf is the address from which the site sees a proxy.
func exitOf(u *Upstream) string {
	if u.Scheme == "socks5" {
		return microsAt
	}
	return tinyproxyAt
}

func carriesEverything(t *testing.T, s *realSite, u *Upstream) {
	s.callers()
	g := open(t, newSite(t, false), func(o *Options) { o.Upstream = u })
	lend(g)
	browser := s.browser(t, g)
	for _, scheme := range []string{"https", "http"} {
		answer, err := browser.Post(scheme+"://www.sandbox.test/page?x=1", "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if want := "POST /page?x=1 body"; err != nil || string(text) != want || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %q, %v", scheme, answer.Status, text, err)
		}
	}
	plain := mustTunnel(t, g, "www.sandbox.test:80")
	upgrade(t, plain)
	secure := tls.Client(mustTunnel(t, g, "www.sandbox.test:443"), browser.Transport.(*http.Transport).TLSClientConfig)
	upgrade(t, secure)
	if got := g.Check(t.Context(), "www.sandbox.test:443", "http://exit.sandbox.test/ip"); got.Class != OK || got.ExitAddress != exitOf(u) || got.Latency <= 0 {
		t.Errorf("check: %+v", got)
	}
	if got := CheckUpstream(t.Context(), u, nil, "www.sandbox.test:443", "http://exit.sandbox.test/ip"); got.Class != OK || got.ExitAddress != exitOf(u) {
		t.Errorf("check without a gate: %+v", got)
	}
	if from := s.callers(); len(from) != 1 || from[0] != exitOf(u) {
		t.Errorf("the site was reached from %v", from)
	}
}

// upgrade makes a connection a WebSocket, as far as a proxy can tell, and hears its echo.
func upgrade(t *testing.T, conn net.Conn) {
	t.Helper()
	say(t, conn, "GET /ws HTTP/1.1\r\nHost: www.sandbox.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %+v, %v", answer, err)
	}
	say(t, conn, "frame")
	if got, err := io.ReadAll(io.LimitReader(in, 5)); err != nil || string(got) != "frame" {
		t.Fatalf("echo %q, %v", got, err)
	}
}

// isRefused wants the class within five seconds, from a check and for a page.
func isRefused(t *testing.T, u *Upstream, class Class) {
	t.Parallel()
	s := newSite(t, false)
	told := make(chan Class, 8)
	g := open(t, s, func(o *Options) { o.Upstream, o.UpstreamFailed = u, func(c Class) { told <- c } })
	lend(g)
	var checked sync.WaitGroup
	defer checked.Wait()
	checked.Go(func() {
		start := time.Now()
		got := g.Check(context.Background(), "www.sandbox.test:443", "")
		if took := time.Since(start); got.Class != class || took > 5*time.Second || got.Reason == "" {
			t.Errorf("check after %v: %+v", took, got)
		}
	})
	if _, status := connect(t, g, "www.sandbox.test:443"); status != http.StatusBadGateway {
		t.Errorf("status %d", status)
	}
	lastRefusal(t, g, "www.sandbox.test", class)
	if class.OfUpstream() && <-told != class {
		t.Error("another class was told")
	}
	if len(s.all()) != 0 {
		t.Error("the site was reached directly")
	}
}

func TestKilledProxyEndsWhatIsOpenAndNothingGoesAroundIt(t *testing.T) {
	t.Parallel()
	if !inOwnNet(t, siteNames) {
		return
	}
	s := newRealSite(t)
	for _, proxy := range []struct {
		u     Upstream
		start func() (stop func())
	}{
		{Upstream{Scheme: "http", Host: tinyproxyAt, Port: 8001}, func() func() { return tinyproxy(t, 8001, "") }},
		{Upstream{Scheme: "socks5", Host: microsAt, Port: 1001}, func() func() { return microsocks(t, 1001, "") }},
	} {
		stop := proxy.start()
		direct := newSite(t, false)
		g := open(t, direct, func(o *Options) { o.Upstream = &proxy.u })
		lend(g)
		browser := s.browser(t, g)
		conn := mustTunnel(t, g, "www.sandbox.test:80")
		upgrade(t, conn)
		stop()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, conn); os.IsTimeout(err) {
			t.Fatal("the WebSocket lives on")
		}
		s.callers()
		for range 3 {
			if answer, err := browser.Get("http://www.sandbox.test/"); err == nil {
				t.Fatalf("status %d", answer.StatusCode)
			}
			if _, status := connect(t, g, "www.sandbox.test:443"); status != http.StatusBadGateway {
				t.Fatalf("status %d", status)
			}
		}
		lastRefusal(t, g, "www.sandbox.test", UpstreamUnreachable)
		if from := s.callers(); len(from) != 0 || len(direct.all()) != 0 {
			t.Fatalf("the site was reached from %v while the proxy was down", from)
		}
		proxy.start()
		upgrade(t, mustTunnel(t, g, "www.sandbox.test:80"))
	}
}
