package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"troupe/actors/account/persona"
	"troupe/platforms/page"
)

// startLimit is from the start of the process to its first answers.
const startLimit = 60 * time.Second

// Instance is one running Chromium. It implements page.Browser; Start makes it, its exit ends it.
type Instance struct {
	cfg     Config
	host    *Host
	version string
	started time.Time
	proc    *process
	lock    *os.File
	browser *session
	cancel  context.CancelCauseFunc // of browser.ctx
	exited  chan struct{}           // closed when nothing of it is left
	closing sync.Once
	closed  error // how the first Close went

	targets  *targets
	identity atomic.Pointer[persona.Identity] // nil until Chromium was asked
	traffic  *traffic
	storage  *storage
	sites    atomic.Pointer[[]string] // that pages may be navigated to
	refused  refusals

	tabsMu sync.Mutex // held while a tab is made, so that a name has one tab
	tabs   map[string]*tab
}

// Start runs a Chromium and returns when it is ready: state restored, nothing opened yet. It waits for a
// start slot first. When ctx ends before it is ready, or the start fails, nothing is left running.
func Start(ctx context.Context, cfg Config) (*Instance, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("start browser: %w", err)
	}
	if cfg.ownUser() && cfg.GID == 0 {
		cfg.GID = cfg.UID
	}
	host, err := cfg.host(ctx)
	if err != nil {
		return nil, fmt.Errorf("start browser: %w", err)
	}
	release, err := host.slot(ctx)
	if err != nil {
		return nil, fmt.Errorf("start browser: %w", err)
	}
	defer release()
	i, empty, err := launch(ctx, cfg, host)
	if err != nil {
		return nil, fmt.Errorf("start browser: %w", err)
	}
	if err := i.begin(ctx, empty); err != nil {
		reason := err
		if i.proc.awaitExit(100 * time.Millisecond) { // it went by itself: that is the reason
			reason = fmt.Errorf("chromium %s, see %s: %w", i.ExitReason(), outputName, err)
		}
		reason = errors.Join(reason, i.Kill())
		if empty { // what was half restored must not pass for a profile
			reason = errors.Join(reason, os.RemoveAll(cfg.profile()))
		}
		return nil, fmt.Errorf("start browser: %w", reason)
	}
	go i.checkSavings()
	cfg.Log.Info("browser started", "dur", time.Since(i.started), "browser_pid", i.PID(), "version", i.version)
	return i, nil
}

// launch starts the process and what serves it, under the folder's lock.
func launch(ctx context.Context, cfg Config, host *Host) (i *Instance, empty bool, err error) {
	bin, err := host.current(ctx)
	if err != nil {
		return nil, false, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, false, err
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if err != nil {
			unlock(lock)
		}
	}()
	if err := reap(cfg.Dir); err != nil {
		return nil, false, err
	}
	if empty, err = prepare(cfg, host.cfg.Mode, bin.version); err != nil {
		return nil, false, err
	}
	var shown []string
	if host.cfg.Mode == Headful {
		if shown, err = host.displays.environment(ctx, cfg); err != nil {
			return nil, false, err
		}
	}
	started := time.Now()
	proc, err := spawn(cfg, bin, arguments(cfg, host.cfg.Mode, bin.version), environment(cfg, shown))
	if err != nil {
		return nil, false, err
	}
	life, cancel := context.WithCancelCause(context.Background())
	client := newClient(proc.pipe)
	i = &Instance{
		cfg: cfg, host: host, version: bin.version, started: started, proc: proc, lock: lock, cancel: cancel,
		exited: make(chan struct{}), tabs: map[string]*tab{},
		browser: &session{client: client, ctx: life},
		traffic: newTraffic(life),
	}
	i.targets = newTargets(i)
	i.storage = newStorage(cfg.Origins)
	i.sites.Store(&cfg.Sites)
	go i.follow(client.events)
	go i.watch()
	return i, empty, nil
}

// begin makes a fresh connection ready for work.
func (i *Instance) begin(ctx context.Context, empty bool) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		// The first answer comes when Chromium is up, which may take longer than one command is given.
		_, err := proto.BrowserGetVersion{}.Call(i.browser.in(ctx))
		if err == nil {
			break
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("wait for chromium: %w", err)
		}
	}
	for _, step := range []struct {
		method string
		params any
	}{
		{"Browser.setDownloadBehavior", map[string]any{"behavior": "deny", "eventsEnabled": true}},
		{"Browser.grantPermissions", map[string]any{"permissions": []string{}}}, // grants none, refuses all others
		{"Target.setDiscoverTargets", map[string]any{"discover": true}},
		{"Target.setAutoAttach", autoAttach(browserTargets)},
	} {
		if err := i.browser.call(ctx, step.method, step.params, nil); err != nil {
			return err
		}
	}
	if err := i.openFirst(ctx); err != nil {
		return fmt.Errorf("open first page: %w", err)
	}
	if err := i.selfTest(ctx); err != nil {
		return err
	}
	if err := i.host.proveSandbox(ctx, i.proc.rec, i.proc.profile); err != nil {
		return err
	}
	if empty && i.cfg.State != nil {
		if err := i.restore(ctx, i.cfg.State); err != nil {
			return fmt.Errorf("restore state: %w", err)
		}
	}
	i.proc.sacrifice()
	go i.probe(probeEvery, probeLimit)
	return nil
}

// Exited is closed when Chromium has exited and nothing of its process group is left.
func (i *Instance) Exited() <-chan struct{} { return i.exited }

// ExitReason says how it ended; the zero Exit while it runs.
func (i *Instance) ExitReason() Exit {
	i.proc.mu.Lock()
	defer i.proc.mu.Unlock()
	return i.proc.exit
}

// PID is Chromium's main process, which leads its process group.
func (i *Instance) PID() int { return i.proc.rec.PID }

// StartedAt is when the process was started.
func (i *Instance) StartedAt() time.Time { return i.started }

// Version is the running Chromium's full version.
func (i *Instance) Version() string { return i.version }

// Traffic implements page.Browser.
func (i *Instance) Traffic() page.Traffic { return i.traffic }

var _ page.Browser = (*Instance)(nil)
