// Package nodeworker runs a Node worker in tests: worker.mjs under Node, with the npm client that imclient installs. It is what
// troupe finds where it replaces the system that such workers belong to.
package nodeworker

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"troupe/testkit"
	"troupe/testkit/imclient"
)

// Wire is how a worker speaks.
type Wire string

// The wires.
const (
	Events    Wire = "events"    // everything is an event of its own
	Envelopes Wire = "envelopes" // registration, tasks and data travel in the event "message"
)

// Patience is how long Expect waits.
const Patience = 15 * time.Second

// Event is one event as the worker received it; an envelope comes under its type. The worker's own life comes as $connect,
// $registered, $joined, $disconnect and $connect_error.
type Event struct {
	Event   string          `json:"event"`
	Payload json.RawMessage `json:"payload"`
}

// Worker is one running worker. Its methods are called from the test's goroutine.
type Worker struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	events chan Event
	passed []Event // read from events, and not expected yet
	stop   func()
}

// Start runs a worker against url (http://127.0.0.1:3000) until the test ends.
func Start(t testing.TB, url string, wire Wire, id string) *Worker {
	t.Helper()
	w := &Worker{t: t, events: make(chan Event, 10_000)}
	w.cmd = exec.Command("node", filepath.Join(testkit.Source(t, "testkit/nodeworker"), "worker.mjs"), imclient.Modules(t), url, string(wire), id)
	w.cmd.Stderr = os.Stderr
	stdin, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatalf("nodeworker: %v", err)
	}
	stdout, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("nodeworker: %v", err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatalf("nodeworker: start node: %v", err)
	}
	w.stdin = stdin
	read := make(chan struct{})
	go func() {
		defer close(read)
		w.read(stdout)
	}()
	w.stop = sync.OnceFunc(func() {
		_ = stdin.Close() // it may be gone already
		timer := time.AfterFunc(5*time.Second, func() { _ = w.cmd.Process.Kill() })
		defer timer.Stop()
		<-read
		_ = w.cmd.Wait() // how it ended does not matter
	})
	t.Cleanup(w.stop)
	return w
}

// Do gives the worker a command of worker.mjs, and waits until it was carried out.
func (w *Worker) Do(what string, fields map[string]any) {
	w.t.Helper()
	command := map[string]any{"do": what}
	for name, value := range fields {
		command[name] = value
	}
	line, err := json.Marshal(command)
	if err != nil {
		w.t.Fatalf("nodeworker: %s: %v", what, err)
	}
	if _, err := w.stdin.Write(append(line, '\n')); err != nil {
		w.t.Fatalf("nodeworker: %s: %v", what, err)
	}
	w.next("$done")
}

// Stop ends the worker and waits until it is gone.
func (w *Worker) Stop() { w.stop() }

// Kill ends the worker without a word.
func (w *Worker) Kill() {
	_ = w.cmd.Process.Kill() // it may be gone already
	w.stop()
}

// Expect waits for the next event of that name, and returns its payload read into a T. Events of other names are kept for later.
func Expect[T any](w *Worker, event string) T {
	w.t.Helper()
	var payload T
	if err := json.Unmarshal(w.next(event), &payload); err != nil {
		w.t.Fatalf("nodeworker: read %s: %v", event, err)
	}
	return payload
}

func (w *Worker) next(event string) json.RawMessage {
	w.t.Helper()
	for i, e := range w.passed {
		if e.Event == event {
			w.passed = append(w.passed[:i:i], w.passed[i+1:]...)
			return e.Payload
		}
	}
	for deadline := time.After(Patience); ; {
		select {
		case e := <-w.events:
			if e.Event == event {
				return e.Payload
			}
			w.passed = append(w.passed, e)
		case <-deadline:
			w.t.Fatalf("nodeworker: no %s within %v; others so far: %v", event, Patience, names(w.passed))
		}
	}
}

// Received counts the events of that name that came and were not expected.
func (w *Worker) Received(event string) int {
	for {
		select {
		case e := <-w.events:
			w.passed = append(w.passed, e)
			continue
		default:
		}
		n := 0
		for _, e := range w.passed {
			if e.Event == event {
				n++
			}
		}
		return n
	}
}

func (w *Worker) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var e Event
		if json.Unmarshal(line, &e) == nil && e.Event != "" { // not a warning of node's own
			w.events <- e
		}
	}
}

func names(events []Event) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.Event
	}
	return out
}
