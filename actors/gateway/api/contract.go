package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// ContractPrefix is where the routes of the IM contract stand that the old admin web app calls, in its shapes: an envelope {success,
// data}, errors {success: false, error: text}, times in seconds. Those whose paths are not this API's own stand below Prefix as well
// (docs/decisions/0016).
const ContractPrefix = "/compat/v1"

// Enveloped is the contract's envelope of an answer.
type Enveloped[T any] struct {
	Success    bool        `json:"success"`
	Data       T           `json:"data"`
	Count      *int        `json:"count,omitempty"`
	Total      *int        `json:"total,omitempty"`
	Pagination *Pagination `json:"pagination,omitempty"`
}

// Pagination says where a list stands in the whole.
type Pagination struct {
	Total  int `json:"total"`
	Limit  int `json:"limit"`
	Offset int `json:"offset"`
}

// Done is the contract's answer to a command that has no object.
type Done struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// ContractProblem is an error in the contract's shape.
type ContractProblem struct {
	Success bool   `json:"success"` // false
	Error   string `json:"error"`   // for people
	Code    string `json:"code"`    // for programs: of Problem
	Command string `json:"command,omitempty"`
}

// contractRoutes are the rows in the contract's shapes.
func contractRoutes() []Route {
	const c, v = ContractPrefix, Prefix
	rows := []Route{
		{"GET", c + "/accounts", Viewer, []string{"status", "platform"}, noBody, "all accounts, as the contract has them", (*API).contractAccounts},
		{"POST", c + "/accounts", Operator, nil, smallBody, "add an account", (*API).contractCreate},
		{"GET", c + "/accounts/{account}", Viewer, nil, noBody, "one account", (*API).contractAccount},
		{"PATCH", c + "/accounts/{account}", Operator, nil, smallBody, "rename, pause or resume an account, change its pace", (*API).contractChange},
		{"DELETE", c + "/accounts/{account}", Operator, nil, noBody, "erase an account: profile, sealed state and data", (*API).contractRemove},
		{"GET", c + "/platforms", Viewer, nil, noBody, "the platforms as value and label", (*API).contractPlatforms},
		{"GET", c + "/proxies", Viewer, nil, noBody, "all proxies, without passwords", (*API).contractProxies},
		{"POST", c + "/proxies", Operator, nil, smallBody, "add a proxy", (*API).contractAddProxy},
		{"PATCH", c + "/proxies/{proxy}", Operator, nil, smallBody, "change a proxy", (*API).contractChangeProxy},
		{"DELETE", c + "/proxies/{proxy}", Operator, nil, noBody, "remove a proxy that no account uses", (*API).contractRemoveProxy},
		{"POST", c + "/proxies/{proxy}/test", Operator, nil, smallBody, "check a proxy now", (*API).contractTestProxy},
	}
	for _, prefix := range []string{c, v} {
		rows = append(rows,
			Route{"GET", prefix + "/accounts/status/all", Viewer, []string{"worker_status", "login_status", "platform", "sort", "order"}, noBody, "what every account does, as the contract has it", (*API).contractStatuses},
			Route{"GET", prefix + "/workers", Viewer, []string{"status"}, noBody, "the nodes, as the contract has workers", (*API).contractWorkers},
			Route{"GET", prefix + "/workers/{worker}", Viewer, nil, noBody, "one node with its accounts", (*API).contractWorker},
			Route{"GET", prefix + "/worker-configs", Viewer, nil, noBody, "how the nodes are set up", (*API).contractConfigs},
			Route{"POST", prefix + "/worker-configs", Admin, nil, smallBody, "refused: a node is set up where it starts", (*API).contractNoConfig},
			Route{"PATCH", prefix + "/worker-configs/{worker}", Admin, nil, smallBody, "refused: a node is set up where it starts", (*API).contractNoConfig},
			Route{"DELETE", prefix + "/worker-configs/{worker}", Admin, nil, noBody, "refused: a node is set up where it starts", (*API).contractNoConfig},
			Route{"POST", prefix + "/worker-lifecycle/{worker}/start", Admin, nil, smallBody, "refused with the supervisor's command", (*API).contractStart},
			Route{"POST", prefix + "/worker-lifecycle/{worker}/stop", Admin, nil, smallBody, "drain a node: logins saved, browsers closed", (*API).contractStop},
			Route{"POST", prefix + "/worker-lifecycle/{worker}/restart", Admin, nil, smallBody, "refused with the supervisor's command", (*API).contractRestart},
			Route{"GET", prefix + "/worker-lifecycle/{worker}/status", Viewer, nil, noBody, "whether a node runs, drains or is gone", (*API).contractRuntime},
			Route{"GET", prefix + "/worker-lifecycle/{worker}/logs", Admin, []string{"tail", "limit", "stream"}, noBody, "refused with the supervisor's command", (*API).contractLogs},
			Route{"GET", prefix + "/cache/comments", Viewer, cacheQuery, noBody, "comments, newest first, as the contract has them", (*API).contractComments},
			Route{"GET", prefix + "/cache/messages", Viewer, cacheQuery, noBody, "direct messages, newest first, as the contract has them", (*API).contractMessages},
		)
	}
	return rows
}

// serveContract wraps a row in the contract's shape. Its clients send parameters and fields that nobody reads; those are passed over.
func (a *API) serveContract(row Route) http.Handler {
	refuse := func(w http.ResponseWriter, _ *http.Request, err error) { refuseAsContract(w, err) }
	return a.admitting(row, refuse, row.handle)
}

// withCommand is a refusal that names what to run instead.
type withCommand struct {
	*Problem
	command string
}

func (e *withCommand) Unwrap() error { return e.Problem }

func refuseAsContract(w http.ResponseWriter, err error) {
	p := problemOf(err)
	body := ContractProblem{Error: p.Message, Code: p.Code}
	if with, ok := errors.AsType[*withCommand](err); ok {
		body.Command = with.command
	}
	_ = answer(w, p.Status, body)
}

// contractUnrouted answers what is below ContractPrefix and no row.
func contractUnrouted(w http.ResponseWriter, r *http.Request) {
	refuseAsContract(w, notFound("there is no route %s %s in the contract", r.Method, r.URL.Path))
}

// enveloped answers with data in the contract's envelope.
func enveloped[T any](w http.ResponseWriter, status int, data T) error {
	return answer(w, status, Enveloped[T]{Success: true, Data: data})
}

// decodeLoosely reads a body of the contract into v: unknown fields are passed over.
func decodeLoosely(r *http.Request, v any) error {
	body, err := readJSON(r)
	if err != nil || len(body) == 0 {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return bodyProblem(err)
	}
	return nil
}

// Number is a whole number that a client may also send as text: its form has a text field.
type Number int64

// UnmarshalJSON takes 30 and "30"; an empty text is 0.
func (n *Number) UnmarshalJSON(text []byte) error {
	plain := strings.Trim(string(text), `"`)
	if plain == "" || plain == "null" {
		*n = 0
		return nil
	}
	var number int64
	if err := json.Unmarshal([]byte(plain), &number); err != nil {
		return errors.New("want a whole number")
	}
	*n = Number(number)
	return nil
}

func seconds(ms int64) int64 { return ms / int64(time.Second/time.Millisecond) }

// secondsOr is nil for a time that is not known.
func secondsOr(ms int64) *int64 {
	if ms == 0 {
		return nil
	}
	s := seconds(ms)
	return &s
}

// drainBody refuses a body that is not JSON; nothing of it is wanted.
func drainBody(r *http.Request) error {
	var ignored map[string]any
	return decodeLoosely(r, &ignored)
}
