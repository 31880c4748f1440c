package gateway

import (
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// The clients of the serving benchmarks live in a process of their own, this test binary started again, so that their parsing takes no
// time from the server's goroutines and none of its memory. The two share the machine's cores and nothing else.

// fleetVariable holds a fleet as JSON where a process is to be one.
const fleetVariable = "TROUPE_TEST_FLEET"

// behaviour says what each client of a fleet does.
type behaviour string

const (
	pcClient  behaviour = "pc client"  // registers, and after each list of channels asks for the topics of every account
	asking    behaviour = "asking"     // asks for topics and messages at a steady rate
	flooding  behaviour = "flooding"   // sends as fast as it can
	reconnect behaviour = "reconnects" // comes back, has its list of channels, and is content
)

// fleet is a number of raw clients, as the benchmark orders them.
type fleet struct {
	URL       string
	Behaviour behaviour
	Clients   int
	Accounts  int
	Every     time.Duration // between two requests of one that asks
	Spared    int           // so many accounts it does not ask for
}

// report is what a fleet saw.
type report struct {
	Took   []time.Duration // of requests, from sent to read
	Hints  []seen
	Errors int64
	Served time.Duration // of those that reconnect: until all had their list
}

// seen is the Nth hint of an account at one client.
type seen struct {
	Account, N int
	At         time.Time
}

// isFleet says whether this process is a fleet, and has been one.
func isFleet() bool {
	ordered, is := os.LookupEnv(fleetVariable)
	if !is {
		return false
	}
	var f crew
	err := json.Unmarshal([]byte(ordered), &f.fleet)
	if err == nil {
		err = f.sail()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

// crew is a fleet at work.
type crew struct {
	fleet
	ctx    context.Context
	errors atomic.Int64
	wait   sync.WaitGroup

	mu   sync.Mutex
	seen report
}

// sail joins all clients, says so on standard output, lets them behave until standard input ends, and writes the report.
func (f *crew) sail() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f.ctx = ctx
	if f.Behaviour == reconnect {
		f.comeBack()
		return gob.NewEncoder(os.Stdout).Encode(f.seen)
	}
	clients := make([]*client, f.Clients)
	for i := range clients {
		c, err := f.join()
		if err != nil {
			return fmt.Errorf("join: %w", err)
		}
		clients[i] = c
	}
	behave := map[behaviour]func(*client) error{pcClient: (*client).reask, asking: (*client).ask, flooding: (*client).flood}[f.Behaviour]
	for _, c := range clients {
		f.wait.Go(func() {
			if err := behave(c); err != nil && ctx.Err() == nil {
				f.errors.Add(1)
			}
		})
	}
	fmt.Println("joined")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	cancel()
	f.wait.Wait()
	f.seen.Errors = f.errors.Load()
	return gob.NewEncoder(os.Stdout).Encode(f.seen)
}

// comeBack lets all clients connect at once.
func (f *crew) comeBack() {
	began := time.Now()
	for range f.Clients {
		f.wait.Go(func() {
			c, err := f.join()
			if err == nil {
				err = c.send(`42["monitor:sync",{}]`)
			}
			if err == nil {
				err = c.until(`42["monitor:channels"`)
			}
			if err != nil {
				f.errors.Add(1)
			}
		})
	}
	f.wait.Wait()
	f.seen.Served, f.seen.Errors = time.Since(began), f.errors.Load()
}

// flood sends what is refused most of the time, as fast as the server reads it, and reads the answers.
func (c *client) flood() error {
	c.wait.Go(func() {
		for _, err := c.next(); err == nil; _, err = c.next() {
		}
	})
	for {
		if err := c.send(`42["monitor:request_workers",null]`); err != nil {
			return err
		}
	}
}

// client is one raw Socket.IO client, read by one goroutine.
type client struct {
	*crew
	ws    *websocket.Conn
	hints map[int]int // so many of each account
	head  [96]byte    // the beginning of the frame that was read last
}

func (f *crew) join() (*client, error) {
	ws, _, err := websocket.Dial(f.ctx, f.URL+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	c := &client{crew: f, ws: ws, hints: map[int]int{}}
	if err := c.send("40"); err != nil {
		return nil, err
	}
	return c, c.until("40")
}

func (c *client) send(frame string) error {
	return c.ws.Write(c.ctx, websocket.MessageText, []byte(frame))
}

// until reads to the next frame with that beginning.
func (c *client) until(prefix string) error {
	for {
		frame, err := c.next()
		if err != nil || strings.HasPrefix(frame, prefix) {
			return err
		}
	}
}

// next reads a whole frame and returns its beginning, answers pings, and notes hints.
func (c *client) next() (string, error) {
	_, r, err := c.ws.Reader(c.ctx)
	if err != nil {
		return "", err
	}
	n, err := io.ReadFull(r, c.head[:])
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	frame := string(c.head[:n])
	const hint = `42["monitor:new_message_hint",{"channelId":"a`
	if frame == "2" {
		return frame, c.send("3")
	}
	if strings.HasPrefix(frame, hint) {
		var k int
		if _, err := fmt.Sscanf(frame[len(hint):], "%d", &k); err == nil {
			c.mu.Lock()
			c.seen.Hints = append(c.seen.Hints, seen{k, c.hints[k], time.Now()})
			c.mu.Unlock()
			c.hints[k]++
		}
	}
	return frame, nil
}

func (c *client) note(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.Took = append(c.seen.Took, d)
}

// reask does what the PC client does: after each list of channels it asks for the topics of every account. A request counts from when
// that list had been read until the account's topics came, asked for or not.
func (c *client) reask() error {
	const topics = `42["monitor:topics",{"channelId":"a`
	if err := c.send(`42["monitor:register",{"clientType":"monitor","clientId":"monitor_1"}]`); err != nil {
		return err
	}
	var asked time.Time
	waits := make([]bool, c.Accounts)
	for {
		frame, err := c.next()
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(frame, topics):
			var a int
			if _, err := fmt.Sscanf(frame[len(topics):], "%d", &a); err == nil && waits[a] {
				c.note(time.Since(asked))
				waits[a] = false
			}
		case strings.HasPrefix(frame, `42["monitor:channels"`):
			asked = time.Now()
			for a := range waits {
				waits[a] = true
				if err := c.send(fmt.Sprintf(`42["monitor:request_topics",{"channelId":"a%04d"}]`, a)); err != nil {
					return err
				}
			}
		}
	}
}

// ask asks for topics or messages of some account, waits for the answer, and asks again when it is time.
func (c *client) ask() error {
	next := time.Now().Add(rand.N(c.Every))
	for {
		if err := c.idle(next); err != nil {
			return err
		}
		next = next.Add(c.Every)
		a, began := c.Spared+rand.IntN(c.Accounts-c.Spared), time.Now()
		ask, answer := fmt.Sprintf(`42["monitor:request_topics",{"channelId":"a%04d"}]`, a), fmt.Sprintf(`42["monitor:topics",{"channelId":"a%04d"`, a)
		switch n := rand.IntN(60); {
		case n == 0: // at two requests a second, every half minute
			ask, answer = `42["monitor:sync",{}]`, `42["monitor:channels"`
		case n < 30:
			ask, answer = fmt.Sprintf(`42["monitor:request_messages",{"topicId":"a%04d.w.w3"}]`, a), fmt.Sprintf(`42["monitor:messages",{"topicId":"a%04d.w.w3"`, a)
		}
		if err := c.send(ask); err != nil {
			return err
		}
		if err := c.until(answer); err != nil {
			return err
		}
		c.note(time.Since(began))
	}
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
