package browser

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"troupe/testkit"
)

// leaksJS tries every way round the proxy that a page has. args is a port on which this machine listens.
const leaksJS = `async (port) => {
	const add = (tag, fields) => document.head.append(Object.assign(document.createElement(tag), fields));
	for (const rel of ["dns-prefetch", "preconnect", "prefetch"]) add("link", {rel, href: "https://" + rel + ".test/"});
	add("script", {type: "speculationrules", textContent: JSON.stringify({prefetch: [{urls: ["https://speculated.test/"], eagerness: "immediate"}]})});
	for (const address of ["http://127.0.0.1:" + port, "http://localhost:" + port, "http://[::1]:" + port, "https://127.0.0.1:" + port,
		"https://192.0.2.7/", "https://[2001:db8::7]/", "https://named.test:5228/"]) {
		fetch(address, {mode: "no-cors"}).catch(() => {});
		document.body.append(Object.assign(new Image(), {src: address}));
		try { new WebSocket(address.replace("http", "ws")); } catch {}
	}
	for (const src of ["http://intranet/", "ftp://files.test/"]) document.body.append(Object.assign(document.createElement("iframe"), {src}));
	try { new WebTransport("https://192.0.2.7:443/").ready.catch(() => {}); } catch {}
	try { new WebTransport("https://transport.test:443/").ready.catch(() => {}); } catch {}
	navigator.sendBeacon("https://beacon.test/", "x");
	return await (` + candidatesJS + `)();
}`

// TestNothingOfChromiumGoesRoundTheGateAsRoot runs a browser in a network of its own, with a way out that leads nowhere and
// on which every packet is seen: names, WebRTC, multicast and direct addresses leave nothing there.
func TestNothingOfChromiumGoesRoundTheGateAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	if !inOwnNet(t) {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Alt-Svc", `h3=":443"; ma=86400`)
		html("<body>a page")(w, req)
	})
	r := newRig(t, mux)
	local := httpOnLoopback(t)
	wire := tap(t, portOf(r.proxy.Addr()), portOf(r.site.Listener.Addr()))

	// What the browser must not do is seen when somebody does it.
	for _, to := range []string{"192.0.2.7:3478", "192.0.2.53:53", "224.0.0.251:5353", "127.0.0.1:53", "[2001:db8::7]:443"} {
		conn, err := net.Dial("udp", to)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "x")
		conn.Close()
		until(t, "the tap to see a datagram to "+to, func() bool {
			return slices.ContainsFunc(wire.seen(), func(p string) bool { return strings.HasSuffix(p, "> "+to) })
		})
	}
	modes, listen := []Mode{Headless, Shell}, time.Second
	if testkit.Full {
		modes, listen = []Mode{Headless, Shell, Headful}, time.Minute
	}
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			cfg := r.config(t)
			cfg.Host = testHost(t, HostConfig{Mode: mode, Dir: openTempDir(t), Log: testLog()})
			i := start(t, cfg)
			wire.forget()
			tab := open(t, i, "main", "https://site.test/")
			got, err := tab.Eval(t.Context(), leaksJS, portOf(local.Addr()))
			if err != nil || string(got) != "[]" {
				t.Errorf("WebRTC shows %s (%v)", got, err)
			}
			for _, address := range []string{"beacon.test/", "prefetch.test/", "192.0.2.7/"} {
				until(t, address+" to be asked for through the gate", func() bool { return slices.Contains(r.requests(), address) })
			}
			<-time.After(listen) // nothing has to happen in it
			if packets := wire.seen(); len(packets) > 0 {
				t.Errorf("%d packets went round the gate:\n%s", len(packets), strings.Join(packets, "\n"))
			}
		})
	}
}

// ownNet, in the environment, says that this process has a network of its own.
const ownNet = "TROUPE_TEST_OWN_NET"

// inOwnNet runs a test again in a process with a network of its own, and says whether this is that process. Its only
// interface beside loopback takes every packet and delivers none.
func inOwnNet(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownNet) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), ownNet+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := testkit.StartBound(cmd, nil)
		if err == nil {
			err = cmd.Wait()
		}
		if err != nil {
			t.Fatalf("in a network of its own: %v\n%s", err, out.Bytes())
		}
		return false
	}
	for _, command := range []string{
		"link set lo up", "link add out type veth peer name sink", "link set sink up", "link set out up arp off",
		"addr add 198.51.100.1/24 dev out", "addr add 2001:db8:1::1/64 dev out nodad",
		"route add default dev out", "-6 route add default dev out",
	} {
		if out, err := exec.CommandContext(t.Context(), "ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", command, err, out)
		}
	}
	return true
}

// httpOnLoopback is a server that pages must not reach; the tap sees who tries.
func httpOnLoopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return l
}

func portOf(addr net.Addr) uint16 { return addr.(*net.TCPAddr).AddrPort().Port() }

// wiretap sees every packet of this network but those of a few TCP ports on loopback.
type wiretap struct {
	fd      int
	allowed []uint16

	mu      sync.Mutex
	packets []string
}

// tap listens on all interfaces until the test ends.
func tap(t *testing.T, allowed ...uint16) *wiretap {
	t.Helper()
	const all = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8 // in the network's byte order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, all&0xffff)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}); err != nil {
		t.Fatal(err)
	}
	w := &wiretap{fd: fd, allowed: allowed}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.listen(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		unix.Close(fd)
	})
	return w
}

func (w *wiretap) listen(ctx context.Context) {
	buf := make([]byte, 256)
	for ctx.Err() == nil {
		n, _, err := unix.Recvfrom(w.fd, buf, 0)
		if err != nil {
			continue // the time-out, after which the test may be over
		}
		if text := w.describe(buf[:n]); text != "" {
			w.mu.Lock()
			w.packets = append(w.packets, text)
			w.mu.Unlock()
		}
	}
}

// describe names a packet, "" if it is no business of this test: the gate's, or the kernel's own ICMPv6.
func (w *wiretap) describe(b []byte) string {
	var kind byte
	var from, to netip.Addr
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		kind = b[9]
		from, to = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		b = b[min(len(b), int(b[0]&15)*4):]
	case len(b) >= 40 && b[0]>>4 == 6:
		kind = b[6]
		from, to = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		b = b[40:]
		if kind == unix.IPPROTO_ICMPV6 || kind == unix.IPPROTO_HOPOPTS {
			return ""
		}
	default:
		return ""
	}
	if kind != unix.IPPROTO_TCP && kind != unix.IPPROTO_UDP || len(b) < 4 {
		return fmt.Sprintf("protocol %d: %s > %s", kind, from, to)
	}
	source, target := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	name := map[byte]string{unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp"}[kind]
	if name == "tcp" && to.IsLoopback() && (slices.Contains(w.allowed, source) || slices.Contains(w.allowed, target)) {
		return ""
	}
	return fmt.Sprintf("%s: %s > %s", name, netip.AddrPortFrom(from, source), netip.AddrPortFrom(to, target))
}

func (w *wiretap) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.packets)
}

func (w *wiretap) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.packets = nil
}
