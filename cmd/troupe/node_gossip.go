package main

import (
	"context"
	"fmt"
	"time"

	"troupe/cluster"
)

// acquaintLimit is how long a starting master waits for those whom its earlier life knew: they would tell of another master.
const acquaintLimit = time.Second

// openGossip tells other nodes that this one is here, and hears who else is.
func (n *node) openGossip(seeds []string) (err error) {
	n.gossip, err = cluster.StartMembership(cluster.MembershipConfig{
		Self: cluster.Member{
			Node: n.identity.Node, Master: n.identity.Role == cluster.Master, Incarnation: n.incarnation, Since: n.now().UnixMilli(),
			Remote: n.link.Address(), Cluster: n.identity.Cluster, Protocol: cluster.Protocol,
		},
		Host: n.cfg.ClusterHost, Port: n.cfg.GossipPort, Key: n.identity.GossipKey(), Seeds: seeds, Log: n.log,
	})
	return err
}

// beAlone makes sure that there is no other master: two would give one account to two browsers. It asks those who were here last, and
// goes on watching.
func (n *node) beAlone() error {
	ctx, cancel := context.WithTimeout(context.Background(), acquaintLimit)
	defer cancel()
	n.gossip.Settle(ctx)
	if o, there := n.gossip.OtherMaster(); there {
		return fmt.Errorf("another master of this cluster runs already: node %s, which gossips at %s. Stop it first; or, if it is to stay, remove this copy of its data folder", o.Node, o.Gossip)
	}
	n.run(func(ctx context.Context) {
		for {
			select {
			case <-ctx.Done():
				return
			case <-n.gossip.Changes():
			}
			o, there := n.gossip.OtherMaster()
			if !there {
				continue
			}
			n.log.Error("another master is in this cluster; the one that was started later ends", "peer", o.Node, "address", o.Gossip)
			if o.Before(n.gossip.Self) {
				fatal(n.log, "gossip", fmt.Sprintf("another master of this cluster, node %s at %s, was there first: keep one of the two", o.Node, o.Gossip))
			}
		}
	})
	return nil
}
