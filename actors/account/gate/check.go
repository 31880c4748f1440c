package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Check is what became of a try to get out.
type Check struct {
	Class       Class         // OK, or what is wrong
	Reason      string        // for people; holds no secret. With OK: why there is no exit address, if one was asked for
	ExitAddress string        // the address that the outside sees, as told by the exit service; "" when unknown
	Latency     time.Duration // until a tunnel to the target stood
}

// A check takes less than five seconds, whatever the proxy does.
const (
	checkTime  = 4500 * time.Millisecond
	exitAnswer = 4 << 10 // the most that is read of an exit service's answer
)

// Check tries the gate's way out: it connects through the proxy, if there is one, to target (host:port, judged by the host lists like
// any connection) and hangs up. With exitURL, an http or https page that answers the caller's address, that is asked as well. Every byte
// passes the lease; while the gate is shut the class is NoLease. It is no refusal, and is not told to UpstreamFailed.
func (g *Gate) Check(ctx context.Context, target, exitURL string) Check {
	host, addr, class := g.lists.Load().judge(target, "443")
	if class != "" {
		return Check{Class: class, Reason: "the target is not one that this account may reach"}
	}
	return check(ctx, addr, exitURL, func(ctx context.Context, addr string) (net.Conn, error) {
		return g.probe(ctx, host, addr)
	})
}

// probe is a connection of a check. It belongs to a link without a browser, so that a cut finds it.
func (g *Gate) probe(ctx context.Context, host, addr string) (net.Conn, error) {
	l := g.admit(nil)
	to, err := g.open(ctx, l, host, addr)
	if err != nil {
		g.drop(l)
		return nil, err
	}
	return &probe{far: to, g: g, l: l}, nil
}

type probe struct {
	*far
	g *Gate
	l *link
}

// Close forgets the link.
func (p *probe) Close() error {
	p.g.drop(p.l)
	return nil
}

// CheckUpstream is Check for a proxy that no account uses: no gate, so no lease and no host lists. dial connects to the proxy itself;
// nil means the system's dialer.
func CheckUpstream(ctx context.Context, u *Upstream, dial DialFunc, target, exitURL string) Check {
	if err := u.Validate(); err != nil {
		return Check{Class: UpstreamProtocol, Reason: reasonOf(err)}
	}
	if dial == nil {
		dial = dialUpstream
	}
	return check(ctx, target, exitURL, func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := dial(ctx, "tcp", u.address())
		if err != nil {
			return nil, dialError(err)
		}
		inner, ahead, err := u.tunnel(ctx, conn, addr)
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		return &far{Conn: inner, ahead: ahead}, nil
	})
}

// check connects to target, and asks the exit service.
func check(ctx context.Context, target, exitURL string, open func(ctx context.Context, addr string) (net.Conn, error)) Check {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	start := time.Now()
	conn, err := open(ctx, target)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = failed(Unreachable, "no connection in time")
		}
		return Check{Class: classOf(err), Reason: reasonOf(err)}
	}
	c := Check{Class: OK, Latency: time.Since(start)}
	_ = conn.Close()
	if exitURL == "" {
		return c
	}
	if c.ExitAddress, err = exitAddress(ctx, exitURL, open); err != nil {
		c.Reason = reasonOf(fmt.Errorf("ask for the exit address: %w", err))
	}
	return c
}

// exitAddress asks the exit service. A redirect is not followed: the address that was configured is the one that is asked.
func exitAddress(ctx context.Context, exitURL string, open func(ctx context.Context, addr string) (net.Conn, error)) (string, error) {
	at, err := url.Parse(exitURL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return "", errors.New("its URL is not an http or https address")
	}
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
			DialContext:       func(ctx context.Context, _, addr string) (net.Conn, error) { return open(ctx, addr) },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, exitURL, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(req)
	if err != nil {
		return "", errors.Unwrap(err) // without the URL, which may hold a key
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, exitAnswer))
	if err != nil || answer.StatusCode != http.StatusOK {
		return "", errors.Join(fmt.Errorf("it answered %s", answer.Status), err)
	}
	return findAddress(string(body))
}

// word is what may be an address, in plain text, JSON or a simple page.
var word = regexp.MustCompile(`[0-9a-fA-F:.]{2,45}`)

// findAddress returns the first address in a text.
func findAddress(text string) (string, error) {
	for _, candidate := range word.FindAllString(text, -1) {
		if addr, err := netip.ParseAddr(strings.Trim(candidate, ".")); err == nil && !addr.IsUnspecified() {
			return addr.Unmap().String(), nil
		}
	}
	return "", errors.New("there is no address in its answer")
}
