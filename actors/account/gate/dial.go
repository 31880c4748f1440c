package gate

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of a connection to a site. The kernel goes on sending what it holds when the process is stopped: a small buffer bounds
// how much, the time without an acknowledgement (the lease's drain) how long.
const (
	dialTime   = 10 * time.Second
	sendBuffer = 64 << 10
	unackedMax = 4 * time.Second
)

// errPrivate is a name that leads to an address which is not public.
var errPrivate = errors.New("the target's address is not public")

// Direct dials without a proxy. It resolves names here and refuses every address that is not a public one, after
// resolving, so that no name can lead into the node or its network.
func Direct() DialFunc {
	d := &net.Dialer{Timeout: dialTime, Control: func(_, address string, _ syscall.RawConn) error { return checkPublic(address) }}
	return d.DialContext
}

func checkPublic(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("check target: %w", err)
	}
	if !public(ap.Addr().Unmap()) {
		return errPrivate
	}
	return nil
}

// special are the ranges, beside those that netip knows by name, that are not the public internet.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // carriers' shared space
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
	netip.MustParsePrefix("64:ff9b::/96"),    // IPv4 behind a translator
	netip.MustParsePrefix("64:ff9b:1::/48"),  // the same, local
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("fec0::/10"),       // site-local
}

func public(addr netip.Addr) bool {
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() {
		return false
	}
	for _, prefix := range special {
		if prefix.Contains(addr) {
			return false
		}
	}
	return true
}

// bound makes a dialled connection one that the gate can fence, or closes it.
func (g *Gate) bound(raw net.Conn) (*net.TCPConn, error) {
	conn, ok := raw.(*net.TCPConn)
	if !ok {
		_ = raw.Close()
		return nil, fmt.Errorf("the dialer returned a %T", raw)
	}
	if err := g.setOptions(conn); err != nil {
		abort(conn)
		return nil, fmt.Errorf("bound socket: %w", err)
	}
	return conn, nil
}

func (g *Gate) setOptions(conn *net.TCPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = errors.Join(
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer),
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unackedMax.Milliseconds())))
		if g.mark != 0 {
			failed = errors.Join(failed, unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_MARK, int(g.mark)))
		}
	})
	return errors.Join(err, failed)
}
