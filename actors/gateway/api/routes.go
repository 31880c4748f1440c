package api

import (
	"net/http"
	"slices"

	"troupe/actors/gateway/people"
)

// Role is the least role that may call a route. The owner of the Unix socket has every role.
type Role = people.Role

// The roles, each of which may do what the one before it may.
const (
	Public   = people.Public // no sign-in
	Viewer   = people.Viewer
	Agent    = people.Agent
	Operator = people.Operator
	Admin    = people.Admin
)

// Route is one row of the table of all routes.
type Route struct {
	Method  string
	Pattern string // of http.ServeMux, with the prefix
	Role    Role
	Query   []string // the parameters it knows; any other is refused
	Limit   int64    // bytes of the request's body
	Summary string

	handle func(*API, http.ResponseWriter, *http.Request) error
}

// near are the routes that everybody on this machine, and in the networks that the node is told, may call without signing in.
var near = []string{"GET /metrics"}

const (
	noBody    = 0
	smallBody = 4 << 10
	replyBody = 64 << 10
	stateBody = 16 << 20
	filesBody = 6 << 20
	listBody  = 32 << 20
)

// Routes is the table: every route that the node answers, beside the console's.
func Routes() []Route { return slices.Concat(ownRoutes(), peopleRoutes(), contractRoutes()) }

// ownRoutes are the rows in this API's own shapes.
func ownRoutes() []Route {
	const v = Prefix
	return []Route{
		{"GET", "/healthz", Public, nil, noBody, "ok as soon as the node answers", (*API).health},
		{"GET", "/health", Public, nil, noBody, "the same, by the contract's name", (*API).health},
		{"GET", "/readyz", Public, nil, noBody, "whether the node can do its work; 503 with the reasons if not", (*API).ready},
		{"GET", "/metrics", Operator, nil, noBody, "the node's numbers for Prometheus; on this machine without a token", (*API).metrics},
		{"GET", v, Viewer, nil, noBody, "this table", (*API).index},
		{"GET", v + "/openapi.json", Public, nil, noBody, "this API as an OpenAPI 3.1 document", (*API).openAPI},
		{"GET", v + "/status", Viewer, nil, noBody, "version, uptime and totals", (*API).status},

		{"GET", v + "/accounts", Viewer, []string{"platform", "state", "tag"}, noBody, "all accounts", (*API).listAccounts},
		{"POST", v + "/accounts", Operator, nil, smallBody, "add an account", (*API).createAccount},
		{"POST", v + "/accounts/import", Operator, nil, listBody, "add the accounts of a CSV file or a Node worker's data folder, or say what would be done", (*API).importAccounts},
		{"GET", v + "/accounts/{account}", Viewer, nil, noBody, "one account with its open alarms", (*API).showAccount},
		{
			"DELETE", v + "/accounts/{account}", Operator,
			[]string{"confirm"},
			noBody,
			"erase an account: profile, sealed state and data", (*API).removeAccount,
		},
		{"PATCH", v + "/accounts/{account}", Operator, nil, smallBody, "change its name, tags or pace", (*API).changeAccount},
		{"POST", v + "/accounts/{account}/pause", Operator, nil, smallBody, "close its browser until resumed", (*API).pauseAccount},
		{"POST", v + "/accounts/{account}/resume", Operator, nil, smallBody, "go on after a pause, a captcha or a parking", (*API).resumeAccount},
		{"POST", v + "/accounts/{account}/collect", Operator, nil, smallBody, "look at the page at once", (*API).collect},
		{"POST", v + "/accounts/{account}/screenshot", Operator, nil, smallBody, "a PNG of the account's page", (*API).screenshot},

		{"POST", v + "/accounts/{account}/try", Admin, nil, filesBody, "run a definition on one account, read-only, and compare", (*API).try},
		{"POST", v + "/accounts/{account}/record", Admin, nil, smallBody, "a recording of one round, redacted: a zip of its folder", (*API).record},

		{"PUT", v + "/accounts/{account}/pin", Operator, nil, smallBody, "give an account to a Node worker, unfenced, or take it back", (*API).pinAccount},
		{"PUT", v + "/accounts/{account}/proxy", Operator, nil, smallBody, "give an account another way out, without a restart", (*API).assignProxy},

		{
			"GET", v + "/accounts/{account}/state", Operator,
			[]string{"form"},
			noBody,
			"the account's login as a file; whoever has it is logged in", (*API).exportState,
		},
		{"PUT", v + "/accounts/{account}/state", Operator, nil, stateBody, "replace a paused account's login, or say what would be written", (*API).importState},

		{"GET", v + "/accounts/{account}/rounds", Viewer, nil, noBody, "what the account did last, step by step", (*API).listRounds},
		{"GET", v + "/accounts/{account}/evidence/{name}", Operator, nil, noBody, "what a failed flow left: picture (PNG), document (as text), last answers (JSON)", (*API).showEvidence},

		{"POST", v + "/accounts/{account}/login", Operator, nil, smallBody, "start a login by QR code", (*API).startLogin},
		{"POST", v + "/accounts/{account}/login-link", Operator, nil, smallBody, "a one-time link that shows its QR code to whoever holds the phone", (*API).makeLink},
		{"POST", v + "/login-link", Public, nil, smallBody, "the login of a link, for its holder", (*API).openLink},
		{"GET", v + "/login-queue", Operator, nil, noBody, "the accounts that wait for a scan", (*API).showQueue},
		{"POST", v + "/login-queue", Operator, nil, replyBody, "let accounts wait for a scan, one after the other or some at once", (*API).queueLogins},
		{"DELETE", v + "/login-queue", Operator, []string{"account"}, noBody, "take one account out of the queue, or all", (*API).unqueueLogins},
		{"GET", v + "/logins", Operator, []string{"account"}, noBody, "login sessions, without pictures", (*API).listLogins},
		{"GET", v + "/logins/{session}", Operator, nil, noBody, "one login with its QR picture", (*API).showLogin},
		{"POST", v + "/logins/{session}/input", Operator, nil, smallBody, "enter a code, or ask for a new picture", (*API).loginInput},
		{"DELETE", v + "/logins/{session}", Operator, nil, noBody, "cancel a login", (*API).cancelLogin},

		{
			"GET", v + "/items", Viewer,
			[]string{"account", "collection", "unread", "since", "limit", "page"},
			noBody,
			"what the accounts received, newest first", (*API).listItems,
		},
		{"GET", v + "/topics", Viewer, []string{"account", "kind", "unread"}, noBody, "works and conversations", (*API).listTopics},
		{"GET", v + "/topics/{topic}/messages", Viewer, nil, noBody, "a topic's comments or messages, oldest first", (*API).listMessages},
		{"POST", v + "/topics/{topic}/read", Agent, nil, smallBody, "mark a topic as read", (*API).markRead},

		{"POST", v + "/replies", Agent, nil, replyBody, "send a reply; the same id is never sent twice", (*API).submitReply},
		{"GET", v + "/replies", Viewer, []string{"account", "state", "limit"}, noBody, "replies, newest first", (*API).listReplies},
		{"GET", v + "/replies/{reply}", Viewer, nil, noBody, "one reply", (*API).showReply},

		{"GET", v + "/accounts/{account}/placement", Viewer, nil, noBody, "where the account runs, and the master's last decisions with their reasons", (*API).showPlacement},
		{"POST", v + "/accounts/{account}/move", Operator, nil, smallBody, "move an account to another node, logged in", (*API).moveAccount},

		{"GET", v + "/proxies", Viewer, nil, noBody, "the proxies that accounts can go out through", (*API).listProxies},
		{"POST", v + "/proxies", Operator, nil, smallBody, "add a proxy; its password is never shown again", (*API).createProxy},
		{"GET", v + "/proxies/{proxy}", Viewer, nil, noBody, "one proxy, by name or id, with its newest check", (*API).showProxy},
		{"PATCH", v + "/proxies/{proxy}", Operator, nil, smallBody, "change a proxy; its accounts follow without a restart", (*API).changeProxy},
		{"DELETE", v + "/proxies/{proxy}", Operator, []string{"confirm"}, noBody, "remove a proxy that no account uses", (*API).removeProxy},
		{"POST", v + "/proxies/{proxy}/test", Operator, nil, smallBody, "check a proxy now, by an account that uses it", (*API).testProxy},

		{"GET", v + "/keys", Operator, nil, noBody, "the keys that seal logins and passwords, by name", (*API).listKeys},
		{"POST", v + "/keys/rotate", Operator, nil, smallBody, "add a key and seal everything anew with it", (*API).rotateKeys},
		{"DELETE", v + "/keys/{key}", Operator, []string{"confirm"}, noBody, "retire a key that seals nothing any more", (*API).retireKey},

		{"GET", v + "/store/backup", Admin, nil, noBody, "a copy of the store as of now, without keys: one file, tar packed with zstd", (*API).backup},
		{"GET", v + "/cluster", Public, nil, noBody, "where nodes that join find the master, and by what they know it", (*API).showCluster},
		{"POST", v + "/cluster/tokens", Admin, nil, smallBody, "a token that lets other nodes join; shown once", (*API).makeJoinToken},

		{"GET", v + "/alarms", Viewer, []string{"account", "open"}, noBody, "what a person should look at", (*API).listAlarms},
		{"GET", v + "/nodes", Viewer, nil, noBody, "the cluster's nodes, and what room they have", (*API).listNodes},
		{"GET", v + "/platforms", Viewer, nil, noBody, "the platforms that accounts can live on", (*API).listPlatforms},
		{"GET", v + "/platforms/{platform}", Viewer, nil, noBody, "one platform: the version that runs, those kept, and why one was refused", (*API).showPlatform},
		{"POST", v + "/platforms/{platform}/rollback", Admin, nil, smallBody, "run an earlier version until the definitions folder changes", (*API).rollBack},
		{"DELETE", v + "/nodes/{worker}", Admin, []string{"confirm"}, noBody, "forget a node that is away and holds no lease: its certificates are refused until it joins anew", (*API).forgetNode},
		{"POST", v + "/nodes/{worker}/drain", Admin, nil, smallBody, "move a node's accounts to the others; the last node ends them. It takes no other until undrained, the last one until it starts anew", (*API).drainNode},
		{"DELETE", v + "/nodes/{worker}/drain", Admin, nil, noBody, "let a drained node take accounts again", (*API).undrainNode},
		{"GET", v + "/changes", Viewer, []string{"since", "account", "limit"}, noBody, "what changed after a cursor, as JSON: the catch-up of a client that was offline", (*API).changes},
		{
			"GET", v + "/events", Viewer,
			[]string{"account", "login", "types", "since"},
			noBody,
			"events over SSE; Last-Event-ID or since resumes", (*API).events,
		},
	}
}

// checkQuery refuses parameters that the route does not know: a misspelt filter must not mean "no filter".
func (row Route) checkQuery(r *http.Request) error {
	for name := range r.URL.Query() {
		if !slices.Contains(row.Query, name) {
			if len(row.Query) == 0 {
				return invalid("unknown parameter %q: %s %s takes none", name, row.Method, row.Pattern)
			}
			return invalid("unknown parameter %q: %s %s takes %s", name, row.Method, row.Pattern, join(row.Query))
		}
	}
	return nil
}

// RouteTable is the answer to GET /api/v1.
type RouteTable struct {
	Routes []RouteEntry `json:"routes"`
}

// RouteEntry is one route as the table shows it.
type RouteEntry struct {
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Role    Role     `json:"role"`
	Query   []string `json:"query,omitempty"`
	Summary string   `json:"summary"`
}

// index lists the table itself, so that a person with curl finds the way.
func (a *API) index(w http.ResponseWriter, _ *http.Request) error {
	var table RouteTable
	for _, row := range Routes() {
		table.Routes = append(table.Routes, RouteEntry{row.Method, row.Pattern, row.Role, row.Query, row.Summary})
	}
	return answer(w, http.StatusOK, table)
}
