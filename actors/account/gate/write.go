package gate

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// chunk is the most that one write call carries, and so the most that a process stopped at the worst instant lets out.
const chunk = 32 << 10

// leased is the only writer to a socket that carries payload. It looks at the lease before every write call, also
// when a slow peer makes it wait in between: net.Conn.Write would make many calls after one look.
type leased struct {
	g     *Gate
	raw   syscall.RawConn
	count *atomic.Int64
	sent  *atomic.Uint64 // of a link whose page speaks: gets the number of the commit; nil otherwise
}

// down writes to the browser.
func (g *Gate) down(l *link) (leased, error) {
	raw, err := l.client.SyscallConn()
	return leased{g: g, raw: raw, count: &g.count.down}, err
}

// up writes to a site or a proxy.
func (g *Gate) up(conn *net.TCPConn) (leased, error) {
	raw, err := conn.SyscallConn()
	return leased{g: g, raw: raw, count: &g.count.up}, err
}

func (w leased) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		n, err := w.once(b[written:min(len(b), written+chunk)])
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (w leased) once(b []byte) (int, error) {
	if w.sent != nil {
		w.sent.Store(w.g.turn.Load())
	}
	var n int
	var failed error
	err := w.raw.Write(func(fd uintptr) bool {
		for {
			if !w.g.Open() {
				n, failed = 0, ErrShut
				return true
			}
			n, failed = unix.Write(int(fd), b)
			if !errors.Is(failed, unix.EINTR) {
				return !errors.Is(failed, unix.EAGAIN)
			}
		}
	})
	if failed == nil {
		failed = err
	}
	if failed != nil {
		return 0, failed
	}
	w.count.Add(int64(n))
	return n, nil
}

// pass is Write for readSome.
func (w leased) pass(b []byte) error {
	_, err := w.Write(b)
	return err
}

// buffers are taken only once a socket has something to read: an idle tunnel holds none.
var buffers = sync.Pool{New: func() any { return new([chunk]byte) }}

// readSome reads what a socket has and passes it on; more is false at the end of the stream.
func readSome(raw syscall.RawConn, pass func([]byte) error) (more bool, read, write error) {
	var buf *[chunk]byte
	var n int
	var failed error
	err := raw.Read(func(fd uintptr) bool {
		buf = buffers.Get().(*[chunk]byte)
		for {
			n, failed = unix.Read(int(fd), buf[:])
			if !errors.Is(failed, unix.EINTR) {
				break
			}
		}
		if errors.Is(failed, unix.EAGAIN) {
			buffers.Put(buf)
			buf = nil
			return false
		}
		return true
	})
	if buf == nil {
		return false, err, nil
	}
	defer buffers.Put(buf)
	if failed != nil || n == 0 {
		return false, failed, nil
	}
	return true, nil, pass(buf[:n])
}
