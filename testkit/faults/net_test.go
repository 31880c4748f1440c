package faults

import (
	"bytes"
	"context"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"troupe/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// post is a socket in a host from which tests send, and in which they receive, datagrams.
type post struct {
	t *testing.T
	net.PacketConn
}

func openPost(t *testing.T, h *Host) post {
	t.Helper()
	c, err := h.ListenPacket("udp", h.Addr.String()+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return post{t, c}
}

func (p post) send(to post, text string) {
	p.t.Helper()
	if _, err := p.WriteTo([]byte(text), to.LocalAddr()); err != nil {
		p.t.Fatal(err)
	}
}

func (p post) receive() string {
	p.t.Helper()
	buf := make([]byte, 100)
	if err := p.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	n, _, err := p.ReadFrom(buf)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(buf[:n])
}

// passes sends one datagram over an open way.
func (p post) passes(to post, text string) {
	p.t.Helper()
	p.send(to, text)
	if got := to.receive(); got != text {
		p.t.Fatalf("received %q, want %q", got, text)
	}
}

func TestCutLetsNothingPassUntilHealedAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	n := NewNet(t, "a", "b", "c")
	a, b, c := openPost(t, n.Host("a")), openPost(t, n.Host("b")), openPost(t, n.Host("c"))
	a.passes(b, "before")
	for _, fault := range []struct {
		name           string
		strike, mend   func()
		toB, toA, andC bool // what still passes: a to b, b to a, a and b with c
	}{
		{"both ways", func() { n.Cut("a", "b") }, func() { n.Heal("a", "b") }, false, false, true},
		{"one way", func() { n.CutOneWay("a", "b") }, func() { n.Heal("b", "a") }, false, true, true},
		{"the other way", func() { n.CutOneWay("b", "a") }, func() { n.Heal("a", "b") }, true, false, true},
		{"isolated", func() { n.Isolate("a") }, func() { n.Join("a") }, false, false, false},
		{"isolated but from one", func() { n.Isolate("a", "c") }, func() { n.Join("a") }, false, false, true},
		{"down", func() { n.Down("a") }, func() { n.Up("a") }, false, false, false},
	} {
		t.Run(fault.name, func(t *testing.T) {
			judge := func(from, to post, passes bool) {
				t.Helper()
				fault.strike()
				for i := range 20 {
					from.send(to, "struck "+strconv.Itoa(i))
				}
				fault.mend()
				from.send(to, "mended") // in order: had a struck one passed, it came before
				want := "mended"
				if passes {
					want = "struck 0"
				}
				if got := to.receive(); got != want {
					t.Errorf("received %q first, want %q", got, want)
				}
				for passes && to.receive() != "mended" {
					continue
				}
			}
			judge(a, b, fault.toB)
			judge(b, a, fault.toA)
			judge(a, c, fault.andC)
			judge(b, c, true)
		})
	}
}

func TestSlowWayDelaysAndLosesAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	n := NewNet(t, "a", "b")
	a, b := openPost(t, n.Host("a")), openPost(t, n.Host("b"))
	const delay = 60 * time.Millisecond
	n.Slow("a", "b", delay, 0)
	began := time.Now()
	a.passes(b, "there")
	b.passes(a, "and back")
	if took := time.Since(began); took < 2*delay {
		t.Errorf("there and back took %s", took)
	}
	n.Slow("a", "b", 0, 0.5)
	const sent = 200
	for i := range sent {
		a.send(b, strconv.Itoa(i))
	}
	n.Heal("a", "b")
	a.send(b, "last")
	received := 0
	for b.receive() != "last" {
		received++
	}
	if received < sent/4 || received > sent*3/4 {
		t.Errorf("%d of %d passed a way that loses half", received, sent)
	}
}

// TestStreamOutlivesACutAsRoot proves that a connection hangs in a cut, is told nothing, and goes on afterwards.
func TestStreamOutlivesACutAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	n := NewNet(t, "client", "server")
	l, err := n.Host("server").Listen("tcp", n.Host("server").Addr.String()+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	echoed := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, err = io.Copy(c, c)
			c.Close()
		}
		echoed <- err
	}()
	c, err := n.Host("client").DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if host, _, _ := net.SplitHostPort(c.LocalAddr().String()); host != n.Host("client").Addr.String() {
		t.Errorf("dialled from %s", host)
	}
	n.Cut("client", "server")
	sent := bytes.Repeat([]byte("0123456789"), 10_000)
	go func() { _, _ = c.Write(sent) }() // what became of it is seen in the echo
	if err := c.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if k, err := c.Read(make([]byte, 1)); k > 0 || !isTimeout(err) {
		t.Errorf("read %d bytes through a cut: %v", k, err)
	}
	n.Heal("client", "server")
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("the stream is not whole: %v", err)
	}
	c.Close()
	if err := <-echoed; err != nil {
		t.Error(err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

func TestProcessOfAHostSeesOnlyItsNetworkAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	n := NewNet(t, "a", "b")
	var out strings.Builder
	cmd := exec.CommandContext(t.Context(), "cat", "/proc/self/net/fib_trie", "/proc/self/net/dev")
	cmd.Stdout = &out
	if err := n.Host("b").Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{n.Host("b").Addr.String(), "127.0.0.0/8", cardName, loopbackName} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the process does not see %s", want)
		}
	}
	if strings.Contains(out.String(), n.Host("a").Addr.String()) {
		t.Error("the process has another host's address")
	}
	l, err := n.Host("a").Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if c, err := n.Host("b").DialContext(ctx, "tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("a loopback listener of one host was reached from another")
	}
}
