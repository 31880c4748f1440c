package gate

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"troupe/cluster/lease"
)

func newKernelFence(t *testing.T) *KernelFence {
	t.Helper()
	k, err := NewKernelFence()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// marked connects to a site with a mark and without a gate.
func marked(t *testing.T, s *site, mark uint32) *net.TCPConn {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, int(mark)) })
		return errors.Join(err, failed)
	}}
	conn, err := d.DialContext(context.Background(), "tcp", s.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

// TestKernelDropsWhatHasNoLease uses sockets without a gate: nothing but the kernel's rule stands before them.
func TestKernelDropsWhatHasNoLease(t *testing.T) {
	if !inOwnNet(t, "") {
		return
	}
	s := newSite(t, true)
	k := newKernelFence(t)
	mark, err := k.admit()
	if err != nil {
		t.Fatal(err)
	}
	other, err := k.admit()
	if err != nil || other == mark {
		t.Fatalf("marks %x and %x, %v", mark, other, err)
	}
	lend := func(mark uint32, term time.Duration) {
		t.Helper()
		if err := k.lend(mark, lease.BootTime()+term, lease.BootTime); err != nil {
			t.Fatal(err)
		}
	}
	lend(mark, time.Hour)
	conn := marked(t, s, mark)
	say(t, conn, "one")
	hear(t, conn, "one")
	lend(mark, 200*time.Millisecond) // shorter: an element that is there must be replaced
	end := lease.BootTime() + 200*time.Millisecond
	lend(other, time.Hour)
	for lease.BootTime() < end {
		time.Sleep(time.Millisecond)
	}
	before := s.bytes.Load()
	say(t, conn, "two")
	quiet(t, conn)
	if s.bytes.Load() != before {
		t.Fatal("arrived after the lease's end")
	}
	lend(mark, time.Hour) // the kernel sends again what was lost
	hear(t, conn, "two")
	if err := k.revoke(mark); err != nil {
		t.Fatal(err)
	}
	say(t, conn, "three")
	quiet(t, conn)
	abort(conn) // a reset passes
	eventually(t, "the reset at the site", func() bool { return s.open.Load() == 0 })
	if s.bytes.Load() != before+3 {
		t.Fatal("arrived without a lease")
	}
	say(t, marked(t, s, other), "other")
	if err := errors.Join(k.revoke(mark), k.forget(mark), k.forget(other)); err != nil {
		t.Fatal(err)
	}
}

// quiet wants nothing to be heard for a while.
func quiet(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := conn.Read(make([]byte, 1)); n > 0 || !isTimeout(err) {
		t.Fatalf("heard %d bytes, %v", n, err)
	}
}

func TestNodesOfOneMachineHaveTheirOwnFencesAndTakeOverADeadOnes(t *testing.T) {
	if !inOwnNet(t, "") {
		return
	}
	s := newSite(t, true)
	one, two := newKernelFence(t), newKernelFence(t)
	if one.base == two.base || one.table.Name == two.table.Name {
		t.Fatal("two nodes share a fence")
	}
	dead, err := NewKernelFence()
	if err != nil {
		t.Fatal(err)
	}
	mark, err := dead.admit()
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.lend(mark, lease.BootTime()+time.Hour, lease.BootTime); err != nil {
		t.Fatal(err)
	}
	conn := marked(t, s, mark)
	say(t, conn, "alive")
	hear(t, conn, "alive")
	_ = dead.claim.Close() // as the end of its process does
	next := newKernelFence(t)
	if next.table.Name != dead.table.Name {
		t.Fatalf("%s was not taken over, but %s made", dead.table.Name, next.table.Name)
	}
	say(t, conn, "dead")
	quiet(t, conn)
}

func TestClosedFenceLeavesNothingBehind(t *testing.T) {
	if !inOwnNet(t, "") {
		return
	}
	k, err := NewKernelFence()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := (&nftables.Conn{}).ListTables()
	if err != nil || len(tables) != 1 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if tables, err = (&nftables.Conn{}).ListTables(); err != nil || len(tables) != 0 {
		t.Fatalf("%d tables left, %v", len(tables), err)
	}
}

func TestGateWithAKernelFenceOpensShutsAndOpensAgain(t *testing.T) {
	if !inOwnNet(t, "") {
		return
	}
	s := newSite(t, true)
	k := newKernelFence(t)
	g := open(t, s, func(o *Options) { o.Fence = k })
	for range 3 {
		for range 3 {
			g.Extend(lease.BootTime() + time.Hour)
		}
		conn := mustTunnel(t, g, "www.sandbox.test:443")
		say(t, conn, "hello")
		hear(t, conn, "hello")
		g.Shut("test")
		wasReset(t, conn)
		eventually(t, "the reset at the site", func() bool { return s.open.Load() == 0 })

		g.Extend(lease.BootTime() + 150*time.Millisecond)
		conn = mustTunnel(t, g, "www.sandbox.test:443")
		wasReset(t, conn)
		eventually(t, "the reset at the site, after the lease's end", func() bool { return s.open.Load() == 0 })
	}
	if err := k.change(func(conn *nftables.Conn) error { conn.DelTable(k.table); return nil }); err != nil {
		t.Fatal(err)
	}
	lend(g)
	if g.Open() {
		t.Fatal("open without its fence")
	}
	if err := k.change(k.build); err != nil {
		t.Fatal(err)
	}
	lend(g)
	if _, err := io.WriteString(mustTunnel(t, g, "www.sandbox.test:443"), "hello"); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil || len(k.used) != 0 {
		t.Fatalf("%d marks in use, %v", len(k.used), err)
	}
}
