package gate

import (
	"net"
	"time"
)

// wire is a connection to a site or a proxy: it reads like the socket, and every byte that it writes passes the look at the lease. net.Conn
// is embedded as an interface on purpose: a *net.TCPConn would bring ReadFrom along, a way around that look.
type wire struct {
	net.Conn
	leased leased
}

// Write writes through the lease.
func (w *wire) Write(b []byte) (int, error) { return w.leased.Write(b) }

// Close resets.
func (w *wire) Close() error {
	abort(w.Conn.(*net.TCPConn))
	return nil
}

// CloseWrite tells the other end that nothing more comes.
func (w *wire) CloseWrite() error { return w.Conn.(*net.TCPConn).CloseWrite() }

// far is the far end of a link: a site, directly or in a proxy's tunnel.
type far struct {
	net.Conn        // the wire, or TLS with the proxy upon it
	wire     *wire  // the socket at the bottom
	ahead    []byte // of the site's bytes, those that came with the proxy's answer
}

// Read reads what the site says.
func (f *far) Read(b []byte) (int, error) {
	if len(f.ahead) > 0 {
		n := copy(b, f.ahead)
		f.ahead = f.ahead[n:]
		return n, nil
	}
	return f.Conn.Read(b)
}

// readSome reads what the site said and passes it on; more is false at the end of the stream. A bare socket is waited for without
// a buffer; TLS needs one, because it may hold what was read before.
func (f *far) readSome(pass func([]byte) error) (more bool, read, write error) {
	if f.Conn == f.wire && len(f.ahead) == 0 {
		return readSome(f.wire.leased.raw, pass)
	}
	buf := buffers.Get().(*[chunk]byte)
	defer buffers.Put(buf)
	n, err := f.Read(buf[:])
	if n > 0 {
		return true, nil, pass(buf[:n])
	}
	return false, unlessEOF(err), nil
}

// write passes bytes up.
func (f *far) write(b []byte) error {
	_, err := f.Write(b)
	return err
}

// ended tells the site that nothing more comes, and bounds how long it may go on.
func (f *far) ended() {
	if half, ok := f.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = f.SetReadDeadline(time.Now().Add(halfOpen))
}
