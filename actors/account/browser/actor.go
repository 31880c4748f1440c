package browser

import (
	"context"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
	"troupe/platforms/page"
)

// closeLimit bounds how long a stopping actor waits for its Chromium; after it the group is killed.
const closeLimit = closeGrace + intGrace + time.Second

// Ready is sent to the parent when the incarnation is up. The parent may use Instance from its jobs until the
// child terminates; it does not close it: stopping the child does.
type Ready struct{ Instance Chromium }

// Chromium is one incarnation as its account uses it. *Instance is it.
type Chromium interface {
	page.Browser
	// Exited is closed when no process of it is left.
	Exited() <-chan struct{}
	PID() int
	// Kill ends it at once; its profile may not be used again.
	Kill() error
	// Export reads cookies and local storage; it takes milliseconds.
	Export(ctx context.Context) (*vault.State, error)
	// Persona reports what it shows of itself; it takes about a second and touches no network.
	Persona(ctx context.Context) (persona.Report, error)
	// SetReach replaces the hosts that pages may be navigated to, and adds origins whose local storage is kept.
	SetReach(sites, origins []string)
}

var _ Chromium = (*Instance)(nil)

// Gone is what the actor panics with when Chromium exits by itself or does not start. The parent's strategy decides.
type Gone struct {
	Exit Exit  // how it ended; zero if it never ran
	Err  error // why it did not start; nil if it ran
}

func (g Gone) Error() string {
	if g.Err != nil {
		return g.Err.Error()
	}
	return "chromium " + g.Exit.String()
}

// Unwrap gives the start's failure.
func (g Gone) Unwrap() error { return g.Err }

// Props is the recipe of the actor that holds one incarnation, a child of its account.
func Props(cfg Config) *actor.Props {
	cfg.Log = cfg.Log.With(slog.String("actor", "browser"), cfg.Account.Attr(), cfg.Epoch.Attr())
	return actor.PropsFromProducer(func() actor.Actor { return &browser{Config: cfg} })
}

// browser is the actor. It starts one Chromium, waits for its end, and closes it when it is stopped.
type browser struct {
	Config
	cancel   context.CancelFunc // of the start
	result   chan *Instance     // what the start yields, nil if it failed; holds one
	instance *Instance
}

// started is the end of the start job; the instance itself is in result, where a stopping actor finds it too.
type started struct {
	result chan *Instance // tells the starts of restarted actors apart
	err    error
}

// exited is sent by the process watcher.
type exited struct{ instance *Instance }

func (b *browser) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		b.start(c)
	case started:
		if m.result == b.result {
			b.onStarted(c, m)
		}
	case actors.Panicked:
		panic(Gone{Err: m})
	case exited:
		if m.instance == b.instance {
			panic(Gone{Exit: m.instance.ExitReason()})
		}
	case *actor.Stopping, *actor.Restarting:
		b.release()
	}
}

func (b *browser) start(c actor.Context) {
	result := make(chan *Instance, 1)
	b.result = result
	b.cancel = actors.Job(c, func(ctx context.Context) any {
		var instance *Instance
		defer func() { result <- instance }()
		var err error
		instance, err = Start(ctx, b.Config)
		return started{result, err}
	})
}

func (b *browser) onStarted(c actor.Context, m started) {
	instance := <-b.result
	if m.err != nil {
		b.result <- nil
		c.Send(c.Parent(), Failed{m.err})
		panic(Gone{Err: m.err})
	}
	b.instance = instance
	b.result <- instance
	self, root := c.Self(), c.ActorSystem().Root
	go func() { // the process watcher; Chromium's end is its end
		<-instance.Exited()
		root.Send(self, exited{instance})
	}()
	c.Send(c.Parent(), Ready{instance})
}

// release ends the start, if it still runs, and closes Chromium, within closeLimit.
func (b *browser) release() {
	b.cancel()
	instance := <-b.result
	b.result <- instance
	if instance == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if err := instance.Close(ctx); err != nil && instance.ExitReason().Reason == reasonClosed {
		b.Log.Warn("browser did not close its profile", "err", err)
	}
}

var _ error = Gone{}
