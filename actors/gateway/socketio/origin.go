package socketio

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// LocalOnly lets in what this machine's own programs send: the Host is a loopback name (so that no web site can reach us
// under a name of its own that it points to 127.0.0.1), and the Origin is absent, a loopback page, or that of an
// Electron window, which loads from a file and says "null" or "file://".
func LocalOnly(r *http.Request) bool {
	return isLoopback(r.Host) && localOrigin(r.Header.Get("Origin"))
}

func localOrigin(origin string) bool {
	switch origin {
	case "", "null", "file://":
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && isLoopback(u.Host)
}

// isLoopback judges a host with or without a port.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
