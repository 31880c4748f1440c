package gate

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// The statuses of a declined CONNECT; Chromium calls each of them ERR_TUNNEL_CONNECTION_FAILED. Never 407: it would
// leave requests pending for ever.
const (
	statusForbidden   = "403 Forbidden"
	statusUnreachable = "502 Bad Gateway"
	statusShut        = "503 Service Unavailable"
)

// halfOpen is how long one direction of a tunnel may outlive the other.
const halfOpen = 30 * time.Second

// connect answers a CONNECT: a tunnel to the host, or a status.
func (g *Gate) connect(l *link, req *http.Request) {
	host, addr, class := g.hosts.judge(req.Host, "443")
	if class != "" {
		g.refuse(host, class)
		l.decline(statusForbidden)
		return
	}
	up, class := g.reach(l, host, addr)
	switch class {
	case "":
		g.tunnel(l, up)
	case NoLease, Resend:
		l.decline(statusShut)
	default:
		l.decline(statusUnreachable)
	}
}

// reach dials a host for a link, or says why not. A refusal is noted.
func (g *Gate) reach(l *link, host, addr string) (*net.TCPConn, Class) {
	class := NoLease
	var conn *net.TCPConn
	if g.Open() {
		conn, class = g.dialFor(l, host, addr)
	}
	if class != "" {
		g.refuse(host, class)
	}
	return conn, class
}

func (g *Gate) dialFor(l *link, host, addr string) (*net.TCPConn, Class) {
	g.mu.Lock()
	dial, resend := g.dial, g.resends(host)
	g.mu.Unlock()
	if resend {
		return nil, Resend
	}
	g.count.dials.Add(1)
	ctx, cancel := context.WithTimeout(l.ctx, dialTime)
	defer cancel()
	raw, err := dial(ctx, "tcp", addr)
	switch {
	case err != nil && l.ctx.Err() != nil:
		return nil, NoLease
	case errors.Is(err, errPrivate):
		return nil, PrivateTarget
	case err != nil:
		g.log.Debug("gate could not dial", "host", host, "err", err)
		return nil, Unreachable
	}
	conn, err := bound(raw)
	if err != nil {
		g.log.Error("gate cannot fence what its dialer returned", "host", host, "err", err)
		return nil, Unreachable
	}
	if g.attach(l, host, conn) != nil {
		return nil, NoLease
	}
	if g.hosts.unlisted(host) {
		g.count.unlisted(host)
	}
	return conn, ""
}

// tunnel copies both ways until both sides ended or one broke.
func (g *Gate) tunnel(l *link, site *net.TCPConn) {
	up, err := g.up(l, site)
	if err != nil {
		return
	}
	down, err := g.down(l)
	if err != nil {
		return
	}
	if _, err := io.WriteString(down, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	g.count.tunnels.Add(1)
	defer g.count.tunnels.Add(-1)
	ended := make(chan struct{})
	g.wg.Go(func() {
		defer close(ended)
		g.copyDown(l, up, down)
	})
	g.copyUp(l, up, down)
	<-ended
}

// copyUp carries what the browser says.
func (g *Gate) copyUp(l *link, up, down leased) {
	ahead, _ := l.in.Peek(l.in.Buffered()) // said without waiting for the answer to CONNECT
	_, write := up.Write(ahead)
	for write == nil {
		var more bool
		var read error
		more, read, write = readSome(down.raw, up.pass)
		switch {
		case write != nil:
		case read != nil:
			l.left.Store(true)
			g.drop(l)
			return
		case !more:
			l.left.Store(true)
			_ = l.upstream.CloseWrite()
			_ = l.upstream.SetReadDeadline(time.Now().Add(halfOpen))
			return
		}
	}
	g.siteBroke(l)
	g.drop(l)
}

// copyDown carries what the site says. When the site is the first to end, that is noted before the browser can know.
func (g *Gate) copyDown(l *link, up, down leased) {
	for {
		more, read, write := readSome(up.raw, down.pass)
		switch {
		case write != nil:
			g.drop(l)
			return
		case read != nil:
			g.siteBroke(l)
			g.drop(l)
			return
		case !more:
			g.siteBroke(l)
			_ = l.client.CloseWrite()
			_ = l.client.SetReadDeadline(time.Now().Add(halfOpen))
			return
		}
	}
}
