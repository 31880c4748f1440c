package gate

import (
	"context"
	"errors"
	"io"
	"net"
)

// reach connects a link to a host, or says why not. A refusal is noted.
func (g *Gate) reach(l *link, host, addr string) (*far, Class) {
	ctx, cancel := context.WithTimeout(l.ctx, dialTime)
	defer cancel()
	to, err := g.open(ctx, l, host, addr)
	if err != nil {
		class := classOf(err)
		g.refuse(Refusal{Host: host, Class: class, Reason: reasonOf(err)})
		return nil, class
	}
	if g.lists.Load().unlisted(host) {
		g.count.unlisted(host)
	}
	return to, ""
}

// errResend is a connection that could repeat what a commit under way sent.
var errResend = &failure{Resend, errors.New("it could repeat a request of the commit under way")}

// open makes a link's connection to the host, through the proxy if there is one. There is no other way then.
func (g *Gate) open(ctx context.Context, l *link, host, addr string) (*far, error) {
	if !g.Open() {
		return nil, ErrShut
	}
	g.mu.Lock()
	proxy, resend := g.upstream, g.resends(host)
	g.mu.Unlock()
	if resend {
		return nil, errResend
	}
	g.count.dials.Add(1)
	w, err := g.dial(ctx, l, proxy, host, addr)
	if err != nil {
		return nil, g.cutOr(l, err)
	}
	to := &far{Conn: w, wire: w}
	if proxy != nil {
		if to.Conn, to.ahead, err = proxy.tunnel(ctx, w, addr); err != nil {
			return nil, g.cutOr(l, err)
		}
	}
	w.leased.sent = &l.turn // from here on it is the page's own words that go up
	return to, nil
}

// cutOr takes an error for the gate's own shutting when the link was cut meanwhile.
func (g *Gate) cutOr(l *link, err error) error {
	if l.ctx.Err() != nil {
		return ErrShut
	}
	return err
}

// dial connects to the proxy, or else to the site, and puts the connection under the lease.
func (g *Gate) dial(ctx context.Context, l *link, proxy *Upstream, host, addr string) (*wire, error) {
	dial := g.o.Dial
	if proxy != nil {
		dial, addr = dialUpstream, proxy.address()
	}
	raw, err := dial(ctx, "tcp", addr)
	if err != nil && proxy != nil {
		return nil, dialError(err)
	}
	if err != nil {
		return nil, err
	}
	conn, err := g.bound(raw)
	if err != nil {
		g.log.Error("gate cannot fence what its dialer returned", "host", host, "err", err)
		return nil, err
	}
	if err := g.attach(l, host, conn); err != nil {
		return nil, err
	}
	up, err := g.up(conn)
	return &wire{Conn: conn, leased: up}, err
}

func unlessEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Guards: what a link's far end is used as.
var (
	_ net.Conn = (*wire)(nil)
	_ net.Conn = (*far)(nil)
)
