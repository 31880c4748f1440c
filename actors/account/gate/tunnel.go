package gate

import (
	"io"
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
	host, addr, class := g.lists.Load().judge(req.Host, "443")
	if class != "" {
		g.refuse(Refusal{Host: host, Class: class})
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

// tunnel copies both ways until both sides ended or one broke.
func (g *Gate) tunnel(l *link, site *far) {
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
		g.copyDown(l, site, down)
	})
	g.copyUp(l, site, down)
	<-ended
}

// copyUp carries what the browser says.
func (g *Gate) copyUp(l *link, site *far, down leased) {
	ahead, _ := l.in.Peek(l.in.Buffered()) // said without waiting for the answer to CONNECT
	write := site.write(ahead)
	for write == nil {
		var more bool
		var read error
		more, read, write = readSome(down.raw, site.write)
		switch {
		case write != nil:
		case read != nil:
			l.left.Store(true)
			g.drop(l)
			return
		case !more:
			l.left.Store(true)
			site.ended()
			return
		}
	}
	g.siteBroke(l)
	g.drop(l)
}

// copyDown carries what the site says. When the site is the first to end, that is noted before the browser can know.
func (g *Gate) copyDown(l *link, site *far, down leased) {
	for {
		more, read, write := site.readSome(down.pass)
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
