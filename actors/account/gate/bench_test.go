package gate

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time of this process, which is gate, browser and site at once.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkThroughput sends up as fast as it goes: through a tunnel, and without a gate.
func BenchmarkThroughput(b *testing.B) {
	for _, way := range []string{"tunnel", "direct"} {
		b.Run(way, func(b *testing.B) {
			s := newSite(b, false)
			conn := wayTo(b, s, way)
			block := make([]byte, 1<<20)
			b.SetBytes(int64(len(block)))
			start := cpu(b)
			for b.Loop() {
				if _, err := conn.Write(block); err != nil {
					b.Fatal(err)
				}
			}
			eventually(b, "all of it", func() bool { return s.bytes.Load() == int64(b.N)*int64(len(block)) })
			b.ReportMetric(float64((cpu(b)-start).Milliseconds())*1024/float64(b.N), "CPU-ms/GiB")
		})
	}
}

// wayTo is an open connection to the site, through a gate or without one.
func wayTo(b *testing.B, s *site, way string) net.Conn {
	b.Helper()
	if way == "tunnel" {
		g := open(b, s, nil)
		lend(g)
		return mustTunnel(b, g, "www.sandbox.test:443")
	}
	conn, err := net.Dial("tcp", s.ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

// BenchmarkRequest is a small question and its answer over an open connection.
func BenchmarkRequest(b *testing.B) {
	for _, way := range []string{"tunnel", "direct"} {
		b.Run(way, func(b *testing.B) {
			conn := wayTo(b, newSite(b, true), way)
			question := make([]byte, 500)
			repeat(b, func() {
				if _, err := conn.Write(question); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, question); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// repeat repeats an act and reports how long it takes.
func repeat(b *testing.B, act func()) {
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		act()
		took = append(took, time.Since(start))
	}
	report(b, took)
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
}

// BenchmarkConnect is a new tunnel, until it stands.
func BenchmarkConnect(b *testing.B) {
	g := open(b, newSite(b, true), nil)
	lend(g)
	repeat(b, func() {
		conn, _, err := tryConnect(g.Addr(), "www.sandbox.test:443")
		if err != nil {
			b.Fatal(err)
		}
		_ = conn.Close()
	})
}

// BenchmarkIdleTunnel is what an open tunnel holds in memory that carries nothing, both ends of this process' own included.
func BenchmarkIdleTunnel(b *testing.B) {
	const tunnels = 400
	s := newSite(b, true)
	s.deaf.Store(true) // the site's buffers are not the gate's
	g := open(b, s, nil)
	lend(g)
	held := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	for b.Loop() {
		before := held()
		conns := make([]net.Conn, tunnels)
		for i := range conns {
			conns[i] = mustTunnel(b, g, "www.sandbox.test:443")
		}
		b.ReportMetric(float64(int64(held())-int64(before))/tunnels/1024, "KiB/tunnel")
		runtime.KeepAlive(conns)
		g.Shut("test")
		eventually(b, "their end", func() bool { return g.Stats().Tunnels == 0 })
		lend(g)
	}
}

// BenchmarkShut is the time from the call of Shut to its return: every socket is reset then.
func BenchmarkShut(b *testing.B) {
	for _, sockets := range []int{8, 400} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			g := open(b, newSite(b, true), nil)
			var took []time.Duration
			for b.Loop() {
				b.StopTimer()
				lend(g)
				for range sockets / 2 { // a tunnel has two
					mustTunnel(b, g, "www.sandbox.test:443")
				}
				b.StartTimer()
				start := time.Now()
				g.Shut("test")
				took = append(took, time.Since(start))
			}
			report(b, took)
		})
	}
}
