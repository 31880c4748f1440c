package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"troupe/actors/account/vault"
	"troupe/actors/gateway/api"
	"troupe/cluster"
	"troupe/cluster/lease"
	"troupe/messages"
)

// clusterDir is the folder of a node's identity.
func (c *config) clusterDir() string { return filepath.Join(c.nodeDir(), "cluster") }

// names of the files beside an identity, on the master's node
const (
	tokensFile = "tokens.json"
	knownFile  = "nodes.json"
)

// openCluster makes this node reachable for other nodes' actors. The first start founds the cluster. A node whose ports nobody chose
// goes on alone where they cannot be opened.
func (n *node) openCluster() error {
	err := n.openOwnCluster()
	if err != nil && n.cfg.clusterAsked() {
		return err
	}
	if err != nil {
		n.log.Warn("no other node can join this one", "err", err)
		n.identity = nil
		if n.link != nil {
			n.link.Close()
			n.link = nil
		}
		return nil
	}
	if err := n.beAlone(); err != nil {
		return err
	}
	return cluster.NoteMaster(filepath.Join(n.cfg.clusterDir(), knownFile), n.identity.Node, n.gossip.Address())
}

// clusterAsked says whether somebody wants more than one node.
func (c *config) clusterAsked() bool {
	return c.Port != 0 || c.ClusterPort != 0 || c.GossipPort != 0 || c.ClusterHost != defaultClusterHost
}

func (n *node) openOwnCluster() (err error) {
	dir, node := n.cfg.clusterDir(), messages.NodeID(n.cfg.WorkerID)
	var authority *cluster.Authority
	if n.identity, err = cluster.OpenIdentity(dir); errors.Is(err, os.ErrNotExist) {
		n.identity, authority, err = cluster.Found(dir, node, n.now())
	} else if err == nil && n.identity.Role != cluster.Master {
		return fmt.Errorf("%s belongs to a worker of cluster %s: start it with --join, or choose another --worker-id", n.cfg.nodeDir(), n.identity.Cluster)
	} else if err == nil {
		authority, err = cluster.OpenAuthority(dir)
	}
	if err != nil {
		return err
	}
	n.place.authority = authority
	if n.forgotten, err = cluster.OpenForgotten(dir); err != nil {
		return err
	}
	n.link, err = cluster.OpenLink(n.root, cluster.LinkConfig{
		Node: cluster.MasterNode, Alias: node, Incarnation: n.incarnation, Host: n.cfg.ClusterHost, Port: n.cfg.Port,
		Server: n.identity.ServerTLS(cluster.Worker), Client: n.identity.ClientTLS(cluster.Worker), Peer: n.forgotten.NodeBehind, Log: n.log,
	})
	if err != nil {
		return err
	}
	n.vitals.metrics.AddLinks(n.link.Figures)
	seeds, err := cluster.KnownGossip(filepath.Join(dir, knownFile))
	if err != nil {
		return err
	}
	return n.openGossip(seeds)
}

// openRegistrar opens the cluster port, where nodes join, register and beat.
func (n *node) openRegistrar(ring *vault.KeyRing) error {
	if n.link == nil {
		return nil
	}
	tokens, err := cluster.OpenTokens(filepath.Join(n.cfg.clusterDir(), tokensFile), n.identity.Fingerprint(), n.now)
	if err != nil {
		return err
	}
	if n.registrar, err = cluster.NewRegistrar(cluster.RegistrarConfig{
		Identity: n.identity, Authority: n.place.authority, Tokens: tokens, Forgotten: n.forgotten, Ring: ring, Known: filepath.Join(n.cfg.clusterDir(), knownFile),
		Leases: n.leases, Figures: lease.DefaultFigures(), Incarnation: n.incarnation, Version: version(), Remote: n.link.Address(),
		Gossip: n.gossip.Addresses,
		Registered: func(r *messages.Registration) {
			n.link.SetPeer(messages.NodeID(r.GetNode()), r.GetRemote(), r.GetIncarnation())
		},
		Log: n.log,
	}); err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(n.cfg.ClusterHost, fmt.Sprint(n.cfg.ClusterPort)))
	if err != nil {
		return fmt.Errorf("open the cluster port: %w (CLUSTER_PORT chooses another)", err)
	}
	n.place = clusterPlace{n.place.authority, n.identity, tokens, l.Addr().String()}
	n.run(func(ctx context.Context) {
		if err := n.registrar.Serve(ctx, l); err != nil {
			n.log.Error("cluster port closed", "err", err)
		}
	})
	n.log.Info("other nodes can join", "cluster", n.identity.Cluster, "address", n.place.address, "actors", n.link.Address())
	return nil
}

// forget has a node's certificates refused, and ends what waits for it. Nobody asks for it before the gateway is open, which comes last.
func (n *node) forget(node messages.NodeID) error {
	if n.registrar == nil {
		return errors.New("no other node can join this one")
	}
	if err := n.registrar.Forget(node); err != nil {
		return err
	}
	n.link.Forget(node)
	return nil
}

// clusterPlace tells the API where nodes find the cluster.
type clusterPlace struct {
	authority *cluster.Authority
	identity  *cluster.Identity
	tokens    *cluster.Tokens
	address   string
}

// Place implements api.Cluster.
func (p clusterPlace) Place() api.ClusterPlace {
	return api.ClusterPlace{
		Cluster: p.identity.Cluster, Authority: p.identity.Fingerprint(), Until: p.identity.AuthorityUntil().UnixMilli(), Address: p.address,
	}
}

// NewToken implements api.Cluster.
func (p clusterPlace) NewToken(ttl time.Duration, uses int) (string, error) {
	token, err := p.tokens.New(ttl, uses)
	return token.Text(), err
}

// cluster is the node's place for the API; nil when no other node can join.
func (o *office) cluster() api.Cluster {
	if o.place.address == "" {
		return nil
	}
	return o.place
}

var _ api.Cluster = clusterPlace{}
