package gateway

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/messages"
)

// Serving at speed. Each figure of a request stands twice: as the server counts it, from when the request's frame was read until its answer
// stood in line for writing, and as the client saw it, from sent to read.

const (
	measured  = 5 * time.Second
	itemsEach = time.Second / 50
	busyOnes  = 50 // accounts that get the items, one after the other
)

// full makes a house with so many accounts of the specification's size: 10 works, 150 comments, 20 conversations, 200 messages.
func full(b *testing.B, accounts int) *house {
	b.Helper()
	h := build(b, func(c *Config) { c.Sockets = socketio.Config{MaxConns: 4000} })
	var ids []messages.AccountID
	for a := range accounts {
		id := fmt.Sprintf("a%04d", a)
		var items []*messages.Item
		for w := range 10 {
			items = append(items, work(fmt.Sprint("w", w), "一件作品的标题"))
			for c := range 15 {
				items = append(items, comment(fmt.Sprintf("c%d.%d", w, c), fmt.Sprint("w", w), "这是一条普通长度的评论，写给作者看"))
			}
		}
		for p := range 20 {
			for m := range 10 {
				items = append(items, direct(fmt.Sprintf("m%d.%d", p, m), fmt.Sprintf("own_%s:u_%d", id, p), "这是一条普通长度的私信，问问价格"))
			}
		}
		h.observe(id, items...)
		h.state.Accounts = append(h.state.Accounts, loggedIn(id))
		ids = append(ids, messages.AccountID(id))
	}
	h.publishBoard(board.Changed{Accounts: ids})
	for h.gw.ready.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	return h
}

// harbour is the server's side of a fleet.
type harbour struct {
	*testing.B
	h       *house
	fleet   *exec.Cmd
	orders  io.WriteCloser
	reports *bufio.Reader
	fed     [busyOnes][]time.Time // when the items came
}

// send starts a fleet in a process of its own.
func send(b *testing.B, h *house, f fleet) *harbour {
	b.Helper()
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	f.URL, f.Accounts = h.url, len(h.state.Accounts)
	ordered, err := json.Marshal(f)
	if err != nil {
		b.Fatal(err)
	}
	o := &harbour{B: b, h: h, fleet: exec.CommandContext(b.Context(), program)}
	o.fleet.Env = append(os.Environ(), fleetVariable+"="+string(ordered))
	o.fleet.Stderr = os.Stderr
	in, inErr := o.fleet.StdinPipe()
	out, outErr := o.fleet.StdoutPipe()
	if err := errors.Join(inErr, outErr, o.fleet.Start()); err != nil {
		b.Fatal(err)
	}
	o.orders, o.reports = in, bufio.NewReader(out)
	return o
}

// joined waits until all clients of the fleet are there.
func (o *harbour) joined() *harbour {
	o.Helper()
	if line, err := o.reports.ReadString('\n'); err != nil {
		o.Fatalf("the clients did not join: %q, %v", line, err)
	}
	return o
}

// feed lets items come, one after the other, for a while.
func (o *harbour) feed(during time.Duration) {
	tick := time.NewTicker(itemsEach)
	defer tick.Stop()
	end := time.Now().Add(during)
	for n := 0; time.Now().Before(end); n++ {
		k := n % busyOnes
		o.fed[k] = append(o.fed[k], time.Now())
		o.h.observe(fmt.Sprintf("a%04d", k), comment(fmt.Sprint("n", n), "w1", "新的评论"))
		<-tick.C
	}
}

// report ends the fleet and takes what it saw.
func (o *harbour) report() report {
	o.Helper()
	var r report
	err := o.orders.Close()
	if err == nil {
		err = gob.NewDecoder(o.reports).Decode(&r)
	}
	if err := errors.Join(err, o.fleet.Wait()); err != nil {
		o.Fatal(err)
	}
	if r.Errors != 0 {
		o.Errorf("%d clients were dropped or not served", r.Errors)
	}
	return r
}

// behind is how long after its item each hint was seen.
func (o *harbour) behind(hints []seen) []time.Duration {
	var d []time.Duration
	for _, s := range hints {
		d = append(d, s.At.Sub(o.fed[s.Account][s.N]))
	}
	return d
}

// serve feeds a fleet for a while, beside others that are let be, and reports under names that end so.
func serve(b *testing.B, accounts int, suffix string, f fleet, beside ...fleet) {
	b.Helper()
	h := full(b, accounts)
	before := heap()
	o := send(b, h, f).joined()
	for _, other := range beside {
		defer send(b, h, other).joined().report()
	}
	used := processorTime()
	o.feed(measured)
	used = processorTime() - used
	served := h.gw.Served()
	grown := heap() - before
	r := o.report()
	behind := o.behind(r.Hints)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(r.Took))/measured.Seconds(), "requests/s"+suffix)
	b.ReportMetric(millis(served.Quantile(0.5)), "ms-server-p50"+suffix)
	b.ReportMetric(millis(served.Quantile(0.99)), "ms-server-p99"+suffix)
	b.ReportMetric(millis(served.Quantile(1)), "ms-server-max"+suffix)
	b.ReportMetric(millis(quantile(r.Took, 0.5)), "ms-p50"+suffix)
	b.ReportMetric(millis(quantile(r.Took, 0.99)), "ms-p99"+suffix)
	b.ReportMetric(millis(quantile(behind, 0.99)), "ms-behind-p99"+suffix)
	b.ReportMetric(millis(quantile(behind, 1)), "ms-behind-max"+suffix)
	b.ReportMetric(100*used.Seconds()/measured.Seconds(), "CPU-%"+suffix)
	b.ReportMetric(float64(grown)/1e6, "MB"+suffix)
}

// BenchmarkPCClients: 20 clients that re-ask exactly as the PC client does, 200 accounts, while 50 items a second come.
func BenchmarkPCClients(b *testing.B) {
	serve(b, 200, "", fleet{Behaviour: pcClient, Clients: 20})
}

// BenchmarkManyClients: 100 clients at 2 requests a second each, for topics and messages of accounts that nothing else is told of, over 1,000
// accounts, while 50 items a second come to others.
func BenchmarkManyClients(b *testing.B) {
	serve(b, 1000, "", fleet{Behaviour: asking, Clients: 100, Every: time.Second / 2, Spared: busyOnes})
}

// BenchmarkFlood: 20 clients at 10 requests a second each, over 200 accounts, by themselves and beside one that sends as fast as it can.
func BenchmarkFlood(b *testing.B) {
	f := fleet{Behaviour: asking, Clients: 20, Every: time.Second / 10, Spared: busyOnes}
	serve(b, 200, "-alone", f)
	serve(b, 200, "-flooded", f, fleet{Behaviour: flooding, Clients: 1})
}

// BenchmarkReconnect: 1,000 clients come back at once to 200 accounts, and each has its list of channels.
func BenchmarkReconnect(b *testing.B) {
	h := full(b, 200)
	before, peak := heap(), uint64(0)
	o := send(b, h, fleet{Behaviour: reconnect, Clients: 1000})
	reported := make(chan report)
	go func() { reported <- o.report() }()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			peak = max(peak, inUse())
		case r := <-reported:
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(r.Served.Seconds(), "s-served")
			b.ReportMetric(float64(peak-min(peak, before))/1e6, "MB-peak")
			return
		}
	}
}

// processorTime is what this process has used of all cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail for oneself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(int(q*float64(len(d))), len(d)-1)]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// heap is what is in use after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	return inUse()
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
