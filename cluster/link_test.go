package cluster

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

// process is one node of a test: this test's own program, run as talk (talk_test.go).
type process struct {
	t       *testing.T
	name    messages.NodeID
	life    int
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	lines   chan string
	log     *bytes.Buffer
	address string
}

// startNode runs a node and waits until it listens.
func startNode(t *testing.T, certs string, name messages.NodeID) *process {
	t.Helper()
	p := &process{t: t, name: name}
	t.Cleanup(p.kill)
	p.start(certs)
	return p
}

func (p *process) start(certs string) {
	p.t.Helper()
	p.life++
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), nodeEnv+"="+string(p.name), certsEnv+"="+certs, lifeEnv+"="+p.incarnation())
	p.log, p.lines = &bytes.Buffer{}, make(chan string, 10_000)
	p.cmd.Stderr = p.log
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.stdin = stdin
	lines := p.lines
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			lines <- s.Text()
		}
	}()
	p.address = strings.TrimPrefix(p.next(), "listens ")
}

func (p *process) incarnation() string { return string(p.name) + "-life-" + strconv.Itoa(p.life) }

// kill ends the process with SIGKILL, and its reader with it.
func (p *process) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	p.cmd.Process.Kill()
	for range p.lines { // until its end
	}
	p.cmd.Wait()
	if p.t.Failed() {
		p.t.Logf("log of %s:\n%s", p.name, p.log)
	}
	p.cmd = nil
}

func (p *process) do(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.stdin, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) next() string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			p.t.Fatalf("%s ended", p.name)
		}
		return line
	case <-time.After(20 * time.Second):
		p.t.Fatalf("%s says nothing", p.name)
	}
	return ""
}

// hears waits for the messages numbered from to to, in order and each once.
func (p *process) hears(from, to int) {
	p.t.Helper()
	for i := from; i <= to; i++ {
		if got, want := p.next(), fmt.Sprintf("got %d", i); got != want {
			p.t.Fatalf("%s: %q, want %q", p.name, got, want)
		}
	}
}

// meets tells the node where another one is, over a wire.
func (p *process) meets(other *process, over *wire) {
	p.t.Helper()
	over.lead(other.address)
	p.do("peer %s %s %s", other.name, over.address(), other.incarnation())
}

func TestNodesLoseNothingWhenTheirConnectionBreaks(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t, MasterNode, "worker-7")
	master, worker := startNode(t, certs, MasterNode), startNode(t, certs, "worker-7")
	there, back := newWire(t), newWire(t)
	master.meets(worker, there)
	worker.meets(master, back)
	rounds, standstill := 2, time.Duration(0)
	if testkit.Full {
		rounds, standstill = 20, 16*time.Second // longer than the connection's own keepalive waits
	}
	at := 0
	for i := range rounds {
		for _, cut := range []func(*wire){(*wire).sever, (*wire).stall} {
			master.do("say worker-7 %d %d", at+1, at+100)
			worker.do("say master %d %d", at+1, at+100)
			cut(there)
			cut(back)
			master.do("say worker-7 %d %d", at+101, at+200)
			worker.do("say master %d %d", at+101, at+200)
			if i == 0 {
				time.Sleep(standstill)
			}
			there.heal()
			back.heal()
			at += 200
			worker.hears(at-199, at)
			master.hears(at-199, at)
		}
	}
	master.do("big worker-7 %d", 5<<20)
	if got, want := worker.next(), fmt.Sprintf("got %d bytes", 5<<20); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for question, want := range map[string]string{
		"ask worker-7 worker":        "answered",
		"ask worker-7 worker/nobody": "dead letter", // nobody has that name there
		"ask worker-8 worker":        "dead letter", // no such node
		"ask master master":          "answered",    // our own name
	} {
		if master.do("%s", question); master.next() != want {
			t.Errorf("%s: not %q", question, want)
		}
	}
}

func TestMasterDropsWhatWasMeantForAnEarlierLifeOfAWorker(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t, MasterNode, "worker-7")
	master, worker := startNode(t, certs, MasterNode), startNode(t, certs, "worker-7")
	there, back := newWire(t), newWire(t)
	master.meets(worker, there)
	worker.meets(master, back)
	master.do("say worker-7 1 10")
	worker.hears(1, 10)
	worker.kill()
	master.do("say worker-7 11 20")
	master.do("ask worker-7 worker")
	worker.start(certs)
	master.meets(worker, there)
	worker.meets(master, back)
	if got := master.next(); got != "dead letter" {
		t.Errorf("a question to the earlier life: %q", got)
	}
	master.do("say worker-7 21 30")
	worker.hears(21, 30)
}

func TestForgottenNodeIsNotWaitedForAndMayComeBack(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t, MasterNode, "worker-7")
	master, worker := startNode(t, certs, MasterNode), startNode(t, certs, "worker-7")
	there, back := newWire(t), newWire(t)
	master.meets(worker, there)
	worker.meets(master, back)
	there.sever()
	master.do("say worker-7 1 10")
	master.do("ask worker-7 worker")
	master.do("forget worker-7")
	if got := master.next(); got != "dead letter" {
		t.Errorf("a question to the forgotten node: %q", got)
	}
	there.heal()
	master.meets(worker, there) // the same life
	master.do("say worker-7 11 20")
	worker.hears(11, 20)
}

func TestWorkerSaysItAgainToTheNextLifeOfTheMaster(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t, MasterNode, "worker-7")
	master, worker := startNode(t, certs, MasterNode), startNode(t, certs, "worker-7")
	there, back := newWire(t), newWire(t)
	worker.do("say master 1 10") // before it knows where the master is
	worker.meets(master, back)
	master.meets(worker, there)
	master.hears(1, 10)
	if worker.do("flush master"); worker.next() != "flushed <nil>" {
		t.Fatal("the worker does not know that the master has it all")
	}
	master.kill()
	worker.do("say master 11 30")
	master.start(certs)
	master.meets(worker, there)
	worker.meets(master, back)
	master.hears(11, 30)
}

func TestNodeDoesNotTalkToAnotherThanTheOneItCalled(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t, MasterNode, "worker-7", "worker-8")
	master, other := startNode(t, certs, MasterNode), startNode(t, certs, "worker-8")
	wrong, there, back := newWire(t), newWire(t), newWire(t)
	wrong.lead(other.address)
	master.do("peer worker-7 %s %s", wrong.address(), other.incarnation()) // it is worker-8 that listens there
	master.do("say worker-7 1 1")
	wrong.awaitConnection()
	master.meets(other, there)
	other.meets(master, back)
	master.do("say worker-8 2 2")
	other.hears(2, 2) // and not 1
}

// TestWorkerGivesNoOrders, neither by letter nor past the link: remote itself would hand them to any actor.
func TestWorkerGivesNoOrders(t *testing.T) {
	t.Parallel()
	certs := makeCerts(t, MasterNode, "worker-7")
	master, worker := startNode(t, certs, MasterNode), startNode(t, certs, "worker-7")
	there, back := newWire(t), newWire(t)
	master.meets(worker, there)
	worker.meets(master, back)
	worker.do("order master") // an operator's command
	worker.do("raw %s", back.address())
	worker.do("say master 1 1")
	master.hears(1, 1)
	master.kill()
	if log := master.log.String(); !strings.Contains(log, "letter refused: its sender may not say this") || !strings.Contains(log, "only letters to the link are taken") {
		t.Errorf("the master does not say what it refused:\n%s", log)
	}
}
