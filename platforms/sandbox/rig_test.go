package sandbox_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/persona"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/platforms/sandbox"
	"troupe/testkit/site"
)

// rig is the made-up site, a Chromium that reaches nothing else, and the client under test.
type rig struct {
	t       *testing.T
	site    *site.Site
	owner   site.Owner
	gate    *gate.Gate
	browser *browser.Instance
	def     *definition.Definition
	client  platforms.Client
	evil    []engine.Evidence
}

func newRig(t *testing.T, o site.NewOwner) *rig {
	t.Helper()
	web, err := site.Start(site.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	})
	def, err := definition.Load(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	def.Collect.NavigateAtMost = definition.Rate{Events: 600, Per: time.Minute}
	def.Collect.BackOff = definition.BackOff{First: time.Nanosecond, Most: time.Nanosecond}
	owner, err := web.CreateOwner(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, site: web, owner: owner, def: def}
	r.openGate()
	r.start()
	r.client = r.newClient(engine.Config{})
	return r
}

func (r *rig) newClient(cfg engine.Config) platforms.Client {
	cfg.Definition, cfg.Browser, cfg.Account, cfg.Log = r.def, r.browser, "sb_1", logger()
	cfg.Evidence = func(e engine.Evidence) { r.evil = append(r.evil, e) }
	return engine.New(cfg)
}

func logger() *slog.Logger {
	if os.Getenv("ENGINE_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// openGate opens a gate that leads every name to the site.
func (r *rig) openGate() {
	r.t.Helper()
	var err error
	r.gate, err = gate.Listen(gate.Options{
		Account: "sb_1", Epoch: 1, Listen: gate.Address("sb_1"), Sites: r.def.Hosts.Sites, Resources: r.def.Hosts.Resources, PeerUID: -1,
		Clock: lease.BootTime,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, r.site.Addr())
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { r.must(r.gate.Close()) })
	r.gate.Extend(lease.BootTime() + time.Hour)
}

func (r *rig) start() {
	r.t.Helper()
	bin, err := browser.Find()
	if err != nil {
		r.t.Fatal(err)
	}
	r.browser, err = browser.Start(r.t.Context(), browser.Config{
		Account: "sb_1", Epoch: 1, Node: "n1", Bin: bin, Dir: filepath.Join(r.t.TempDir(), "sb_1"), NoSandbox: true, Fresh: true,
		Proxy: r.gate.Addr(), Pins: []string{r.site.SPKI()}, Persona: persona.Make(1, r.def.Locale, r.def.TimeZone, "", persona.Machine{Cores: 2}), Origins: r.def.Origins,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		if err := r.browser.Close(ctx); err != nil {
			r.t.Log("close browser:", err)
		}
	})
}

func (r *rig) ctx(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), d)
	r.t.Cleanup(cancel)
	return ctx
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Error(err)
	}
}

func (r *rig) steps() []platforms.StepLog {
	if len(r.evil) == 0 {
		return nil
	}
	return r.evil[len(r.evil)-1].Steps
}

// collect makes one round that must be well.
func (r *rig) collect() platforms.Batch {
	r.t.Helper()
	b, err := r.client.Collect(r.ctx(60 * time.Second))
	if err != nil {
		r.t.Fatalf("collect: %v\n%+v", err, b.Steps)
	}
	return b
}

// drained drains until an item is accepted, or the time is over.
func (r *rig) drained(within time.Duration, accept func(*messages.Item) bool) bool {
	r.t.Helper()
	deadline := time.After(within)
	for {
		b, err := r.client.Drain(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		for _, i := range b.Items {
			if accept(i) {
				return true
			}
		}
		select {
		case <-r.client.Received():
		case <-deadline:
			return false
		}
	}
}
