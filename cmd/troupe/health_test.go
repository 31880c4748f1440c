package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/cluster/lease"
	"troupe/messages"
)

// get asks a node without a gateway.
func get(h http.Handler, path, host, from string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestANodeSaysWhyItIsNotReadyUntilItIs(t *testing.T) {
	v := newVitals()
	v.board, v.views = &board.Holder{}, &dataset.Views{}
	h, err := v.handler(&config{})
	if err != nil {
		t.Fatal(err)
	}
	reasons := func() (status int, codes []string) {
		w := get(h, "/readyz", "127.0.0.1:9301", "10.0.0.9:5")
		var r api.Readiness
		if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		for _, lack := range r.Reasons {
			codes = append(codes, lack.Code)
		}
		return w.Code, codes
	}
	v.views.Publish(dataset.Publication{Views: []*dataset.View{dataset.Summarized("a", &messages.StoredSummary{})}})
	v.said(&messages.NodeStatus{Draining: true})
	if status, codes := reasons(); status != http.StatusServiceUnavailable || !slices.Equal(codes, []string{"store", "loading", "lease", "draining"}) {
		t.Errorf("%d %v", status, codes)
	}
	if w := get(h, "/healthz", "127.0.0.1:9301", "10.0.0.9:5"); w.Code != http.StatusOK {
		t.Errorf("a process that lives: %d", w.Code)
	}
	v.board.Publish(&board.Board{})
	v.views.Publish(dataset.Publication{Gone: []messages.AccountID{"a"}})
	v.said(&messages.NodeStatus{})
	table := lease.NewTable(lease.DefaultFigures(), lease.BootTime, "m")
	table.Recover(0, nil)
	keeper := lease.NewKeeper(lease.KeeperOptions{Worker: "worker-1", Incarnation: "1", Granter: table, Figures: lease.DefaultFigures(), Answered: v.metrics.Beat})
	v.watchWorker(keeper)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); keeper.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	for deadline := time.Now().Add(10 * time.Second); !keeper.Standing().Fresh; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no beat is granted")
		}
	}
	if status, codes := reasons(); status != http.StatusOK || len(codes) > 0 {
		t.Errorf("%d %v", status, codes)
	}
}

func TestAWorkersNumbersAreForThisMachineAndNamedNetworks(t *testing.T) {
	v := newVitals()
	h, err := v.handler(&config{MetricsNetworks: []string{"10.0.7.0/24"}, Hosts: []string{"worker.example"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		host, from string
		want       int
	}{
		{"127.0.0.1:9301", "127.0.0.1:5", 200},
		{"10.0.7.1:9301", "10.0.7.9:5", 200},
		{"worker.example:9301", "10.0.7.9:5", 200},
		{"10.0.7.1:9301", "10.0.8.9:5", 403},
		{"evil.example:9301", "127.0.0.1:5", 403},
	} {
		w := get(h, "/metrics", tc.host, tc.from)
		if w.Code != tc.want || tc.want == 200 && !strings.Contains(w.Body.String(), "troupe_build_info") {
			t.Errorf("%s from %s: %d", tc.host, tc.from, w.Code)
		}
	}
}
