package people

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// hsts keeps browsers on TLS for 30 days: long enough to be of use, short enough to be taken back. Names below are not
// included, they may belong to others.
const hsts = "max-age=2592000"

type secureKey struct{}

// Secure says whether a request came over TLS, to this node or to a proxy that is believed.
func Secure(r *http.Request) bool {
	secure, _ := r.Context().Value(secureKey{}).(bool)
	return secure
}

// Edge stands before everything: it finds out where a request really comes from. Behind it, RemoteAddr is the client's own
// address (local for the Unix socket), Host is the name that the client used, and Secure tells of TLS. Without TLS only
// this machine and proxies that are believed are served; a proxy that is not believed makes nobody a local caller.
func (d *Door) Edge(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr); addr != nil && addr.Network() == "unix" {
			r.RemoteAddr = localName
			next.ServeHTTP(w, r)
			return
		}
		peer, secure := addrOf(r.RemoteAddr), r.TLS != nil
		switch believed := inside(peer, d.cfg.Proxies); {
		case believed:
			secure = d.forwarded(r) || secure
		case isForwarded(r):
			http.Error(w, "this request came through a proxy that is not named in --trusted-proxies", http.StatusForbidden)
			return
		case !secure && !peer.IsLoopback():
			http.Error(w, "call this node by https", http.StatusForbidden)
			return
		}
		if secure {
			r = r.WithContext(context.WithValue(r.Context(), secureKey{}, true))
			if !LoopbackName(r.Host) {
				w.Header().Set("Strict-Transport-Security", hsts)
			}
		}
		next.ServeHTTP(w, r)
	})
}

var forwardedHeaders = []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded"}

func isForwarded(r *http.Request) bool {
	for _, h := range forwardedHeaders {
		if r.Header.Get(h) != "" {
			return true
		}
	}
	return false
}

// forwarded takes over what a proxy says of its client: the last address that is not a believed proxy itself, for what stands
// before it the client may have made up. It says whether the client spoke TLS.
func (d *Door) forwarded(r *http.Request) (secure bool) {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	client := netip.Addr{}
	for i := len(hops) - 1; i >= 0; i-- {
		client = addrOf(strings.TrimSpace(hops[i]))
		if !inside(client, d.cfg.Proxies) {
			break
		}
	}
	r.RemoteAddr = "unknown"
	if client.IsValid() {
		r.RemoteAddr = client.String()
	}
	if host := r.Header.Get("X-Forwarded-Host"); host != "" {
		r.Host = host
	}
	return strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
