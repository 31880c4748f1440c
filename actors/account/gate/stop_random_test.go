package gate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"troupe/testkit"
)

// relay is an http proxy that leads every name to one site. It keeps descriptors of the connections that the gate made.
type relay struct {
	*script
	mu    sync.Mutex
	conns []*net.TCPConn
}

func newRelay(t *testing.T, site string) *relay {
	t.Helper()
	r := &relay{}
	r.script = play(t, loopback(t), func(conn net.Conn) {
		kept, err := dupOne(conn.(*counted).Conn.(*net.TCPConn))
		if err != nil {
			return
		}
		r.mu.Lock()
		r.conns = append(r.conns, kept)
		r.mu.Unlock()
		in := bufio.NewReader(conn)
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		to, err := net.Dial("tcp", site)
		if err != nil {
			return
		}
		defer to.Close()
		if _, err := io.WriteString(conn, "HTTP/1.1 200 go on\r\n\r\n"); err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(conn, to)
			_ = conn.Close()
		}()
		_, _ = io.Copy(to, in)
	})
	return r
}

// taken hands over what was kept since the last call.
func (r *relay) taken(t *testing.T) []*net.TCPConn {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	conns := r.conns
	r.conns = nil
	t.Cleanup(func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	})
	return conns
}

// received is what the kernel has of connections: every byte that came from the gate.
func received(t *testing.T, conns []*net.TCPConn) (bytes uint64) {
	t.Helper()
	for _, conn := range conns {
		_, n := state(t, conn)
		bytes += n
	}
	return bytes
}

// page is a site that takes uploads, gives downloads, echoes a WebSocket, and counts what it is given.
func page(t *testing.T) (addr string, given *atomic.Int64) {
	t.Helper()
	given = new(atomic.Int64)
	block := make([]byte, 16<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/upload":
			_, _ = io.Copy(adder{given}, r.Body)
		case "/download":
			for {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		default:
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			_, _ = io.Copy(conn, io.TeeReader(rw, adder{given}))
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), given
}

type adder struct{ n *atomic.Int64 }

func (a adder) Write(b []byte) (int, error) {
	a.n.Add(int64(len(b)))
	return len(b), nil
}

// TestNothingLeavesAStoppedNode has an upload, a download and a WebSocket open through a proxy; the gate's process is stopped at a random
// instant of its lease. Then the gate opens again and carries all three.
//
// With the fence in the kernel the process goes on at another random instant, before or after the lease's end, and the promise has no limit: from
// the end on, the kernel at the proxy's side receives nothing, during the stop or after it, and so the site is given no more. Without it, the
// stopped process' kernel may still deliver what it held; what counts is what leaves once the process goes on after the end: nothing, but for a
// stop within the look's fifty nanoseconds, which may let out a chunk.
func TestNothingLeavesAStoppedNode(t *testing.T) {
	if !inOwnNet(t, "") {
		return
	}
	for _, fence := range []string{"", "kernel"} {
		t.Run("fence="+fence, func(t *testing.T) {
			addr, given := page(t)
			proxy := newRelay(t, addr)
			c := startChild(t, "127.0.0.1:1", fmt.Sprint(proxy.addr.Port), fence)
			term, limits, everything := shortTerm, 0, uint64(0)
			for trial, trials := 0, testkit.Runs(t, 10, 200); trial < trials; {
				before, after, ok := c.stopAtRandom(proxy, term, fence != "")
				everything += before
				switch {
				case after > 0 && fence != "" || after > chunk:
					t.Fatalf("trial %d: %d bytes left after the lease's end", trial, after)
				case after > 0:
					t.Logf("trial %d: stopped within the stated limit, %d bytes left", trial, after)
					everything += after
					if limits++; limits > trials/10 {
						t.Fatalf("%d of %d trials reached the stated limit", limits, trial)
					}
				case !ok && term > patience:
					t.Fatal("the machine is too slow: the lease was over before anything moved")
				case !ok:
					term *= 2
				}
				if n := uint64(given.Load()); n > everything {
					t.Fatalf("trial %d: the site was given %d bytes of %d that left in time", trial, n, everything)
				}
				if ok {
					trial, term = trial+1, shortTerm
				}
			}
		})
	}
}

// shortTerm is a lease that is long enough on a machine with nothing else to do.
const shortTerm = 150 * time.Millisecond

// stopAtRandom is one trial: the bytes that the proxy's kernel received in time and too late. ok is false when
// the lease was over before everything was in use.
func (c *child) stopAtRandom(proxy *relay, term time.Duration, strict bool) (before, after uint64, ok bool) {
	c.t.Helper()
	var busy sync.WaitGroup
	defer busy.Wait()
	left := c.lend(term)
	ok = c.useEverything(&busy, left)
	conns := proxy.taken(c.t)
	time.Sleep(rand.N(max(left(), 1)))
	c.signal(syscall.SIGSTOP)
	if strict {
		gone := make(chan struct{})
		time.AfterFunc(left()-20*time.Millisecond+rand.N(80*time.Millisecond), func() {
			_ = c.cmd.Process.Signal(syscall.SIGCONT)
			close(gone)
		})
		defer func() { <-gone }() // it may have answered before the stop took hold
		time.Sleep(left())
		before = received(c.t, conns)
	} else {
		time.Sleep(left())
		before = settledAt(c.t, conns)
		c.signal(syscall.SIGCONT)
	}
	eventually(c.t, "the end of every tunnel", func() bool {
		stats := c.look()
		return !stats.Open && stats.Tunnels == 0
	})
	return before, settledAt(c.t, conns) - before, ok
}

// look asks for the gate's counters; a stopped process answers once it goes on.
func (c *child) look() Stats {
	c.t.Helper()
	var stats Stats
	if err := json.Unmarshal([]byte(c.ask("look")), &stats); err != nil {
		c.t.Fatal(err)
	}
	return stats
}

// settledAt waits until nothing arrives any more.
func settledAt(t *testing.T, conns []*net.TCPConn) uint64 {
	t.Helper()
	for {
		before := received(t, conns)
		time.Sleep(20 * time.Millisecond)
		if received(t, conns) == before {
			return before
		}
	}
}

// useEverything opens an upload, a download and a WebSocket through the gate, and keeps them busy until they end. It says whether
// each has carried something before the lease's end.
func (c *child) useEverything(busy *sync.WaitGroup, left func() time.Duration) bool {
	c.t.Helper()
	var count [3]atomic.Int64
	for i, request := range []string{
		"POST /upload HTTP/1.1\r\nHost: www.sandbox.test\r\nContent-Length: 1000000000000\r\n\r\n",
		"GET /download HTTP/1.1\r\nHost: www.sandbox.test\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: www.sandbox.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	} {
		conn, status, err := tryConnect(c.addr, "www.sandbox.test:80")
		if err != nil || status != http.StatusOK {
			return false // the lease is over
		}
		use := []func(io.ReadWriter, io.Writer){upload, download, chat}[i]
		busy.Go(func() {
			defer conn.Close()
			if _, err := io.WriteString(conn, request); err == nil {
				use(conn, adder{&count[i]})
			}
		})
	}
	for left() > 0 {
		if count[0].Load() > 0 && count[1].Load() > 0 && count[2].Load() > 0 {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

func upload(conn io.ReadWriter, count io.Writer) {
	_, _ = io.Copy(io.MultiWriter(conn, count), zeros{})
}

func download(conn io.ReadWriter, count io.Writer) { _, _ = io.Copy(count, conn) }

// chat says a frame when it heard the one before.
func chat(conn io.ReadWriter, count io.Writer) {
	heard := make([]byte, 4096)
	for {
		if _, err := io.WriteString(conn, strings.Repeat("frame ", 20)); err != nil {
			return
		}
		n, err := conn.Read(heard)
		if err != nil {
			return
		}
		_, _ = count.Write(heard[:n])
	}
}
