package gate

import (
	"bufio"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
)

// httpConnect asks an http proxy for a tunnel. ahead are bytes of the tunnel that came with the answer.
func (u *Upstream) httpConnect(conn net.Conn, addr string) (ahead []byte, err error) {
	req := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr,
		Header: http.Header{"User-Agent": {""}}, // or the library would add its own
	}
	if u.Username != "" {
		credentials := append([]byte(u.Username+":"), u.Password...)
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString(credentials))
	}
	if err := req.Write(conn); err != nil {
		return nil, unlessCut(err, "ask the proxy")
	}
	in := bufio.NewReader(io.LimitReader(conn, headerSize))
	answer, err := http.ReadResponse(in, req)
	if err != nil {
		return nil, unlessCut(err, "read the proxy's answer to CONNECT")
	}
	if err := judgeAnswer(answer); err != nil {
		return nil, err
	}
	return in.Peek(in.Buffered())
}

// judgeAnswer says what a proxy's answer to CONNECT means. Beside 407, tinyproxy says 401 to a wrong password.
func judgeAnswer(answer *http.Response) error {
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusProxyAuthRequired, code == http.StatusUnauthorized:
		return failed(UpstreamAuth, "the proxy refuses the user name or password: %s", answer.Status)
	case code == http.StatusBadRequest, code == http.StatusMethodNotAllowed, code == http.StatusNotImplemented, code < 400:
		return failed(UpstreamProtocol, "the proxy does not take CONNECT: %s", answer.Status)
	default:
		return failed(Unreachable, "the proxy says %s", answer.Status)
	}
}
