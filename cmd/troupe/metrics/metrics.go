// Package metrics is what Prometheus reads of one node: numbers of its parts under a registry of their own.
//
// Nearly all are read when they are asked for, from the pictures that master and store publish, and cost nothing before; what happens is
// counted by the methods that the parts call (Committed, Beat, ...), each of which returns at once. Labels are words of fixed lists and
// names of nodes; no account, no name of a person and no text is ever in one.
package metrics

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/cluster"
	"troupe/cluster/lease"
	"troupe/messages"
)

// Gateway is what is read of the node's gateway, from any goroutine.
type Gateway interface {
	Clients() int              // open sockets
	Dropped() uint64           // sockets ended because they did not keep up
	Served() socketio.Snapshot // the server's own time of answering
}

// Office is what the master's node has beside its worker.
type Office struct {
	Board   *board.Holder
	Views   *dataset.Views
	Gateway Gateway
}

// Metrics are one node's. Its methods may be called from any goroutine.
type Metrics struct {
	registry *prometheus.Registry
	commits  prometheus.Histogram
	waiting  prometheus.Gauge
	size     prometheus.Gauge
	beats    *prometheus.CounterVec
	answer   prometheus.Histogram
	lateAt   time.Duration
	status   atomic.Pointer[messages.NodeStatus] // what the worker said last
}

// What became of a beat.
const (
	beatAnswered = "answered"
	beatLate     = "late"
	beatMissed   = "missed"
)

// New makes the metrics of a node of that version. A beat whose answer takes longer than late is a late one.
func New(version string, late time.Duration) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), lateAt: late,
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "troupe_store_commit_seconds", Help: "How long a batch took until it was safe on disk.", Buckets: prometheus.ExponentialBuckets(0.00025, 2, 16),
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "troupe_store_waiting_commands", Help: "Commands that wait for the store's next batch."}),
		size:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "troupe_store_size_bytes", Help: "What the store's files take on disk."}),
		beats:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "troupe_beats_total", Help: "Beats of this node's worker, by what became of them."}, []string{"result"}),
		answer: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "troupe_beat_seconds", Help: "How long the answer to a beat took.", Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9),
		}),
	}
	for _, result := range []string{beatAnswered, beatLate, beatMissed} {
		m.beats.WithLabelValues(result)
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "troupe_build_info", Help: "1, with the version that runs.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(info, m.beats, m.answer, &workerNumbers{m: m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// AddLeases adds how the node's worker stands towards the master.
func (m *Metrics) AddLeases(standing func() lease.Standing) {
	m.registry.MustRegister(leases(standing))
}

// AddLinks adds how the node's link stands towards other nodes.
func (m *Metrics) AddLinks(figures func() []cluster.LinkFigures) {
	m.registry.MustRegister(links(figures))
}

// AddOffice adds what only the master's node knows.
func (m *Metrics) AddOffice(o Office) {
	m.registry.MustRegister(m.commits, m.waiting, m.size, newPictures(o), &doors{o.Gateway})
}

// Handler answers in Prometheus' text form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError, MaxRequestsInFlight: 4})
}

// Committed implements store.Meter.
func (m *Metrics) Committed(took time.Duration) { m.commits.Observe(took.Seconds()) }

// Waiting implements store.Meter.
func (m *Metrics) Waiting(commands int) { m.waiting.Set(float64(commands)) }

// Size implements store.Meter.
func (m *Metrics) Size(bytes uint64) { m.size.Set(float64(bytes)) }

// Beat counts one beat of the node's worker; err means that nobody answered it.
func (m *Metrics) Beat(took time.Duration, err error) {
	if err != nil {
		m.beats.WithLabelValues(beatMissed).Inc()
		return
	}
	m.answer.Observe(took.Seconds())
	if took > m.lateAt {
		m.beats.WithLabelValues(beatLate).Inc()
	} else {
		m.beats.WithLabelValues(beatAnswered).Inc()
	}
}

// Said keeps what the node's worker says of itself.
func (m *Metrics) Said(s *messages.NodeStatus) { m.status.Store(s) }
