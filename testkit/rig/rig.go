// Package rig puts a platform's definition before a look-alike of its site: an account's gate that leads every name to that
// site and nowhere else, a real Chromium behind it, and the engine that runs the definition. It is what platform tests stand on
// that need no node. Everything it starts ends with the test.
package rig

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
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
	"troupe/testkit"
)

// LogVariable is the environment variable that lets the engine log to the test's standard error.
const LogVariable = "ENGINE_LOG"

// Site is the look-alike as the rig needs it.
type Site interface {
	Addr() string // of its TLS listener
	SPKI() string // of its certificate
}

// Config says what is put together.
type Config struct {
	Definition *definition.Definition
	Account    messages.AccountID
	Site       Site
	Locale     string // of the browser; "" = the definition's
	TimeZone   string // of the browser; "" = the definition's
}

// Rig is one account's browser before a site, and the client under test.
type Rig struct {
	Config
	Gate     *gate.Gate
	Browser  *browser.Instance
	Client   platforms.Client
	Evidence []engine.Evidence // of flows that failed, oldest first

	t   testing.TB
	dir string
}

// Start makes a rig whose client knows nothing yet.
func Start(t testing.TB, cfg Config) *Rig {
	t.Helper()
	if cfg.Locale == "" {
		cfg.Locale = cfg.Definition.Locale
	}
	if cfg.TimeZone == "" {
		cfg.TimeZone = cfg.Definition.TimeZone
	}
	r := &Rig{Config: cfg, t: t, dir: filepath.Join(t.TempDir(), string(cfg.Account))}
	r.openGate()
	r.StartBrowser(true)
	r.Renew(engine.Config{})
	return r
}

func (r *Rig) openGate() {
	r.t.Helper()
	var err error
	r.Gate, err = gate.Listen(gate.Options{
		Account: r.Account, Epoch: 1, Listen: gate.Address(r.Account), Sites: r.Definition.Hosts.Sites, Resources: r.Definition.Hosts.Resources,
		PeerUID: -1, Clock: lease.BootTime,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, r.Site.Addr())
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := r.Gate.Close(); err != nil {
			r.t.Error(err)
		}
	})
	r.Gate.Extend(lease.BootTime() + time.Hour)
}

// Host is what a test's browsers are started from. In the short run that is Chromium's shell: the same engine without the browser
// around it, at a third of a start's processor time. In a full test, and in the tests of actors/account/browser, it is the
// whole browser.
func Host(t testing.TB, sandbox browser.Sandbox) *browser.Host {
	t.Helper()
	host, err := browser.OpenHost(t.Context(), browser.HostConfig{Mode: Mode(), Sandbox: sandbox, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// Mode is the one of Host.
func Mode() browser.Mode {
	if testkit.Full {
		return browser.Headless
	}
	return browser.Shell
}

// StartBrowser starts the rig's Chromium, with an empty profile if fresh. A running one is the caller's to close before.
func (r *Rig) StartBrowser(fresh bool) {
	r.t.Helper()
	b, err := browser.Start(r.t.Context(), browser.Config{
		Account: r.Account, Epoch: 1, Node: "n1", Host: Host(r.t, browser.SandboxOff), Dir: r.dir, Fresh: fresh, Proxy: r.Gate.Addr(), Pins: []string{r.Site.SPKI()},
		Persona: persona.Make(1, r.Locale, r.TimeZone, "", persona.Machine{Cores: 2}), Origins: r.Definition.Origins, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.Browser = b
	r.t.Cleanup(func() { r.CloseBrowser(b) })
}

// CloseBrowser ends a Chromium; one that has ended already stays so.
func (r *Rig) CloseBrowser(b *browser.Instance) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		r.t.Log("close browser:", err)
	}
}

// Renew puts a new client in the place of the present one. What it is made of beyond the rig's own parts is in cfg.
func (r *Rig) Renew(cfg engine.Config) {
	cfg.Definition, cfg.Browser, cfg.Account, cfg.Log = r.Definition, r.Browser, r.Account, logger()
	cfg.Evidence = func(e engine.Evidence) { r.Evidence = append(r.Evidence, e) }
	r.Client = engine.New(cfg)
}

func logger() *slog.Logger {
	if os.Getenv(LogVariable) == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Context ends after d, and with the test.
func (r *Rig) Context(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), d)
	r.t.Cleanup(cancel)
	return ctx
}

// Story is the course of the flow that failed last, for a test's own failure.
func (r *Rig) Story() string {
	if len(r.Evidence) == 0 {
		return "nothing failed"
	}
	var b strings.Builder
	last := r.Evidence[len(r.Evidence)-1]
	for _, s := range last.Steps {
		b.WriteString("\n\t" + s.Step + ": " + s.Matched + " " + s.Took.Round(time.Millisecond).String() + " " + s.Err)
	}
	return last.Step + " at " + last.URL + ": " + last.Reason + b.String()
}

// Reply makes a reply and allows its commit, as a master would. It returns the outcome, the reply, and how often it asked.
func (r *Rig) Reply(target *messages.ReplyTarget, words string) (o platforms.Outcome, reply *messages.Reply, asked int) {
	r.t.Helper()
	reply = &messages.Reply{Id: "r1", Target: target, Content: words, DispatchedAt: time.Now().UnixMilli()}
	o = r.Client.Reply(r.Context(2*time.Minute), reply, func(context.Context) error {
		asked++
		r.Gate.BeginCommit() // Chromium sends a request again by itself when its connection breaks
		return nil
	})
	r.Gate.EndCommit()
	return o, reply, asked
}

// Drained drains until an item is accepted, or the time is over.
func (r *Rig) Drained(within time.Duration, accept func(*messages.Item) bool) bool {
	r.t.Helper()
	deadline := time.After(within)
	for {
		b, err := r.Client.Drain(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		found := false
		for _, i := range b.Items { // accept sees all that came along
			found = accept(i) || found
		}
		if found {
			return true
		}
		select {
		case <-r.Client.Received():
		case <-deadline:
			return false
		}
	}
}
