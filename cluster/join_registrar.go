package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"troupe/cluster/lease"
	"troupe/messages"
)

// The protocols that this program speaks with other nodes. A change that an older program could not bear raises Protocol.
const (
	Protocol       = 1
	OldestProtocol = 1
)

// Ring is the cluster's key ring as the registrar hands it out.
type Ring interface {
	// Export is the ring's file.
	Export() (messages.Secret, error)
	// Keys lists its keys by name.
	Keys() []*messages.SealingKey
}

// RegistrarConfig is what a registrar is made of.
type RegistrarConfig struct {
	Identity    *Identity
	Authority   *Authority
	Tokens      *Tokens
	Forgotten   *Forgotten
	Ring        Ring
	Known       string // file of the nodes that ever registered
	Leases      lease.Granter
	Figures     lease.Figures
	Incarnation string // of this master
	Version     string

	// Remote is the address of this node's actors.
	Remote string
	// Gossip lists addresses of members; it is called for each registration.
	Gossip func() []string
	// Registered is told of each worker that registered, before the worker is: from then on it may be sent to. It must not block.
	Registered func(r *messages.Registration)

	Clock func() time.Duration // since boot; nil = lease.BootTime
	Now   func() time.Time     // nil = time.Now
	Log   *slog.Logger
}

// Registrar is the master's side of the cluster port: it lets nodes join, registers each of their lives, and hands their beats to the
// lease table. It shares nothing with actors: neither a full mailbox nor a slow disk delays a beat.
//
// What it refuses it says on both sides, in the same words.
type Registrar struct {
	cfg    RegistrarConfig
	server *grpc.Server
	began  time.Duration

	mu    sync.Mutex
	nodes map[messages.NodeID]*registered
}

// registered is the newest life of a node.
type registered struct {
	dwelling
	incarnation string        // "" = of before this master's start
	seen        time.Duration // of its newest beat or registration
}

// NewRegistrar makes a registrar; Serve starts it.
func NewRegistrar(cfg RegistrarConfig) (*Registrar, error) {
	if cfg.Clock == nil {
		cfg.Clock = lease.BootTime
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Gossip == nil {
		cfg.Gossip = func() []string { return nil }
	}
	if cfg.Registered == nil {
		cfg.Registered = func(*messages.Registration) {}
	}
	r := &Registrar{cfg: cfg, began: cfg.Clock(), nodes: map[messages.NodeID]*registered{}}
	list, err := readKnown(cfg.Known)
	if err != nil {
		return nil, err
	}
	for node, place := range list {
		r.nodes[node] = &registered{dwelling: place, seen: r.began} // for all that is known it lives
	}
	r.server = grpc.NewServer(grpc.Creds(r.door()), grpc.MaxRecvMsgSize(1<<20), grpc.ConnectionTimeout(10*time.Second))
	r.server.RegisterService(&clusterService, r)
	return r, nil
}

// door judges who calls.
func (r *Registrar) door() door {
	id := r.cfg.Identity
	return door{credentials.NewTLS(id.serverTLS()), id.pool(), r.cfg.Now, func(from net.Addr) {
		r.cfg.Log.Warn("node refused", "address", from.String(),
			"err", "it takes this master for a stranger: it belongs to another cluster, its token does, or its folder cluster is of an earlier one")
	}}
}

// Serve answers until ctx ends or Close, on a listener that it closes. Meanwhile it keeps the master's own certificate fresh.
func (r *Registrar) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, r.server.Stop)
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer cancel()
	renewing.Go(func() { r.keepFresh(ctx) })
	if err := r.server.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve the cluster port: %w", err)
	}
	return nil
}

// keepFresh renews the master's certificate when it is time.
func (r *Registrar) keepFresh(ctx context.Context) {
	tick := time.NewTicker(renewalCheck)
	defer tick.Stop()
	for {
		if r.cfg.Identity.Stale(r.cfg.Now()) {
			if err := r.cfg.Authority.Renew(r.cfg.Identity, r.cfg.Now()); err != nil {
				r.cfg.Log.Error("own certificate not renewed", "until", r.cfg.Identity.Until(), "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Close ends every call under way.
func (r *Registrar) Close() { r.server.Stop() }

// Join implements the service: a token and a key become a node of the cluster.
func (r *Registrar) Join(_ context.Context, q *messages.JoinRequest) (*messages.Joined, error) {
	node := messages.NodeID(q.GetNode())
	if err := r.mayBeCalled(node); err != nil {
		return nil, r.refuse(node, err)
	}
	if err := r.cfg.Tokens.use(q.GetSecret()); err != nil {
		return nil, r.refuse(node, status.Error(codes.PermissionDenied, err.Error()))
	}
	der, err := r.cfg.Authority.answer(q.GetRequest(), node, Worker, r.cfg.Forgotten.Fresh(node, r.cfg.Now()))
	if err != nil {
		return nil, r.refuse(node, status.Error(codes.InvalidArgument, err.Error()))
	}
	ring, err := r.cfg.Ring.Export()
	if err != nil {
		return nil, r.refuse(node, status.Error(codes.Internal, err.Error()))
	}
	r.cfg.Log.Info("node joined the cluster", "worker", node)
	return &messages.Joined{
		Cluster: r.cfg.Identity.Cluster, Certificate: der, Authority: r.cfg.Identity.authority.Raw, GossipKey: r.cfg.Identity.gossip, Ring: ring,
	}, nil
}

// mayBeCalled says whether a node that joins may have that name.
func (r *Registrar) mayBeCalled(node messages.NodeID) error {
	if !ValidName(node) {
		return status.Errorf(codes.InvalidArgument, "%q is no name for a node: 1 to 64 letters, digits, _ and -", node)
	}
	if node == r.cfg.Identity.Node || node == MasterNode {
		return status.Errorf(codes.AlreadyExists, "the name %s is the master's own: choose another --worker-id", node)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.nodes[node]; n != nil && n.incarnation != "" && r.lives(n) {
		return status.Errorf(codes.AlreadyExists, "a worker named %s is alive: choose another --worker-id, or stop it first", node)
	}
	return nil
}

// lives says whether an earlier life of a node may still act. One of before this master's start may do so under a parting grant. Needs mu.
func (r *Registrar) lives(n *registered) bool {
	ttl := r.cfg.Figures.TTL
	if n.incarnation == "" {
		ttl = r.cfg.Figures.Parting
	}
	return r.cfg.Clock()-n.seen < ttl+r.cfg.Figures.Margin
}

// Living counts the nodes that registered in this life of the master and may be alive.
func (r *Registrar) Living() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, node := range r.nodes {
		if node.incarnation != "" && r.lives(node) {
			n++
		}
	}
	return n
}

// Renew implements the service: a certificate that still holds becomes a fresh one for the same node.
func (r *Registrar) Renew(ctx context.Context, q *messages.RenewRequest) (*messages.Renewed, error) {
	peer, err := r.worker(ctx)
	if err != nil {
		return nil, r.refuse(peer.Node, err)
	}
	der, err := r.cfg.Authority.answer(q.GetRequest(), peer.Node, peer.Role, r.cfg.Forgotten.Fresh(peer.Node, r.cfg.Now()))
	if err != nil {
		return nil, r.refuse(peer.Node, status.Error(codes.InvalidArgument, err.Error()))
	}
	r.cfg.Log.Info("certificate renewed", "worker", peer.Node)
	return &messages.Renewed{Certificate: der}, nil
}

// Forget has the node's certificates refused from now on, and its name free for one that joins anew. It is on disk when Forget returns.
// The caller knows that nothing is leased to the node.
func (r *Registrar) Forget(node messages.NodeID) error {
	if node == r.cfg.Identity.Node {
		return fmt.Errorf("forget node %s: it is the master's own", node)
	}
	if err := r.cfg.Forgotten.add(node, r.cfg.Now()); err != nil {
		return fmt.Errorf("forget node %s: %w", node, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := maps.Clone(r.nodes)
	delete(known, node)
	if err := r.keep(known); err != nil {
		return fmt.Errorf("forget node %s: %w", node, err)
	}
	r.nodes = known
	r.cfg.Log.Info("node forgotten, its certificates are refused", "worker", node)
	return nil
}

// worker is the worker that calls, by its certificate.
func (r *Registrar) worker(ctx context.Context) (Peer, error) {
	peer, cert, err := caller(ctx)
	if err != nil {
		return peer, err
	}
	if r.cfg.Forgotten.refuses(cert) {
		return peer, errForgotten
	}
	if peer.Role != Worker || peer.Cluster != r.cfg.Identity.Cluster {
		return peer, status.Errorf(codes.PermissionDenied, "%s is not a worker of this cluster, %s", peer, r.cfg.Identity.Cluster)
	}
	return peer, nil
}

// refuse writes a refusal into the master's log as well.
func (r *Registrar) refuse(node messages.NodeID, err error) error {
	r.cfg.Log.Warn("node refused", "worker", node, "err", status.Convert(err).Message())
	return err
}

// ValidName says whether a node may have that name: it names folders, certificates and actors' addresses.
func ValidName(node messages.NodeID) bool { return nodeForm.MatchString(string(node)) }
