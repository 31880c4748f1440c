package browser

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/actors/account/persona"
	"troupe/platforms/page"
)

// rig is a site under every host name, and the proxy that leads to it.
type rig struct {
	site  *httptest.Server
	proxy net.Listener
	pin   string

	mu      sync.Mutex
	refuse  bool
	tunnels []net.Conn
	asked   []string // host and path of every request
}

func newRig(t *testing.T, mux *http.ServeMux) *rig {
	t.Helper()
	r := &rig{}
	r.site = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, req.Host+req.URL.Path)
		r.mu.Unlock()
		mux.ServeHTTP(w, req)
	}))
	r.site.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.site.StartTLS()
	sum := sha256.Sum256(r.site.Certificate().RawSubjectPublicKeyInfo)
	r.pin = base64.StdEncoding.EncodeToString(sum[:])
	var err error
	if r.proxy, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	go r.serve()
	t.Cleanup(func() {
		r.proxy.Close()
		r.cut()
		r.site.Close()
	})
	return r
}

func (r *rig) serve() {
	for {
		conn, err := r.proxy.Accept()
		if err != nil {
			return
		}
		go r.tunnel(conn)
	}
}

// tunnel answers CONNECT: any host is the site.
func (r *rig) tunnel(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil || req.Method != http.MethodConnect {
		return
	}
	r.mu.Lock()
	refuse := r.refuse || strings.Contains(req.Host, "google")
	r.tunnels = append(r.tunnels, conn)
	r.mu.Unlock()
	if refuse {
		io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n")
		return
	}
	up, err := net.Dial("tcp", r.site.Listener.Addr().String())
	if err != nil {
		return
	}
	defer up.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		io.Copy(up, in)
		up.Close()
	}()
	io.Copy(conn, up)
}

// cut refuses all tunnels from now on and ends the open ones.
func (r *rig) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = true
	for _, c := range r.tunnels {
		c.Close()
	}
}

func (r *rig) reopen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = false
}

func (r *rig) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// testUser is an account's user where the tests run as root.
const testUser = 23001

// config is a recipe for a browser of this rig.
func (r *rig) config(t *testing.T) Config {
	t.Helper()
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Proxy, cfg.Pins = r.proxy.Addr().String(), []string{r.pin}
	return cfg
}

// testHost is a node's browsers as a test wants them.
func testHost(t *testing.T, cfg HostConfig) *Host {
	t.Helper()
	cfg.Log = testLog()
	if cfg.Mode == Headful {
		cfg.Dir = filepath.Join(openTempDir(t), "displays")
	}
	host, err := OpenHost(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	return host
}

// commonHost is what most tests share, as a node's accounts do.
var commonHost = sync.OnceValues(func() (*Host, error) {
	return OpenHost(context.Background(), HostConfig{Starts: 4, Log: testLog()})
})

func testLog() *slog.Logger {
	if os.Getenv("BROWSER_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return slog.New(slog.DiscardHandler)
}

func testConfig(t *testing.T, dir string) Config {
	t.Helper()
	host, err := commonHost()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Account: "test_1", Epoch: 1, Node: "n1", Host: host, Bin: host.bin.path, Dir: dir,
		Proxy: "127.0.0.1:9", Persona: persona.Make(1, "", "", "", persona.Machine{Cores: runtime.NumCPU()}), Log: testLog(),
	}
	if os.Geteuid() == 0 {
		cfg.UID, cfg.GID = testUser, testUser
	}
	return cfg
}

// openTempDir is a temporary folder that another user can pass through.
func openTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start starts a browser and sees to its end.
func start(t *testing.T, cfg Config) *Instance {
	t.Helper()
	i, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		i.Kill()
		if left, _ := remains(i.proc.rec, i.proc.profile); len(left) > 0 {
			t.Errorf("%d processes left", len(left))
		}
	})
	return i
}

// open starts a browser with one tab at address.
func open(t *testing.T, i *Instance, name, address string) page.Tab {
	t.Helper()
	tab, err := i.Tab(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if address != "" {
		if err := tab.Navigate(t.Context(), address); err != nil {
			t.Fatal(err)
		}
	}
	return tab
}

func find(t *testing.T, tab page.Tab, selector string) page.Element {
	t.Helper()
	el, _, err := tab.Find(t.Context(), []string{selector}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if el == nil {
		t.Fatalf("%s is not there", selector)
	}
	return el
}

func eval(t *testing.T, tab page.Tab, function string) string {
	t.Helper()
	got, err := tab.Eval(t.Context(), function, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// until polls for at most a minute.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited too long for %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func html(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!doctype html><title>page</title><link rel=icon href=data:,>"+body)
	}
}

// webSocket accepts a socket and sends each frame: text, or binary if it is a []byte.
func webSocket(frames <-chan any) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(buf, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			base64.StdEncoding.EncodeToString(sum[:]))
		buf.Flush()
		for frame := range frames {
			switch f := frame.(type) {
			case string:
				buf.Write(append([]byte{0x81, byte(len(f))}, f...))
			case []byte:
				buf.Write(append([]byte{0x82, byte(len(f))}, f...))
			}
			if buf.Flush() != nil {
				return
			}
		}
	}
}

func isMoved(err error) bool { return errors.Is(err, page.ErrMoved) }
func isGone(err error) bool  { return errors.Is(err, page.ErrGone) }
func isGate(err error) bool  { return errors.Is(err, page.ErrGate) }
