package api

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// guard lets in only requests that call this node by a name of its own (against DNS rebinding) and come from no foreign origin.
// No CORS header is ever sent, so that a foreign page can neither call nor read. A panic costs one request.
func (a *API) guard(next http.Handler) http.Handler {
	sameOrigin := a.Door.Protection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer a.survive(w, r)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Frame-Options", "DENY")
		if !a.Door.HostAllowed(r.Host) {
			a.refuse(w, r, &Problem{http.StatusForbidden, "host", "call this node as localhost, 127.0.0.1 or [::1], or by a name that --hosts lists"})
			return
		}
		if !a.Door.OriginAllowed(r) || sameOrigin.Check(r) != nil {
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
