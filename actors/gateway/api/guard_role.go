package api

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"

	"troupe/actors/gateway/people"
	"troupe/messages"
)

// ownHeader is what a program that uses a session's cookie sends along with a change: no foreign page can.
const ownHeader = "X-Troupe"

// admitting wraps one row: who asks, and the body's limit, before it; its error and the audit log after it. call gets the api as the
// caller may see it.
func (a *API) admitting(row Route, refuse func(http.ResponseWriter, *http.Request, error), call func(*API, http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, row.Limit)
		who, err := a.admit(row, r)
		if err != nil {
			a.Door.NoteRefused(who, r.RemoteAddr, row.Method+" "+row.Pattern, problemOf(err).Code, targetsOf(row, r)...)
			refuse(w, r, err)
			return
		}
		r, done := accompany(r, who)
		defer done()
		err = call(a.narrowed(who), w, r)
		a.note(row, r, who, err)
		if err != nil {
			refuse(w, r, err)
		}
	})
}

// admit says who asks, or why that may not be. A route for everybody may have nobody as its caller.
func (a *API) admit(row Route, r *http.Request) (*people.Identity, error) {
	who, err := a.Door.Who(r)
	switch {
	case row.Role == Public:
		return who, nil
	case err != nil:
		return nil, &Problem{http.StatusUnauthorized, "unauthenticated", err.Error()}
	case who == nil && slices.Contains(near, row.Method+" "+row.Pattern) && people.Near(r, a.Near):
		return nil, nil
	case who == nil:
		return nil, &Problem{http.StatusUnauthorized, "unauthenticated", "sign in first, or send a token: Authorization: Bearer TOKEN"}
	case !who.Role.May(row.Role):
		return who, &Problem{http.StatusForbidden, "forbidden", "this needs the role " + string(row.Role) + "; you have " + string(who.Role)}
	case who.Kind == people.KindUser && changes(r.Method) && r.Header.Get(ownHeader) == "" && !a.Door.SameOrigin(r):
		return who, &Problem{http.StatusForbidden, "origin", "a change by a browser must come from a page of this node"}
	}
	if who.Restricted() && slices.Contains(common, row.Method+" "+row.Pattern) {
		return who, tooWide()
	}
	for name, value := range filledIn(row, r) {
		if who.Restricted() && a.hidden(who, name, value) {
			return who, notFound("there is no %s %s", name, value)
		}
	}
	return who, nil
}

// common are the rows below admin that concern what all accounts share: who is limited to some may not call them.
var common = []string{
	"POST " + Prefix + "/proxies",
	"PATCH " + Prefix + "/proxies/{proxy}",
	"DELETE " + Prefix + "/proxies/{proxy}",
	"POST " + Prefix + "/proxies/{proxy}/test",
	"GET " + Prefix + "/keys",
	"POST " + Prefix + "/keys/rotate",
	"DELETE " + Prefix + "/keys/{key}",
	"POST " + ContractPrefix + "/accounts",
	"POST " + ContractPrefix + "/proxies",
	"PATCH " + ContractPrefix + "/proxies/{proxy}",
	"DELETE " + ContractPrefix + "/proxies/{proxy}",
	"POST " + ContractPrefix + "/proxies/{proxy}/test",
}

func tooWide() *Problem {
	return &Problem{http.StatusForbidden, "forbidden", "this concerns more than the accounts that you are limited to"}
}

func changes(method string) bool { return method != http.MethodGet && method != http.MethodHead }

// hidden says whether a part of a path is about an account that somebody does not see.
func (a *API) hidden(who *people.Identity, name, value string) bool {
	switch name {
	case "account":
		return !who.Sees(messages.AccountID(value))
	case "topic":
		account, _, _, known := messages.TopicID(value).Parts()
		return known && !who.Sees(account)
	case "session":
		rec := loginRecord(a.Board.Load(), value)
		return rec == nil || !who.Sees(messages.AccountID(rec.GetAccount()))
	}
	return false
}

// filledIn are the filled-in parts of a route's path, by name, in their order.
func filledIn(row Route, r *http.Request) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for part := range strings.SplitSeq(row.Pattern, "/") {
			if name, is := strings.CutPrefix(part, "{"); is {
				name = strings.TrimSuffix(name, "}")
				if !yield(name, r.PathValue(name)) {
					return
				}
			}
		}
	}
}

// accompany lets a request know who makes it, and ends it when he may not any more: a stream ends at once with its token.
func accompany(r *http.Request, who *people.Identity) (_ *http.Request, done func()) {
	if who == nil {
		return r, func() {}
	}
	ctx := people.With(r.Context(), who)
	if changes(r.Method) {
		return r.WithContext(ctx), func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := who.OnEnd(func() { cancel(people.ErrCredential) })
	return r.WithContext(ctx), func() {
		stop()
		cancel(nil)
	}
}

// watched are reads that the audit log keeps as well: what they answer lets somebody in elsewhere, or shows pages as they were.
var watched = []string{
	"GET " + Prefix + "/accounts/{account}/state",
	"GET " + Prefix + "/accounts/{account}/evidence/{name}",
	"GET " + Prefix + "/logins/{session}",
	"GET " + Prefix + "/store/backup",
}

// unwatched are changes that the audit log does not keep: read marks are too many, and people's own commands write their entries
// together with the change.
var unwatched = []string{
	"POST " + Prefix + "/topics/{topic}/read",
}

// note tells the audit log what became of a change.
func (a *API) note(row Route, r *http.Request, who *people.Identity, err error) {
	name := row.Method + " " + row.Pattern
	if row.Role == Public || !changes(row.Method) && !slices.Contains(watched, name) || changes(row.Method) && slices.Contains(unwatched, name) {
		return
	}
	outcome := people.OK
	if err != nil {
		outcome = problemOf(err).Code
	} else if ownEntry(row.Pattern) {
		return
	}
	a.Door.Note(who, r.RemoteAddr, name, outcome, targetsOf(row, r)...)
}

// ownEntry says whether the actor behind a route writes the entry of what it carried out.
func ownEntry(pattern string) bool {
	for _, of := range []string{"/users", "/tokens", "/sessions", "/session/"} {
		if strings.HasPrefix(pattern, Prefix+of) {
			return true
		}
	}
	return false
}

// targetsOf are the ids that a request is about.
func targetsOf(row Route, r *http.Request) (ids []string) {
	for _, id := range filledIn(row, r) {
		ids = append(ids, id)
	}
	return ids
}
