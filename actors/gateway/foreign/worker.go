package foreign

import (
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/messages"
)

const (
	signEvery = 10 * time.Second // how often the master hears that a worker is there
	// silentAfter is how long a worker may send no heartbeat and still count as online. It sends one every ten seconds; its socket
	// has its own.
	silentAfter = 60 * time.Second
)

type tick struct{}

// worker is one connection of a Node worker: its voice towards the master and the store. It ends with the connection.
type worker struct {
	Config
	peer Peer
	only messages.NodeID // see Visit
	note Note

	wire       wire
	id         messages.NodeID // empty until it said its name
	about      register
	asked      *heard // the registration that waits for the master's answer
	registered bool
	heartAt    time.Time // of its last heartbeat, or its registration
	load       heartbeat

	accounts map[messages.AccountID]*account
	sessions map[messages.LoginID]*session
	replies  map[messages.ReplyID]*handed
	syncs    map[uint64]*syncing // observations that the store has not acknowledged
	tallies  map[messages.AccountID]*tally
	n        uint64
	stop     func()
	gone     bool
}

func newWorker(cfg Config, peer Peer, visit Visit) *worker {
	if visit.Note == nil {
		visit.Note = func(string, string, ...string) {}
	}
	return &worker{
		Config: cfg, peer: peer, only: visit.Only, note: visit.Note, tallies: map[messages.AccountID]*tally{}, accounts: map[messages.AccountID]*account{}, sessions: map[messages.LoginID]*session{},
		replies: map[messages.ReplyID]*handed{}, syncs: map[uint64]*syncing{},
	}
}

// Receive implements actor.Actor.
func (w *worker) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		w.stop = actors.Every(c, signEvery, tick{})
	case tick:
		w.onTick(c)
	case heard:
		w.onHeard(c, m)
	case left, replaced:
		c.Stop(c.Self())
	case *actor.Stopping:
		w.onGone(c)

	case *messages.ForeignRegistered:
		w.onRegistered(c, m)
	case *messages.Refused:
		w.onRefused(m)
	case *messages.AssignAccount:
		w.onAssign(c, m)
	case *messages.RevokeAccount:
		w.onRevoke(c, m)
	case *messages.SetUpstream:
		w.onUpstream(m)
	case *messages.StartLogin:
		w.onStartLogin(c, m)
	case *messages.LoginInput:
		w.onLoginInput(m)
	case *messages.CancelLogin:
		w.onCancelLogin(c, m)
	case *messages.ExecuteReply:
		w.onExecuteReply(c, m)
	case *messages.CommitTicket:
		w.onTicket(c, m)
	case *messages.FindReply:
		w.onFindReply(c, m)
	case *messages.Acked:
		w.onAcked(c, m)
	}
}

// onHeard sorts what the worker says. Only who is registered may say more than its name.
func (w *worker) onHeard(c actor.Context, h heard) {
	if m, ok := h.what.(register); ok {
		w.onRegister(c, h, m)
		return
	}
	if !w.registered {
		w.refuse(h, "", "register first")
		return
	}
	switch m := h.what.(type) {
	case heartbeat:
		w.onHeartbeat(c, h, m)
	case dataSync:
		w.onSync(c, h, m)
	case accountStates:
		w.onStates(c, m)
	case loginStep:
		w.onLoginStep(c, h, m)
	case loginProfile:
		w.onProfile(c, h, m)
	case replyResult:
		w.onReplyResult(c, h, m)
	case pushed:
		w.onPushed(c, h, m)
	case restarted:
		w.onRestarted(c, h, m)
	}
}

// refuse says why something was not done, where the worker will see it.
func (w *worker) refuse(h heard, account, why string) {
	h.ack(refused{AccountID: account, Error: why})
	w.peer.EmitError(why)
}

// onRegister tells the master that the worker is here. A worker may say so again on its connection, under the same name.
func (w *worker) onRegister(c actor.Context, h heard, m register) {
	id := messages.NodeID(m.worker)
	if w.id != "" && w.id != id {
		w.refuse(h, "", "this connection belongs to worker "+string(w.id))
		return
	}
	if w.only != "" && w.only != id {
		w.refuse(h, "", "this token is worker "+string(w.only)+"'s: make one of that name with troupe token create "+string(id)+" --role worker")
		w.note("worker:register", "forbidden", string(id))
		return
	}
	w.id, w.about, w.wire, w.asked, w.heartAt = id, m, h.wire, &h, w.Now()
	w.load = heartbeat{accounts: w.load.accounts, memory: w.load.memory}
	c.Request(c.Parent(), claim{id})
	if w.registered {
		w.welcome()
		return
	}
	c.Request(w.Master, &messages.RegisterForeign{Status: w.status()})
}

// onRegistered takes the accounts that the worker has, and only then answers it.
func (w *worker) onRegistered(c actor.Context, m *messages.ForeignRegistered) {
	w.registered = true
	w.Log.Info("foreign worker registered", w.id.Attr(), "accounts", len(m.GetAssignments()))
	w.noteRegistration(m)
	for _, a := range m.GetAssignments() {
		w.take(c, a)
	}
	w.welcome()
}

// welcome answers a registration with the accounts that the worker has. On the wire of events they follow as a task.
func (w *worker) welcome() {
	h := w.asked
	if h == nil {
		return
	}
	w.asked = nil
	rows := w.rows()
	answer(w.peer, *h, "worker:register:ack", registration{Success: true, WorkerID: string(w.id), AssignedAccounts: rows}, w.Now())
	if w.wire == byEvent {
		w.peer.Emit("worker:registered", registration{Success: true, WorkerID: string(w.id), AssignedAccounts: rows})
		if len(rows) > 0 {
			w.peer.Emit("master:task:assign", assigned{rows})
		}
	}
	for _, a := range w.accounts {
		w.giveLogin(a)
	}
}

func (w *worker) onRefused(m *messages.Refused) {
	h := w.asked
	if h == nil {
		return
	}
	w.note(registerEvent, m.GetCode(), string(w.id))
	w.asked, w.id = nil, ""
	w.Log.Warn("foreign worker refused", "err", m.GetMessage())
	answer(w.peer, *h, "worker:register:ack", refused{Error: m.GetMessage()}, w.Now())
	w.peer.EmitError(m.GetMessage())
}

func (w *worker) onHeartbeat(c actor.Context, h heard, m heartbeat) {
	w.heartAt, w.load = w.Now(), m
	answer(w.peer, h, "worker:heartbeat:ack", done{Success: true, Timestamp: w.Now().UnixMilli()}, w.Now())
	c.Request(w.Master, w.status())
}

// onTick is the worker's sign of life towards the master, as long as it gives one itself.
func (w *worker) onTick(c actor.Context) {
	if !w.registered {
		return
	}
	w.dropOldSyncs()
	w.noteTallies(tallyEvery)
	if w.Now().Sub(w.heartAt) < silentAfter {
		c.Request(w.Master, w.status())
	}
}

func (w *worker) status() *messages.NodeStatus {
	return &messages.NodeStatus{
		Worker: string(w.id), Incarnation: w.peer.ID(), Foreign: true, Accounts: int64(len(w.accounts)), MaxAccounts: w.about.maxAccounts,
		MemoryRss: w.load.memory << 20, Platforms: slices.Clone(w.about.platforms), Version: w.about.version,
	}
}

// onGone tells the master that the connection ended. A reply that was not put into the socket was not sent, and may run again.
func (w *worker) onGone(c actor.Context) {
	if w.gone {
		return
	}
	w.gone = true
	w.noteTallies(0)
	w.stop()
	w.peer.Close()
	for _, h := range w.replies {
		if !h.emitted {
			w.result(c, h, messages.ReplyReturned, "the Node worker went away", "")
		}
	}
	if w.registered {
		c.Request(w.Master, &messages.ForeignGone{Worker: string(w.id), Incarnation: w.peer.ID()})
	}
	w.Log.Debug("foreign worker's connection ended", slog.String("node", string(w.id)))
}
