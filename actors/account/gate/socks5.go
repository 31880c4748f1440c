package gate

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
)

// The words of socks5: RFC 1928, and RFC 1929 for the password.
const (
	socksVersion  = 5
	socksConnect  = 1
	socksName     = 3 // address type: a host name, which the proxy resolves
	socksIPv4     = 1
	socksIPv6     = 4
	methodNone    = 0
	methodLogin   = 2
	methodRefused = 0xff
	loginVersion  = 1
)

// socksReplies are the ways in which a proxy says no.
var socksReplies = map[byte]string{
	1: "general failure", 2: "not allowed by its rules", 3: "network unreachable", 4: "host unreachable",
	5: "connection refused", 6: "time to live expired", 7: "command not supported", 8: "address type not supported",
}

// socks5 asks a socks5 proxy for a tunnel. It reads no byte more than the proxy's answers.
func (u *Upstream) socks5(ctx context.Context, raw net.Conn, addr string) error {
	conn := newGreeter(ctx, raw)
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil || len(host) > 255 {
		return failed(BadRequest, "%q cannot be asked of a socks5 proxy", addr)
	}
	if err := u.socksGreet(conn); err != nil {
		return err
	}
	ask := append([]byte{socksVersion, socksConnect, 0, socksName, byte(len(host))}, host...)
	ask = append(ask, byte(port>>8), byte(port))
	answer, err := exchangeBytes(conn, ask, 4)
	switch {
	case err != nil:
		return unlessCut(err, "socks5 request")
	case answer[0] != socksVersion:
		return failed(UpstreamProtocol, "the proxy answers with socks version %d", answer[0])
	case answer[1] != 0:
		return socksRefusal(answer[1])
	}
	return skipBound(conn, answer[3])
}

func socksRefusal(reply byte) error {
	class := Unreachable
	if reply == 7 || reply == 8 {
		class = UpstreamProtocol // it cannot do what every gate needs
	}
	text, known := socksReplies[reply]
	if !known {
		text = "unknown reply"
	}
	return failed(class, "the proxy says: %s (socks reply %d)", text, reply)
}

// socksGreet agrees on a method, and logs in if that is the method.
func (u *Upstream) socksGreet(conn net.Conn) error {
	offer := []byte{socksVersion, 1, methodNone}
	if u.Username != "" {
		offer = []byte{socksVersion, 2, methodNone, methodLogin}
	}
	answer, err := exchangeBytes(conn, offer, 2)
	switch {
	case err != nil:
		return unlessCut(err, "socks5 greeting")
	case answer[0] != socksVersion:
		return failed(UpstreamProtocol, "the proxy does not speak socks5")
	case answer[1] == methodNone:
		return nil
	case answer[1] == methodLogin && u.Username != "":
		return u.socksLogin(conn)
	case answer[1] == methodRefused || answer[1] == methodLogin:
		return failed(UpstreamAuth, "the proxy wants another way to log in than it was offered")
	default:
		return failed(UpstreamProtocol, "the proxy chose method %d, which was not offered", answer[1])
	}
}

func (u *Upstream) socksLogin(conn net.Conn) error {
	if len(u.Username) > longestCredential || len(u.Password) > longestCredential {
		return failed(UpstreamAuth, "the user name or password is too long for socks5")
	}
	ask := append([]byte{loginVersion, byte(len(u.Username))}, u.Username...)
	ask = append(append(ask, byte(len(u.Password))), u.Password...)
	answer, err := exchangeBytes(conn, ask, 2)
	switch {
	case errors.Is(err, ErrShut) || isTimeout(err) || errors.Is(err, net.ErrClosed):
		return err
	case err != nil: // some hang up instead of saying no
		return failed(UpstreamAuth, "the proxy hung up at the user name and password")
	case answer[1] != 0:
		return failed(UpstreamAuth, "the proxy refuses the user name or password")
	}
	return nil
}

// skipBound reads the address from which the proxy dialled; nobody needs it.
func skipBound(conn net.Conn, kind byte) error {
	length := 0
	switch kind {
	case socksIPv4:
		length = net.IPv4len
	case socksIPv6:
		length = net.IPv6len
	case socksName:
		var size [1]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return unlessCut(err, "socks5 answer")
		}
		length = int(size[0])
	default:
		return failed(UpstreamProtocol, "the proxy answers with address type %d", kind)
	}
	if _, err := io.ReadFull(conn, make([]byte, length+2)); err != nil {
		return unlessCut(err, "socks5 answer")
	}
	return nil
}

// exchangeBytes says one thing and reads an answer of n bytes.
func exchangeBytes(conn net.Conn, ask []byte, n int) ([]byte, error) {
	if _, err := conn.Write(ask); err != nil {
		return nil, err
	}
	answer := make([]byte, n)
	_, err := io.ReadFull(conn, answer)
	return answer, err
}
