package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"golang.org/x/sys/unix"

	"troupe/actors"
	"troupe/actors/account"
	"troupe/actors/account/browser"
	"troupe/actors/account/evidence"
	"troupe/actors/account/gate"
	"troupe/actors/account/turns"
	"troupe/actors/account/vault"
	"troupe/actors/gateway"
	"troupe/actors/master"
	"troupe/actors/master/board"
	"troupe/actors/store"
	"troupe/actors/store/dataset"
	"troupe/actors/worker"
	"troupe/cluster/lease"
	"troupe/messages"
)

// firstUID is the lowest of the users that accounts' Chromiums run as when the node is root. They need no entry in passwd.
const firstUID = 20000

// drainLimit is how long a stopping node waits for its accounts: vaults saved, browsers closed.
const drainLimit = 25 * time.Second

// settleLimit is how long it then waits for the store's disk.
const settleLimit = 5 * time.Second

// node is a whole system in one process: store, master, gateway and worker.
type node struct {
	cfg      *config
	log      *slog.Logger
	system   *actor.ActorSystem
	browsers *browser.Host
	fence    *gate.KernelFence // nil when this process fences alone
	lock     *os.File
	leases   *lease.Table
	keeper   context.CancelFunc
	done     chan struct{} // the keeper's goroutine ended

	store, master, worker, events, people *actor.PID

	gateway   *gateway.Gateway
	servers   []*http.Server
	url       string
	firstCode chan string // gets the first admin's code once, or "" when there is an admin
}

// startNode starts everything, in the order in which each part needs the others.
func startNode(cfg *config, log *slog.Logger) (*node, error) {
	n := &node{cfg: cfg, log: log, firstCode: make(chan string, 1)}
	if err := n.lockFolder(); err != nil {
		return nil, err
	}
	shared, err := n.shared()
	if err != nil {
		n.unlock()
		return nil, err
	}
	definitions, err := builtIn()
	if err != nil {
		n.unlock()
		return nil, err
	}
	n.system = actors.NewSystem(log)
	root := n.system.Root.Copy().WithGuardian(&endProcess{log: log})
	views, published := &dataset.Views{}, &board.Holder{}
	n.leases = lease.NewTable(lease.DefaultFigures(), lease.BootTime, newIncarnation())

	if n.store, err = root.SpawnNamed(store.Props(store.Config{
		Dir: filepath.Join(cfg.nodeDir(), "store"), Views: views, Retention: cfg.retention(), Now: time.Now, Log: log,
		Fatal: func(reason string) { fatal(log, "store", reason) },
	}), store.Name); err != nil {
		return nil, n.abort("start the store", err)
	}
	logins := states{shared.Ring}
	if n.master, err = root.SpawnNamed(master.Props(master.Config{
		Store: n.store, Leases: n.leases, Board: published, Definitions: definitions, Folder: cfg.folder(),
		Keys: shared.Ring, SealSecret: logins.sealSecret, Noise: cfg.Noise,
		Clock: lease.BootTime, Now: time.Now, Log: log,
	}), master.Name); err != nil {
		return nil, n.abort("start the master", err)
	}
	incarnation := newIncarnation()
	keeper := lease.NewKeeper(lease.KeeperOptions{
		Worker: messages.NodeID(cfg.WorkerID), Incarnation: incarnation, Granter: n.leases, Figures: lease.DefaultFigures(),
		Lost: n.onLost, NewMaster: n.onNewMaster, Log: log,
	})
	shared.Leases = keeper
	n.runKeeper(keeper)
	if n.worker, err = root.SpawnNamed(worker.Props(worker.Config{
		Node: shared, Incarnation: incarnation, Version: version(), MaxAccounts: cfg.MaxAccounts, Root: n.accountsRoot(),
		FirstUID: n.firstUID(), Definitions: definitions, Master: n.master, Store: n.store, Log: log,
	}), worker.Name); err != nil {
		return nil, n.abort("start the worker", err)
	}
	if err := n.startGateway(root, views, published, logins); err != nil {
		return nil, n.abort("start the gateway", err)
	}
	return n, nil
}

// lockFolder makes the node's folder and holds it alone for as long as the process lives. What browsers an
// earlier life of this node left over are gone before anything else starts.
func (n *node) lockFolder() error {
	dir := n.cfg.nodeDir()
	if err := os.MkdirAll(n.accountsRoot(), 0o711); err != nil {
		return fmt.Errorf("make DATA_DIR %s: %w", dir, err)
	}
	f, err := lockNode(dir)
	if err != nil {
		return err
	}
	n.lock = f
	if err := reachable(n.accountsRoot()); n.firstUID() != 0 && err != nil {
		n.unlock()
		return err
	}
	if err := browser.ReapAll(n.accountsRoot()); err != nil {
		n.unlock()
		return fmt.Errorf("end left-over browsers: %w", err)
	}
	return nil
}

// lockNode holds a node's folder alone until the file is closed.
func lockNode(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another troupe runs in %s; stop it, or choose another --data-dir or --worker-id", dir)
	}
	return f, nil
}

// reachable checks that other users may pass through every folder down to dir: each account's Chromium is one.
func reachable(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for p := abs; p != "/"; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("DATA_DIR: Chromium's own users cannot pass through %s (mode %o); choose a --data-dir such as /var/lib/troupe, or chmod o+x it",
				p, info.Mode().Perm())
		}
	}
	return nil
}

func (n *node) unlock() {
	if n.lock != nil {
		n.lock.Close() // ends the flock
		n.lock = nil
	}
}

func (n *node) accountsRoot() string { return filepath.Join(n.cfg.nodeDir(), "accounts") }

func (n *node) firstUID() int {
	if os.Geteuid() != 0 {
		return 0
	}
	return firstUID
}

// shared makes what all accounts of the node share.
func (n *node) shared() (*account.Node, error) {
	cfg := n.cfg
	ring, err := openRing(filepath.Join(cfg.nodeDir(), "keys"))
	if err != nil {
		return nil, err
	}
	kept, err := evidence.Open(filepath.Join(cfg.nodeDir(), "evidence"), cfg.evidenceLimits(), time.Now)
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
		dial = lead.dial
	}
	return &account.Node{
		ID: messages.NodeID(cfg.WorkerID), Ring: ring, Browsers: n.browsers, Clock: lease.BootTime, Now: time.Now,
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

// openRing loads the cluster's key ring; the first start makes it.
func openRing(path string) (*vault.KeyRing, error) {
	ring, err := vault.LoadKeyRing(path)
	if errors.Is(err, os.ErrNotExist) {
		return vault.CreateKeyRing(path)
	}
	return ring, err
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

func (n *node) runKeeper(k *lease.Keeper) {
	ctx, cancel := context.WithCancel(context.Background())
	n.keeper, n.done = cancel, make(chan struct{})
	go func() {
		defer close(n.done)
		k.Run(ctx)
	}()
}

// abort undoes a half start.
func (n *node) abort(what string, err error) error {
	n.stop(context.Background())
	return fmt.Errorf("%s: %w", what, err)
}

// stop ends the node in order: accounts first, each with its state saved and its browser closed; then clients, the
// master, and the store last.
func (n *node) stop(ctx context.Context) {
	if n.worker != nil {
		ctx, cancel := context.WithTimeout(ctx, drainLimit)
		_, err := actors.Ask[*messages.WorkerDrained](ctx, n.system.Root, n.worker, &messages.DrainWorker{Reason: "the node is being stopped"})
		cancel()
		if err != nil {
			n.log.Warn("accounts not all ended in time", "err", err)
		}
	}
	for _, s := range n.servers {
		s.Close()
	}
	if n.gateway != nil {
		n.gateway.Close()
	}
	n.end(n.worker, n.events, n.people, n.master)
	n.settle(ctx)
	n.end(n.store)
	if n.keeper != nil {
		n.keeper()
		<-n.done
	}
	if err := browser.ReapAll(n.accountsRoot()); err != nil {
		n.log.Warn("left-over browsers not ended", "err", err)
	}
	if err := n.browsers.Close(); err != nil {
		n.log.Warn("display not ended", "err", err)
	}
	if n.fence != nil {
		if err := n.fence.Close(); err != nil {
			n.log.Warn("kernel's fence not taken down", "err", err)
		}
	}
	n.system.Shutdown()
	n.unlock()
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
	if _, err := actors.Ask[*messages.Appended](ctx, n.system.Root, n.store, &messages.Append{At: time.Now().UnixMilli()}); err != nil {
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
