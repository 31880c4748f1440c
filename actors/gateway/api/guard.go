package api

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
)

// guard lets in only requests that name a loopback host (against DNS rebinding) and come from no other origin.
// No CORS header is ever sent, so that a foreign page can neither call nor read. A panic costs one request.
func (a *API) guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer a.survive(w, r)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Frame-Options", "DENY")
		if !loopbackName(r.Host) {
			a.refuse(w, r, &Problem{http.StatusForbidden, "host", "call this node as localhost, 127.0.0.1 or [::1]"})
			return
		}
		if !originAllowed(r.Header.Get("Origin")) || sameOrigin.Check(r) != nil {
			a.refuse(w, r, &Problem{http.StatusForbidden, "origin", "pages of other origins may not use this API"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// survive answers a handler's panic and keeps the node alive; net/http's own abort passes on.
func (a *API) survive(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	a.Log.Error("request panicked", "method", r.Method, "pattern", r.Pattern, "err", fmt.Sprint(v), "stack", string(debug.Stack()))
	a.refuse(w, r, &Problem{http.StatusInternalServerError, "internal", "the node could not answer; its log says why"})
}

// loopbackName says whether hostport is localhost or a loopback address, with or without a port.
func loopbackName(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// originAllowed says whether a page of that origin may call: none at all (no browser), or a loopback page.
func originAllowed(origin string) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && loopbackName(u.Host)
}
