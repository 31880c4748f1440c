package main

import (
	"fmt"
	"net"
	"net/netip"

	"troupe/cluster"
	"troupe/messages"
)

// defaultClusterHost lets nodes of this machine join.
const defaultClusterHost = "127.0.0.1"

// clusterProblems says what is wrong with how this node and others find each other.
func (c *config) clusterProblems() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for name, port := range map[string]int{"PORT": c.Port, "CLUSTER_PORT": c.ClusterPort, "GOSSIP_PORT": c.GossipPort} {
		if port < 0 || port > 65535 {
			bad("%s=%d: not a port", name, port)
		}
	}
	if addr, err := netip.ParseAddr(c.ClusterHost); err != nil || addr.IsUnspecified() || addr.IsMulticast() {
		bad("CLUSTER_HOST=%q: this machine's own address, such as 10.0.0.2; other nodes are told to call it", c.ClusterHost)
	}
	if c.Join != "" && messages.NodeID(c.WorkerID) == cluster.MasterNode {
		bad("WORKER_ID=%q: no worker has this name", c.WorkerID)
	}
	if _, err := cluster.ParseToken(c.Token); c.Token != "" && err != nil {
		bad("JOIN_TOKEN: %w", err)
	}
	if c.Join == "" && c.Token != "" {
		bad("JOIN_TOKEN is for a node that joins: say where the master is with --join")
	}
	return problems
}

// devSource is the address that a development node dials look-alike sites from, which tells it from others; nil = any, on a node that
// has no address of its own.
func (c *config) devSource() net.IP {
	if c.ClusterHost == defaultClusterHost {
		return nil
	}
	return net.ParseIP(c.ClusterHost)
}
