package gate

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"troupe/cluster/lease"
)

func TestShutGateLetsNoByteOut(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, nil)
	if _, status := connect(t, g, "www.sandbox.test:443"); status != http.StatusServiceUnavailable {
		t.Fatalf("status %d", status)
	}
	g.Extend(lease.BootTime() - time.Second)
	if g.Open() {
		t.Fatal("opened by an instant that has passed")
	}
	lastRefusal(t, g, "www.sandbox.test", NoLease)
	if len(s.all()) != 0 || g.Stats().Dials != 0 {
		t.Fatal("the site was reached")
	}
}

// The site's kernel is asked, not the site: what it received after Shut returned is zero bytes, from tunnels under
// load and from those whose reader is slow, so that the sending kernel still holds something.
func TestNoByteArrivesAfterShutReturned(t *testing.T) {
	const tunnels = 8
	s := newSite(t, false)
	g := open(t, s, nil)
	var flood sync.WaitGroup
	defer flood.Wait()
	for round := range 3 {
		lend(g)
		before := len(s.all())
		for i := range tunnels {
			s.deaf.Store(i%2 == 0)
			conn := mustTunnel(t, g, "www.sandbox.test:443")
			eventually(t, "the connection at the site", func() bool { return len(s.all()) == before+i+1 })
			flood.Go(func() { _, _ = io.Copy(conn, zeros{}) })
		}
		conns := s.all()[before:]
		eventually(t, "load on every tunnel", func() bool {
			return !slices.ContainsFunc(conns, func(c *net.TCPConn) bool { _, n := state(t, c); return n < 100_000 })
		})
		watched := dup(t, conns)
		g.Shut("test")
		received := make([]uint64, len(watched))
		for i, conn := range watched {
			_, received[i] = state(t, conn)
		}
		for i, conn := range watched {
			eventually(t, "a reset at the site", func() bool { tcp, _ := state(t, conn); return tcp == tcpClose })
			if _, after := state(t, conn); after != received[i] {
				t.Errorf("round %d: %d bytes arrived after Shut", round, after-received[i])
			}
		}
		if open := g.Stats().Open; open {
			t.Fatal("open after Shut")
		}
	}
}

const tcpClose = 7 // TCP_CLOSE: the end of a connection that was reset

// dup keeps descriptors of the connections that stay valid when their readers close them.
func dup(t *testing.T, conns []*net.TCPConn) []*net.TCPConn {
	t.Helper()
	out := make([]*net.TCPConn, len(conns))
	for i, conn := range conns {
		again, err := dupOne(conn)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = again
		t.Cleanup(func() { _ = again.Close() })
	}
	return out
}

func dupOne(conn *net.TCPConn) (*net.TCPConn, error) {
	file, err := conn.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	again, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	return again.(*net.TCPConn), nil
}

// zeros is an endless request.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestLeasesEndResetsIdleTunnelsAndANewLeaseCarriesAgain(t *testing.T) {
	s := newSite(t, true)
	changes := make(chan bool, 16)
	g := open(t, s, func(o *Options) { o.Changed = func(open bool) { changes <- open } })
	for range 3 {
		until := lease.BootTime() + 150*time.Millisecond
		g.Extend(until)
		conn := mustTunnel(t, g, "www.sandbox.test:443")
		say(t, conn, "ping")
		hear(t, conn, "ping")
		if !<-changes {
			t.Fatal("opening was not told")
		}
		wasReset(t, conn)
		if <-changes || lease.BootTime() < until {
			t.Fatal("shut early, or not told")
		}
	}
	if cuts := g.Stats().Cuts; cuts != 3 {
		t.Fatalf("%d cuts", cuts)
	}
}

func TestExtendProlongsAndNeverShortens(t *testing.T) {
	g := open(t, newSite(t, true), nil)
	lend(g)
	until := g.Stats().Until
	g.Extend(lease.BootTime() + time.Second)
	if g.Stats().Until != until {
		t.Fatal("shortened")
	}
	conn := mustTunnel(t, g, "www.sandbox.test:443")
	g.Extend(until + time.Hour)
	say(t, conn, "still here")
	hear(t, conn, "still here")
}

// A lease that lapsed unnoticed (the process was stopped) must not be repaired by the next one: what was open is cut first.
func TestNewLeaseDoesNotReviveConnectionsOfALapsedOne(t *testing.T) {
	var clock manual
	clock.set(time.Hour)
	g := open(t, newSite(t, true), func(o *Options) { o.Clock = clock.now })
	g.Extend(2 * time.Hour)
	conn := mustTunnel(t, g, "www.sandbox.test:443")
	clock.set(3 * time.Hour)
	g.Extend(4 * time.Hour)
	wasReset(t, conn)
	mustTunnel(t, g, "www.sandbox.test:443")
	if cuts := g.Stats().Cuts; cuts != 1 {
		t.Fatalf("%d cuts", cuts)
	}
}

// manual is a clock that the test sets.
type manual struct {
	mu sync.Mutex
	at time.Duration
}

func (m *manual) now() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *manual) set(at time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = at
}

func TestShutEndsADialUnderWay(t *testing.T) {
	dialling := make(chan struct{})
	g := open(t, newSite(t, true), func(o *Options) {
		o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			close(dialling)
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	lend(g)
	answered := make(chan int)
	go func() {
		conn, status, err := tryConnect(g.Addr(), "www.sandbox.test:443")
		if err == nil {
			_ = conn.Close()
		}
		answered <- status
	}()
	<-dialling
	g.Shut("test")
	if status := <-answered; status != 0 {
		t.Fatalf("status %d", status)
	}
}

func TestConnectionDialledAcrossAShutIsReset(t *testing.T) {
	s := newSite(t, true)
	dialled, goOn := make(chan struct{}), make(chan struct{})
	g := open(t, s, func(o *Options) {
		o.Dial = func(_ context.Context, network, addr string) (net.Conn, error) {
			conn, err := s.dial(context.Background(), network, addr)
			close(dialled)
			<-goOn
			return conn, err
		}
	})
	lend(g)
	go func() {
		if conn, _, err := tryConnect(g.Addr(), "www.sandbox.test:443"); err == nil {
			_ = conn.Close()
		}
	}()
	<-dialled
	g.Shut("test")
	lend(g) // open again: the connection still belongs to the lease before
	close(goOn)
	eventually(t, "the reset at the site", func() bool { return len(s.all()) == 1 && s.open.Load() == 0 })
	if s.bytes.Load() != 0 {
		t.Fatalf("%d bytes arrived", s.bytes.Load())
	}
}

func TestConcurrentUseIsSafe(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, func(o *Options) { o.Changed = func(bool) {} })
	end := time.Now().Add(500 * time.Millisecond)
	var wg sync.WaitGroup
	repeat := func(act func()) {
		wg.Go(func() {
			for time.Now().Before(end) {
				act()
			}
		})
	}
	for range 4 {
		repeat(func() {
			conn, status, err := tryConnect(g.Addr(), "www.sandbox.test:443")
			if err != nil {
				return
			}
			if status == http.StatusOK {
				_, _ = io.WriteString(conn, "hello")
				_, _ = io.ReadFull(conn, make([]byte, 5))
			}
			_ = conn.Close()
		})
	}
	repeat(func() { g.Extend(lease.BootTime() + 5*time.Millisecond); time.Sleep(time.Millisecond) })
	repeat(func() { g.Shut("test"); time.Sleep(3 * time.Millisecond) })
	repeat(func() { g.BeginCommit(); _ = g.Broken(); g.EndCommit() })
	repeat(func() { _, _, _ = g.Stats(), g.Refusals(), g.Open(); time.Sleep(time.Millisecond) })
	repeat(func() { g.SetUpstream(nil); time.Sleep(7 * time.Millisecond) })
	wg.Wait()
	if g.Stats().Up == 0 {
		t.Fatal("nothing passed at all")
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of every connection", func() bool { return s.open.Load() == 0 })
}
