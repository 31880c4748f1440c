package browser

import (
	"errors"
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
)

// parent is an account as the browser sees it: it notes what it hears, and stops a failed child.
type parent struct {
	cfg    Config
	ready  chan *Instance
	failed chan any
	gone   chan struct{}
}

func (p *parent) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		c.Spawn(Props(p.cfg))
	case Ready:
		p.ready <- m.Instance.(*Instance)
	case *actor.Terminated:
		close(p.gone)
	}
}

// HandleFailure makes the parent its child's strategy.
func (p *parent) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ interface{}) {
	p.failed <- reason
	s.StopChildren(child)
}

func spawnParent(t *testing.T, cfg Config) (*parent, *actor.RootContext, *actor.PID) {
	t.Helper()
	p := &parent{cfg: cfg, ready: make(chan *Instance, 1), failed: make(chan any, 1), gone: make(chan struct{})}
	system := actors.NewSystem(slog.New(slog.DiscardHandler))
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return p }, actor.WithSupervisor(p)))
	t.Cleanup(func() {
		system.Root.StopFuture(pid).Wait()
		system.Shutdown()
	})
	return p, system.Root, pid
}

func within[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("waited too long for %s", what)
		panic("not reached")
	}
}

func TestActorPanicsWithGoneWhenChromiumExits(t *testing.T) {
	p, _, _ := spawnParent(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	i := within(t, "the browser", p.ready)
	syscall.Kill(i.PID(), syscall.SIGKILL)
	gone, ok := within(t, "its failure", p.failed).(Gone)
	if !ok || gone.Exit.Signal != "killed" || gone.Err != nil {
		t.Errorf("failed with %+v", gone)
	}
	within(t, "its end", p.gone)
}

func TestActorPanicsWithGoneWhenItCannotStart(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Host, cfg.Bin = nil, "/nowhere/chromium"
	p, _, _ := spawnParent(t, cfg)
	gone, ok := within(t, "its failure", p.failed).(Gone)
	if !ok || gone.Err == nil {
		t.Errorf("failed with %+v", gone)
	}
	within(t, "its end", p.gone)
}

func TestStoppedActorClosesItsBrowser(t *testing.T) {
	p, root, pid := spawnParent(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	i := within(t, "the browser", p.ready)
	if err := root.StopFuture(pid).Wait(); err != nil {
		t.Fatal(err)
	}
	within(t, "its exit", i.Exited())
	if exit := i.ExitReason(); exit.Reason != "closed" || exit.Code != 0 {
		t.Errorf("exit is %v", exit)
	}
}

func TestActorStoppedInItsStartLeavesNothing(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	p, root, pid := spawnParent(t, cfg)
	until(t, "the process", func() bool { return living(t, cfg.Dir) > 0 })
	if err := root.StopFuture(pid).Wait(); err != nil && !errors.Is(err, actor.ErrDeadLetter) {
		t.Fatal(err)
	}
	if n := living(t, cfg.Dir); n != 0 {
		t.Errorf("%d processes left", n)
	}
	select {
	case <-p.ready:
	default:
	}
}
