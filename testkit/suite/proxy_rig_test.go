package suite

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/testkit"
)

const (
	// exitAt is the address from which the world sees what went through the proxy.
	exitAt = "127.0.0.91"
	// exitPage answers the caller's address.
	exitPage = "http://exit.example.test/ip"
)

// office is a real proxy, tinyproxy, with a user and a password. Behind it stands the world: a second proxy that knows where
// the made-up hosts are, and goes there from exitAt. Nothing else goes out from that address.
type office struct {
	t    *testing.T
	addr netip.AddrPort
	conf string
	stop func() // ends the running tinyproxy
}

// newOffice starts both. site is where every host of the made-up site is.
func newOffice(t *testing.T, site, user, password string) *office {
	t.Helper()
	o := &office{t: t, addr: freeAddress(t), conf: filepath.Join(t.TempDir(), "tinyproxy.conf")}
	text := fmt.Sprintf("Port %d\nListen %s\nTimeout 60\nLogLevel Critical\nBasicAuth %s %s\nUpstream http %s\n",
		o.addr.Port(), o.addr.Addr(), user, password, newWorld(t, site))
	if err := os.WriteFile(o.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o.open()
	return o
}

// freeAddress is a loopback address that nothing listens on now.
func freeAddress(t *testing.T) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

// open starts tinyproxy and waits until it listens.
func (o *office) open() {
	o.t.Helper()
	cmd := exec.Command("tinyproxy", "-d", "-c", o.conf)
	if err := testkit.StartBound(cmd, nil); err != nil {
		o.t.Fatalf("%v (make setup installs it)", err)
	}
	o.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	o.t.Cleanup(o.stop)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", o.addr.String())
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(end) {
			o.t.Fatal(err)
		}
	}
}

// newWorld starts the second proxy and returns its address.
func newWorld(t *testing.T, site string) string {
	t.Helper()
	exit := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintf(w, `{"ip":%q}`, host)
	}))
	t.Cleanup(exit.Close)
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(exitAt)}}
	plain := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: exit.Listener.Addr().String()})
		},
		Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := site
		switch {
		case r.Method != http.MethodConnect:
			plain.ServeHTTP(w, r)
			return
		case r.Host == "exit.example.test:80":
			to = exit.Listener.Addr().String()
		case !strings.HasSuffix(r.Host, ".sandbox.test:443"):
			http.Error(w, "no such host", http.StatusBadGateway)
			return
		}
		conn, err := from.DialContext(r.Context(), "tcp", to)
		if err != nil {
			http.Error(w, "not reached", http.StatusBadGateway)
			return
		}
		join(w, conn)
	}))
	t.Cleanup(world.Close)
	return world.Listener.Addr().String()
}

// join carries bytes both ways until either side ends.
func join(w http.ResponseWriter, far net.Conn) {
	defer far.Close()
	near, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(far, rw) // its end is the tunnel's end
		_ = far.Close()
	})
	_, _ = io.Copy(near, far)
	_ = near.Close()
	up.Wait()
}
