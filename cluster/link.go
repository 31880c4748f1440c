package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
	"github.com/asynkron/protoactor-go/remote"

	"troupe/messages"
)

// LinkConfig says who a node is and where it listens.
type LinkConfig struct {
	Node        messages.NodeID // what other nodes call this one: MasterNode, or a worker's id
	Alias       messages.NodeID // a further name that actors of this node may use for it; empty = none
	Incarnation string          // new at each start of the node; never used twice
	// Keep keeps what is meant for the master while it is not known yet or away, and for its next life: a worker's choice. Without it,
	// what is meant for a node that is not known, for its earlier life, or for one that is away for long, is a dead letter.
	Keep bool

	Host      string // address to listen on
	Port      int    // 0 = any free one
	Advertise string // host:port at which others reach it; empty = where it listens

	Server *tls.Config // must demand and verify client certificates
	Client *tls.Config // presents our own
	// Peer names the node that a verified certificate belongs to.
	Peer func(tls.ConnectionState) (messages.NodeID, error)
	// Dial connects to another node; nil means a plain net.Dialer.
	Dial func(ctx context.Context, address string) (net.Conn, error)

	Log *slog.Logger
}

// Validate reports everything that is wrong.
func (cfg LinkConfig) Validate() error {
	var errs []error
	if cfg.Node == "" || cfg.Incarnation == "" {
		errs = append(errs, errors.New("a link needs the node's name and incarnation"))
	}
	if cfg.Server == nil || cfg.Client == nil || cfg.Peer == nil {
		errs = append(errs, errors.New("a link needs certificates: nodes prove who they are"))
	} else if cfg.Server.ClientAuth != tls.RequireAndVerifyClientCert {
		errs = append(errs, errors.New("a link's server must verify client certificates"))
	}
	if cfg.Log == nil {
		errs = append(errs, errors.New("a link needs a logger"))
	}
	return errors.Join(errs...)
}

// Link is a node's end of the cluster's transport. There is one per process.
type Link struct {
	system *actor.ActorSystem
	pid    *actor.PID
	remote *remote.Remote
	names  *names
	events *eventstream.Subscription

	figures *sync.Map // *figures by node
}

// OpenLink listens and makes PIDs of the form PID(node, name) work. It must be called before any other actor of the system is
// spawned: names are resolved without a lock. A panic of the link's actor goes to root's guardian; its state cannot be made again.
func OpenLink(root *actor.RootContext, cfg LinkConfig) (*Link, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l, err := openMailroom(root, cfg, defaultLimits(), carryByRemote)
	if err != nil {
		return nil, err
	}
	l.names = &names{}
	if l.remote, err = startRemote(l.system, cfg, l.names, l.pid); err != nil {
		root.Stop(l.pid)
		return nil, err
	}
	l.events = l.system.EventStream.Subscribe(func(event any) {
		switch e := event.(type) {
		case *remote.EndpointConnectedEvent:
			l.system.Root.Send(l.pid, connected{e.Address})
		case *remote.EndpointTerminatedEvent:
			l.system.Root.Send(l.pid, hungUp{e.Address})
		}
	})
	return l, nil
}

// openMailroom makes everything of a link but its network.
func openMailroom(root *actor.RootContext, cfg LinkConfig, lim limits, carry carrier) (*Link, error) {
	cfg.Log = cfg.Log.With(slog.String("actor", mailroomName))
	l := &Link{system: root.ActorSystem(), figures: &sync.Map{}}
	room := &mailroom{LinkConfig: cfg, limits: lim, carry: carry, peers: map[messages.NodeID]*peer{}, shown: l.figures}
	pid, err := root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return room }), mailroomName)
	if err != nil {
		return nil, fmt.Errorf("spawn the link: %w", err)
	}
	l.pid = pid
	l.system.ProcessRegistry.RegisterAddressResolver(func(pid *actor.PID) (actor.Process, bool) {
		node, named := nodeOf(pid.GetAddress())
		switch {
		case !named:
			return nil, false
		case room.own(node):
			return here{l.system}, true
		default:
			return away{system: l.system, link: l.pid, node: node}, true
		}
	})
	return l, nil
}

// Address is the host:port at which other nodes reach this one.
func (l *Link) Address() string { return l.system.Address() }

// SetPeer says where a node is, and which life of it: both come from its registration. A new incarnation begins a new exchange; the
// same one goes on where it was, perhaps elsewhere. It may be called again with the same values, which hastens what waits.
func (l *Link) SetPeer(node messages.NodeID, address, incarnation string) {
	if l.names != nil {
		l.names.set(address, node)
	}
	l.system.Root.Send(l.pid, setPeer{node, address, incarnation})
}

// Forget gives up what waits for a node that is gone, and what is sent to it from now on: requests are answered by dead letters. A master
// does so by itself with a worker that acknowledges nothing for half a minute: by then no lease of it holds. The node is back when
// it is heard, or by SetPeer.
func (l *Link) Forget(node messages.NodeID) { l.system.Root.Send(l.pid, forgetPeer{node}) }

// Flush returns when everything that was sent to other nodes has been delivered there, or with ctx's error. A master does not wait for workers
// that are away.
func (l *Link) Flush(ctx context.Context) error {
	wait := 30 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		wait = time.Until(deadline)
	}
	if _, err := l.system.Root.RequestFuture(l.pid, whenFlushed{}, max(0, wait)).Result(); err != nil {
		return fmt.Errorf("flush the link: %w", errors.Join(err, ctx.Err()))
	}
	return nil
}

// Close ends the link at once; what was not delivered is lost. Call Flush before.
func (l *Link) Close() {
	l.system.EventStream.Unsubscribe(l.events)
	_ = l.system.Root.StopFuture(l.pid).Wait() // it never fails to stop
	l.remote.Shutdown(true)
}
