// Package gateway is the room of everything that clients talk to: here the Socket.IO server of the PC IM client (its window and its
// Electron process) and of the web administration; the HTTP API is in api, the protocol in socketio, the clients' events and shapes in im.
//
//	sockets ── reads ──────────────▶ board and views, on the goroutine that read the request; no actor is asked
//	   │
//	   └── commands ─▶ gateway ─▶ im-7f3a (one per client) ── requests ─▶ master, store
//	                      ▲
//	                      └── facts: board.Changed (master), *dataset.Published (store) ─▶ broadcasts
//
// What it promises: a client sees what the store and the master published, nothing else and nothing earlier; what a
// client asked for by itself is never older than a broadcast that it got before. A new item causes a hint at once, and the
// account's topics at once or, when they were just sent, a moment later; the messages go to those who asked for that topic lately.
// No client makes another one wait: a slow one is dropped and comes back.
//
// Nothing is served before the master showed its first board (503; clients try again by themselves), so that no client
// ever takes a node that is still loading for one without accounts.
//
// Who a client is, says people.Door: by its token, or, for the compatible client that has none, as pc-im from the places that the
// configuration names. A client whose token ends is dropped at once. What a client changed is told to the audit log.
package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/gateway/foreign"
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Name is the gateway's well-known name.
const Name = "gateway"

// closeTime is how long clients get to answer a farewell.
const closeTime = 2 * time.Second

// Views is what the gateway reads of the dataset, from any goroutine; *dataset.Views has it.
type Views interface {
	// Get returns an account's newest view, or nil when nothing is held of it.
	Get(messages.AccountID) *dataset.View
	// Version names what Get answers from: while it stays the same, so do the answers.
	Version() dataset.Version
}

// Config is what the node gives to its gateway.
type Config struct {
	Views   Views
	Board   *board.Holder
	Door    *people.Door    // says who a client is
	Master  *actor.PID      // takes SubmitReply, CreateAccount, RemoveAccount
	Store   *actor.PID      // takes MarkRead
	Sockets socketio.Config // its Log is replaced by this one's
	Log     *slog.Logger
	Now     func() time.Time

	// ReadState reads a login that an agent made by hand, in Playwright's form, into what the master takes. Its errors name the place
	// in it, never a value. Nil = such logins are not taken.
	ReadState func(state []byte) (plain []byte, err error)
	// ChannelSpacing is the least time between two broadcasts of the channels, each of which makes every client ask for the topics of
	// every account; 0 means a second.
	ChannelSpacing time.Duration
	// ListSpacing is the least time between two broadcasts of the same account's topics and messages; 0 means 150 ms.
	ListSpacing time.Duration
	// PushMessages also sends each new inbound message as channel:message, for which the PC client comes to the front.
	PushMessages bool
	// OpenSecret opens a proxy's password for the Node worker whose account goes out through it; nil keeps such accounts from Node workers.
	OpenSecret func(owner string, sealed *messages.SealedSecret) (messages.Secret, error)
	// OpenLogin opens an imported login, in Playwright's form, for the Node worker whose account it is of; nil keeps logins from Node workers.
	OpenLogin func(sealed *messages.SealedState) ([]byte, error)
}

// Validate reports everything that is missing.
func (c Config) Validate() error {
	var errs []error
	for name, missing := range map[string]bool{
		"Views": c.Views == nil, "Door": c.Door == nil, "Board": c.Board == nil, "Master": c.Master == nil, "Store": c.Store == nil, "Log": c.Log == nil, "Now": c.Now == nil,
	} {
		if missing {
			errs = append(errs, fmt.Errorf("gateway: %s is missing", name))
		}
	}
	return errors.Join(errs...)
}

// Gateway is the Socket.IO server and what its goroutines share with the actor behind it.
type Gateway struct {
	Config
	server   *socketio.Server
	inbox    *socketio.Namespace // the PC client's window
	client   *socketio.Namespace // its Electron main process
	admin    *socketio.Namespace
	lists    lists
	channels channelCache
	watched  watched
	codes    loginCodes
	guests   sync.Map                // of *socketio.Socket to guest
	workers  *foreign.Desk           // of Node workers
	ready    atomic.Pointer[mailbox] // nil until the first board is there
}

// mailbox is where sockets send what the actor has to know.
type mailbox struct {
	root *actor.RootContext
	self *actor.PID
}

// New makes a gateway. It serves once the actor of its Props runs and the master showed a board.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Log = cfg.Log.With(slog.String("actor", Name))
	cfg.Sockets.Log = cfg.Log
	cfg.ChannelSpacing = cmp.Or(cfg.ChannelSpacing, time.Second)
	cfg.ListSpacing = cmp.Or(cfg.ListSpacing, 150*time.Millisecond)
	cfg.Sockets.Allow = cfg.Door.AllowSocket
	g := &Gateway{Config: cfg, server: socketio.New(cfg.Sockets)}
	g.inbox, g.client, g.admin = g.server.Of(im.Inbox), g.server.Of(im.Desktop), g.server.Of(im.Admin)
	g.client.Complain(im.ManualLoginErrorEvent, func(message string) any { return im.ManualLoginFailed{Error: message} })
	g.admin.Complain(im.AdminErrorEvent, func(message string) any { return im.AdminError{Error: message} })
	for _, name := range im.Namespaces {
		if err := g.declare(name); err != nil {
			return nil, err
		}
	}
	g.workers = foreign.New(foreign.Config{
		Master: cfg.Master, Store: cfg.Store, Board: cfg.Board, View: cfg.Views.Get, OpenSecret: cfg.OpenSecret, OpenLogin: cfg.OpenLogin,
		Admit: g.admitWorker, Enter: g.enterWorker, Leave: g.leave,
		Now: cfg.Now, Log: cfg.Log,
	})
	g.workers.Declare(g.server.Of(foreign.Namespace))
	return g, nil
}

// declare gives a namespace its rules, and its clients their roles and actors.
func (g *Gateway) declare(name string) error {
	ns := g.server.Of(name)
	rules, err := g.rules(name)
	if err != nil {
		return err
	}
	ns.Handle(rules...)
	ns.Auth(g.admit)
	ns.OnForbidden(g.forbidden)
	ns.OnConnect(func(s *socketio.Socket) {
		if !g.enter(s, name) {
			return
		}
		if name == im.Admin {
			s.Emit(im.AdminConnectedEvent, im.AdminConnected{Message: "connected", Timestamp: g.Now().UnixMilli()})
		}
		g.tell(joined{s})
	})
	ns.OnDisconnect(func(s *socketio.Socket, reason string) {
		g.leave(s)
		g.watched.forget(s)
		g.tell(left{s, reason})
	})
	return nil
}

// Props is the recipe of the gateway's actor; it is spawned once, as Name.
func (g *Gateway) Props() *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return newSwitchboard(g) }, actor.WithSupervisor(actors.ResumeChild()))
}

// Handler serves /socket.io/.
func (g *Gateway) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.ready.Load() == nil {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		g.server.ServeHTTP(w, r)
	})
}

// Served is how long the clients' events took, from when one was read until its answer stood in line for writing. What is asked of
// the master or the store counts until it was handed on.
func (g *Gateway) Served() socketio.Snapshot { return g.server.Served() }

// Clients is how many sockets are open.
func (g *Gateway) Clients() int { return g.server.Conns() }

// Dropped is how many sockets were ended because their client did not keep up.
func (g *Gateway) Dropped() uint64 { return g.server.Dropped() }

// Close ends every client's connection in a way that lets it come back; no new one is served.
func (g *Gateway) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := g.server.Close(ctx); err != nil {
		g.Log.Debug("clients did not answer the farewell", "err", err)
	}
}

// tell sends the actor a message from a socket's goroutine.
func (g *Gateway) tell(message any) {
	if m := g.ready.Load(); m != nil {
		m.root.Send(m.self, message)
	}
}
