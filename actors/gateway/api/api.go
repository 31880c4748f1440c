// Package api is a node's HTTP interface: JSON under /api/v1, events over SSE, and a hook for the console.
//
//	request ── guard (Host, Origin) ── mux (one row of Routes per route: role, size) ─┬─ board, views   reads
//	                                                                                 ├─ master, store  commands
//	SSE stream ── follows the events actor, and the dataset's change log ──────┘
//
// It owns the routes, their JSON and the streams; it holds no state of its own. Reads are answered from the
// master's board and the dataset's views and never wait for an actor; changes are requests to the master or the
// store, answered once these have answered. A stream is at least once, resumed by the id of its last event. A
// client that does not read is cut; it resumes by its cursor.
//
// Who asks, and whether that may be, is found out by people.Door; each row says which role it needs. Somebody who is limited to
// some accounts gets an API that knows of no others (narrowed). What was changed is told to the audit log. A body is never logged.
//
// In the JSON, times are Unix milliseconds (numbers); revisions, epochs and cursors are 64-bit and therefore strings.
package api

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Prefix is where every route but the health check and the console lives.
const Prefix = "/api/v1"

// Views is what the api reads of the dataset. Every method may be called from any goroutine and does not block.
type Views interface {
	// Get returns an account's newest view, nil when the account holds nothing at all.
	Get(id messages.AccountID) *dataset.View
	// All returns the newest view of every account that holds something, by id.
	All() []*dataset.View
	// Rev is the rev of the newest published change.
	Rev() messages.Rev
	// Since returns the changes after rev in the order of Rev; more says to ask again from the last one.
	Since(rev messages.Rev, limit int) (changes []dataset.Change, more bool)
	// From says how far back the log of changes reaches: it holds every change after it, deletions too.
	From() messages.Rev
	// Stats adds up all accounts.
	Stats() *dataset.Totals
}

// Config is what the api needs of its node.
type Config struct {
	Root   *actor.RootContext // requests to actors are made from here
	Master *actor.PID         // takes commands about accounts, logins and replies
	Store  *actor.PID         // takes read marks
	Events *actor.PID         // spawned from Props; nobody else talks to it

	Board   *board.Holder
	Views   Views
	Door    *people.Door // says who asks
	People  *actor.PID   // takes commands about users, tokens and sessions
	States  States       // exports and imports logins
	Backups Backups      // makes copies of the store; nil = this node has none
	Cluster Cluster      // nil = the node takes no others in
	Version string
	Lacks   func() []Lack  // why the node cannot do its work now; nil = it always can
	Metrics http.Handler   // answers Prometheus; nil = nothing is measured
	Near    []netip.Prefix // networks that read the metrics without signing in, beside this machine
	URL     func() string  // where people reach the node, for links: http://127.0.0.1:3000
	Console http.Handler   // serves / and what no route matches; nil = a short page that says what this is

	Heartbeat time.Duration    // between two signs of life on an idle stream; zero means 15 s
	Now       func() time.Time // nil means time.Now
	Log       *slog.Logger
}

// API answers requests. It is safe for concurrent use.
type API struct {
	Config
	Board boards           // hides Config's: what the caller may see of it
	Views Views            // the same
	who   *people.Identity // who is limited to what is seen here; nil = nobody

	started time.Time
	handler http.Handler
}

// New makes the api of one node. Uptime counts from here.
func New(cfg Config) *API {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Heartbeat == 0 {
		cfg.Heartbeat = 15 * time.Second
	}
	if cfg.URL == nil {
		cfg.URL = func() string { return "" } // a link is a path then
	}
	if cfg.Console == nil {
		cfg.Console = page()
	}
	a := &API{Config: cfg, Board: cfg.Board, Views: cfg.Views, started: cfg.Now()}
	a.handler = a.guard(a.mux())
	return a
}

// ServeHTTP answers one request, of which people.Door.Edge found out where it comes from.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// mux mounts every row of the table. What is below the prefix and matches no row is an error in JSON.
func (a *API) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, row := range slices.Concat(ownRoutes(), peopleRoutes()) {
		mux.Handle(row.Method+" "+row.Pattern, a.serve(row))
	}
	for _, row := range contractRoutes() {
		mux.Handle(row.Method+" "+row.Pattern, a.serveContract(row))
	}
	mux.HandleFunc(ContractPrefix+"/", contractUnrouted)
	mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, r *http.Request) { a.unrouted(mux, w, r) })
	mux.Handle("/", a.Console)
	return mux
}

// serve wraps one row in this API's own shape; parameters that it does not know are refused.
func (a *API) serve(row Route) http.Handler {
	return a.admitting(row, a.refuse, func(seen *API, w http.ResponseWriter, r *http.Request) error {
		if err := row.checkQuery(r); err != nil {
			return err
		}
		return row.handle(seen, w, r)
	})
}

// unrouted says whether the path or only the method is wrong.
func (a *API) unrouted(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(probe); pattern != Prefix+"/" && !slices.Contains(allowed, method) {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		a.refuse(w, r, notFound("there is no route %s: see GET %s", r.URL.Path, Prefix))
		return
	}
	w.Header()["Allow"] = allowed
	a.refuse(w, r, &Problem{
		Status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
		Message: r.Method + " is not possible here; allowed: " + join(allowed),
	})
}
