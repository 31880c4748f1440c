package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"troupe/actors"
	"troupe/actors/account/vault"
	"troupe/actors/master"
	"troupe/actors/store"
	"troupe/cluster"
	"troupe/messages"
)

// moveLimit is how long a stopping worker waits for the master to move its accounts to other nodes.
const moveLimit = 40 * time.Second

// aloneLimit is after how long without a master it waits no longer for that.
const aloneLimit = 3 * time.Second

// flushLimit is how long it then waits until the master has heard its last words.
const flushLimit = 3 * time.Second

// startWorkerOnly starts a node that runs accounts for a master elsewhere: it has no store, no gateway and no ring of its own making.
func (n *node) startWorkerOnly(ctx context.Context) error {
	if err := n.serveHealth(false); err != nil {
		return err
	}
	ring, err := n.joined(ctx)
	if err != nil {
		return err
	}
	shared, err := n.shared(ring)
	if err != nil {
		return err
	}
	folder, err := cluster.FolderID(n.cfg.nodeDir())
	if err != nil {
		return err
	}
	node := messages.NodeID(n.cfg.WorkerID)
	if n.link, err = cluster.OpenLink(n.root, cluster.LinkConfig{
		Node: node, Incarnation: n.incarnation, Keep: true, Host: n.cfg.ClusterHost, Port: n.cfg.Port,
		Server: n.identity.ServerTLS(cluster.Master), Client: n.identity.ClientTLS(cluster.Master), Peer: cluster.NodeBehind, Log: n.log,
	}); err != nil {
		return fmt.Errorf("%w (CLUSTER_HOST and PORT choose another address)", err)
	}
	n.vitals.metrics.AddLinks(n.link.Figures)
	if err := n.openGossip(nil); err != nil {
		return fmt.Errorf("%w (GOSSIP_PORT chooses another port)", err)
	}
	registered := make(chan *messages.Registered, 1)
	n.uplink = cluster.NewUplink(cluster.UplinkConfig{
		Identity: n.identity, Master: n.cfg.Join, Ring: ring, Log: n.log,
		Life: &messages.Registration{Node: string(node), Incarnation: n.incarnation, Version: version(), Folder: folder, Remote: n.link.Address(), Gossip: n.gossip.Address()},
		Registered: func(r *messages.Registered) {
			n.link.SetPeer(cluster.MasterNode, r.GetRemote(), r.GetIncarnation())
			n.gossip.SetSeeds(r.GetGossip()...)
			select {
			case registered <- r:
			default: // the first one starts the worker
			}
		},
	})
	boot, err := n.boot()
	if err != nil {
		return err
	}
	if err := n.attach(ctx, ring); err != nil {
		return err
	}
	n.run(n.uplink.Run)
	figures := cluster.FiguresOf(<-registered)
	if err := figures.Validate(); err != nil {
		return fmt.Errorf("the master's lease figures: %w", err)
	}
	return n.startWorker(shared, n.uplink, figures, cluster.PID(cluster.MasterNode, master.Name), cluster.PID(cluster.MasterNode, store.Name), boot)
}

// boot names this boot of the machine, as far as the folder's lock holds for it: on another machine's disk the lock proves nothing, and
// no two lives have the same boot.
func (n *node) boot() (string, error) {
	if !cluster.LocalFolder(n.cfg.nodeDir()) {
		n.log.Warn("the data folder is on no disk of this machine: after a crash its accounts wait for their leases to end", "data", n.cfg.nodeDir())
		return "shared " + n.incarnation, nil
	}
	return cluster.BootID()
}

// joined reads who this node is in its cluster, and the cluster's ring. The first start joins by the token, and pins the cluster.
func (n *node) joined(ctx context.Context) (*vault.KeyRing, error) {
	var err error
	n.identity, err = cluster.OpenIdentity(n.cfg.clusterDir())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return n.join(ctx)
	case err != nil:
		return nil, err
	case n.identity.Role != cluster.Worker:
		return nil, fmt.Errorf("%s belongs to the master of cluster %s: start it without --join, or choose another --worker-id", n.cfg.nodeDir(), n.identity.Cluster)
	case n.identity.Node != messages.NodeID(n.cfg.WorkerID):
		return nil, fmt.Errorf("%s holds the certificate of node %s", n.cfg.clusterDir(), n.identity.Node)
	}
	return vault.LoadKeyRing(n.ringPath())
}

func (n *node) join(ctx context.Context) (*vault.KeyRing, error) {
	if n.cfg.Token == "" {
		return nil, errors.New("this node is in no cluster yet: give it a token with --token (JOIN_TOKEN), which the master makes by: troupe keys token")
	}
	token, err := cluster.ParseToken(n.cfg.Token)
	if err != nil {
		return nil, err
	}
	var ring *vault.KeyRing
	err = n.withMaster(ctx, token, func(address string) (err error) {
		n.identity, err = cluster.Join(ctx, address, token, messages.NodeID(n.cfg.WorkerID), n.cfg.clusterDir(), func(exported messages.Secret) (err error) {
			ring, err = vault.TakeKeyRing(n.ringPath(), exported)
			return err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	n.log.Info("joined the cluster", "cluster", n.identity.Cluster, "certificate_until", n.identity.Until())
	return ring, nil
}

// withMaster does something at the cluster port of the master that the token is of. While that one does not answer it is tried again, for as
// long as it takes; what the master refuses is not.
func (n *node) withMaster(ctx context.Context, token cluster.Token, do func(address string) error) error {
	attempt := func() error {
		place, err := cluster.Find(ctx, n.cfg.Join)
		if err != nil {
			return err
		}
		if err = do(place.Address); err != nil && place.Authority != token.Authority {
			return errors.New(err.Error()) // it hung up on a stranger, who stays one
		}
		return err
	}
	return cluster.UntilAnswered(ctx, attempt, func(err error, pause time.Duration) {
		n.log.Warn("the master does not answer, trying again", "master", n.cfg.Join, "err", err, "wait", pause)
	})
}

// attach registers with the master. A node that the cluster forgot joins again, if it has a new token.
func (n *node) attach(ctx context.Context, ring *vault.KeyRing) error {
	err := n.uplink.Attach(ctx)
	var refused *cluster.RefusedError
	if n.cfg.Token == "" || !errors.As(err, &refused) || !refused.Forgotten {
		return err
	}
	token, err := cluster.ParseToken(n.cfg.Token)
	if err != nil {
		return err
	}
	if err := n.withMaster(ctx, token, func(address string) error { return n.identity.JoinAgain(ctx, address, token, ring.Take) }); err != nil {
		return fmt.Errorf("this node was forgotten by the cluster: %w", err)
	}
	n.log.Info("joined the cluster again", "cluster", n.identity.Cluster, "certificate_until", n.identity.Until())
	return n.uplink.Attach(ctx)
}

// moveAway lets the master move the accounts of this node to others that have room. Without a master there is nobody to wait for.
func (n *node) moveAway(ctx context.Context) {
	if !n.uplink.Attached() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, moveLimit)
	defer cancel()
	ctx, leave := n.uplink.WhileAttached(ctx, aloneLimit)
	defer leave()
	ask := &messages.DrainWorker{Worker: n.cfg.WorkerID, Reason: "the node is being stopped", Leaving: true, DeadlineMs: moveLimit.Milliseconds()}
	answer, err := actors.Ask[*messages.WorkerDrained](ctx, n.system.Root, cluster.PID(cluster.MasterNode, master.Name), ask)
	if err != nil {
		n.log.Warn("accounts are not moved to other nodes", "err", err)
		return
	}
	n.log.Info("accounts moved to other nodes", "accounts", answer.GetAccounts(), "left", len(answer.GetLeft()))
}

// leaveCluster lets the last words reach the other nodes, and says that this one goes on purpose.
func (n *node) leaveCluster(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	if n.link != nil && (n.uplink == nil || n.uplink.Attached()) { // a worker without a master has nobody to hear it
		if err := n.link.Flush(ctx); err != nil {
			n.log.Warn("other nodes did not hear everything", "err", err)
		}
	}
	if n.gossip != nil {
		if err := n.gossip.Leave(ctx); err != nil {
			n.log.Warn("other nodes were not told of the leaving", "err", err)
		}
	}
}
