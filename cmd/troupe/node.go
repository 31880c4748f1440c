package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"troupe/actors"
	"troupe/actors/account"
	"troupe/actors/account/browser"
	"troupe/actors/account/evidence"
	"troupe/actors/account/gate"
	"troupe/actors/account/turns"
	"troupe/actors/account/vault"
	"troupe/actors/gateway"
	"troupe/actors/worker"
	"troupe/cluster"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms/definition"
)

// drainLimit is how long a stopping node waits for its accounts: vaults saved, browsers closed.
const drainLimit = 25 * time.Second

// aloneDrainLimit is how long it waits without a master: nobody acknowledges what accounts saw last, and their pages still have it.
const aloneDrainLimit = 12 * time.Second

// settleLimit is how long it then waits for the store's disk.
const settleLimit = 5 * time.Second

// node is one process of troupe: a worker, and on the master's node the store, the master and the gateway as well.
type node struct {
	cfg         *config
	log         *slog.Logger
	lock        *os.File
	incarnation string           // of this life
	now         func() time.Time // the time of day
	system      *actor.ActorSystem
	root        *actor.RootContext // under the guardian that ends the process
	browsers    *browser.Host
	fence       *gate.KernelFence // nil when this process fences alone
	definitions *definition.Registry
	worker      *actor.PID

	identity *cluster.Identity   // nil when it is alone
	link     *cluster.Link       // nil when it is alone
	gossip   *cluster.Membership // nil when it is alone
	uplink   *cluster.Uplink     // nil on the master's node
	vitals   *vitals
	started  []func() // what ends the goroutines that were started, in the order of their start

	office
}

// office is what the master's node has beside its worker.
type office struct {
	leases                        *lease.Table
	store, master, events, people *actor.PID
	registrar                     *cluster.Registrar
	forgotten                     *cluster.Forgotten
	place                         clusterPlace

	gateway   *gateway.Gateway
	servers   []*http.Server
	url       string
	firstCode chan string // gets the first admin's code once, or "" when there is an admin
}

// startNode starts a node in its role, and everything of it in the order in which each part needs the others. It ends early when ctx
// does; what runs is ended by stop.
func startNode(ctx context.Context, cfg *config, log *slog.Logger) (*node, error) {
	n := &node{cfg: cfg, log: log, incarnation: newIncarnation(), now: (&wallClock{file: cfg.DevClock}).now, vitals: newVitals(), office: office{firstCode: make(chan string, 1)}}
	if err := n.lockFolder(); err != nil {
		return nil, err
	}
	var err error
	if n.definitions, err = builtIn(); err == nil {
		n.system = actors.NewSystem(log)
		n.root = n.system.Root.Copy().WithGuardian(&endProcess{log: log})
		if cfg.Join != "" {
			err = n.startWorkerOnly(ctx)
		} else {
			err = n.startMaster()
		}
	}
	if err != nil {
		n.stop(context.Background())
		return nil, err
	}
	return n, nil
}

// startWorker starts what runs accounts here, under leases that granter grants. boot is part of the proof that no earlier life of the
// node runs; empty where the folder's lock alone is.
func (n *node) startWorker(shared *account.Node, granter lease.Granter, figures lease.Figures, master, store *actor.PID, boot string) error {
	keeper := lease.NewKeeper(lease.KeeperOptions{
		Worker: messages.NodeID(n.cfg.WorkerID), Incarnation: n.incarnation, Granter: granter, Figures: figures, Wall: n.now,
		Lost: n.onLost, NewMaster: n.onNewMaster, Answered: n.vitals.metrics.Beat, Log: n.log,
	})
	n.vitals.watchWorker(keeper)
	shared.Leases = keeper
	n.run(keeper.Run)
	folder, err := cluster.FolderID(n.cfg.nodeDir())
	if err != nil {
		return err
	}
	if n.worker, err = n.root.SpawnNamed(worker.Props(worker.Config{
		Node: shared, Incarnation: n.incarnation, Version: version(), MaxAccounts: n.cfg.MaxAccounts, Root: n.accountsRoot(),
		Folder: folder, Boot: boot, FirstUID: n.firstUID(), Definitions: n.definitions, Master: master, Store: store, Said: n.vitals.said, Log: n.log,
	}), worker.Name); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	return nil
}

// shared makes what all accounts of the node share.
func (n *node) shared(ring *vault.KeyRing) (*account.Node, error) {
	cfg := n.cfg
	kept, err := evidence.Open(filepath.Join(cfg.nodeDir(), "evidence"), cfg.evidenceLimits(), n.now)
	if err != nil {
		return nil, err
	}
	if cfg.Sandbox == "off" {
		n.log.Warn("chromium runs without its sandbox: a hostile page could take over this machine")
	}
	if n.browsers, err = browser.OpenHost(context.Background(), browser.HostConfig{
		Bin: cfg.Chromium, Mode: cfg.mode(), Sandbox: browser.Sandbox(cfg.Sandbox), Display: cfg.Display,
		Dir: filepath.Join(cfg.nodeDir(), "displays"), Log: n.log,
	}); err != nil {
		return nil, err
	}
	if n.fence, err = n.openFence(); err != nil {
		return nil, err
	}
	var dial gate.DialFunc
	if cfg.DevDial != "" {
		lead, err := parsePlaces(cfg.DevDial)
		if err != nil {
			return nil, fmt.Errorf("--dev-dial: %w", err)
		}
		dial = lead.from(cfg.devSource())
	}
	return &account.Node{
		ID: messages.NodeID(cfg.WorkerID), Ring: ring, Browsers: n.browsers, Clock: lease.BootTime, Now: n.now,
		Rounds: turns.New(cfg.MaxConcurrent), Recycling: cfg.recycling(), Pace: cfg.Pace, Pins: cfg.DevPins, Dial: dial,
		Client: newClient, Memory: newMemory, Evidence: kept, ExitURL: cfg.ExitURL, Fence: n.fence,
	}, nil
}

// openFence makes the kernel's fence beside the process's own, where it is wanted.
func (n *node) openFence() (*gate.KernelFence, error) {
	if n.cfg.Fence != "kernel" {
		return nil, nil
	}
	fence, err := gate.NewKernelFence()
	if err != nil {
		return nil, fmt.Errorf("--fence kernel: %w", err)
	}
	n.log.Info("the kernel judges each packet of an account as well")
	return fence, nil
}

// onLost ends an account whose epoch the master grants no longer.
func (n *node) onLost(p lease.Pair) {
	n.system.Root.Send(actor.NewPID(n.system.Address(), worker.Name), &messages.RevokeAccount{
		Account: string(p.Account), Epoch: uint64(p.Epoch), Reason: "the master gave this epoch up",
	})
}

// onNewMaster tells a master that has just started what runs here.
func (n *node) onNewMaster() {
	n.system.Root.Send(actor.NewPID(n.system.Address(), worker.Name), worker.SayStatus{})
}

// run starts what runs until its context ends; stop ends it, the newest first, and waits for it.
func (n *node) run(what func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		what(ctx)
	}()
	n.started = append(n.started, func() {
		cancel()
		<-done
	})
}

// stop ends the node in order, also one that is half started: accounts first, each with its state saved and its browser closed; then
// clients, the master, and the store last.
func (n *node) stop(ctx context.Context) {
	n.part(ctx)
	n.drain(ctx)
	n.closeOffice()
	n.end(n.worker, n.events, n.people, n.master)
	n.settle(ctx)
	n.end(n.store)
	n.leaveCluster(ctx)
	for _, end := range slices.Backward(n.started) {
		end()
	}
	if n.link != nil {
		n.link.Close()
	}
	if err := browser.ReapAll(n.accountsRoot()); err != nil {
		n.log.Warn("left-over browsers not ended", "err", err)
	}
	if n.browsers != nil {
		if err := n.browsers.Close(); err != nil {
			n.log.Warn("display not ended", "err", err)
		}
	}
	if n.fence != nil {
		if err := n.fence.Close(); err != nil {
			n.log.Warn("kernel's fence not taken down", "err", err)
		}
	}
	if n.system != nil {
		n.system.Shutdown()
	}
	n.unlock()
}

// drain ends the accounts that run here, each with its state saved and its browser closed.
func (n *node) drain(ctx context.Context) {
	if n.worker == nil {
		return
	}
	if n.uplink != nil {
		n.moveAway(ctx)
	}
	limit := drainLimit
	if n.uplink != nil && !n.uplink.Attached() {
		limit = aloneDrainLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if _, err := actors.Ask[*messages.WorkerDrained](ctx, n.system.Root, n.worker, &messages.DrainWorker{Reason: "the node is being stopped"}); err != nil {
		n.log.Warn("accounts not all ended in time", "err", err)
	}
}

// end stops actors, one after another, when they have done what they were told before.
func (n *node) end(pids ...*actor.PID) {
	for _, pid := range pids {
		if pid == nil {
			continue
		}
		if err := n.system.Root.PoisonFuture(pid).Wait(); err != nil {
			n.log.Warn("actor did not stop", "pid", pid.Id, "err", err)
		}
	}
}

// settle waits until the store has on disk what it was given, such as that an account's profile was closed cleanly: it takes
// changes in their order, so an empty one is answered last.
func (n *node) settle(ctx context.Context) {
	if n.store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	if _, err := actors.Ask[*messages.Appended](ctx, n.system.Root, n.store, &messages.Append{At: n.now().UnixMilli()}); err != nil {
		n.log.Warn("the last changes may not be on disk", "err", err)
	}
}

// newIncarnation is a random name of one life of something.
func newIncarnation() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// endProcess supervises store, master, gateway and worker: their state must be trusted, so a panic in one of them
// ends the process. Every Chromium follows by itself when its pipe closes.
type endProcess struct{ log *slog.Logger }

// HandleFailure is called by the actor system when one of them panicked.
func (e *endProcess) HandleFailure(_ *actor.ActorSystem, _ actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	fatal(e.log, child.Id, fmt.Sprint(reason))
}

// exitFatal is the status of a process that could not trust its own state (EX_SOFTWARE).
const exitFatal = 70

func fatal(log *slog.Logger, who, reason string) {
	log.Error("the node ends: its state cannot be trusted", "actor", who, "err", reason)
	os.Exit(exitFatal)
}
