// Package gate is the only way out of one account's Chromium, and the fence of the account's lease.
//
// It is a forward proxy (CONNECT, and absolute-form http) on the account's own loopback address. It starts shut. Extend opens it until
// an instant of the boot clock; Shut and the passing of that instant shut it again. The instant is looked at before
// a dial, after it, and inside the raw write before every single write call, in both directions: a deadline or a
// check before net.Conn.Write is no fence, because a stopped process finds them passed only after it has written.
//
//	browser ── loopback ──> peer check ─> host lists ─> dial ─> checked writes ──> proxy, or site
//	                            │             │          │            │
//	                          reset       403 / reset   502 / reset   reset of both sides
//
// Promises: no payload byte leaves after Shut returned, nor after the instant passed (one chunk of at most 32 KiB may
// leave when the process is stopped between the look and the write call itself; with a KernelFence none does). Shutting resets both
// sides, so that the kernel drops what it still holds. A shut gate answers CONNECT with 503 and plain http with a reset,
// never with a status, which the page would take for the site's. The listener stays while the gate is shut: nobody else gets its port.
//
// With an Upstream everything goes out through that proxy, and nothing while it is down. Names reach it unresolved; the words with it,
// TLS included, pass the same checked write as the page's. Plain http goes through a tunnel as well, so that a proxy's own answer is never
// taken for the site's: a proxy that allows CONNECT to port 443 only carries none. Check tries the way out.
//
// Connections are only accepted from the browser's own uid, and from its own processes where it shares that uid. Without a proxy, names are
// resolved here or by the dialer, never by Chromium; address literals, private and loopback targets and ports other than 80 and 443 are refused.
//
// The account owns the gate and closes it; the lease keeper extends and shuts it. All methods may be called from any goroutine.
package gate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"troupe/messages"
)

// DialFunc makes the connection to a site. It must return a *net.TCPConn on which nothing was sent yet.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Options is what a gate is made of.
type Options struct {
	Account messages.AccountID
	Epoch   messages.Epoch

	// Listen is the loopback address to listen on, without a port: Address(account). The kernel chooses the port.
	Listen string
	// Sites and Resources are host patterns: "www.example.com", or "*.example.com" for that domain and all below it.
	// A host in either list may be reached. With no Resources every public host may be, except Chromium's own
	// service hosts; those that are in neither list are counted by name in Stats.
	Sites, Resources []string
	// Dial connects to a site when there is no Upstream; nil means Direct().
	Dial DialFunc
	// Upstream is the proxy that everything goes out through, nil none. There is no way around it: while it is down, nothing goes out.
	Upstream *Upstream
	// UpstreamFailed is told that the proxy failed a connection, with a class of its own (Class.OfUpstream): at once when the class is
	// new, otherwise at most once a second. It is called on a goroutine of the gate, must not block and must not close the gate. nil
	// means nobody listens.
	UpstreamFailed func(Class)
	// Fence judges each packet outside the process as well; nil means the look before each write is all. The gate does not close it.
	Fence *KernelFence
	// PeerUID is the only user that may connect; -1 means anyone.
	PeerUID int
	// Tree is asked, at each connection, for the browser's first process: only that one and those below it may connect. It is for
	// a browser that shares its user with others, such as the node's own. While it says 0 (no browser yet) nobody may. It is called
	// on goroutines of the gate and must not block; nil means that PeerUID is enough.
	Tree func() int
	// Clock is the time since boot, suspend included. Required.
	Clock func() time.Duration
	// Changed is told each opening and shutting, in order, on a goroutine of the gate and outside its locks. It must
	// not block and must not close the gate. nil means nobody listens.
	Changed func(open bool)
	// Log gets state changes at Info and refusals at Debug; nil means no log.
	Log *slog.Logger
}

// Gate is one account's gate. Listen makes it, Close ends it.
type Gate struct {
	o     Options
	lists atomic.Pointer[hosts]
	log   *slog.Logger
	ln    *net.TCPListener
	wg    sync.WaitGroup
	done  chan struct{} // closed by Close
	kick  chan struct{} // wakes the watcher

	until atomic.Int64  // boot instant (ns) of the lease's end; 0 = shut
	brief atomic.Int64  // the same instant since born, by the runtime's own clock; see Open
	born  time.Time     // when it was made
	mark  uint32        // of its sockets, for Options.Fence; 0 = none
	turn  atomic.Uint64 // number of the newest commit; see commit.go
	count counters

	mu         sync.Mutex
	upstream   *Upstream
	links      map[*link]struct{}
	granted    bool   // opened and not yet cut; until may have passed meanwhile
	closed     bool   // Close was called
	news       []bool // openings and shuttings not yet reported
	committing bool
	broken     map[string]struct{} // hosts whose tunnel broke in the newest commit
	refusals   ring
	trouble    trouble
}

// Address is the account's own stable loopback address, 127.x.y.z without a port. Two accounts may share one; their gates
// then differ by port.
func Address(account messages.AccountID) string {
	h := sha256.Sum256([]byte(account))
	return netip.AddrFrom4([4]byte{127, 1 + h[0]%254, h[1], 1 + h[2]%254}).String()
}

// Listen starts a gate. It is shut.
func Listen(o Options) (*Gate, error) {
	if o.Clock == nil {
		return nil, errors.New("open gate: no clock")
	}
	hosts, err := newHosts(o.Sites, o.Resources)
	if err != nil {
		return nil, fmt.Errorf("open gate: %w", err)
	}
	if o.Upstream != nil {
		if err := o.Upstream.Validate(); err != nil {
			return nil, fmt.Errorf("open gate: proxy: %w", err)
		}
	}
	addr, err := netip.ParseAddr(o.Listen)
	if err != nil || !addr.IsLoopback() {
		return nil, fmt.Errorf("open gate: %q is not a loopback address", o.Listen)
	}
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, fmt.Errorf("open gate: %w", err)
	}
	g := &Gate{
		o: o, log: o.Log, ln: ln, upstream: o.Upstream, born: time.Now(),
		done: make(chan struct{}), kick: make(chan struct{}, 1),
		links: map[*link]struct{}{}, broken: map[string]struct{}{},
	}
	g.lists.Store(&hosts)
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.log = g.log.With(o.Account.Attr(), o.Epoch.Attr())
	if g.o.Dial == nil {
		g.o.Dial = Direct()
	}
	if o.Fence != nil {
		if g.mark, err = o.Fence.admit(); err != nil {
			_ = ln.Close()
			return nil, fmt.Errorf("open gate: %w", err)
		}
	}
	g.wg.Go(g.watch)
	g.wg.Go(g.accept)
	return g, nil
}

// Addr is the address to give to Chromium, 127.x.y.z:port.
func (g *Gate) Addr() string { return g.ln.Addr().String() }

// SetUpstream gives another way out, nil the direct one, and resets every connection; the lease stays. The next
// connection uses the new way.
func (g *Gate) SetUpstream(u *Upstream) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upstream = u
	g.resetAll()
}

// SetHosts replaces both host lists. Connections that stand stay; the next ones are judged by the new lists.
func (g *Gate) SetHosts(sites, resources []string) error {
	hosts, err := newHosts(sites, resources)
	if err != nil {
		return fmt.Errorf("set hosts: %w", err)
	}
	g.lists.Store(&hosts)
	return nil
}

// Close shuts the gate, gives up its port and returns when all its goroutines ended.
func (g *Gate) Close() error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		g.wg.Wait()
		return nil
	}
	g.closed = true
	if g.granted {
		g.cut("closed")
	}
	g.resetAll()
	g.mu.Unlock()
	close(g.done)
	err := g.ln.Close()
	g.wg.Wait()
	if g.mark != 0 {
		err = errors.Join(err, g.o.Fence.forget(g.mark))
	}
	return err
}

// acceptPause is how long accepting rests after an error such as a lack of file descriptors.
const acceptPause = 50 * time.Millisecond

func (g *Gate) accept() {
	for {
		conn, err := g.ln.AcceptTCP()
		if err == nil {
			g.wg.Go(func() { g.serve(conn) })
			continue
		}
		select {
		case <-g.done:
			return
		case <-time.After(acceptPause):
			g.log.Warn("gate cannot accept, will retry", "err", err)
		}
	}
}

// serve answers the one request that a connection carries.
func (g *Gate) serve(conn *net.TCPConn) {
	l := g.admit(conn)
	defer g.drop(l)
	if !g.fromBrowser(conn) {
		g.refuse(Refusal{Class: Stranger})
		return
	}
	req, err := g.readRequest(l)
	switch {
	case err != nil: // gone, silent or not http
	case req.Method == "CONNECT":
		g.connect(l, req)
	default:
		g.forward(l, req)
	}
}
