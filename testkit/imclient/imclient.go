// Package imclient drives an unmodified socket.io-client from Go tests: client.mjs under Node, which starts like the PC IM
// client, prints what it receives and emits what it is told. It needs node and npm; the first use installs the pinned
// modules beside it.
package imclient

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"troupe/testkit"
)

// Patience is how long Expect waits.
const Patience = 30 * time.Second

// The clients of package.json, by the names that they are installed under.
const (
	Newest = "socket.io-client"
	Oldest = "socket.io-client-4.7.5" // what the PC client was built with
)

// Event is one event as the client received it. The client's own life comes as $connect, $disconnect, $connect_error and $upgrade.
type Event struct {
	Event   string          `json:"event"`
	Payload json.RawMessage `json:"payload"`
	At      int64           `json:"at"` // ms, the client's clock
}

// Target is where a client connects.
type Target struct {
	URL        string   `json:"url"`                  // http://127.0.0.1:3000, or http://127.0.0.1:3000/admin for that namespace
	Transports []string `json:"transports,omitempty"` // nil means the PC client's own: websocket first, then polling
}

// Client is one running client. Its methods are called from the test's goroutine.
type Client struct {
	t     testing.TB
	node  *node
	index int            // within its process
	seen  map[string]int // how far Expect has read, by event

	mu     sync.Mutex
	events []Event
	more   chan struct{} // closed and replaced when events grew
}

// node is one process of one or more clients.
type node struct {
	stdin   io.WriteCloser
	wait    func() error
	kill    func() error
	clients []*Client
}

// Start runs a client against url until the test ends.
func Start(t testing.TB, url string, transports ...string) *Client {
	t.Helper()
	return StartAll(t, Target{url, transports})[0]
}

// StartAll runs a client for each target, each on a connection of its own, all in one process.
func StartAll(t testing.TB, targets ...Target) []*Client {
	t.Helper()
	dir := install(t)
	list, err := json.Marshal(targets)
	if err != nil {
		t.Fatalf("imclient: %v", err)
	}
	cmd := exec.Command("node", filepath.Join(dir, "client.mjs"), Newest, string(list))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("imclient: %v", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("imclient: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("imclient: start node: %v", err)
	}
	n := &node{stdin: stdin, kill: cmd.Process.Kill}
	for i := range targets {
		n.clients = append(n.clients, &Client{t: t, node: n, index: i, seen: map[string]int{}, more: make(chan struct{})})
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		n.read(stdout)
	}()
	n.wait = sync.OnceValue(func() error {
		<-read
		return cmd.Wait()
	})
	t.Cleanup(n.stop)
	return n.clients
}

// Emit sends an event with one payload; a nil payload sends none, a json.RawMessage is sent as it is.
func (c *Client) Emit(event string, payload any) {
	c.t.Helper()
	command := map[string]any{"client": c.index, "emit": event}
	if payload != nil {
		command["payload"] = payload
	}
	line, err := json.Marshal(command)
	if err != nil {
		c.t.Fatalf("imclient: %s: %v", event, err)
	}
	if _, err := c.node.stdin.Write(append(line, '\n')); err != nil {
		c.t.Fatalf("imclient: %s: %v", event, err)
	}
}

// Expect waits for the next event of that name that matches, and returns its payload; nil matches all. Events of the same
// name before it are passed over for good, those of other names are not.
func (c *Client) Expect(event string, match func(payload json.RawMessage) bool) json.RawMessage {
	c.t.Helper()
	deadline := time.After(Patience)
	for {
		events, more := c.snapshot()
		for i := c.seen[event]; i < len(events); i++ {
			c.seen[event] = i + 1
			if events[i].Event == event && (match == nil || match(events[i].Payload)) {
				return events[i].Payload
			}
		}
		select {
		case <-more:
		case <-deadline:
			c.t.Fatalf("imclient: no matching %s within %v; events so far: %v", event, Patience, names(events))
		}
	}
}

// Await is Expect with the payload read into a T.
func Await[T any](c *Client, event string, match func(T) bool) T {
	c.t.Helper()
	var found T
	c.Expect(event, func(payload json.RawMessage) bool {
		var v T
		if err := json.Unmarshal(payload, &v); err != nil {
			c.t.Fatalf("imclient: read %s: %v", event, err)
		}
		found = v
		return match == nil || match(v)
	})
	return found
}

// Events is everything that arrived so far, in order.
func (c *Client) Events() []Event {
	events, _ := c.snapshot()
	return events
}

// Stop ends the client, and those that were started with it, and waits until they are gone.
func (c *Client) Stop() { c.node.stop() }

func (n *node) stop() {
	_ = n.stdin.Close() // it may be gone already
	timer := time.AfterFunc(5*time.Second, func() { _ = n.kill() })
	defer timer.Stop()
	_ = n.wait() // how it ended does not matter
}

func (c *Client) snapshot() ([]Event, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.events[:len(c.events):len(c.events)], c.more
}

func (n *node) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var e struct {
			Client int `json:"client"`
			Event
		}
		if json.Unmarshal(line, &e) == nil && e.Client < len(n.clients) { // else it is a warning of node's own
			n.clients[e.Client].add(e.Event)
		}
	}
}

func (c *Client) add(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	close(c.more)
	c.more = make(chan struct{})
}

func names(events []Event) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.Event
	}
	return out
}

// Modules is the folder whose node_modules hold the pinned client, for other programs under Node.
func Modules(t testing.TB) string { return install(t) }

// install puts the pinned modules beside client.mjs, once, also when several test processes start together.
func install(t testing.TB) (dir string) {
	t.Helper()
	dir = testkit.Source(t, "testkit/imclient")
	if err := npmCI(dir); err != nil {
		t.Fatalf("imclient: install the Node modules: %v", err)
	}
	return dir
}

func npmCI(dir string) error {
	lock, err := os.Open(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	wanted, err := lock.Stat()
	if err != nil {
		return err
	}
	done, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")) // npm's own mark
	if err == nil && done.ModTime().After(wanted.ModTime()) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
}
