package gate

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// script is a proxy that does one thing to each connection.
type script struct {
	addr  *net.TCPAddr
	heard atomic.Int64 // bytes
}

// play starts a script. A connection is closed when the script is through with it.
func play(t *testing.T, ln net.Listener, act func(conn net.Conn)) *script {
	t.Helper()
	s := &script{addr: ln.Addr().(*net.TCPAddr)}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			all.Go(func() {
				defer conn.Close()
				act(&counted{conn, &s.heard})
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return s
}

type counted struct {
	net.Conn
	read *atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// hang says nothing until the other end hangs up.
func hang(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// line says nothing until it heard an empty line, as http does.
func line(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimSpace(text) == "" {
			_, _ = io.WriteString(conn, "HTTP/1.0 400 Bad Request\r\n\r\n")
			return
		}
	}
}

// answer says text to an http request.
func answer(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

// talk reads n bytes and says an answer, turn by turn; then it hangs.
func talk(turns ...string) func(net.Conn) {
	return func(conn net.Conn) {
		buf := make([]byte, 1024)
		for _, say := range turns {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			if _, err := io.WriteString(conn, say); err != nil {
				return
			}
		}
		hang(conn)
	}
}

// talkOnce answers the first words and hangs up after the second.
func talkOnce(conn net.Conn, say string) {
	buf := make([]byte, 1024)
	if _, err := conn.Read(buf); err == nil {
		_, _ = io.WriteString(conn, say)
		_, _ = conn.Read(buf)
	}
}

// secured is a listener with a certificate, and who signed it.
func secured(t *testing.T) (net.Listener, *x509.CertPool) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return tls.NewListener(loopbackOnly{loopback(t)}, server.TLS), roots
}

// loopbackOnly hides what a listener is, so that its address stays a TCP one.
type loopbackOnly struct{ net.Listener }

// greetHTTP grants any CONNECT, says hello at once, and echoes.
func greetHTTP(conn net.Conn) {
	in := bufio.NewReader(conn)
	if _, err := http.ReadRequest(in); err != nil {
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 go on\r\n\r\nhello")
	_, _ = io.Copy(conn, in)
}
