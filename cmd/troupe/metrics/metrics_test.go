package metrics

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/cluster"
	"troupe/cluster/lease"
	"troupe/messages"
)

type gateway struct{ times socketio.Times }

func (*gateway) Clients() int                { return 4 }
func (*gateway) Dropped() uint64             { return 2 }
func (g *gateway) Served() socketio.Snapshot { return g.times.Snapshot() }

// secret is in every name and text of the made-up node.
const secret = "geheim"

// busy is a node with something of everything.
func busy() (*Metrics, *board.Holder) {
	m, h, g := New("v1", time.Second), &board.Holder{}, &gateway{}
	g.times.Observe(2 * time.Millisecond)
	g.times.Observe(3 * time.Second)
	h.Publish(&board.Board{
		Accounts: []*board.Account{{
			Record: &messages.Account{Id: "sb_" + secret, Name: secret}, Online: true,
			Status: &messages.AccountStatus{Account: "sb_" + secret, Epoch: 7, State: "watching", Reason: secret, Rounds: 5, Items: 9, GateOpen: true},
		}},
		Replies: []*messages.Reply{{Id: secret, Content: secret, State: messages.ReplyConfirmedState}, {Id: "b", State: messages.ReplyUnknownState}},
		Alarms:  []*messages.Alarm{{Name: "challenge", Account: secret, Reason: secret}, {Name: "parked", ClearedAt: 5}},
		Nodes:   []*board.Node{{Status: &messages.NodeStatus{Worker: "worker-1", Browsers: 1, BrowserMemory: 100 << 20}, Online: true, LastBeat: 1_700_000_000_000}},
		Queue:   board.LoginQueue{Waiting: []*messages.QueuedLogin{{Account: secret}}},
	})
	views := &dataset.Views{}
	views.Publish(dataset.Publication{Views: []*dataset.View{dataset.Summarized(secret, &messages.StoredSummary{Counts: &messages.Counts{Comments: 12}, UnreadComments: 3})}})
	m.AddOffice(Office{h, views, g})
	m.AddLeases(func() lease.Standing { return lease.Standing{Held: 2, Open: 1, Fresh: true} })
	m.AddLinks(func() []cluster.LinkFigures {
		return []cluster.LinkFigures{{Peer: "worker-2", Connected: true, Reconnects: 3, Sent: 70, Resent: 4, Received: 60, Waiting: 5, Bytes: 900}}
	})
	m.Said(&messages.NodeStatus{Worker: "worker-1", Browsers: 1, BrowserMemory: 100 << 20, MaxAccounts: 10})
	m.Committed(3 * time.Millisecond)
	m.Waiting(17)
	m.Size(4 << 20)
	m.Beat(time.Millisecond, nil)
	m.Beat(2*time.Second, nil)
	m.Beat(6*time.Second, errors.New("no answer"))
	return m, h
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("%d %v", w.Code, err)
	}
	return string(text)
}

func TestMetricsKeepPrometheusRules(t *testing.T) {
	m, _ := busy()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestMetricsTellWhatIsAndNameNobody(t *testing.T) {
	m, _ := busy()
	text := scrape(t, m)
	for _, line := range []string{
		`troupe_build_info{version="v1"} 1`,
		`troupe_nodes{state="online"} 1`, `troupe_node_online{node="worker-1"} 1`, `troupe_node_browser_memory_bytes{node="worker-1"} 1.048576e+08`,
		`troupe_node_last_beat_timestamp_seconds{node="worker-1"} 1.7e+09`,
		`troupe_accounts{state="watching"} 1`, `troupe_accounts{state="challenge"} 0`, `troupe_accounts_leased 1`, `troupe_accounts_gate_open 1`,
		`troupe_rounds_total 5`, `troupe_items_observed_total 9`, `troupe_items{collection="comments"} 12`, `troupe_unread{kind="comments"} 3`,
		`troupe_replies{state="confirmed"} 1`, `troupe_replies{state="unknown"} 1`, `troupe_replies{state="accepted"} 0`,
		`troupe_alarms_open{alarm="challenge"} 1`, `troupe_logins_waiting 1`, `troupe_store_loading_accounts 1`,
		`troupe_store_commit_seconds_count 1`, `troupe_store_waiting_commands 17`, `troupe_store_size_bytes 4.194304e+06`,
		`troupe_gateway_clients 4`, `troupe_gateway_dropped_total 2`, `troupe_gateway_served_seconds_count 2`,
		`troupe_gateway_served_seconds_bucket{le="0.00390625"} 1`,
		`troupe_leases_held 2`, `troupe_leases_open 1`, `troupe_lease_fresh 1`,
		`troupe_beats_total{result="answered"} 1`, `troupe_beats_total{result="late"} 1`, `troupe_beats_total{result="missed"} 1`,
		`troupe_link_connected{node="worker-2"} 1`, `troupe_link_reconnects_total{node="worker-2"} 3`, `troupe_link_letters_sent_total{node="worker-2"} 70`,
		`troupe_link_letters_resent_total{node="worker-2"} 4`, `troupe_link_letters_received_total{node="worker-2"} 60`,
		`troupe_link_letters_waiting{node="worker-2"} 5`, `troupe_link_waiting_bytes{node="worker-2"} 900`,
		`troupe_browsers 1`, `troupe_account_slots 10`, `go_goroutines`,
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("not told: %s", line)
		}
	}
	if strings.Contains(text, secret) {
		t.Error("somebody is named")
	}
	if strings.Contains(text, `alarm="parked"`) {
		t.Error("an alarm that is over is told")
	}
}

func TestRoundsAreCountedOnceOverEpochs(t *testing.T) {
	m, h := busy()
	at := func(epoch uint64, rounds int64) {
		h.Publish(&board.Board{Accounts: []*board.Account{{Record: &messages.Account{Id: "a"}, Status: &messages.AccountStatus{Epoch: epoch, Rounds: rounds}}}})
	}
	for _, step := range []struct {
		epoch        uint64
		rounds, want int64
	}{{1, 3, 3}, {1, 3, 3}, {1, 5, 5}, {2, 0, 5}, {2, 4, 9}} {
		at(step.epoch, step.rounds)
		if text := scrape(t, m); !strings.Contains(text, "\ntroupe_rounds_total "+string(rune('0'+step.want))+"\n") {
			t.Errorf("epoch %d, round %d: not %d in all", step.epoch, step.rounds, step.want)
		}
	}
}
