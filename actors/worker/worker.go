// Package worker is the actor that makes a node a worker: it takes assignments from the master, gives each
// account its folder and user, keeps what accounts observe until the store has acknowledged it, and says how the node is.
//
// A node takes at most MAX_ACCOUNTS, and no more than its memory and cores carry (room.go): a further one is refused with
// the reason. The worker measures each browser and tells its account, which decides when to start it again.
//
// There is one per node, under the name "worker". Its platform actors supervise the accounts. It decides nothing
// about placement, and holds no truth: all that it has can be made again from the master's store and the pages.
package worker

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account"
	"troupe/actors/platform"
	"troupe/messages"
	"troupe/platforms/definition"
)

// Name is the worker's well-known name.
const Name = messages.WorkerActor

// Config is what cmd gives to the worker.
type Config struct {
	Node        *account.Node
	Incarnation string
	Version     string
	MaxAccounts int
	Root        string // folder of the accounts' folders
	FirstUID    int    // of the users that Chromium runs as; 0 = the node's own user
	// Folder is the id of the node's data folder, Boot that of the machine's kernel. Together with the folder's lock they prove that nothing
	// of an earlier life of the node runs. Boot is empty where the lock alone does: the master's own node.
	Folder, Boot string
	Definitions  *definition.Registry
	Master       *actor.PID
	Store        *actor.PID
	Log          *slog.Logger

	// WeighEvery is how often the browsers' memory is measured; zero means every 30 seconds.
	WeighEvery time.Duration
	// Room is what the machine has for accounts; nil means Measure.
	Room func() Room
	// Said is told each status that the master is told, at once and on the mailbox; nil tells nobody.
	Said func(*messages.NodeStatus)
	// Platform is the recipe of one platform; nil means platform.Props.
	Platform func(platform.Config) *actor.Props
}

// Props makes the recipe of the node's worker.
func Props(cfg Config) *actor.Props {
	base := cfg.Log
	cfg.Log = cfg.Log.With(slog.String("actor", "worker"))
	cfg.WeighEvery = cmp.Or(cfg.WeighEvery, 30*time.Second)
	if cfg.Room == nil {
		cfg.Room = Measure
	}
	if cfg.Platform == nil {
		cfg.Platform = platform.Props
	}
	return actor.PropsFromProducer(func() actor.Actor {
		return &worker{
			Config: cfg, base: base, platforms: map[messages.PlatformName]*actor.PID{}, accounts: map[messages.AccountID]*assigned{},
			ended: map[messages.AccountID]ending{}, left: map[string]*queue{}, refused: map[messages.PlatformName]string{},
		}
	}, actor.WithSupervisor(actors.ResumeChild()))
}

type worker struct {
	Config
	base      *slog.Logger // of the platforms
	platforms map[messages.PlatformName]*actor.PID
	accounts  map[messages.AccountID]*assigned
	ended     map[messages.AccountID]ending    // the newest epoch of each account that ended here
	left      map[string]*queue                // of accounts that ended: what the store has not acknowledged, by stream
	refused   map[messages.PlatformName]string // why a definition that we were told cannot be used
	draining  bool
	drainer   *actor.PID // who waits for WorkerDrained
	drained   int64
	measured  measured
	stopTicks []func()
}

// assigned is one account that runs here.
type assigned struct {
	epoch    messages.Epoch
	platform messages.PlatformName
	pid      *actor.PID // the account's actor; nil until it saw something
	queue    *queue
	erased   bool // when it ends, nothing of it is kept
}

// ending is how an epoch of an account ended here.
type ending struct {
	epoch messages.Epoch
	clean bool
}

// SayStatus has the worker say how it is, and what runs here, at once: there is another master. Only cmd, in the same process, sends it.
type SayStatus struct{}

type (
	sweepDue   struct{}
	statusDue  struct{}
	measureDue struct{}
	resendDue  struct{}
)

func (w *worker) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		w.start(c)
	case *messages.AssignAccount:
		w.onAssign(c, m)
	case *messages.RevokeAccount:
		w.onRevoke(c, m)
	case *messages.SetDefinition:
		w.onSetDefinition(c, m)
	case platform.Ended:
		w.onEnded(c, m)
	case *messages.Observed:
		w.onObserved(c, m)
	case *messages.Acked:
		w.onAcked(c, m)
	case *messages.DrainWorker:
		w.onDrain(c, m)
	case *messages.UndrainWorker:
		w.draining, w.drainer = false, nil
		w.sayStatus(c)
	case SayStatus:
		w.sayStatus(c)
	case *messages.CheckUpstream:
		w.onCheckUpstream(c, m)
	case resendDue:
		w.resend(c)
	case statusDue:
		w.sayStatus(c)
	case measureDue:
		actors.Job(c, func(context.Context) any { return weigh(w.Root) })
	case measured:
		w.onMeasured(c, m)
	case sweepDue:
		w.sweep(c)
	case *actor.Stopping:
		for _, stop := range w.stopTicks {
			stop()
		}
	}
}

func (w *worker) start(c actor.Context) {
	w.stopTicks = []func(){
		actors.Every(c, 10*time.Second, statusDue{}),
		actors.Every(c, 2*time.Second, resendDue{}),
		actors.Every(c, w.WeighEvery, measureDue{}),
		actors.Every(c, 5*time.Minute, sweepDue{}),
	}
	actors.After(c, w.WeighEvery/6, measureDue{})
	w.sayStatus(c)
}

func (w *worker) onAssign(c actor.Context, m *messages.AssignAccount) {
	id, epoch := messages.AccountID(m.GetAccount().GetId()), messages.Epoch(m.GetEpoch())
	if err := w.accept(c, id, epoch, m); err != nil {
		w.Log.Warn("assignment refused", id.Attr(), epoch.Attr(), "err", err)
		w.sayStatus(c) // first: the master must not assign it here again at once
		c.Send(w.Master, &messages.AccountAssigned{Account: string(id), Epoch: uint64(epoch), Refused: err.Error(), Incarnation: w.Incarnation})
		return
	}
	c.Send(w.Master, &messages.AccountAssigned{Account: string(id), Epoch: uint64(epoch), Incarnation: w.Incarnation})
}

func (w *worker) accept(c actor.Context, id messages.AccountID, epoch messages.Epoch, m *messages.AssignAccount) error {
	if !id.Valid() {
		return fmt.Errorf("%q is no account id", id)
	}
	if w.draining {
		return fmt.Errorf("node %s is being stopped", w.Node.ID)
	}
	if last := w.ended[id]; epoch <= last.epoch {
		return fmt.Errorf("epoch %s of account %s is over: epoch %s has ended here", epoch, id, last.epoch)
	}
	if a := w.accounts[id]; a != nil {
		if a.epoch == epoch {
			return nil // said twice
		}
		return fmt.Errorf("account %s still runs here under epoch %s", id, a.epoch)
	}
	if reason := w.full(); reason != "" {
		return fmt.Errorf("node %s is full: %s", w.Node.ID, reason)
	}
	name := messages.PlatformName(m.GetAccount().GetPlatform())
	if err := w.takeDefinition(c, name, m.GetDigest(), m.GetDefinition()); err != nil {
		return err
	}
	pid, err := w.platform(c, name)
	if err != nil {
		return err
	}
	dir, uid, err := w.folder(id)
	if err != nil {
		return err
	}
	w.accounts[id] = &assigned{epoch: epoch, platform: name, queue: newQueue(id, m.GetKnown(), string(messages.NewTrace()))}
	c.Send(pid, platform.Assign{Message: m, Dir: dir, UID: uid, Master: w.Master})
	return nil
}

// platform returns the actor of a platform, spawning it on first use.
func (w *worker) platform(c actor.Context, name messages.PlatformName) (*actor.PID, error) {
	if pid := w.platforms[name]; pid != nil {
		return pid, nil
	}
	d := w.Definitions.Get(name)
	if d == nil {
		return nil, fmt.Errorf("this node has no definition of platform %q", name)
	}
	pid, err := c.SpawnNamed(w.Platform(platform.Config{
		Name: name, Definition: d, Node: w.Node, Queue: c.Self(), Log: w.base,
	}), string(name))
	if err != nil {
		return nil, fmt.Errorf("spawn platform %s: %w", name, err)
	}
	w.platforms[name] = pid
	return pid, nil
}

// onRevoke ends an account. Of one that does not run here it says so at once: that is the proof that the master waits for.
func (w *worker) onRevoke(c actor.Context, m *messages.RevokeAccount) {
	id := messages.AccountID(m.GetAccount())
	if a := w.accounts[id]; a != nil && (uint64(a.epoch) == m.GetEpoch() || m.GetErase()) {
		a.erased = a.erased || m.GetErase()
		c.Send(w.platforms[a.platform], &messages.RevokeAccount{
			Account: m.GetAccount(), Epoch: uint64(a.epoch), Reason: m.GetReason(), Erase: a.erased,
		})
		return
	}
	if m.GetErase() && id.Valid() {
		if err := os.RemoveAll(filepath.Join(w.Root, string(id))); err != nil {
			w.Log.Error("account folder not erased", id.Attr(), "err", err)
		}
	}
	last := w.ended[id]
	clean := last.clean && uint64(last.epoch) == m.GetEpoch() && !m.GetErase()
	c.Send(w.Master, &messages.AccountRevoked{Account: m.GetAccount(), Epoch: m.GetEpoch(), Clean: clean, Incarnation: w.Incarnation})
}

func (w *worker) onEnded(c actor.Context, m platform.Ended) {
	a := w.accounts[m.ID]
	if a == nil || a.epoch != m.Epoch {
		return
	}
	full := w.full() != ""
	delete(w.accounts, m.ID)
	w.ended[m.ID] = ending{m.Epoch, m.Clean}
	if len(a.queue.waiting) > 0 && !a.erased {
		w.left[a.queue.stream] = a.queue
	}
	if full {
		w.sayStatus(c) // there is room again, perhaps for this very account
	}
	if m.Failed != "" {
		c.Send(w.Master, &messages.AccountFailed{Account: string(m.ID), Epoch: uint64(m.Epoch), Reason: m.Failed})
	}
	c.Send(w.Master, &messages.AccountRevoked{Account: string(m.ID), Epoch: uint64(m.Epoch), Clean: m.Clean, Incarnation: w.Incarnation})
	w.drained++
	w.drainedIfEmpty(c)
}

// onDrain ends every account cleanly and answers when the last one is gone, and the store has what they saw.
func (w *worker) onDrain(c actor.Context, m *messages.DrainWorker) {
	w.draining, w.drainer = true, c.Sender()
	w.drained = 0
	w.sayStatus(c) // before any account ends: the master must not place it here again
	for id, a := range w.accounts {
		c.Send(w.platforms[a.platform], &messages.RevokeAccount{Account: string(id), Epoch: uint64(a.epoch), Reason: m.GetReason()})
	}
	w.drainedIfEmpty(c)
}

func (w *worker) drainedIfEmpty(c actor.Context) {
	if w.drainer != nil && len(w.accounts) == 0 && len(w.left) == 0 {
		c.Send(w.drainer, &messages.WorkerDrained{Worker: string(w.Node.ID), Accounts: w.drained})
		w.drainer = nil
	}
}
