package gateway

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/messages"
)

// Serving at speed. Clients and server share this process and its cores, so every figure is from the client's side: from when a
// request was sent until its answer was read, which is more than what the server took.

const (
	measured   = 5 * time.Second
	itemsEach  = time.Second / 50
	busyOnes   = 50 // accounts that get the items, one after the other
	requestGap = time.Second / 2
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

// fleet is a number of raw clients and what they measured.
type fleet struct {
	h   *house
	ctx context.Context

	mu     sync.Mutex
	took   []time.Duration // of requests
	behind []time.Duration // from an item's commit to its hint
	fed    [busyOnes][]time.Time
	errors atomic.Int64
	wait   sync.WaitGroup
}

// feed lets items come, one after the other, until ctx ends.
func (f *fleet) feed() {
	tick := time.NewTicker(itemsEach)
	defer tick.Stop()
	for n := 0; f.ctx.Err() == nil; n++ {
		k := n % busyOnes
		f.mu.Lock()
		f.fed[k] = append(f.fed[k], time.Now())
		f.mu.Unlock()
		f.h.observe(fmt.Sprintf("a%04d", k), comment(fmt.Sprint("n", n), "w1", "新的评论"))
		<-tick.C
	}
}

// client is one raw Socket.IO client, read by one goroutine.
type client struct {
	*fleet
	ws    *websocket.Conn
	hints [busyOnes]int
}

func (f *fleet) join() (*client, error) {
	ws, _, err := websocket.Dial(f.ctx, f.h.url+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	c := &client{fleet: f, ws: ws}
	if err := c.send("40"); err != nil {
		return nil, err
	}
	_, err = c.until("40")
	return c, err
}

func (c *client) send(frame string) error {
	return c.ws.Write(c.ctx, websocket.MessageText, []byte(frame))
}

// until reads to the next frame with that beginning.
func (c *client) until(prefix string) (string, error) {
	for {
		frame, err := c.next()
		if err != nil || strings.HasPrefix(frame, prefix) {
			return frame, err
		}
	}
}

// next reads a frame, answers pings, and times hints.
func (c *client) next() (string, error) {
	_, raw, err := c.ws.Read(c.ctx)
	if err != nil {
		return "", err
	}
	frame := string(raw)
	const hint = `42["monitor:new_message_hint",{"channelId":"a`
	if frame == "2" {
		return frame, c.send("3")
	}
	if strings.HasPrefix(frame, hint) {
		var k int
		if _, err := fmt.Sscanf(frame[len(hint):], "%d", &k); err == nil {
			c.mu.Lock()
			c.behind = append(c.behind, time.Since(c.fed[k][c.hints[k]]))
			c.mu.Unlock()
			c.hints[k]++
		}
	}
	return frame, nil
}

func (c *client) note(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took = append(c.took, d)
}

// run starts n clients, lets each behave, feeds for a while, and reports.
func (f *fleet) run(b *testing.B, n int, behave func(*client) error) {
	b.Helper()
	before := heap()
	ctx, cancel := context.WithCancel(b.Context())
	f.ctx = ctx
	clients := make([]*client, n)
	for i := range clients {
		c, err := f.join()
		if err != nil {
			b.Fatal(err)
		}
		clients[i] = c
	}
	for _, c := range clients {
		f.wait.Go(func() {
			if err := behave(c); err != nil && ctx.Err() == nil {
				f.errors.Add(1)
			}
		})
	}
	f.wait.Go(f.feed)
	used := processorTime()
	time.Sleep(measured)
	used = processorTime() - used
	grown := heap() - before
	cancel()
	f.wait.Wait()
	for _, c := range clients {
		c.ws.CloseNow()
	}
	if f.errors.Load() != 0 {
		b.Errorf("%d clients were dropped", f.errors.Load())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(f.took))/measured.Seconds(), "requests/s")
	b.ReportMetric(millis(quantile(f.took, 0.5)), "ms-p50")
	b.ReportMetric(millis(quantile(f.took, 0.99)), "ms-p99")
	b.ReportMetric(millis(quantile(f.behind, 0.99)), "ms-behind-p99")
	b.ReportMetric(millis(quantile(f.behind, 1)), "ms-behind-max")
	b.ReportMetric(100*used.Seconds()/measured.Seconds(), "CPU-%")
	b.ReportMetric(float64(grown)/1e6, "MB")
}

// processorTime is what this process, server and clients, has used of all cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail for oneself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPCClients: 20 clients that re-ask exactly as the PC client does (after each list of channels, the topics of every one of 200
// channels), while 50 items a second come. A request counts from when its list of channels had been read.
func BenchmarkPCClients(b *testing.B) {
	const accounts = 200
	f := &fleet{h: full(b, accounts)}
	f.run(b, 20, func(c *client) error {
		if err := c.send(`42["monitor:register",{"clientType":"monitor","clientId":"monitor_1"}]`); err != nil {
			return err
		}
		var asked time.Time
		for {
			frame, err := c.next()
			switch {
			case err != nil:
				return err
			case strings.HasPrefix(frame, `42["monitor:topics"`):
				c.note(time.Since(asked))
			case strings.HasPrefix(frame, `42["monitor:channels"`):
				asked = time.Now()
				for a := range accounts {
					if err := c.send(fmt.Sprintf(`42["monitor:request_topics",{"channelId":"a%04d"}]`, a)); err != nil {
						return err
					}
				}
			}
		}
	})
}

// BenchmarkManyClients: 100 clients at 2 requests a second each, for topics and messages of accounts that nothing else is told of, over 1,000
// accounts, while 50 items a second come to others.
func BenchmarkManyClients(b *testing.B) {
	const accounts = 1000
	f := &fleet{h: full(b, accounts)}
	f.run(b, 100, func(c *client) error {
		r := rand.New(rand.NewPCG(1, 2))
		next := time.Now().Add(time.Duration(r.Int64N(int64(requestGap))))
		for {
			if err := c.idle(next); err != nil {
				return err
			}
			next = next.Add(requestGap)
			a, began := busyOnes+r.IntN(accounts-busyOnes), time.Now()
			ask, answer := fmt.Sprintf(`42["monitor:request_topics",{"channelId":"a%04d"}]`, a), fmt.Sprintf(`42["monitor:topics",{"channelId":"a%04d"`, a)
			if r.IntN(2) == 0 {
				ask, answer = fmt.Sprintf(`42["monitor:request_messages",{"topicId":"a%04d.w.w3"}]`, a), fmt.Sprintf(`42["monitor:messages",{"topicId":"a%04d.w.w3"`, a)
			}
			if err := c.send(ask); err != nil {
				return err
			}
			if _, err := c.until(answer); err != nil {
				return err
			}
			c.note(time.Since(began))
		}
	})
}

// idle reads what comes until a moment; the server's own ticks of news make it look at the clock.
func (c *client) idle(until time.Time) error {
	for time.Now().Before(until) {
		if _, err := c.next(); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkReconnect: 1,000 clients come back at once to 200 accounts, and each has its list of channels.
func BenchmarkReconnect(b *testing.B) {
	f := &fleet{h: full(b, 200)}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	f.ctx = ctx
	before, peak := heap(), uint64(0)
	began := time.Now()
	clients := make([]*client, 1000)
	for i := range clients {
		f.wait.Go(func() {
			c, err := f.join()
			if err == nil {
				err = c.send(`42["monitor:sync",{}]`)
			}
			if err == nil {
				_, err = c.until(`42["monitor:channels"`)
			}
			if err != nil {
				f.errors.Add(1)
				return
			}
			clients[i] = c
		})
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		f.wait.Wait()
	}()
	for look := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-look.C:
			peak = max(peak, inUse())
			continue
		case <-served:
			look.Stop()
		}
		break
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(time.Since(began).Seconds(), "s-served")
	b.ReportMetric(float64(peak-min(peak, before))/1e6, "MB-peak")
	for _, c := range clients {
		if c != nil {
			c.ws.CloseNow()
		}
	}
	if f.errors.Load() != 0 {
		b.Errorf("%d clients were not served", f.errors.Load())
	}
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
