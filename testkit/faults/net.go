package faults

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"troupe/testkit"
)

// Net is a made-up network of hosts inside this process: each host is a network namespace of its own with a loopback and one card,
// and what its card sends is read, judged and delivered by this process, packet by packet. So a cut is exact: when the call that makes
// it has returned, nothing passes any more. Nothing of the machine's own network is touched or can be
// reached, and nothing is left of the hosts when this process dies, however it does: they exist as long as it holds them (or a
// process lives in one of them).
//
// Hosts are named by the test. All methods may be called from any goroutine. Names that were not given to NewNet end the test.
type Net struct {
	t     testing.TB
	hosts map[string]*Host
	wire  *exchange
}

// Host is one machine of a Net. Its address is its only way to the others; inside of it 127.0.0.0/8 is its own.
type Host struct {
	Name string
	Addr netip.Addr

	space namespace
}

// network is where the hosts live. It is nobody's: the namespaces know no other network.
var network = netip.MustParsePrefix("10.77.0.0/24")

// NewNet makes a network of these hosts, all connected to each other, at 10.77.0.1 and following in their order. It ends with the
// test, after the processes and listeners that the test starts in it later. Only root can (testkit.NeedsRoot).
func NewNet(t testing.TB, hosts ...string) *Net {
	t.Helper()
	n := &Net{t: t, hosts: map[string]*Host{}, wire: newExchange()}
	t.Cleanup(n.close)
	addr := network.Addr()
	for _, name := range hosts {
		addr = addr.Next()
		space, card, err := newNamespace(netip.PrefixFrom(addr, network.Bits()))
		if err != nil {
			t.Fatalf("make host %s: %v", name, err)
		}
		n.hosts[name] = &Host{Name: name, Addr: addr, space: space}
		if err := n.wire.plug(addr, card); err != nil {
			t.Fatalf("connect host %s: %v", name, err)
		}
	}
	return n
}

func (n *Net) close() {
	n.wire.close()
	for _, h := range n.hosts {
		h.space.close()
	}
}

// Host is the host of that name.
func (n *Net) Host(name string) *Host {
	n.t.Helper()
	h := n.hosts[name]
	if h == nil {
		n.t.Fatalf("the network has no host %s", name)
	}
	return h
}

// Start starts a process in the host, which dies with this program. All of its network is the host's; its files are the machine's.
func (h *Host) Start(cmd *exec.Cmd) error {
	if err := testkit.StartBound(cmd, h.space.enter); err != nil {
		return fmt.Errorf("start in host %s: %w", h.Name, err)
	}
	return nil
}

// Listen listens in the host, on behalf of this process. The caller closes the listener.
func (h *Host) Listen(network, address string) (l net.Listener, err error) {
	err = h.space.do(func() (err error) {
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// ListenPacket is Listen for datagrams.
func (h *Host) ListenPacket(network, address string) (c net.PacketConn, err error) {
	err = h.space.do(func() (err error) {
		c, err = net.ListenPacket(network, address)
		return err
	})
	return c, err
}

// DialContext connects from the host, on behalf of this process, to an address that is no name. The caller closes the connection.
func (h *Host) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = h.space.do(func() (err error) {
		c, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// Cut lets nothing pass between two hosts, in either direction, until Heal. Nobody is told: connections hang.
func (n *Net) Cut(a, b string) {
	n.t.Helper()
	n.CutOneWay(a, b)
	n.CutOneWay(b, a)
}

// CutOneWay lets nothing pass from one host to another, until Heal. The other direction stays as it is.
func (n *Net) CutOneWay(from, to string) {
	n.t.Helper()
	n.change(from, to, func(w *way) { w.cut = true })
}

// Isolate cuts a host from all others but some, both ways, until Heal or Join.
func (n *Net) Isolate(host string, but ...string) {
	n.t.Helper()
	n.eachOther(host, but, n.Cut)
}

// Join heals all that Isolate cut.
func (n *Net) Join(host string) {
	n.t.Helper()
	n.eachOther(host, nil, n.Heal)
}

func (n *Net) eachOther(host string, but []string, do func(a, b string)) {
	n.t.Helper()
	n.Host(host)
	spared := map[string]bool{host: true}
	for _, name := range but {
		spared[n.Host(name).Name] = true
	}
	for other := range n.hosts {
		if !spared[other] {
			do(host, other)
		}
	}
}

// Slow delays each packet between two hosts, and loses that share of them (0 to 1), in either direction, until Heal. Packets
// keep their order.
func (n *Net) Slow(a, b string, delay time.Duration, loss float64) {
	n.t.Helper()
	slower := func(w *way) { w.delay, w.loss = delay, loss }
	n.change(a, b, slower)
	n.change(b, a, slower)
}

// Heal ends Cut, CutOneWay and Slow between two hosts.
func (n *Net) Heal(a, b string) {
	n.t.Helper()
	n.change(a, b, func(w *way) { *w = way{} })
	n.change(b, a, func(w *way) { *w = way{} })
}

// Down takes a host off the network, as if its machine had lost its power: nothing comes from it or reaches it until Up. Its processes
// go on; a host that is gone for good has them killed as well.
func (n *Net) Down(host string) {
	n.t.Helper()
	n.wire.setDown(n.Host(host).Addr, true)
}

// Up takes a host that was down back.
func (n *Net) Up(host string) {
	n.t.Helper()
	n.wire.setDown(n.Host(host).Addr, false)
}

func (n *Net) change(from, to string, do func(*way)) {
	n.t.Helper()
	n.wire.change(route{n.Host(from).Addr, n.Host(to).Addr}, do)
}
