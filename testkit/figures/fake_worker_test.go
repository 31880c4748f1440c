package figures

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account"
	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/turns"
	"troupe/actors/account/vault"
	"troupe/actors/master"
	"troupe/actors/platform"
	"troupe/actors/store"
	"troupe/actors/worker"
	"troupe/cluster"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/platforms/sandbox"
)

// A worker with fake browsers is this test binary, started again in the place of the program: one process a node, as the real one is. It joins
// by token, registers, beats, gossips and runs accounts by the same packages; only browser.Props is another, and the machine's room is
// as large as it must be. It ends by being killed.

// fakeWorkerVariable is set where a process is to be such a worker.
const fakeWorkerVariable = "TROUPE_TEST_FAKE_WORKER"

// fakeVersion is what such a worker says that its program is.
const fakeVersion = "fake-browsers"

func TestMain(m *testing.M) {
	if os.Getenv(fakeWorkerVariable) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	w, err := readFakeWorker(os.Args[2:]) // after "serve"
	if err == nil {
		err = w.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// asFakeWorker makes the command that would start the program's worker start this one.
func asFakeWorker(cmd *exec.Cmd) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd.Path, cmd.Args[0] = program, program
	cmd.Env = append(cmd.Env, fakeWorkerVariable+"=1")
	return nil
}

// fakeWorker is such a node.
type fakeWorker struct {
	id          messages.NodeID
	dir         string // its own, DATA_DIR/WORKER_ID
	host        string
	join, token string
	dial        string
	incarnation string
	root        *actor.RootContext
	log         *slog.Logger
}

// readFakeWorker reads the flags of `troupe serve --join` as proc gives them; those that mean nothing here are passed over.
func readFakeWorker(args []string) (*fakeWorker, error) {
	w := &fakeWorker{incarnation: fmt.Sprint(time.Now().UnixNano()), log: slog.New(messages.LogHandler(slog.NewTextHandler(os.Stderr, nil)))}
	f := flag.NewFlagSet("worker", flag.ContinueOnError)
	data := f.String("data-dir", "", "")
	id := f.String("worker-id", "", "")
	f.StringVar(&w.host, "cluster-host", "", "")
	f.StringVar(&w.join, "join", "", "")
	f.StringVar(&w.token, "token", "", "")
	f.StringVar(&w.dial, "dev-dial", "", "")
	for _, name := range []string{"master-port", "log-level", "dev-pace", "dev-role", "dev-pin"} {
		f.String(name, "", "")
	}
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	w.id, w.dir = messages.NodeID(*id), filepath.Join(*data, *id)
	w.log = w.log.With(slog.String("node", *id))
	w.root = actors.NewSystem(w.log).Root
	return w, nil
}

// run joins the cluster and runs its accounts until ctx ends.
func (w *fakeWorker) run(ctx context.Context) error {
	ring, identity, err := w.enter(ctx)
	if err != nil {
		return err
	}
	folder, folderErr := cluster.FolderID(w.dir)
	boot, bootErr := cluster.BootID()
	shared, sharedErr := w.shared(ctx, ring)
	if err := errors.Join(folderErr, bootErr, sharedErr); err != nil {
		return err
	}
	uplink, figures, err := w.register(ctx, ring, identity, folder)
	if err != nil {
		return err
	}
	keeper := lease.NewKeeper(lease.KeeperOptions{
		Worker: w.id, Incarnation: w.incarnation, Granter: uplink, Figures: figures, Log: w.log,
		Lost: func(p lease.Pair) {
			w.tell(&messages.RevokeAccount{Account: string(p.Account), Epoch: uint64(p.Epoch), Reason: "the master gave this epoch up"})
		},
		NewMaster: func() { w.tell(worker.SayStatus{}) },
	})
	shared.Leases = keeper
	go keeper.Run(ctx)
	if err := w.spawn(shared, folder, boot); err != nil {
		return err
	}
	fmt.Printf("worker %s runs accounts for the master at %s\n", w.id, w.join)
	<-ctx.Done()
	return nil
}

// register opens the node's ports and registers with the master; it says what leases look like here.
func (w *fakeWorker) register(ctx context.Context, ring *vault.KeyRing, identity *cluster.Identity, folder string) (*cluster.Uplink, lease.Figures, error) {
	link, err := cluster.OpenLink(w.root, cluster.LinkConfig{
		Node: w.id, Incarnation: w.incarnation, Keep: true, Host: w.host,
		Server: identity.ServerTLS(cluster.Master), Client: identity.ClientTLS(cluster.Master), Peer: cluster.NodeBehind, Log: w.log,
	})
	if err != nil {
		return nil, lease.Figures{}, err
	}
	gossip, err := cluster.StartMembership(cluster.MembershipConfig{
		Self: cluster.Member{
			Node: w.id, Incarnation: w.incarnation, Since: time.Now().UnixMilli(), Remote: link.Address(), Cluster: identity.Cluster, Protocol: cluster.Protocol,
		},
		Host: w.host, Key: identity.GossipKey(), Log: w.log,
	})
	if err != nil {
		return nil, lease.Figures{}, err
	}
	registered := make(chan *messages.Registered, 1)
	uplink := cluster.NewUplink(cluster.UplinkConfig{
		Identity: identity, Master: w.join, Ring: ring, Log: w.log,
		Life: &messages.Registration{
			Node: string(w.id), Incarnation: w.incarnation, Version: fakeVersion, Folder: folder, Remote: link.Address(), Gossip: gossip.Address(),
		},
		Registered: func(r *messages.Registered) {
			link.SetPeer(cluster.MasterNode, r.GetRemote(), r.GetIncarnation())
			gossip.SetSeeds(r.GetGossip()...)
			select {
			case registered <- r:
			default: // the first one starts the worker
			}
		},
	})
	if err := uplink.Attach(ctx); err != nil {
		return nil, lease.Figures{}, err
	}
	go uplink.Run(ctx)
	return uplink, cluster.FiguresOf(<-registered), nil
}

// spawn starts the worker's actor.
func (w *fakeWorker) spawn(shared *account.Node, folder, boot string) error {
	definitions, err := definition.NewRegistry(sandbox.FS)
	if err != nil {
		return err
	}
	_, err = w.root.SpawnNamed(worker.Props(worker.Config{
		Node: shared, Incarnation: w.incarnation, Version: fakeVersion, MaxAccounts: specAccounts, Root: filepath.Join(w.dir, "accounts"),
		Folder: folder, Boot: boot, Definitions: definitions, Log: w.log,
		Master: cluster.PID(cluster.MasterNode, master.Name), Store: cluster.PID(cluster.MasterNode, store.Name),
		Room:     func() worker.Room { return worker.Room{Memory: 1 << 40, Cores: specAccounts} },
		Platform: withFakeBrowsers,
	}), worker.Name)
	return err
}

// tell sends to the worker's actor.
func (w *fakeWorker) tell(message any) {
	w.root.Send(actor.NewPID(w.root.ActorSystem().Address(), worker.Name), message)
}

// enter joins the cluster by the token.
func (w *fakeWorker) enter(ctx context.Context) (ring *vault.KeyRing, identity *cluster.Identity, err error) {
	if err := os.MkdirAll(filepath.Join(w.dir, "accounts"), 0o711); err != nil {
		return nil, nil, err
	}
	token, err := cluster.ParseToken(w.token)
	if err != nil {
		return nil, nil, err
	}
	place, err := cluster.Find(ctx, w.join)
	if err != nil {
		return nil, nil, err
	}
	identity, err = cluster.Join(ctx, place.Address, token, w.id, filepath.Join(w.dir, "cluster"), func(exported messages.Secret) error {
		ring, err = vault.TakeKeyRing(filepath.Join(w.dir, "keys"), exported)
		return err
	})
	return ring, identity, err
}

// shared makes what all accounts of the node share.
func (w *fakeWorker) shared(ctx context.Context, ring *vault.KeyRing) (*account.Node, error) {
	host, err := browser.OpenHost(ctx, browser.HostConfig{Sandbox: browser.SandboxOff, Log: w.log}) // it says its version, and starts nothing
	if err != nil {
		return nil, err
	}
	return &account.Node{
		ID: w.id, Ring: ring, Browsers: host, Clock: lease.BootTime, Now: time.Now, Rounds: turns.New(specRounds), Dial: dialTo(w.dial, w.host),
		Client: func(cfg account.ClientConfig) platforms.Client {
			memory, _ := cfg.Memory.(*engine.Memory)
			return engine.New(engine.Config{
				Definition: cfg.Definition, Browser: cfg.Browser, Account: cfg.Account, Owner: cfg.Owner, Whole: cfg.Whole, Known: cfg.Known,
				Holds: cfg.Holds, Memory: memory, ReadOnly: cfg.ReadOnly, Log: cfg.Log,
			})
		},
		Memory: func(exported []byte) (platforms.Memory, error) {
			if len(exported) == 0 {
				return engine.NewMemory(), nil
			}
			return engine.ImportMemory(exported)
		},
	}, nil
}

// dialTo leads every name to the site, from the node's own address.
func dialTo(site, from string) gate.DialFunc {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, site)
	}
}

// withFakeBrowsers is platform.Props, whose accounts have fake browsers.
func withFakeBrowsers(cfg platform.Config) *actor.Props {
	cfg.Account = func(of account.Config) *actor.Props {
		of.Browser = fakeBrowserProps
		return account.Props(of)
	}
	return platform.Props(cfg)
}
