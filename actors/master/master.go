// Package master is the actor that decides: which accounts there are, where each runs and under which epoch, who may log in,
// and what becomes of every reply. There is one in a cluster, under the name "master".
//
// It alone changes control records. Each change is appended to the store with Sync before anything follows
// from it: an epoch before it is assigned, a reply before its agent is told, a ticket before it is given out. What the
// master holds in memory is those records and what running accounts say of themselves; it is published as a
// board after each change. A master that panics ends the process: its state must be trusted.
//
// An account that an operator pinned to a worker of another make has no lease and no gate (foreign.go): placement never touches it.
//
// It also decides which version of each platform's definition runs (definitions.go).
//
// Commands come from the gateway and are answered by AccountDone, ProxyDone, LoginStarted, ReplyAccepted or Refused.
package master

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms/definition"
)

// Name is the master's well-known name.
const Name = "master"

// Platform is what the master must know of a platform to make accounts of it.
type Platform struct {
	Name   messages.PlatformName
	Prefix string // of its account ids: dy in dy_1
	// CanReply says which targets its definition has a flow for.
	CanReply map[messages.ReplyKind]bool
	// Site is the host:port of its own page: what the check of a proxy that no account uses yet reaches. Empty = none.
	Site string
}

// Config is what cmd gives to the master.
type Config struct {
	Store  *actor.PID
	Leases *lease.Table
	Board  *board.Holder
	// Platforms are known beside those of Definitions.
	Platforms []Platform
	// Definitions are those that are part of the program; the master alone replaces them. nil: they never change.
	Definitions *definition.Registry
	// Folder holds definitions that go before the built-in ones, each in a folder of its platform's name. It is watched. nil: there is none.
	Folder fs.FS
	Clock  func() time.Duration // since boot, as the leases have it
	Now    func() time.Time
	Log    *slog.Logger

	// SealSecret closes a proxy's password, bound to its owner's name, with the cluster's key ring; nil refuses passwords.
	SealSecret func(owner string, secret []byte) (*messages.SealedSecret, error)
	// Keys is the ring that seals what rests in the store; nil refuses rotation and import.
	Keys Keys
	// Forget has a node's certificates refused, durably; it may block. nil: there are no other nodes to forget.
	Forget func(messages.NodeID) error
	// Noise is that of new accounts' personas, off or seed, where the operator does not say; empty means off.
	Noise string

	// ReplyExpiry is how long a reply may wait to be begun; zero means 10 minutes.
	ReplyExpiry time.Duration
	// FindPauses are the waits before the reads that settle an unknown reply.
	FindPauses []time.Duration
}

// DefaultFindPauses reads an unknown reply's thread three times over more than a minute.
var DefaultFindPauses = []time.Duration{3 * time.Second, 20 * time.Second, 45 * time.Second}

// errNoRing means that the master was given nothing to seal with.
var errNoRing = errors.New("no key ring to seal with")

// Props makes the master's recipe.
func Props(cfg Config) *actor.Props {
	cfg.Log = cfg.Log.With(slog.String("actor", "master"))
	if cfg.ReplyExpiry == 0 {
		cfg.ReplyExpiry = 10 * time.Minute
	}
	if cfg.FindPauses == nil {
		cfg.FindPauses = DefaultFindPauses
	}
	if cfg.SealSecret == nil {
		cfg.SealSecret = func(string, []byte) (*messages.SealedSecret, error) { return nil, errNoRing }
	}
	cfg.Noise = cmp.Or(cfg.Noise, noiseOff)
	return actor.PropsFromProducer(func() actor.Actor { return newMaster(cfg) })
}

type master struct {
	Config
	loaded      bool
	early       []envelope // what came before the records were loaded
	generation  uint32
	restored    bool              // the records came from a backup, and others may run what they do not know of
	alone       time.Duration     // when, since boot, nobody can run it any more
	horizon     time.Duration     // of the longest promise, as persisted
	parting     bool              // the process is about to restart
	nextNumber  map[string]uint64 // of account ids, by prefix
	accounts    map[messages.AccountID]*account
	replies     map[messages.ReplyID]*messages.Reply
	logins      map[messages.LoginID]*messages.LoginSession
	queue       loginQueue
	links       map[linkKey]*loginLink
	sorted      []*account    // by id; nil = to be made anew
	began       time.Duration // since boot: when the records were loaded
	capacity    board.Capacity
	bare        time.Time                  // since when no node may fail; zero = one may, or there is only one
	shown       *board.Board               // as it was published last
	proxies     map[string]*messages.Proxy // by id; replaced, never changed
	alarms      map[string]*messages.Alarm // open ones, by alarmKey or proxyAlarmKey
	oldAlarms   []*messages.Alarm          // cleared ones, newest last
	nodes       map[messages.NodeID]*node
	foreign     map[messages.NodeID]*node // workers of another make; placement does not know them
	rotation    *rotation                 // nil when all is sealed with the newest key
	subscribers []*actor.PID
	news        news
	known       definitions
	stopTicks   []func()
}

// envelope is a message that waits for the records.
type envelope struct {
	message any
	sender  *actor.PID
}

// account is a durable record and what is known of its running actor.
type account struct {
	record *messages.Account // replaced, never changed
	status *messages.AccountStatus
	// Where it runs: see epochs.go.
	running    bool        // an epoch is given out and not over
	assigned   bool        // its worker has taken it
	sent       time.Time   // when the assignment was made or repeated in this life of the master; zero = an earlier one made it
	usable     bool        // the assignment's profile
	revocation *revocation // nil = it is not being ended
	missing    int         // inventories in a row that lack it
	move       *move       // nil = it stays
	decisions  []*messages.Decision
	reported   messages.Epoch // the newest that a worker was found running, if we know nothing of it
	refusals   int            // in a row
	restUntil  time.Time      // not placed before, after refusals
	shunned    map[messages.NodeID]bool
	tried      map[messages.NodeID]string // nodes that gave it up since it last ran well, and why

	row       *board.Account // as it was published; nil = to be made anew
	vault     *messages.SealedState
	told      *messages.Upstream // the way out that the running actor was told last
	steered   time.Time          // when it was told again because it did not use it
	waitErase []*actor.PID       // who asked for the removal
	stranded  time.Time          // since when it waits for its foreign worker; zero = it does not
}

func (a *account) id() messages.AccountID { return messages.AccountID(a.record.GetId()) }

func newMaster(cfg Config) *master {
	m := &master{
		Config: cfg, known: newDefinitions(cfg.Definitions), nextNumber: map[string]uint64{}, accounts: map[messages.AccountID]*account{},
		replies: map[messages.ReplyID]*messages.Reply{}, logins: map[messages.LoginID]*messages.LoginSession{},
		queue: newLoginQueue(), links: map[linkKey]*loginLink{},
		proxies: map[string]*messages.Proxy{}, alarms: map[string]*messages.Alarm{}, nodes: map[messages.NodeID]*node{},
		foreign: map[messages.NodeID]*node{},
	}
	for _, d := range m.known.builtIn {
		m.setPlatform(d)
	}
	return m
}

type tick struct{}

// Receive is the switchboard. Until the records are loaded everything waits.
func (m *master) Receive(c actor.Context) {
	switch msg := c.Message().(type) {
	case *actor.Started:
		c.Request(m.Store, &messages.LoadControl{})
		return
	case *messages.ControlLoaded:
		m.load(c, msg)
	case *actor.Stopping:
		for _, stop := range m.stopTicks {
			stop()
		}
		return
	case actor.SystemMessage, actor.AutoReceiveMessage:
		return
	default:
		if !m.loaded {
			m.early = append(m.early, envelope{msg, c.Sender()})
			return
		}
		m.handle(c, msg, c.Sender())
	}
	m.publish(c)
}

func (m *master) handle(c actor.Context, message any, sender *actor.PID) {
	switch msg := message.(type) {
	case tick:
		m.onTick(c)
	case lookDue:
		m.onLookDue(c)
	case looked:
		m.onLooked(c, msg)
	case *messages.RollBackDefinition:
		m.onRollBack(c, msg, sender)
	case rolled:
		m.onRolled(c, msg)
	case board.Subscribe:
		m.subscribe(c, sender)

	case *messages.CreateAccount:
		m.onCreate(c, msg, sender)
	case *messages.ChangeAccount:
		m.onChange(c, msg, sender)
	case *messages.PauseAccount:
		m.onPause(c, msg, sender)
	case *messages.ResumeAccount:
		m.onResume(c, msg, sender)
	case *messages.RemoveAccount:
		m.onRemove(c, msg, sender)
	case *messages.PinAccount:
		m.onPin(c, msg, sender)
	case *messages.TakeScreenshot, *messages.CollectNow, *messages.ListRounds, *messages.ReadEvidence, *messages.TryDefinition, *messages.RecordRound:
		m.passOn(c, msg, sender)

	case *messages.AddProxy:
		m.onAddProxy(c, msg, sender)
	case *messages.RemoveProxy:
		m.onRemoveProxy(c, msg, sender)
	case *messages.AssignProxy:
		m.onAssignProxy(c, msg, sender)
	case *messages.TestProxy:
		m.onTestProxy(c, msg, sender)
	case *messages.ProxyChecked:
		m.onChecked(c, msg)

	case *messages.NodeStatus:
		if msg.GetForeign() {
			m.onForeignStatus(msg)
			return
		}
		m.onNode(c, msg, sender)
	case *messages.RegisterForeign:
		m.onRegisterForeign(c, msg, sender)
	case *messages.ForeignGone:
		m.onForeignGone(c, msg)
	case Part:
		m.onPart(c, sender)
	case *messages.DrainWorker:
		m.onDrainWorker(c, msg, sender)
	case *messages.UndrainWorker:
		m.onUndrain(c, msg, sender)
	case *messages.ForgetNode:
		m.onForgetNode(c, msg, sender)
	case nodeRefused:
		m.onNodeRefused(c, msg)
	case *messages.MoveAccount:
		m.onMove(c, msg, sender)
	case *messages.AccountAssigned:
		m.onAssigned(c, msg)
	case *messages.AccountRevoked:
		m.onRevoked(c, msg)
	case *messages.AccountFailed:
		m.onFailed(c, msg)
	case *messages.AccountStatus:
		m.onStatus(c, msg)
	case *messages.SaveVault:
		m.onSaveVault(c, msg, sender)
	case *messages.ReadVault:
		m.onReadVault(c, msg, sender)
	case *messages.WriteVault:
		m.onWriteVault(c, msg, sender)
	case replaced:
		m.onReplaced(c, msg)
	case *messages.RotateKeys:
		m.onRotateKeys(c, sender)
	case rotated:
		m.onRotated(c, msg)
	case ringSpread:
		m.resealAll(c)
	case *messages.ListKeys:
		m.onListKeys(c, sender)
	case *messages.RetireKey:
		m.onRetireKey(c, msg, sender)
	case retired:
		m.onRetired(c, msg)

	case *messages.StartLogin:
		m.onStartLogin(c, msg, sender)
	case *messages.LoginInput:
		m.onLoginInput(c, msg, sender)
	case *messages.CancelLogin:
		m.onCancelLogin(c, msg, sender)
	case *messages.LoginStep:
		m.onLoginStep(c, msg)
	case *messages.LoginEnded:
		m.onLoginEnded(c, msg)
	case *messages.QueueLogins:
		m.onQueueLogins(c, msg, sender)
	case *messages.UnqueueLogins:
		m.onUnqueueLogins(c, msg, sender)
	case *messages.MakeLoginLink:
		m.onMakeLink(c, msg, sender)
	case *messages.OpenLoginLink:
		m.onOpenLink(c, msg, sender)

	case *messages.SubmitReply:
		m.onSubmit(c, msg, sender)
	case *messages.BeginCommit:
		m.onBeginCommit(c, msg, sender)
	case *messages.ReplyResult:
		m.onResult(c, msg)
	case *messages.ReplyFound:
		m.onFound(c, msg)
	}
}

// onTick does what time alone brings about.
func (m *master) onTick(c actor.Context) {
	m.releaseLapsed(c)
	m.endRestored(c)
	m.noteOnline()
	m.sayAgain(c)
	m.placeAll(c)
	m.sweepMoves(c)
	m.sweepDrains(c)
	m.sweepFaults(c)
	m.keepHorizon(c)
	m.measureCapacity(c)
	m.sweepLogins(c)
	m.showQueued(c)
	m.sweepReplies(c)
}

func (m *master) now() int64 { return m.Now().UnixMilli() }

func (m *master) start(c actor.Context) {
	m.loaded, m.began = true, m.Clock()
	m.stopTicks = []func(){actors.Every(c, time.Second, tick{})}
	m.startDefinitions(c)
	m.resumeRotation(c)
	for _, e := range m.early {
		m.handle(c, e.message, e.sender)
	}
	m.early = nil
}

func refuse(c actor.Context, to *actor.PID, code, message string) {
	if to != nil {
		c.Send(to, &messages.Refused{Code: code, Message: message})
	}
}
