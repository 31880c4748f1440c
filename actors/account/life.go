package account

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/vault"
	"troupe/messages"
)

type (
	gateChanged    struct{ open bool }
	restartBrowser struct{}
	drainDeadline  struct{ last bool }
)

// start opens the gate's door (shut), takes the lease's hold and starts the first browser.
func (a *account) start(c actor.Context) {
	a.enter(c, messages.Starting, "", "")
	self, root := c.Self(), c.ActorSystem().Root
	upstream, err := openUpstream(a.Node.Ring, a.Upstream)
	if err != nil {
		a.fail(c, err.Error())
		return
	}
	a.upstreamOK = upstream == nil
	g, err := a.Gate(gate.Options{
		Account: a.ID, Epoch: a.Epoch, Listen: gate.Address(a.ID), Upstream: upstream, Fence: a.Node.Fence,
		UpstreamFailed: func(class gate.Class) { root.Send(self, upstreamFailed{class}) },
		Sites:          a.Definition.Hosts.Sites, Resources: a.Definition.Hosts.Resources,
		Dial: a.Node.Dial, PeerUID: a.peerUID(), Tree: a.tree(), Clock: a.Node.Clock, Log: a.base,
		Changed: func(open bool) { root.Send(self, gateChanged{open}) },
	})
	if err != nil {
		a.fail(c, "open the account's gate: "+err.Error())
		return
	}
	a.gate = g
	a.release = a.Node.Leases.Hold(a.ID, a.Epoch, g)
	if err := a.openVault(); err != nil {
		a.fail(c, "open the sealed state: "+err.Error())
		return
	}
	if err := a.takePersona(); err != nil {
		a.fail(c, err.Error())
		return
	}
	a.appearance = a.shown()
	if err := a.takeMemory(); err != nil {
		a.Log.Warn("memory not read, beginning anew", "err", err)
	}
	a.keepPersona(c)
	a.spawnBrowser(c)
}

// tree says which process the gate's visitors must descend from, where Chromium has no user of its own.
func (a *account) tree() func() int {
	if a.UID != 0 {
		return nil
	}
	pid := &a.chromium
	return func() int { return int(pid.Load()) }
}

func (a *account) peerUID() int {
	if a.UID == 0 {
		return os.Geteuid()
	}
	return a.UID
}

// openVault unseals what the master sent along.
func (a *account) openVault() error {
	if a.Sealed == nil {
		return nil
	}
	state, err := vault.Open(a.Node.Ring, a.ID, a.Sealed)
	if err != nil {
		return err
	}
	a.vault, a.counter = state, a.Sealed.GetCounter()
	return nil
}

func (a *account) spawnBrowser(c actor.Context) {
	if a.browser != nil || a.draining != nil {
		return
	}
	a.gen++
	a.Restarts.Started(a.Node.Now())
	fresh := !a.ProfileUsable
	a.ProfileUsable = false // only once: after a crash the vault is the truth
	a.browser = c.Spawn(a.Browser(browser.Config{
		Account: a.ID, Epoch: a.Epoch, Node: a.Node.ID, Host: a.Node.Browsers, Dir: a.Dir, UID: a.UID, GID: a.UID,
		Proxy: a.gate.Addr(), Pins: a.Node.Pins, Pace: a.Node.Pace,
		Persona: a.persona, Sites: a.Definition.Hosts.Sites,
		Fresh: fresh, State: a.vault, Origins: a.Definition.Origins, Log: a.base,
	}))
}

func (a *account) onBrowserReady(c actor.Context, m browser.Ready) {
	if a.browser == nil || a.draining != nil {
		return
	}
	a.instance, a.neverUp = m.Instance, 0
	a.chromium.Store(int64(m.Instance.PID()))
	self, root := c.Self(), c.ActorSystem().Root
	a.client = a.Node.Client(ClientConfig{
		Definition: a.Definition, Browser: m.Instance, Account: a.ID, Owner: a.owner, Whole: slices.Clone(a.whole), Known: a.known.has,
		Holds: a.known.holds, Memory: a.memory,
		Evidence: func(e Evidence) { root.Send(self, a.keepEvidence(e)) }, Log: a.Log,
	})
	a.probed = false
	a.follow(c)
	a.report(c)
	if a.gate.Open() {
		a.probe(c)
	}
	a.began(c)
	a.nextOp(c)
}

// onBrowserGone decides what a dead Chromium means: another one, or giving up.
func (a *account) onBrowserGone(c actor.Context, m *actor.Terminated) {
	if a.browser == nil || m.Who.Id != a.browser.Id {
		return
	}
	up := a.instance != nil
	a.browser, a.instance, a.client, a.probed = nil, nil, nil, false
	a.chromium.Store(0)
	a.cancelRound()
	if a.ops.cancel != nil {
		a.ops.cancel()
	}
	if a.draining != nil {
		a.drainStep(c)
		return
	}
	if a.pause.phase == closing {
		a.browserClosed(c)
		return
	}
	if !up {
		a.neverUp++
	}
	if a.neverUp >= a.StartTries {
		a.fail(c, "Chromium died at every start; see browser.log in the account's folder")
		return
	}
	wait := a.Restarts.Failed(a.Node.Now())
	a.Log.Warn("browser gone, starting another", "was_ready", up, "wait", wait)
	if a.state == messages.Watching || a.state == messages.LoggingIn {
		a.enter(c, messages.Starting, "", "")
	}
	actors.After(c, wait, restartBrowser{})
}

// onGate follows the lease: a shut gate ends what was under way, an open one is a reason to look at once.
func (a *account) onGate(c actor.Context, m gateChanged) {
	open := a.gate != nil && a.gate.Open()
	a.Log.Info("gate changed", "open", open)
	a.report(c)
	if a.draining != nil {
		return
	}
	if !open {
		a.cancelRound()
		if a.ops.running != nil && a.ops.running.name != "reply" {
			a.ops.cancel()
		}
		return
	}
	if a.client == nil || !m.open {
		return
	}
	if !a.upstreamOK {
		a.checkUpstream(c, nil)
		return
	}
	if !a.probed && a.state == messages.Starting {
		a.probe(c)
		return
	}
	if a.state == messages.Watching {
		a.roundIn(c, rand.N(reopening)) // a node's gates open together, when its master is there again
	}
}

// reopening is within which time accounts whose gates were opened again look: not all of them at once.
const reopening = 3 * time.Second

// fail gives the account up on this node; the master decides what follows.
func (a *account) fail(c actor.Context, reason string) {
	a.enter(c, messages.Parked, reason, "")
	c.Send(a.Master, &messages.AccountFailed{Account: string(a.ID), Epoch: uint64(a.Epoch), Reason: reason})
	a.beginDrain(c, drain{failed: true})
}

// drain is the orderly end of an epoch on this node.
type drain struct {
	erase    bool
	failed   bool
	exported bool
	saving   uint64 // counter of the last save, 0 = none under way
	closing  bool
	clean    bool
	cut      bool // it took too long and was cut short
}

func (a *account) onRevoke(c actor.Context, m *messages.RevokeAccount) {
	if a.draining != nil {
		a.draining.erase = a.draining.erase || m.GetErase()
		return
	}
	a.enter(c, messages.Draining, m.GetReason(), "")
	a.beginDrain(c, drain{erase: m.GetErase()})
}

// partingLimit is how long an account may take to end in order: that its state is saved, and that Chromium, which may be slow on a busy
// machine, closes by itself, so that its profile can be used again.
const partingLimit = 15 * time.Second

// beginDrain stops what runs, saves the vault (for six seconds at most), closes the browser, and then reports. Each step calls
// drainStep when it is over; after partingLimit the rest is cut short (cutDrain).
func (a *account) beginDrain(c actor.Context, d drain) {
	a.cancelRound()
	a.endLogin(c, "cancelled", "the account was stopped")
	a.dropOps(c)
	a.refuseHeld(c)
	d.clean = a.pause.phase == resting // its browser was closed before
	a.draining = &d
	actors.After(c, partingLimit, drainDeadline{})
	a.drainStep(c)
}

func (a *account) drainStep(c actor.Context) {
	d := a.draining
	switch {
	case a.ops.running != nil: // it was interrupted; its end calls again
	case !d.exported && a.instance != nil && !d.erase:
		d.exported = true
		a.ops.running = a.exportOp()
		a.startRunning(c)
	case d.saving != 0: // VaultSaved calls again
	case a.browser != nil && !d.closing:
		d.closing = true
		d.clean = a.instance != nil
		c.Stop(a.browser) // Terminated calls again
	case a.browser != nil:
	default:
		a.finishDrain(c)
	}
}

// startRunning starts the operation that was put in the running place directly, past the queue.
func (a *account) startRunning(c actor.Context) {
	o := a.ops.running
	a.ops.gen++
	gen := a.ops.gen
	a.ops.cancel = actors.Job(c, func(ctx context.Context) any { return opDone{gen: gen, result: o.run(ctx)} })
}

// cutDrain ends a drain that takes too long: Chromium is killed, which brings the drain's next step; should that not
// come either, the account ends without it, and its process is reaped with the node.
func (a *account) cutDrain(c actor.Context, last bool) {
	d := a.draining
	if d == nil {
		return
	}
	d.exported, d.saving, d.cut = true, 0, true
	if last || a.browser == nil {
		a.finishDrain(c)
		return
	}
	a.kill(c)
	actors.After(c, 5*time.Second, drainDeadline{last: true})
}

// kill ends Chromium at once, off the mailbox; the browser actor's end follows from it.
func (a *account) kill(c actor.Context) {
	instance := a.instance
	if instance == nil {
		c.Stop(a.browser)
		return
	}
	actors.Job(c, func(context.Context) any {
		if err := instance.Kill(); err != nil {
			a.Log.Error("browser not killed", "err", err)
		}
		return nil
	})
}

func (a *account) finishDrain(c actor.Context) {
	d := a.draining
	a.stop()
	if d.erase {
		if err := a.eraseFiles(); err != nil {
			a.Log.Error("account's files not erased", "err", err)
		}
	}
	c.Send(c.Parent(), &messages.AccountRevoked{Account: string(a.ID), Epoch: uint64(a.Epoch), Clean: d.clean && !d.failed && !d.cut})
	c.Stop(c.Self())
}

// eraseFiles deletes all that this node holds of the account on disk.
func (a *account) eraseFiles() error {
	err := os.RemoveAll(a.Dir)
	if a.Node.Evidence != nil {
		err = errors.Join(err, a.Node.Evidence.Erase(a.ID))
	}
	return err
}

// stop lets go of what the actor holds outside the actor system.
func (a *account) stop() {
	a.cancelRound()
	if a.ops.cancel != nil {
		a.ops.cancel()
	}
	if a.release != nil {
		a.release()
		a.release = nil
	}
	if a.gate != nil {
		if err := a.gate.Close(); err != nil {
			a.Log.Debug("gate did not close", "err", err)
		}
	}
}

// probe finds out whether the account is logged in. Through a proxy that was not seen working nothing is opened: its check
// comes first, and probes.
func (a *account) probe(c actor.Context) {
	if !a.upstreamOK {
		a.checkUpstream(c, nil)
		return
	}
	if a.ops.waits("probe") {
		return
	}
	client := a.client
	a.do(c, &op{
		name: "probe", urgency: soon, interrupts: true,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			began := a.Node.Now()
			profile, err := client.Probe(ctx)
			return probed{profile, err, began}
		},
		done: func(c actor.Context, result any) {
			if p, ok := result.(probed); ok && client == a.client {
				a.onProbed(c, p)
			}
		},
	})
}

type probed struct {
	profile *messages.Profile
	err     error
	began   time.Time
}

func (a *account) onProbed(c actor.Context, p probed) {
	a.note("probe", p.began, 0, nil, p.err)
	if p.err != nil {
		a.onTrouble(c, p.err)
		return
	}
	a.probed, a.revived = true, 0
	a.sawProfile(p.profile)
	if a.blind {
		a.collect(c) // a page that begins well may hang all the same: only a whole look proves it
		return
	}
	if a.blindSince.IsZero() {
		a.retry = 0
	}
	a.enter(c, messages.Watching, "", "")
	a.collectSoon(c)
}

// sawProfile keeps what the account's own page says of it.
func (a *account) sawProfile(p *messages.Profile) {
	if id := p.GetPlatformUserId(); id != "" {
		a.owner = id
	}
	a.profile = p
}

// onResume is a person's word that all is well again.
func (a *account) onResume(c actor.Context) {
	if a.client == nil || a.draining != nil || a.state == messages.LoggingIn {
		return
	}
	a.retry = 0
	a.probe(c)
}
