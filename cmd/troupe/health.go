package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/cluster/lease"
	"troupe/cmd/troupe/metrics"
	"troupe/messages"
)

// vitals are what a node shows to whoever watches over it: whether it lives, whether it can do its work, and its numbers.
type vitals struct {
	metrics *metrics.Metrics
	leaving atomic.Bool                  // its accounts are being moved or ended
	keeper  atomic.Pointer[lease.Keeper] // nil while the node has no master yet

	// Set before anybody can ask.
	board *board.Holder  // nil on a worker
	views *dataset.Views // nil on a worker
}

func newVitals() *vitals {
	return &vitals{metrics: metrics.New(version(), lease.DefaultFigures().Beat)}
}

// watchWorker has the vitals tell how the node's worker stands towards the master.
func (v *vitals) watchWorker(k *lease.Keeper) {
	v.keeper.Store(k)
	v.metrics.AddLeases(k.Standing)
}

// said takes in what the worker says of itself.
func (v *vitals) said(s *messages.NodeStatus) {
	v.leaving.Store(s.GetDraining())
	v.metrics.Said(s)
}

// watchOffice adds what the master's node has beside its worker.
func (v *vitals) watchOffice(o metrics.Office) {
	v.board, v.views = o.Board, o.Views
	v.metrics.AddOffice(o)
}

// lacks is why the node cannot do its work now; empty = it can.
func (v *vitals) lacks() (lacks []api.Lack) {
	if v.board != nil && !v.board.Shown() {
		lacks = append(lacks, api.Lack{Code: "store", Message: "the store is being opened"})
	}
	if n := v.loading(); n > 0 {
		lacks = append(lacks, api.Lack{Code: "loading", Message: fmt.Sprintf("the items of %d accounts are being read from disk", n)})
	}
	if k := v.keeper.Load(); k == nil || !k.Standing().Fresh {
		lacks = append(lacks, api.Lack{Code: "lease", Message: "the master does not answer this node's beats"})
	}
	if v.leaving.Load() {
		lacks = append(lacks, api.Lack{Code: "draining", Message: "the node gives its accounts up"})
	}
	return lacks
}

// loading is how many accounts' items are not in memory yet.
func (v *vitals) loading() (n int) {
	if v.views == nil {
		return 0
	}
	for _, view := range v.views.All() {
		if !view.Loaded {
			n++
		}
	}
	return n
}

// handler serves /healthz, /readyz and /metrics where there is no gateway. The metrics are for this machine and the networks that
// METRICS_NETWORKS names.
func (v *vitals) handler(cfg *config) (http.Handler, error) {
	near, err := networks(cfg.MetricsNetworks)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now().UnixMilli()
		writeJSON(w, http.StatusOK, api.Health{Status: "ok", Version: version(), At: now, Timestamp: now})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		r, status := api.NewReadiness(version(), time.Now().UnixMilli(), v.lacks())
		writeJSON(w, status, r)
	})
	numbers := v.metrics.Handler()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if !people.Near(r, near) {
			http.Error(w, "the metrics are for this machine and the networks in METRICS_NETWORKS", http.StatusForbidden)
			return
		}
		numbers.ServeHTTP(w, r)
	})
	return calledByItsName(mux, cfg.Hosts), nil
}

// calledByItsName refuses requests that call the node by a name that is none of its own: a page may have pointed a name of its own here.
func calledByItsName(next http.Handler, hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := people.HostOnly(r.Host)
		_, notAddress := netip.ParseAddr(name)
		if notAddress != nil && !people.LoopbackName(name) && !slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
			http.Error(w, "call this node by its address, or by a name that --hosts lists", http.StatusForbidden)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody can be told
}

// defaultHealthListen is a free port of this machine: several workers may run on it.
const defaultHealthListen = "127.0.0.1:0"

// serveHealth opens the node's own port for the three, if it was told one, or if it has no gateway that serves them.
func (n *node) serveHealth(gateway bool) error {
	address := n.cfg.HealthListen
	if address == "" || gateway && address == defaultHealthListen {
		return nil
	}
	h, err := n.vitals.handler(n.cfg)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("HEALTH_LISTEN: %w", err)
	}
	n.log.Info("health and metrics are served", "addr", l.Addr().String())
	n.serve(l, h)
	return nil
}
