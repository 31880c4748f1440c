// Package foreign lets existing Node workers keep running: programs of another make that watch accounts by themselves and speak
// Socket.IO on the namespace /worker.
//
//	Node worker ── socket ── worker (one actor per connection) ─┬─ plays worker and account towards the master
//	                                                            └─ observations ─▶ store
//
// To the master such an actor is a worker and every account that it was given: it is assigned accounts, started logins at, handed
// replies, and says what became of them. What a Node worker synchronises is merged into the store like any observation.
//
// What it cannot give: there is no lease, no gate and no fence. A Node worker goes on when it is cut off, and nobody can stop it from
// here. So it only gets accounts that an operator pinned to it, and they are shown as unfenced everywhere. What holds all the same: a
// reply is put into a worker's socket at most once. What became of it is the worker's word, or is read from what it synchronises; without
// either it stays unknown.
//
// Two wires are spoken, and a worker is answered on the one that it registered on (wire.go): events of their own for each thing, and
// envelopes in the event "message". Both accept each other's facts.
//
// Cookies, fingerprints and other secrets that a worker sends along are never read into anything. Nothing that it sends is logged. The
// other way two secrets go: the password of an account's proxy, and, once, a login that a person imported for it or made by hand.
package foreign

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Name is the actor's name below the gateway.
const Name = "foreign"

// Namespace is where Node workers connect.
const Namespace = "/worker"

// Config is what the gateway gives to the room.
type Config struct {
	Master *actor.PID
	Store  *actor.PID
	Board  *board.Holder
	// View is an account's newest view, nil when nothing is held of it. Any goroutine may call it.
	View func(messages.AccountID) *dataset.View
	// OpenSecret opens a proxy's password for the worker that has to use it; nil refuses proxies with passwords.
	OpenSecret func(owner string, sealed *messages.SealedSecret) (messages.Secret, error)
	// OpenLogin opens an imported login, in Playwright's form, for the worker that has to go on with it; nil keeps logins from workers.
	OpenLogin func(*messages.SealedState) ([]byte, error)
	// Admit says whether a client may connect at all; its error's text is sent to the client. nil means OnlyLocal.
	Admit func(socketio.Handshake) error
	// Enter and Leave are told of each socket's life, on its goroutine; nil means nobody is.
	Enter func(*socketio.Socket) Visit
	Leave func(*socketio.Socket)
	Now   func() time.Time
	Log   *slog.Logger
}

// Note tells the audit log what a worker did, with which outcome, and the ids that it is about. It must not block.
type Note func(what, outcome string, targets ...string)

// Visit is what holds for one connection of a worker.
type Visit struct {
	Only messages.NodeID // the one name under which it may register; empty = any
	Note Note            // of what the worker does; nil = nowhere
}

// Peer is one connected worker's socket. Its methods may be called from any goroutine and do not block.
type Peer interface {
	// ID is new at each connection.
	ID() string
	Emit(event string, payload any)
	EmitError(message string)
	Close()
}

// Desk is where Node workers come in. It is made once and serves once the actor of its Props runs.
type Desk struct {
	Config
	root *actor.RootContext
	self *actor.PID
	up   chan struct{} // closed when root and self are set
}

// New makes a desk.
func New(cfg Config) *Desk {
	cfg.Log = cfg.Log.With(slog.String("actor", Name))
	if cfg.Admit == nil {
		cfg.Admit = OnlyLocal
	}
	if cfg.Enter == nil {
		cfg.Enter = func(*socketio.Socket) Visit { return Visit{} }
	}
	if cfg.Leave == nil {
		cfg.Leave = func(*socketio.Socket) {}
	}
	return &Desk{Config: cfg, up: make(chan struct{})}
}

// OnlyLocal lets in the programs of this machine, and nobody else.
func OnlyLocal(h socketio.Handshake) error {
	host, _, err := net.SplitHostPort(h.RemoteAddr)
	if err != nil {
		host = h.RemoteAddr
	}
	if ip, err := netip.ParseAddr(host); h.RemoteAddr == "@" || h.RemoteAddr == "" || err == nil && ip.Unmap().IsLoopback() {
		return nil // a Unix socket has no address
	}
	return errors.New("a worker on another machine needs a token")
}

// Declare sets up the namespace, before the server's first request.
func (d *Desk) Declare(ns *socketio.Namespace) {
	ns.Auth(d.Admit)
	ns.OnConnect(func(s *socketio.Socket) {
		d.tell(joined{s, d.Enter(s)})
	})
	ns.OnDisconnect(func(s *socketio.Socket, _ string) {
		d.Leave(s)
		d.tell(left{s.ID()})
	})
	for i, rule := range Rules() {
		rule.Handler = func(s *socketio.Socket, payload json.RawMessage, ack func(any)) { d.hear(s, events[i], payload, ack) }
		ns.Handle(rule)
	}
}

// Rules are all that a worker may send, and how much of it; Declare adds who answers. Who may send it is decided where a worker is let in.
func Rules() []socketio.Rule {
	rules := make([]socketio.Rule, 0, len(events))
	for _, e := range events {
		rules = append(rules, socketio.Rule{Event: e.name, MaxBytes: e.maxBytes, PerSecond: e.perSecond, Burst: e.burst})
	}
	return rules
}

// hear reads one event and hands it to the worker's actor. What cannot be read is answered at once.
func (d *Desk) hear(s *socketio.Socket, e event, payload json.RawMessage, ack func(any)) {
	heard, err := e.read(payload)
	if err != nil {
		refusal := cmp.Or(e.name, "event") + ": " + err.Error()
		s.EmitError(refusal)
		ack(refused{Error: refusal})
		return
	}
	if join, ok := heard.what.(joinRoom); ok {
		ack(join.answer())
		return
	}
	heard.ack = ack
	d.tell(said{s.ID(), heard})
}

// tell hands the actor a message from a socket's goroutine.
func (d *Desk) tell(message any) {
	<-d.up
	d.root.Send(d.self, message)
}

// Props is the recipe of the room's actor; it is spawned once.
func (d *Desk) Props() *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor {
		return &room{Desk: d, workers: map[string]*actor.PID{}, names: map[messages.NodeID]*actor.PID{}}
	}, actor.WithSupervisor(actors.StopChild()))
}

// What the sockets tell the room, and its children.
type (
	joined struct {
		peer  Peer
		visit Visit
	}
	left struct{ peer string }
	said struct {
		peer  string
		heard heard
	}
)

// claim is what a worker's actor asks for when its worker says its name: the newest connection has it.
type claim struct{ id messages.NodeID }

// replaced tells a worker's actor that its worker came again, on another connection.
type replaced struct{}

// room has one child per connection.
type room struct {
	*Desk
	workers map[string]*actor.PID // by connection
	names   map[messages.NodeID]*actor.PID
}

// Receive implements actor.Actor.
func (r *room) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		r.root, r.self = c.ActorSystem().Root, c.Self()
		close(r.up)
	case joined:
		r.onJoined(c, m)
	case said:
		if pid := r.workers[m.peer]; pid != nil {
			c.Send(pid, m.heard)
		}
	case left:
		if pid := r.workers[m.peer]; pid != nil {
			c.Send(pid, m)
			delete(r.workers, m.peer)
		}
	case claim:
		if old := r.names[m.id]; old != nil && !old.Equal(c.Sender()) {
			c.Send(old, replaced{})
		}
		r.names[m.id] = c.Sender()
	case *actor.Terminated:
		r.onTerminated(m.Who)
	}
}

func (r *room) onJoined(c actor.Context, m joined) {
	r.workers[m.peer.ID()] = c.Spawn(actor.PropsFromProducer(func() actor.Actor { return newWorker(r.Config, m.peer, m.visit) }))
	c.Watch(r.workers[m.peer.ID()])
}

func (r *room) onTerminated(who *actor.PID) {
	for peer, pid := range r.workers {
		if pid.Equal(who) {
			delete(r.workers, peer)
		}
	}
	for id, pid := range r.names {
		if pid.Equal(who) {
			delete(r.names, id)
		}
	}
}
