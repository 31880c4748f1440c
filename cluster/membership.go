package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"troupe/messages"
)

// Member is what a node tells all others of itself by gossip. It is a hint: nobody may act on an account because of it.
type Member struct {
	Node        messages.NodeID `json:"n"`           // its own id; MasterNode is only how it is addressed
	Master      bool            `json:"m,omitempty"` // it has the master role, beside being a worker
	Incarnation string          `json:"i"`
	Since       int64           `json:"s"` // when this life began, Unix milliseconds
	Remote      string          `json:"a"` // host:port of its link
	Cluster     string          `json:"c"`
	Protocol    int             `json:"p"` // newest version of the protocol that it speaks
	Leaving     bool            `json:"l,omitempty"`

	Gossip string `json:"-"` // host:port at which it gossips
}

// MembershipConfig says who a node is, and how gossip finds others.
type MembershipConfig struct {
	Self      Member // Gossip and Leaving are filled in
	Host      string // address to listen on
	Port      int    // for TCP and UDP; 0 = any free one
	Advertise string // address at which others reach it, without port; empty = Host
	Key       []byte // the cluster's gossip key, 16, 24 or 32 bytes; never logged
	Seeds     []string
	Log       *slog.Logger
}

// farewell is how long the others have to hear that a node leaves.
const farewell = 2 * time.Second

// Membership is a node's part in the gossip of its cluster: who is there, and who says that it leaves. It never says why a
// node vanished, and an isolated node notices late; what may be done is decided by leases alone.
type Membership struct {
	MembershipConfig
	list    *memberlist.Memberlist
	address string
	leaving atomic.Bool
	members atomic.Pointer[[]Member]
	stirred chan struct{} // something may have changed
	changes chan struct{}
	hurry   chan struct{} // there are new seeds
	called  chan struct{} // closed when somebody answered, or everybody was called once
	stop    context.CancelFunc
	tasks   sync.WaitGroup

	looking sync.Mutex // one look at a time

	mu    sync.Mutex
	seeds []string
	left  []string         // addresses of those that left on purpose, to be called no more
	known map[string]known // by name in the gossip
}

// known is the library's word for a member, copied: what it hands out goes on changing under its own lock.
type known struct {
	address string
	meta    []byte
}

// StartMembership begins to gossip. Nothing but a member of the same cluster, with its key, is heard. Seeds that do not answer are called
// again and again.
func StartMembership(cfg MembershipConfig) (*Membership, error) {
	m := &Membership{
		MembershipConfig: cfg, seeds: slices.Clone(cfg.Seeds), known: map[string]known{},
		stirred: make(chan struct{}, 1), changes: make(chan struct{}, 1), called: make(chan struct{}), hurry: make(chan struct{}, 1),
	}
	m.Log = cfg.Log.With(slog.String("actor", "gossip"))
	if meta := m.meta(); len(meta) > memberlist.MetaMaxSize {
		return nil, fmt.Errorf("this node's names are too long for gossip: %d bytes, limit %d", len(meta), memberlist.MetaMaxSize)
	}
	if len(cfg.Key) == 0 {
		return nil, errors.New("gossip needs the cluster's key")
	}
	var err error
	if m.list, err = memberlist.Create(m.settings()); err != nil {
		return nil, fmt.Errorf("listen for gossip on %s: %w", cfg.Host, err)
	}
	m.look()
	m.address = m.own()
	ctx, cancel := context.WithCancel(context.Background())
	m.stop = cancel
	m.tasks.Go(func() { m.follow(ctx) })
	m.tasks.Go(func() { m.rejoin(ctx) })
	return m, nil
}

func (m *Membership) settings() *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	c.Name = m.Self.name()
	c.BindAddr, c.BindPort = m.Host, m.Port
	c.AdvertiseAddr, c.AdvertisePort = cmp.Or(m.Advertise, m.Host), m.Port
	c.SecretKey, c.Label = m.Key, m.Self.Cluster
	// Nodes that run many Chromiums answer late: probes wait long, and suspicion lasts.
	c.ProbeInterval, c.ProbeTimeout, c.SuspicionMult = time.Second, 500*time.Millisecond, 4
	c.GossipInterval, c.PushPullInterval, c.TCPTimeout = 200*time.Millisecond, 10*time.Second, 3*time.Second
	c.Delegate, c.Events = metaOnly{m}, events{m}
	c.Logger = gossipLogger(m.Log)
	return c
}

// name is what a node is called in the gossip: a new life is a new member.
func (o Member) name() string { return string(o.Node) + "/" + o.Incarnation }

// own is the address that the library listens at: it takes us for the first member.
func (m *Membership) own() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[m.Self.name()].address
}

// Address is the host:port at which this node gossips: a seed for others.
func (m *Membership) Address() string { return m.address }

// Members is who is there now, this node included, in order of their ids. The caller must not change it.
func (m *Membership) Members() []Member { return *m.members.Load() }

// Changes gets a value after Members changed. There is one channel; changes that nobody waited for come as one.
func (m *Membership) Changes() <-chan struct{} { return m.changes }

// Addresses are where the members gossip, this node first: seeds for one that registers.
func (m *Membership) Addresses() []string {
	list := []string{m.address}
	for _, o := range m.Members() {
		if o.Gossip != m.address && !o.Leaving {
			list = append(list, o.Gossip)
		}
	}
	return list
}

// OtherMaster finds a master that is not this life of this node, and that answers right now: of a life that has just ended the others still
// speak for a while. There must never be two. It takes up to half a second for each that does not answer.
func (m *Membership) OtherMaster() (Member, bool) {
	for _, o := range m.Members() {
		if o.Master && !o.Leaving && o.Incarnation != m.Self.Incarnation && m.answers(o) {
			return o, true
		}
	}
	return Member{}, false
}

func (m *Membership) answers(o Member) bool {
	address, err := net.ResolveUDPAddr("udp", o.Gossip)
	if err != nil {
		return false
	}
	_, err = m.list.Ping(o.name(), address)
	return err == nil
}

// Before says whether this life of a member began before another; of two masters the one that began later must end.
func (o Member) Before(other Member) bool {
	return cmp.Or(cmp.Compare(o.Since, other.Since), cmp.Compare(o.Incarnation, other.Incarnation)) < 0
}

// Leave tells the others that this node goes on purpose, and ends its part. It takes seconds at most; when ctx ends, it goes without a word.
func (m *Membership) Leave(ctx context.Context) error {
	m.stop()
	m.leaving.Store(true)
	wait := farewell
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline))
	}
	var errs []error
	if wait > 0 {
		// memberlist tells nobody why a node is gone: the flag does, and goes first.
		errs = append(errs, m.list.UpdateNode(wait/2), m.list.Leave(wait/2))
	}
	errs = append(errs, m.list.Shutdown())
	m.tasks.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("leave the gossip: %w", err)
	}
	return nil
}

// follow takes a new look when something changed. The library's callbacks sit on its gossip path, so they leave this to us.
func (m *Membership) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.stirred:
			m.look()
		}
	}
}

// look publishes who is there.
func (m *Membership) look() {
	m.looking.Lock()
	defer m.looking.Unlock()
	var now []Member
	m.mu.Lock()
	for name, k := range m.known {
		var member Member
		if err := json.Unmarshal(k.meta, &member); err != nil || member.Cluster != m.Self.Cluster {
			m.Log.Warn("member not understood", "peer", name, "err", err)
			continue
		}
		member.Gossip = k.address
		now = append(now, member)
	}
	m.mu.Unlock()
	slices.SortFunc(now, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	before := m.members.Swap(&now)
	if before == nil || slices.Equal(*before, now) {
		return
	}
	m.tell(*before, now)
	select {
	case m.changes <- struct{}{}:
	default:
	}
}

func (m *Membership) tell(before, now []Member) {
	for _, o := range now {
		switch i := slices.IndexFunc(before, func(b Member) bool { return b.Incarnation == o.Incarnation }); {
		case i < 0:
			m.Log.Info("member is here", "peer", o.Node, "master", o.Master, "address", o.Gossip)
			if m.Self.Master && o.Master && m.Self.Before(o) { // else it is an earlier life of this node, or it refuses us
				m.Log.Warn("node refused", "worker", o.Node, "address", o.Gossip, "err", "it is a second master of this cluster, and was started later: it has to end")
			}
		case o.Leaving && !before[i].Leaving:
			m.Log.Info("member leaves", "peer", o.Node)
			m.mu.Lock()
			m.left = append(m.left, o.Gossip)
			m.mu.Unlock()
		}
	}
	for _, b := range before {
		if !b.Leaving && !slices.ContainsFunc(now, func(o Member) bool { return o.Incarnation == b.Incarnation }) {
			m.Log.Info("member is not heard any more", "peer", b.Node, "master", b.Master, "address", b.Gossip)
		}
	}
}

func (m *Membership) meta() []byte {
	self := m.Self
	self.Leaving = m.leaving.Load()
	meta, err := json.Marshal(self)
	if err != nil {
		panic(fmt.Errorf("encode a member: %w", err)) // plain strings always encode
	}
	return meta
}

// metaOnly tells the library what a node says of itself. No other state travels by gossip.
type metaOnly struct{ m *Membership }

func (d metaOnly) NodeMeta(int) []byte               { return d.m.meta() }
func (d metaOnly) NotifyMsg([]byte)                  {}
func (d metaOnly) GetBroadcasts(int, int) [][]byte   { return nil }
func (d metaOnly) LocalState(bool) []byte            { return nil }
func (d metaOnly) MergeRemoteState(_ []byte, _ bool) {}

// events takes down what the library says, which may not be called back from here, and wakes follow.
type events struct{ m *Membership }

func (e events) NotifyJoin(n *memberlist.Node)   { e.take(n, false) }
func (e events) NotifyUpdate(n *memberlist.Node) { e.take(n, false) }
func (e events) NotifyLeave(n *memberlist.Node)  { e.take(n, true) }

func (e events) take(n *memberlist.Node, gone bool) {
	e.m.mu.Lock()
	if gone {
		delete(e.m.known, n.Name)
	} else {
		e.m.known[n.Name] = known{address: n.Address(), meta: slices.Clone(n.Meta)}
	}
	e.m.mu.Unlock()
	select {
	case e.m.stirred <- struct{}{}:
	default:
	}
}
