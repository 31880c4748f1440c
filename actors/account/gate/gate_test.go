package gate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"troupe/cluster/lease"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == stoppedGate {
		if err := runStoppedGate(os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if hosts := os.Getenv(hostsEnv); hosts != "" {
		if err := enterOwnNet(hosts); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// patience bounds every wait of these tests; a healthy run needs a fraction of it.
const patience = 20 * time.Second

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// site accepts connections, counts what they bring and, if echo, says it back.
type site struct {
	ln    net.Listener
	echo  bool
	deaf  atomic.Bool // reads nothing from connections made meanwhile
	bytes atomic.Int64
	open  atomic.Int64

	mu    sync.Mutex
	conns []*net.TCPConn
	wg    sync.WaitGroup
}

func newSite(t testing.TB, echo bool) *site {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{ln: ln, echo: echo}
	s.wg.Go(s.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		for _, conn := range s.all() {
			_ = conn.Close()
		}
		s.wg.Wait()
	})
	return s
}

func (s *site) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn.(*net.TCPConn))
		s.mu.Unlock()
		if !s.deaf.Load() {
			s.open.Add(1)
			s.wg.Go(func() { s.read(conn) })
		}
	}
}

func (s *site) read(conn net.Conn) {
	defer s.open.Add(-1)
	defer conn.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		s.bytes.Add(int64(n))
		if err != nil {
			return
		}
		if s.echo {
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

func (s *site) all() []*net.TCPConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*net.TCPConn(nil), s.conns...)
}

// dial leads every name to the site.
func (s *site) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, s.ln.Addr().String())
}

// open makes a gate that is shut, in front of s.
func open(t testing.TB, s *site, change func(*Options)) *Gate {
	t.Helper()
	o := Options{
		Account: "dy_1", Epoch: 7, Listen: Address("dy_1"), Sites: []string{"*.sandbox.test"}, PeerUID: -1,
		Clock: lease.BootTime, Dial: s.dial,
	}
	if change != nil {
		change(&o)
	}
	g, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// lend opens the gate for longer than any test takes.
func lend(g *Gate) { g.Extend(lease.BootTime() + time.Hour) }

// connect asks for a tunnel and returns it with the answer's status; 0 when the gate reset the connection.
func connect(t testing.TB, g *Gate, target string) (*net.TCPConn, int) {
	t.Helper()
	conn, status, err := tryConnect(g.Addr(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, status
}

func tryConnect(gate, target string) (*net.TCPConn, int, error) {
	raw, err := net.Dial("tcp", gate)
	switch {
	case errors.Is(err, syscall.ECONNRESET): // so fast that the connection was never seen
		return new(net.TCPConn), 0, nil
	case err != nil:
		return nil, 0, err
	}
	conn := raw.(*net.TCPConn)
	_ = conn.SetDeadline(time.Now().Add(patience))
	defer conn.SetDeadline(time.Time{})
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target); err != nil {
		return conn, 0, nil
	}
	answer, err := http.ReadResponse(bufio.NewReader(iotest.OneByteReader(conn)), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return conn, 0, nil
	}
	return conn, answer.StatusCode, nil
}

func mustTunnel(t testing.TB, g *Gate, target string) *net.TCPConn {
	t.Helper()
	conn, status := connect(t, g, target)
	if status != http.StatusOK {
		t.Fatalf("CONNECT %s: status %d, refusals %v", target, status, g.Refusals())
	}
	return conn
}

func say(t testing.TB, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func hear(t testing.TB, conn net.Conn, text string) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
		t.Fatalf("heard %q, %v; want %q", got, err, text)
	}
}

// wasReset waits for the other end to reset.
func wasReset(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("want a reset, got %v", err)
	}
}

func lastRefusal(t *testing.T, g *Gate, host string, class Class) {
	t.Helper()
	eventually(t, fmt.Sprintf("refusal of %s as %s", host, class), func() bool {
		all := g.Refusals()
		return len(all) > 0 && all[len(all)-1].Host == host && all[len(all)-1].Class == class
	})
}

// state reads the kernel's own view of a connection: its state, and the bytes that arrived.
func state(t *testing.T, conn *net.TCPConn) (tcp uint8, received uint64) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Error(err)
			return
		}
		tcp, received = info.State, info.Bytes_received
	}); err != nil {
		t.Fatal(err)
	}
	return tcp, received
}

func TestOpenGateCarriesBothWays(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, nil)
	lend(g)
	conn := mustTunnel(t, g, "www.sandbox.test:443")
	text := strings.Repeat("hello ", 50_000)
	go func() { _, _ = io.WriteString(conn, text) }()
	hear(t, conn, text)
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("want a clean end, got %v", err)
	}
	eventually(t, "the tunnel's end", func() bool { return g.Stats().Tunnels == 0 })
	if st := g.Stats(); st.Up != int64(len(text)) || st.Down < st.Up || st.Dials != 1 {
		t.Fatalf("counted %+v", st)
	}
}

func TestAccountsAddressIsItsOwnAndStable(t *testing.T) {
	a, b := Address("dy_1"), Address("dy_2")
	if a == b || a != Address("dy_1") || !net.ParseIP(a).IsLoopback() || strings.HasPrefix(a, "127.0.") {
		t.Fatalf("addresses %s and %s", a, b)
	}
	g := open(t, newSite(t, false), nil)
	if host, _, _ := net.SplitHostPort(g.Addr()); host != a {
		t.Fatalf("listens on %s", g.Addr())
	}
}

func TestListenRefusesWhatIsNotSafe(t *testing.T) {
	for name, spoil := range map[string]func(*Options){
		"no clock":       func(o *Options) { o.Clock = nil },
		"not loopback":   func(o *Options) { o.Listen = "0.0.0.0" },
		"with a port":    func(o *Options) { o.Listen = "127.0.0.1:80" },
		"every host":     func(o *Options) { o.Sites = []string{"*"} },
		"a whole domain": func(o *Options) { o.Resources = []string{"*.com"} },
		"a url":          func(o *Options) { o.Sites = []string{"https://a.test"} },
	} {
		o := Options{Account: "dy_1", Listen: "127.0.0.1", Clock: lease.BootTime}
		spoil(&o)
		if g, err := Listen(o); err == nil {
			_ = g.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}
