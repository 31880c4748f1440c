package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"troupe/messages"
)

var nodeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Register implements the service: it says which master there is, and what the life of the node that calls may rely on. It may be called
// again by the same life, when it lost the master.
func (r *Registrar) Register(ctx context.Context, q *messages.Registration) (*messages.Registered, error) {
	peer, err := r.worker(ctx)
	if err == nil {
		err = r.admissible(peer, q)
	}
	if err != nil {
		return nil, r.refuse(messages.NodeID(q.GetNode()), err)
	}
	ring, err := r.ringFor(q.GetKeys())
	if err != nil {
		return nil, r.refuse(peer.Node, err)
	}
	if err := r.note(q); err != nil {
		return nil, r.refuse(peer.Node, err)
	}
	r.cfg.Registered(q)
	r.cfg.Log.Info("node registered", "worker", peer.Node, "incarnation", q.GetIncarnation(), "version", q.GetVersion())
	f := r.cfg.Figures
	return &messages.Registered{
		Node: string(r.cfg.Identity.Node), Incarnation: r.cfg.Incarnation, Version: r.cfg.Version, Protocol: min(Protocol, q.GetNewestProtocol()),
		Remote: r.cfg.Remote, Gossip: r.cfg.Gossip(), Ring: ring,
		BeatMs: f.Beat.Milliseconds(), TtlMs: f.TTL.Milliseconds(), DrainMs: f.Drain.Milliseconds(),
		MarginMs: f.Margin.Milliseconds(), RiskMs: f.Risk.Milliseconds(), PartingMs: f.Parting.Milliseconds(),
	}, nil
}

// admissible says what keeps a node out.
func (r *Registrar) admissible(peer Peer, q *messages.Registration) error {
	switch {
	case q.GetNode() != string(peer.Node):
		return status.Errorf(codes.PermissionDenied, "node %s shows the certificate of %s", q.GetNode(), peer.Node)
	case q.GetCluster() != r.cfg.Identity.Cluster:
		return status.Errorf(codes.FailedPrecondition, "the node belongs to cluster %s, this is cluster %s", q.GetCluster(), r.cfg.Identity.Cluster)
	case q.GetNewestProtocol() < OldestProtocol:
		return status.Errorf(codes.FailedPrecondition, "node %s (%s) speaks protocol %d, the master needs at least %d: upgrade the node",
			peer.Node, q.GetVersion(), q.GetNewestProtocol(), OldestProtocol)
	case q.GetOldestProtocol() > Protocol:
		return status.Errorf(codes.FailedPrecondition, "node %s (%s) speaks protocol %d and newer, the master %s speaks %d: upgrade the master first",
			peer.Node, q.GetVersion(), q.GetOldestProtocol(), r.cfg.Version, Protocol)
	case q.GetGossipKey() != "" && q.GetGossipKey() != r.cfg.Identity.gossipDigest():
		return status.Errorf(codes.FailedPrecondition, "the gossip key of node %s is not the cluster's: %s", peer.Node, joinAnew)
	case q.GetIncarnation() == "" || q.GetFolder() == "" || q.GetRemote() == "":
		return status.Error(codes.InvalidArgument, "a registration names the node's incarnation, folder and address")
	}
	return nil
}

// ringFor is the ring's file where a node's is another; a node that shares no key with the cluster has a ring of another one.
func (r *Registrar) ringFor(keys []string) (messages.Secret, error) {
	ours := keyNames(r.cfg.Ring)
	if slices.Equal(slices.Sorted(slices.Values(keys)), ours) {
		return nil, nil
	}
	if !slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(ours, k) }) {
		return nil, status.Errorf(codes.FailedPrecondition,
			"the node's key ring (%s) is not the cluster's (%s): give it the master's file keys, or "+joinAnew, strings.Join(keys, " "), strings.Join(ours, " "))
	}
	return r.cfg.Ring.Export()
}

// note writes down in which data folder a node lives. While that one may be alive, no other is the node: the accounts of two workers
// of one name could not be told apart.
func (r *Registrar) note(q *messages.Registration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	node, folder := messages.NodeID(q.GetNode()), q.GetFolder()
	place := dwelling{folder, q.GetGossip()}
	n := r.nodes[node]
	if n != nil && n.Folder != folder && r.lives(n) {
		return status.Errorf(codes.AlreadyExists,
			"another worker named %s, with another data folder, may be alive: stop it, or choose another --worker-id", node)
	}
	if n == nil || n.dwelling != place {
		known := maps.Clone(r.nodes)
		known[node] = &registered{dwelling: place}
		if err := r.keep(known); err != nil {
			return status.Errorf(codes.Internal, "note node %s: %v", node, err)
		}
	}
	r.nodes[node] = &registered{place, q.GetIncarnation(), r.cfg.Clock()}
	return nil
}

// dwelling is what is remembered of a node beyond the master's end.
type dwelling struct {
	Folder string `json:"folder"` // id of its data folder
	Gossip string `json:"gossip,omitempty"`
}

// keep writes the file of known nodes. Needs mu.
func (r *Registrar) keep(known map[messages.NodeID]*registered) error {
	list := map[messages.NodeID]dwelling{}
	for id, n := range known {
		list[id] = n.dwelling
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return replaceFile(r.cfg.Known, text)
}

// readKnown reads where each node that ever registered lived.
func readKnown(path string) (map[messages.NodeID]dwelling, error) {
	list := map[messages.NodeID]dwelling{}
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return list, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read the known nodes: %w", err)
	}
	return list, nil
}

// NoteMaster writes down in a registrar's file where its master gossips: where a copy of the file is, the copy's master will ask there.
func NoteMaster(path string, node messages.NodeID, gossip string) error {
	list, err := readKnown(path)
	if err != nil {
		return err
	}
	list[node] = dwelling{Gossip: gossip}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("note where the master gossips: %w", err)
	}
	if err := replaceFile(path, text); err != nil {
		return fmt.Errorf("note where the master gossips: %w", err)
	}
	return nil
}

// KnownGossip lists where the nodes of a registrar's file gossiped last: whom a master that starts can ask whether there is another one.
func KnownGossip(path string) ([]string, error) {
	list, err := readKnown(path)
	var addresses []string
	for _, d := range list {
		if d.Gossip != "" {
			addresses = append(addresses, d.Gossip)
		}
	}
	return addresses, err
}

// Beat implements the service.
func (r *Registrar) Beat(ctx context.Context, q *messages.Beat) (*messages.BeatAnswer, error) {
	peer, err := r.worker(ctx)
	if err != nil {
		return nil, err
	}
	if q.GetWorker() != string(peer.Node) {
		return nil, status.Errorf(codes.PermissionDenied, "a beat of %s with the certificate of %s", q.GetWorker(), peer.Node)
	}
	if !r.sees(peer.Node, q.GetIncarnation()) {
		return nil, errUnregistered
	}
	grant, err := r.cfg.Leases.Beat(ctx, q)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &messages.BeatAnswer{Grant: grant, Ring: digest(keyNames(r.cfg.Ring))}, nil
}

// errUnregistered tells a node to register: the master is another one, or another life of the node came after.
var errUnregistered = status.Error(codes.FailedPrecondition, "this life of the node is not registered")

func (r *Registrar) sees(node messages.NodeID, incarnation string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.nodes[node]
	if n == nil || n.incarnation != incarnation {
		return false
	}
	n.seen = r.cfg.Clock()
	return true
}

// keyNames are those of a ring's keys, sorted.
func keyNames(ring Ring) []string {
	var out []string
	for _, k := range ring.Keys() {
		out = append(out, k.GetId())
	}
	slices.Sort(out)
	return out
}

func digest(keys []string) string {
	sum := sha256.Sum256([]byte(strings.Join(keys, " ")))
	return hex.EncodeToString(sum[:8])
}
