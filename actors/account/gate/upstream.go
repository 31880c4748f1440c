package gate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"troupe/messages"
)

// Upstream is a proxy that a gate goes out through. It may stand anywhere, also on a private or the loopback address: it is the
// business's own. Names of sites are sent to it unresolved. It must not be changed once a gate has it.
type Upstream struct {
	Scheme   string // http, https (http inside TLS) or socks5
	Host     string // name or address of the proxy itself
	Port     int
	Username string // "" = none is asked for
	Password messages.Secret
	Roots    *x509.CertPool // https: who may have signed the proxy's certificate; nil = the system's
}

// The bounds of RFC 1929, which socks5 has for names and passwords; http has none of its own.
const longestCredential = 255

var schemes = []string{"http", "https", "socks5"}

// Validate reports everything that is wrong with the settings, without the password.
func (u *Upstream) Validate() error {
	var all []error
	wrong := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if !slices.Contains(schemes, u.Scheme) {
		wrong("scheme %q: want %s", u.Scheme, strings.Join(schemes, ", "))
	}
	if !isHost(u.Host) {
		wrong("host %q: want a host name or an address, without scheme and port", u.Host)
	}
	if u.Port < 1 || u.Port > 65535 {
		wrong("port %d: want 1 to 65535", u.Port)
	}
	if u.Username == "" && len(u.Password) > 0 {
		wrong("a password without a user name")
	}
	if strings.Contains(u.Username, ":") && u.Scheme != "socks5" {
		wrong("user name: http knows none with a colon")
	}
	for what, text := range map[string]string{"user name": u.Username, "password": string(u.Password)} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			wrong("%s: control characters", what)
		}
		if len(text) > longestCredential {
			wrong("%s: longer than %d bytes", what, longestCredential)
		}
	}
	return errors.Join(all...)
}

func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host != "" && len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// String is the proxy's address as a URL, without the password.
func (u *Upstream) String() string {
	address := url.URL{Scheme: u.Scheme, Host: u.address()}
	if u.Username != "" {
		address.User = url.User(u.Username)
	}
	return address.String()
}

func (u *Upstream) address() string { return net.JoinHostPort(u.Host, strconv.Itoa(u.Port)) }

// dialUpstream reaches a proxy itself: really, and wherever it stands.
var dialUpstream = (&net.Dialer{Timeout: dialTime}).DialContext

// dialError says what a failed dial to the proxy means.
func dialError(err error) error {
	if isTimeout(err) {
		return failed(UpstreamTimeout, "the proxy does not accept a connection in time: %w", err)
	}
	return failed(UpstreamUnreachable, "connect to the proxy: %w", err)
}

// tunnel asks the proxy at the other end of conn for a way to addr. It returns what carries the tunnel's bytes (conn, or TLS
// upon it), and those of them that came with the proxy's answer. When ctx ends first, or all else fails, conn is of no use any more.
func (u *Upstream) tunnel(ctx context.Context, conn net.Conn, addr string) (inner net.Conn, ahead []byte, err error) {
	end := context.AfterFunc(ctx, func() { _ = conn.Close() })
	inner, ahead, err = u.ask(ctx, conn, addr)
	if !end() {
		err = ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		err = failed(UpstreamTimeout, "the proxy does not answer in time")
	}
	return inner, ahead, err
}

func (u *Upstream) ask(ctx context.Context, conn net.Conn, addr string) (net.Conn, []byte, error) {
	switch u.Scheme {
	case "http":
		ahead, err := u.httpConnect(conn, addr)
		return conn, ahead, err
	case "https":
		secure, err := u.secure(ctx, conn)
		if err != nil {
			return nil, nil, err
		}
		ahead, err := u.httpConnect(secure, addr)
		return secure, ahead, err
	case "socks5":
		return conn, nil, u.socks5(ctx, conn, addr)
	}
	return nil, nil, failed(UpstreamProtocol, "scheme %q is none of %s", u.Scheme, strings.Join(schemes, ", "))
}

// secure speaks TLS with the proxy; conn, with its checked writes, stays below.
func (u *Upstream) secure(ctx context.Context, conn net.Conn) (*tls.Conn, error) {
	secure := tls.Client(newGreeter(ctx, conn), &tls.Config{ServerName: u.Host, RootCAs: u.Roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, unlessCut(err, "TLS with the proxy")
	}
	return secure, nil
}

// unlessCut takes an error in the middle of the proxy's greeting for a sign that it speaks something else, unless the
// gate was shut or the time was over.
func unlessCut(err error, doing string) error {
	var known *failure
	if errors.Is(err, ErrShut) || isTimeout(err) || errors.As(err, &known) {
		return err
	}
	return failed(UpstreamProtocol, doing+": %w", err)
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.As(err, &slow) && slow.Timeout()
}

// emptyLine is what a greeter says into a silence: a proxy that speaks http takes it for the end of a (bad) request.
const emptyLine = "\r\n\r\n"

// greeter is a proxy's connection while its first byte is awaited. A proxy that speaks plain http answers neither socks5 nor TLS, it waits
// for the end of a line. So, when most of the time is over, it is told one; no tunnel comes of that any more, but the answer tells a proxy
// of the wrong kind from one that hangs.
type greeter struct {
	net.Conn
	asked time.Time // when the silence has lasted long enough; zero once the first byte came
}

func newGreeter(ctx context.Context, conn net.Conn) *greeter {
	end, bounded := ctx.Deadline()
	if !bounded {
		end = time.Now().Add(dialTime)
	}
	return &greeter{Conn: conn, asked: time.Now().Add(time.Until(end) * 3 / 5)}
}

func (c *greeter) Read(b []byte) (int, error) {
	if c.asked.IsZero() {
		return c.Conn.Read(b)
	}
	if err := c.SetReadDeadline(c.asked); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.asked = time.Time{}
	silent := isTimeout(err)
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return 0, err
	}
	if !silent {
		return n, err
	}
	return 0, c.askWho(b)
}

// askWho never makes the connection usable: it returns why it is not.
func (c *greeter) askWho(b []byte) error {
	if _, err := c.Conn.Write([]byte(emptyLine)); err != nil {
		return err
	}
	n, err := c.Conn.Read(b[:min(len(b), len("HTTP"))])
	switch {
	case err != nil && !errors.Is(err, net.ErrClosed):
		return failed(UpstreamProtocol, "the proxy said nothing and hung up at an empty line: %w", err)
	case err != nil:
		return err
	case strings.HasPrefix("HTTP", string(b[:n])):
		return failed(UpstreamProtocol, "the proxy speaks plain http")
	default:
		return failed(UpstreamTimeout, "the proxy does not answer in time")
	}
}
