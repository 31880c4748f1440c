package api

import "net/http"

// Readiness is the answer to GET /readyz: 200 when the node can do its work, 503 with the reasons when it cannot.
type Readiness struct {
	Ready   bool   `json:"ready"`
	Version string `json:"version"`
	At      int64  `json:"at"`
	Reasons []Lack `json:"reasons"` // empty when it is ready
}

// Lack is one reason why a node cannot do its work now.
type Lack struct {
	Code    string `json:"code"`    // for programs: store loading lease draining
	Message string `json:"message"` // for people
}

// NewReadiness is the answer of a node that lacks something, or nothing, and the status of HTTP that goes with it.
func NewReadiness(version string, at int64, lacks []Lack) (Readiness, int) {
	r := Readiness{Ready: len(lacks) == 0, Version: version, At: at, Reasons: lacks}
	if !r.Ready {
		return r, http.StatusServiceUnavailable
	}
	r.Reasons = []Lack{}
	return r, http.StatusOK
}

func (a *API) ready(w http.ResponseWriter, _ *http.Request) error {
	var lacks []Lack
	if a.Lacks != nil {
		lacks = a.Lacks()
	}
	r, status := NewReadiness(a.Version, a.Now().UnixMilli(), lacks)
	return answer(w, status, r)
}

// metrics answers in Prometheus' text form.
func (a *API) metrics(w http.ResponseWriter, r *http.Request) error {
	if a.Metrics == nil {
		return &Problem{http.StatusServiceUnavailable, "unavailable", "this node measures nothing"}
	}
	a.Metrics.ServeHTTP(w, r)
	return nil
}
