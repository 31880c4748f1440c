package account

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account/browser"
	"troupe/actors/account/evidence"
	"troupe/actors/account/gate"
	"troupe/actors/account/persona"
	"troupe/actors/account/turns"
	"troupe/actors/account/vault"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// Node is what all accounts of one node share.
type Node struct {
	ID       messages.NodeID
	Leases   Leases
	Ring     *vault.KeyRing
	Clock    func() time.Duration
	Now      func() time.Time
	Browsers *browser.Host // what all Chromiums of the node share: the binary, the sandbox, the start slots
	Rounds   *turns.Queue  // of collecting
	// Recycling says when a browser is started again although it is well.
	Recycling Recycling
	Evidence  *evidence.Box // of failed flows; nil keeps none

	Pace    float64  // of typing and moving; 1 = a person's
	Pins    []string // certificate pins accepted beside the system's: development only
	ExitURL string   // http or https page that answers the caller's address; a proxy's check asks it. Empty: none
	// Fence judges each packet outside the process as well; nil where the node may not, or was not told to.
	Fence *gate.KernelFence
	// Dial replaces the way to the net: development only, nil otherwise.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Client makes the platform's client for one browser incarnation.
	Client func(ClientConfig) platforms.Client
	// Memory makes what an account's clients share, from what it exported last; nil input begins anew.
	Memory func(exported []byte) (platforms.Memory, error)
}

// ClientConfig is what a platform client is made of.
type ClientConfig struct {
	Definition *definition.Definition
	Browser    page.Browser
	Account    messages.AccountID
	Owner      string // the account's platform id, as far as known
	// Whole are the collections that were seen whole before, Known says whether an item was seen before.
	Whole []string
	Known func(key string) bool
	// Holds says how many items of a collection the account has.
	Holds func(collection string) int
	// Memory is what the account's earlier clients remembered.
	Memory platforms.Memory
	// Evidence takes what a failed flow left. It may block.
	Evidence func(Evidence)
	// ReadOnly makes no reply and marks nothing as read.
	ReadOnly bool
	Log      *slog.Logger
}

// Leases is the worker's side of the lease, as accounts use it; *lease.Keeper is it.
type Leases interface {
	Hold(account messages.AccountID, epoch messages.Epoch, fence lease.Fence) (release func())
	MayBegin(account messages.AccountID, epoch messages.Epoch) bool
}

// Gate is the account's only way out, as the account uses it; *gate.Gate is it. It starts shut, and the lease opens it.
type Gate interface {
	lease.Fence
	Addr() string
	Open() bool
	// BeginCommit and EndCommit enclose the time in which Chromium must not send anything again by itself.
	BeginCommit()
	EndCommit()
	// SetUpstream gives another way out, nil the direct one; everything that is open is cut.
	SetUpstream(upstream *gate.Upstream)
	// SetHosts replaces the lists of hosts; what is open stays.
	SetHosts(sites, resources []string) error
	// Check tries the way out; see gate.Gate.Check.
	Check(ctx context.Context, target, exitURL string) gate.Check
	Stats() gate.Stats
	Refusals() []gate.Refusal
	Close() error
}

// Config is what the platform actor gives to each account.
type Config struct {
	Node       *Node
	ID         messages.AccountID
	Epoch      messages.Epoch
	Record     *messages.Account
	Definition *definition.Definition
	Sealed     *messages.SealedState // nil: never saved
	Upstream   *messages.Upstream    // the proxy that it goes out through; nil: directly
	// Known and Whole say what the store holds of the account already: item keys, and collections seen whole.
	Known map[string]uint64
	Whole []string
	// ProfileUsable says that the profile folder was closed cleanly by the account's previous epoch.
	ProfileUsable bool
	Dir           string // the account's own folder
	UID           int    // of its Chromium; 0 = the node's own
	Queue         *actor.PID
	Master        *actor.PID
	Log           *slog.Logger

	// Gate opens the account's only way out; nil means gate.Listen.
	Gate func(gate.Options) (Gate, error)
	// Browser is the recipe of one Chromium incarnation; nil means browser.Props.
	Browser func(browser.Config) *actor.Props
	// Restarts delays browser starts after failures; the zero value is right.
	Restarts actors.Backoff
	// StartTries is after how many browsers that never came up the account gives up; zero means 5.
	StartTries int
}

// Props makes the recipe from which the platform actor spawns one account.
func Props(cfg Config) *actor.Props {
	base := cfg.Log
	cfg.Log = cfg.Log.With(slog.String("actor", "account"), cfg.ID.Attr(), cfg.Epoch.Attr())
	if cfg.Gate == nil {
		cfg.Gate = func(o gate.Options) (Gate, error) { return gate.Listen(o) }
	}
	if cfg.Browser == nil {
		cfg.Browser = browser.Props
	}
	if cfg.StartTries == 0 {
		cfg.StartTries = 5
	}
	lives, newest := 0, cfg.Definition
	return actor.PropsFromProducer(func() actor.Actor {
		lives++
		own := cfg
		own.Definition = newest                             // a restart after a panic goes on with what was taken up
		own.ProfileUsable = cfg.ProfileUsable && lives == 1 // a restart after a panic trusts no profile
		return &account{
			Config: own, base: base, newest: &newest, owner: cfg.Record.GetProfile().GetPlatformUserId(), known: newKnown(cfg.Known), whole: slices.Clone(cfg.Whole),
		}
	}, actor.WithSupervisor(actors.StopChild()))
}

// account lives in one mailbox: no field needs a lock.
type account struct {
	Config
	base *slog.Logger // of browser and gate, which name the account themselves

	newest **definition.Definition // given to the account; Definition is it, or will be soon

	state  messages.AccountState
	reason string
	step   string
	since  time.Time

	gate    Gate
	release func() // of the lease's hold

	browser  *actor.PID       // the present incarnation, nil between two
	gen      int              // its number; answers to an earlier one are told apart by it
	instance browser.Chromium // set when it is ready
	chromium atomic.Int64     // its first process, for the gate; 0 = none is ready
	client   platforms.Client
	pause    pause
	lastEnd  string // why we ended the last browser ourselves; empty = we did not
	neverUp  int    // browsers in a row that never became ready
	revived  int    // probes in a row after a dead page

	blindSince time.Time // of the first of the looks in a row that were not finished; zero when the last one was
	blind      bool      // that is called a trouble now

	ops       ops
	known     *known
	whole     []string
	login     *login
	owner     string // the account's own platform id
	probed    bool   // the present browser has shown the account logged in
	nextRound context.CancelFunc
	nextAt    time.Time
	lastRound time.Time
	rounds    int64
	items     int64

	profile    *messages.Profile
	evidence   string       // name of the newest picture of a trouble
	failed     evidenceKept // of the flow that runs, until its end is noted
	timeline   timeline
	upstreamOK bool // the proxy worked when it was last tried; true without one
	recheck    int  // failed checks in a row

	persona    persona.Persona
	drawn      bool              // the persona is new and not stored yet
	appearance *messages.Persona // what people are told of it

	memory   platforms.Memory
	vault    *vault.State // the last exported state, restored after a crash
	vaultSum [32]byte
	counter  uint64                // of the state sent last
	sealed   *messages.SealedState // that was sent last
	saved    uint64                // the newest of them that the master has
	draining *drain
	retry    int // automatic tries since the last good round
}

// Receive is the switchboard.
func (a *account) Receive(c actor.Context) {
	if a.hold(c) {
		return
	}
	switch m := c.Message().(type) {
	case *actor.Started:
		a.start(c)
	case *actor.Terminated:
		a.onBrowserGone(c, m)
	case *actor.Stopping, *actor.Restarting:
		a.stop()
	case browser.Ready:
		a.onBrowserReady(c, m)
	case gateChanged:
		a.onGate(c, m)
	case browser.Failed:
		a.onBrowserFailed(c, m)
	case TakeUp:
		a.onTakeUp(c, m)
	case takeUpDue:
		a.onTakeUpDue(m)
	case *messages.RecordRound:
		a.onRecord(c, m)
	case *messages.TryDefinition:
		a.onTry(c, m)
	case *messages.ReportStatus:
		a.report(c)
	case *messages.SetUpstream:
		a.onSetUpstream(c, m)
	case *messages.CheckUpstream:
		a.checkUpstream(c, c.Sender())
	case upstreamFailed:
		a.onUpstreamFailed(c, m)
	case upstreamChecked:
		a.onUpstreamChecked(c, m)
	case restartBrowser:
		a.spawnBrowser(c)
	case roundDue:
		a.onRoundDue(c, m)
	case opDone:
		a.onOpDone(c, m)
	case Weighed:
		a.onWeighed(c, m)
	case Swept:
		a.onSwept(c)
	case evidenceKept:
		a.onEvidence(c, m)
	case *messages.ListRounds:
		c.Respond(a.timeline.listed())
	case *messages.ReadEvidence:
		a.onReadEvidence(c, m)
	case drained:
		a.onDrained(c, m)
	case *messages.StartLogin:
		a.onStartLogin(c, m)
	case *messages.LoginInput:
		a.onLoginInput(m)
	case *messages.CancelLogin:
		a.onCancelLogin(c, m)
	case *messages.ExecuteReply:
		a.onExecuteReply(c, m)
	case *messages.FindReply:
		a.onFindReply(c, m)
	case *messages.ResumeAccount:
		a.onResume(c)
	case Reread:
		a.onReread(c)
	case *messages.CollectNow:
		a.collectSoon(c)
	case *messages.TakeScreenshot:
		a.onScreenshot(c)
	case saveOver:
		a.goUnsaved(c, m)
	case saveDue:
		a.saveAgain(c, m)
	case *messages.VaultSaved:
		a.onVaultSaved(c, m)
	case *messages.RevokeAccount:
		a.onRevoke(c, m)
	case drainDeadline:
		a.cutDrain(c, m.last)
	case actors.Panicked:
		panic(m) // a bug of ours in a job: the platform actor restarts us
	}
}
