package faults

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// echo is a server that sends each line back. It ends with the test.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(c, c) // ends with its client
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

// talk is a client's connection to an echo.
type talk struct {
	t *testing.T
	net.Conn
	lines *bufio.Reader
}

func dialTalk(t *testing.T, addr string) talk {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return talk{t, c, bufio.NewReader(c)}
}

func (k talk) say(line string) {
	k.t.Helper()
	if _, err := io.WriteString(k, line+"\n"); err != nil {
		k.t.Fatal(err)
	}
}

func (k talk) hears(line string) {
	k.t.Helper()
	if err := k.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		k.t.Fatal(err)
	}
	if got, err := k.lines.ReadString('\n'); err != nil || got != line+"\n" {
		k.t.Fatalf("heard %q, %v; want %q", got, err, line)
	}
}

func (k talk) hearsNothing() {
	k.t.Helper()
	if err := k.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		k.t.Fatal(err)
	}
	if b, err := k.lines.Peek(1); !isTimeout(err) {
		k.t.Fatalf("heard %q, %v in a cut", b, err)
	}
}

func TestCutLinkHangsAndGoesOnWhenHealed(t *testing.T) {
	link := NewLink(t, echo(t))
	before := dialTalk(t, link.Addr())
	before.say("open")
	before.hears("open")
	for _, directions := range [][]Direction{nil, {ToTarget}, {FromTarget}} {
		link.Cut(directions...)
		during := dialTalk(t, link.Addr())
		before.say("struck")
		during.say("struck")
		before.hearsNothing()
		during.hearsNothing()
		link.Heal()
		before.hears("struck")
		during.hears("struck")
	}
}

func TestLinkIsChangedWhileItsTargetTakesNothing(t *testing.T) {
	link := NewLink(t, echo(t))
	c := dialTalk(t, link.Addr())
	link.Cut(FromTarget)
	sent := append(bytes.Repeat([]byte("x"), 16<<20), '\n') // more than the buffers on the way hold
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = c.Write(sent) }) // what became of it is seen in the echo
	c.hearsNothing()
	link.Cut()
	link.Heal()
	if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, c.lines, int64(len(sent))); err != nil {
		t.Errorf("%d of %d bytes came back: %v", n, len(sent), err)
	}
	wg.Wait()
}

func TestSlowLinkDelays(t *testing.T) {
	link := NewLink(t, echo(t))
	c := dialTalk(t, link.Addr())
	const delay = 50 * time.Millisecond
	link.Slow(delay)
	began := time.Now()
	c.say("slowly")
	c.hears("slowly")
	if took := time.Since(began); took < 2*delay {
		t.Errorf("there and back took %s", took)
	}
}
