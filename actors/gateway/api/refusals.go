package api

import (
	"net/http"
	"slices"
	"strings"
)

// refusals are the statuses with which a route may refuse, by its method and path below the prefix, beside those that every route of its
// kind can answer (usualRefusals): what the actors behind it say.
var refusals = map[string][]int{
	"GET /items":                   {404},
	"GET /topics":                  {404},
	"GET /topics/{topic}/messages": {503},
	"GET /changes":                 {404, 503},
	"GET /events":                  {404},
	"GET /logins":                  {404},
	"GET /alarms":                  {404},
	"GET /replies":                 {404},

	"POST " + Prefix + "/accounts":        {404},
	"POST /accounts":                      {409},
	"POST /accounts/{account}/screenshot": {422, 503},
	"POST /accounts/{account}/collect":    {422, 503},
	"POST /accounts/{account}/try":        {409, 422, 503},
	"POST /accounts/{account}/record":     {409, 422, 503},
	"GET /accounts/{account}/state":       {409, 422},
	"PUT /accounts/{account}/state":       {409, 422},
	"GET /accounts/{account}/rounds":      {422, 503},
	"POST /accounts/{account}/login":      {409, 503},
	"POST /accounts/{account}/login-link": {503},

	"GET /accounts/{account}/evidence/{name}": {422, 503},

	"POST /login-link":             {404, 409, 503},
	"POST /login-queue":            {404},
	"DELETE /login-queue":          {404},
	"POST /logins/{session}/input": {409, 503},
	"DELETE /logins/{session}":     {409},
	"POST /replies":                {404, 409, 503},

	"POST /proxies":              {409, 503},
	"PATCH /proxies/{proxy}":     {409, 503},
	"DELETE /proxies/{proxy}":    {409},
	"POST /proxies/{proxy}/test": {409, 503},

	"GET /store/backup": {409, 503},

	"GET /keys":          {422},
	"POST /keys/rotate":  {409, 422, 503},
	"DELETE /keys/{key}": {409, 422, 503},

	"POST /platforms/{platform}/rollback": {409},
	"DELETE /nodes/{worker}":              {409, 422, 503},

	"POST /session":         {401, 409, 429},
	"POST /first-admin":     {401, 409, 429},
	"PUT /session/password": {409, 429},
	"POST /users":           {409},
	"PATCH /users/{user}":   {409},
	"DELETE /users/{user}":  {409},
	"POST /tokens":          {409},

	"PATCH " + ContractPrefix + "/accounts/{account}": {409},

	"GET /cache/comments": {404},
	"GET /cache/messages": {404},
}

// supervisors are the routes of the contract that are always refused: what they want, only a node's supervisor can do.
var supervisors = []string{
	"POST /worker-configs", "PATCH /worker-configs/{worker}", "DELETE /worker-configs/{worker}",
	"POST /worker-lifecycle/{worker}/start", "POST /worker-lifecycle/{worker}/restart", "GET /worker-lifecycle/{worker}/logs",
}

// byRow are routes that change something and say in their answer what became of each row.
var byRow = []string{"POST /accounts/import"}

// asking are the routes that read, and ask an actor for it.
var asking = []string{
	"GET /accounts/{account}/state", "GET /accounts/{account}/rounds", "GET /accounts/{account}/evidence/{name}", "GET /keys",
	"GET /audit", "GET /audit/verify",
}

// refusedWith are all statuses with which a route may refuse, in order.
func refusedWith(row Route) []int {
	name := row.Method + " " + strings.TrimPrefix(strings.TrimPrefix(row.Pattern, Prefix), ContractPrefix)
	list := slices.Concat(usualRefusals(row, name), refusals[name], refusals[row.Method+" "+row.Pattern])
	slices.Sort(list)
	return slices.Compact(list)
}

// usualRefusals are what a route's row says of its refusals: 403 is also for a foreign host or origin.
func usualRefusals(row Route, name string) []int {
	list := []int{http.StatusForbidden, http.StatusInternalServerError}
	if row.Role != Public {
		list = append(list, http.StatusUnauthorized)
	}
	if slices.Contains(supervisors, name) {
		if strings.Contains(name, "/worker-lifecycle/") {
			list = append(list, http.StatusNotFound)
		}
		return append(list, http.StatusConflict)
	}
	if !inContract(row) || row.Limit > 0 || strings.HasPrefix(name, "GET /cache/") {
		list = append(list, http.StatusBadRequest)
	}
	if row.Limit > 0 {
		list = append(list, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if strings.Contains(row.Pattern, "{") {
		list = append(list, http.StatusNotFound)
	}
	if changes(row.Method) && !slices.Contains(byRow, name) || slices.Contains(asking, name) {
		list = append(list, http.StatusServiceUnavailable, http.StatusGatewayTimeout)
	}
	return list
}

// meanings says of each status what its refusal means; the codes are those of Problem.
var meanings = map[int]string{
	http.StatusBadRequest:            "the request is not understood (invalid), or a removal not confirmed (confirm)",
	http.StatusUnauthorized:          "nobody is signed in, or the token is none, expired or revoked (unauthenticated)",
	http.StatusForbidden:             "the role is too low (forbidden), the host is not one of the node's names (host), or a page of another origin asks (origin)",
	http.StatusNotFound:              "there is no such thing, or it is not for the caller to see (not_found)",
	http.StatusConflict:              "not as things stand; the message says what to do before (conflict)",
	http.StatusRequestEntityTooLarge: "the body is too large (too_large)",
	http.StatusUnsupportedMediaType:  "the body is not JSON (media_type)",
	http.StatusUnprocessableEntity:   "this platform, node or account cannot do that (unsupported)",
	http.StatusTooManyRequests:       "too many attempts (too_many)",
	http.StatusInternalServerError:   "the node could not answer; its log says why (internal)",
	http.StatusServiceUnavailable:    "nobody can do it just now (unavailable), or items are still being read from disk (loading)",
	http.StatusGatewayTimeout:        "no answer in time; it may still happen (timeout)",
}
