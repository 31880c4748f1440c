package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"troupe/cluster/lease"
)

// number is one metric that is read when it is asked for.
type number struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) number {
	return number{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) number {
	return number{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

func (n number) of(value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(n.desc, n.kind, value, labels...)
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// leases tells how the node's worker stands towards the master.
type leases func() lease.Standing

var (
	leaseHeld  = gauge("troupe_leases_held", "Accounts that this node's worker claims.")
	leaseOpen  = gauge("troupe_leases_open", "Accounts of this node whose lease holds, so that their gate is open.")
	leaseFresh = gauge("troupe_lease_fresh", "1 while the master answers this node's beats in time.")
)

// Describe implements prometheus.Collector.
func (l leases) Describe(out chan<- *prometheus.Desc) {
	out <- leaseHeld.desc
	out <- leaseOpen.desc
	out <- leaseFresh.desc
}

// Collect implements prometheus.Collector.
func (l leases) Collect(out chan<- prometheus.Metric) {
	s := l()
	out <- leaseHeld.of(float64(s.Held))
	out <- leaseOpen.of(float64(s.Open))
	out <- leaseFresh.of(yes(s.Fresh))
}

// workerNumbers are those that the node's worker said last; none before it said anything.
type workerNumbers struct{ m *Metrics }

var (
	browsers      = gauge("troupe_browsers", "Chromiums that run on this node.")
	browserMemory = gauge("troupe_browser_memory_bytes", "Memory that the Chromiums of this node have for themselves (USS).")
	pendingItems  = gauge("troupe_observations_pending", "Observations of this node that the store has not acknowledged yet.")
	slots         = gauge("troupe_account_slots", "Accounts that this node takes at most.")
	memoryFree    = gauge("troupe_memory_available_bytes", "Memory that this machine has left.")
	draining      = gauge("troupe_draining", "1 while this node gives its accounts up.")
)

// Describe implements prometheus.Collector.
func (w *workerNumbers) Describe(out chan<- *prometheus.Desc) {
	for _, n := range []number{browsers, browserMemory, pendingItems, slots, memoryFree, draining} {
		out <- n.desc
	}
}

// Collect implements prometheus.Collector.
func (w *workerNumbers) Collect(out chan<- prometheus.Metric) {
	s := w.m.status.Load()
	if s == nil {
		return
	}
	out <- browsers.of(float64(s.GetBrowsers()))
	out <- browserMemory.of(float64(s.GetBrowserMemory()))
	out <- pendingItems.of(float64(s.GetPendingItems()))
	out <- slots.of(float64(s.GetMaxAccounts()))
	out <- memoryFree.of(float64(s.GetMemoryAvailable()))
	out <- draining.of(yes(s.GetDraining()))
}

// doors are the numbers of the gateway.
type doors struct{ g Gateway }

var (
	clients = gauge("troupe_gateway_clients", "Open sockets of IM clients.")
	dropped = counter("troupe_gateway_dropped_total", "Sockets that were ended because their client did not keep up.")
	served  = prometheus.NewDesc("troupe_gateway_served_seconds", "The server's own time from a request's packet until its answer stood in line for writing.", nil, nil)
)

// servedBounds are the sizes that served times are counted by, in seconds.
var servedBounds = prometheus.ExponentialBuckets(0.0001, 2.5, 11)

// Describe implements prometheus.Collector.
func (d *doors) Describe(out chan<- *prometheus.Desc) {
	out <- clients.desc
	out <- dropped.desc
	out <- served
}

// Collect implements prometheus.Collector.
func (d *doors) Collect(out chan<- prometheus.Metric) {
	out <- clients.of(float64(d.g.Clients()))
	out <- dropped.of(float64(d.g.Dropped()))
	times := d.g.Served()
	var all uint64
	buckets := make(map[float64]uint64, len(servedBounds))
	for _, b := range times.Buckets {
		all += b.Count
		for _, bound := range servedBounds {
			if b.Below.Seconds() <= bound {
				buckets[bound] += b.Count
			}
		}
	}
	out <- prometheus.MustNewConstHistogram(served, all, times.Sum.Seconds(), buckets)
}
