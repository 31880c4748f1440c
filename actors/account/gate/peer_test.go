package gate

import (
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func TestBrowsersOwnUserIsAdmitted(t *testing.T) {
	g := open(t, newSite(t, true), func(o *Options) { o.PeerUID = os.Getuid() })
	lend(g)
	mustTunnel(t, g, "www.sandbox.test:443")
}

func TestStrangerIsReset(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, func(o *Options) { o.PeerUID = os.Getuid() + 1 })
	lend(g)
	if _, status := connect(t, g, "www.sandbox.test:443"); status != 0 {
		t.Fatalf("status %d", status)
	}
	lastRefusal(t, g, "", Stranger)
	if len(s.all()) != 0 {
		t.Fatal("the site was reached")
	}
}

// With root's rights, sockets of two users are told apart: the owner is the one who made the socket.
func TestOwnerOfASocketIsItsMaker(t *testing.T) {
	want := uint32(os.Getuid())
	dial := net.Dial
	if want == 0 {
		want = 65534
		dial = func(network, addr string) (net.Conn, error) { return dialAs(int(want), network, addr) }
	}
	g := open(t, newSite(t, true), func(o *Options) { o.PeerUID = int(want) })
	conn, err := dial("tcp4", g.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, _, err := ownerOf(conn.LocalAddr().(*net.TCPAddr).AddrPort(), conn.RemoteAddr().(*net.TCPAddr).AddrPort())
	if err != nil || got != want {
		t.Fatalf("owner %d, %v; want %d", got, err, want)
	}
	say(t, conn, "CONNECT www.sandbox.test:443 HTTP/1.1\r\nHost: www.sandbox.test\r\n\r\n")
	hear(t, conn, "HTTP/1.1 503")
	if n := g.Stats().Refused[Stranger]; n != 0 {
		t.Fatalf("%d strangers", n)
	}
}

// dialAs makes a socket as another user, as far as the kernel's files and sockets are concerned.
func dialAs(uid int, network, addr string) (net.Conn, error) {
	runtime.LockOSThread()
	if err := unix.Setfsuid(uid); err != nil {
		return nil, err
	}
	conn, err := net.Dial(network, addr)
	if back := unix.Setfsuid(os.Getuid()); back == nil {
		runtime.UnlockOSThread()
	}
	return conn, err
}

func TestOwnerOfAClosedSocketIsNobody(t *testing.T) {
	s := newSite(t, true)
	conn, err := net.Dial("tcp4", s.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	local, remote := conn.LocalAddr().(*net.TCPAddr).AddrPort(), conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	_ = conn.Close()
	if uid, _, err := ownerOf(local, remote); err == nil {
		t.Fatalf("owner %d", uid)
	}
}

// The browser shares its user with this test: only what runs below its first process may connect.
func TestOnlyTheBrowsersOwnProcessesAreAdmitted(t *testing.T) {
	var browser atomic.Int64
	s := newSite(t, true)
	g := open(t, s, func(o *Options) { o.PeerUID, o.Tree = os.Getuid(), func() int { return int(browser.Load()) } })
	lend(g)
	if _, status := connect(t, g, "www.sandbox.test:443"); status != 0 {
		t.Fatalf("status %d before there is a browser", status)
	}
	// The asker is a grandchild of the process that stands for the browser.
	ask := exec.Command("bash", "-c", `read go; (exec 3<>/dev/tcp/${0/://}; printf 'CONNECT www.sandbox.test:443 HTTP/1.1\r\n\r\n' >&3; head -c 12 <&3); read end`, g.Addr())
	in, err := ask.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := ask.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := ask.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = ask.Wait()
	}()
	browser.Store(int64(ask.Process.Pid))
	if _, status := connect(t, g, "www.sandbox.test:443"); status != 0 {
		t.Fatalf("status %d for another process of the same user", status)
	}
	lastRefusal(t, g, "", Stranger)
	if len(s.all()) != 0 {
		t.Fatal("the site was reached")
	}
	if _, err := io.WriteString(in, "go\n"); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(out, answer); err != nil || string(answer) != "HTTP/1.1 200" {
		t.Fatalf("the browser's own process heard %q, %v", answer, err)
	}
	browser.Store(int64(os.Getpid()))
	mustTunnel(t, g, "www.sandbox.test:443")
}
