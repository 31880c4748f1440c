package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"troupe/cluster"
)

// links tells how the node's link stands towards each other node: at the master towards every worker that registered since its start and was not
// forgotten, at a worker towards the master alone.
type links func() []cluster.LinkFigures

var (
	linkUp         = gauge("troupe_link_connected", "1 while this node's own connection to the other one is there.", "node")
	linkReconnects = counter("troupe_link_reconnects_total", "Connections to the other node after the first.", "node")
	linkSent       = counter("troupe_link_letters_sent_total", "Letters that went to the other node, or parts of large ones.", "node")
	linkResent     = counter("troupe_link_letters_resent_total", "Letters that went to the other node again, because a connection broke or nothing was acknowledged.", "node")
	linkReceived   = counter("troupe_link_letters_received_total", "Letters of the other node that were delivered here.", "node")
	linkWaiting    = gauge("troupe_link_letters_waiting", "Letters that the other node has not acknowledged yet.", "node")
	linkBytes      = gauge("troupe_link_waiting_bytes", "What these hold.", "node")
)

// Describe implements prometheus.Collector.
func (l links) Describe(out chan<- *prometheus.Desc) {
	for _, n := range []number{linkUp, linkReconnects, linkSent, linkResent, linkReceived, linkWaiting, linkBytes} {
		out <- n.desc
	}
}

// Collect implements prometheus.Collector.
func (l links) Collect(out chan<- prometheus.Metric) {
	for _, f := range l() {
		node := string(f.Peer)
		out <- linkUp.of(yes(f.Connected), node)
		out <- linkReconnects.of(float64(f.Reconnects), node)
		out <- linkSent.of(float64(f.Sent), node)
		out <- linkResent.of(float64(f.Resent), node)
		out <- linkReceived.of(float64(f.Received), node)
		out <- linkWaiting.of(float64(f.Waiting), node)
		out <- linkBytes.of(float64(f.Bytes), node)
	}
}
