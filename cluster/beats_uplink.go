package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/cluster/lease"
	"troupe/messages"
)

// WorkerRing is a worker's key ring: it follows the master's.
type WorkerRing interface {
	Ring
	// Take puts the master's ring in the place of this one.
	Take(exported messages.Secret) error
}

// UplinkConfig is what an uplink is made of.
type UplinkConfig struct {
	Identity *Identity
	// Master is where the master's gateway is: HOST, HOST:PORT or a URL. Its other ports may have changed each time it is asked.
	Master string
	// Life is what is registered; the uplink adds the cluster and the ring's keys.
	Life *messages.Registration
	Ring WorkerRing
	// Registered is told of each registration, before the next beat. It must not block.
	Registered func(*messages.Registered)

	Now func() time.Time // nil = time.Now
	Log *slog.Logger
}

// Uplink is a worker's side of the cluster port: it finds the master, registers, and carries the beats, on a connection of its own.
// When the master is gone, restarted or elsewhere it begins again, and it never gives up.
//
//	find ──▶ register ──▶ beats ... ─┬─ not answered ──▶ find
//	                  ▲              ├─ another master, other keys ─┐
//	                  └──────────────┴──────────────────────────────┘
type Uplink struct {
	cfg   UplinkConfig
	line  atomic.Pointer[line] // nil while there is no master
	again chan again
	back  chan struct{} // holds a token when there is a master again
}

// again says why to register again.
type again struct {
	line *line // that it was noticed on
	lost bool  // the master is to be looked for
}

// waits between two attempts
const (
	firstWait    = 200 * time.Millisecond
	longestWait  = time.Second
	warnPause    = 30 * time.Second
	renewalCheck = time.Hour
)

var errNoMaster = errors.New("no master is registered with")

// NewUplink makes an uplink; Attach finds the master for the first time, Run keeps to it.
func NewUplink(cfg UplinkConfig) *Uplink {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Uplink{cfg: cfg, again: make(chan again, 1), back: make(chan struct{}, 1)}
}

// Beat implements lease.Granter: one beat to the master that is registered with.
func (u *Uplink) Beat(ctx context.Context, beat *messages.Beat) (*messages.Grant, error) {
	l := u.line.Load()
	if l == nil {
		return nil, errNoMaster
	}
	answer, err := invoke[messages.BeatAnswer](ctx, *l, "Beat", beat)
	if err != nil {
		var refused *RefusedError
		u.renew(again{l, !errors.As(refusal(err), &refused)})
		return nil, fmt.Errorf("beat: %w", refusal(err))
	}
	if answer.GetRing() != digest(keyNames(u.cfg.Ring)) {
		u.renew(again{l, false})
	}
	return answer.GetGrant(), nil
}

// Returned implements lease.Returner.
func (u *Uplink) Returned() <-chan struct{} { return u.back }

func (u *Uplink) renew(a again) {
	select {
	case u.again <- a:
	default:
	}
}

// Attach finds the master and registers with it. It tries until ctx ends, or until the master refuses this node (*RefusedError).
func (u *Uplink) Attach(ctx context.Context) error {
	return u.attempt(ctx, func(err error) bool {
		var refused *RefusedError
		return errors.As(err, &refused)
	})
}

// Run stays registered until ctx ends. It is called after Attach.
func (u *Uplink) Run(ctx context.Context) {
	defer u.drop()
	renewal := time.NewTicker(renewalCheck)
	defer renewal.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-renewal.C:
			u.freshen(ctx)
		case a := <-u.again:
			if a.line != u.line.Load() {
				continue // noticed on an earlier one
			}
			if a.lost || u.register(ctx, a.line) != nil {
				u.drop()
				_ = u.attempt(ctx, func(error) bool { return false }) // it ends with ctx only
			}
		}
	}
}

// attempt tries to attach, each time a little later, until it did, ctx ends, or an error is final.
func (u *Uplink) attempt(ctx context.Context, final func(error) bool) error {
	var warned time.Time
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := u.attach(ctx)
		if err == nil || final(err) {
			return err
		}
		if time.Since(warned) > warnPause {
			warned = time.Now()
			u.complain(err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

func (u *Uplink) complain(err error) {
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		u.cfg.Log.Error("the master refuses this node, trying again", "master", u.cfg.Master, "reason", refused.Reason)
		return
	}
	u.cfg.Log.Warn("no master, trying again", "master", u.cfg.Master, "err", err)
}

// attach looks for the master and registers on a new line. What the gateway said decides nothing, but it explains why a stranger at the
// place does not answer; and the stranger hears that it was called, for its people may wonder where the node is.
func (u *Uplink) attach(ctx context.Context) error {
	place, err := Find(ctx, u.cfg.Master)
	if err != nil {
		return err
	}
	l, err := dial(place.Address, u.cfg.Identity.ClientTLS(Master))
	if err != nil {
		return err
	}
	if err := u.register(ctx, &l); err != nil {
		l.Close()
		return cmp.Or(u.stranger(place), err)
	}
	u.line.Store(&l)
	select {
	case u.back <- struct{}{}:
	default:
	}
	u.freshen(ctx)
	return nil
}

// stranger says why a master that is at a place cannot be this node's; nil = it can.
func (u *Uplink) stranger(place Place) error {
	switch id := u.cfg.Identity; {
	case place.Cluster != id.Cluster:
		return &RefusedError{Reason: fmt.Sprintf("at %s is cluster %s, and this node belongs to cluster %s: say with --join where its own master is, or choose another --worker-id to join this one",
			u.cfg.Master, place.Cluster, id.Cluster)}
	case place.Authority != id.Fingerprint():
		return &RefusedError{Reason: fmt.Sprintf("at %s cluster %s has another authority than the one that made this node's certificate: %s", u.cfg.Master, place.Cluster, joinAnew)}
	default:
		return nil
	}
}

// register registers on a line.
func (u *Uplink) register(ctx context.Context, l *line) error {
	q := proto.CloneOf(u.cfg.Life)
	q.Cluster, q.GossipKey = u.cfg.Identity.Cluster, u.cfg.Identity.gossipDigest()
	q.OldestProtocol, q.NewestProtocol, q.Keys = OldestProtocol, Protocol, keyNames(u.cfg.Ring)
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	r, err := invoke[messages.Registered](ctx, *l, "Register", q)
	if err != nil {
		return fmt.Errorf("register: %w", refusal(err))
	}
	if len(r.GetRing()) > 0 {
		if err := u.cfg.Ring.Take(r.GetRing()); err != nil {
			return fmt.Errorf("take the cluster's key ring: %w", err)
		}
		u.cfg.Log.Info("key ring follows the master's", "keys", len(u.cfg.Ring.Keys()))
	}
	u.cfg.Registered(r)
	u.cfg.Log.Info("registered with the master", "master", r.GetNode(), "incarnation", r.GetIncarnation(), "version", r.GetVersion())
	return nil
}

// freshen renews the certificate when it is time; while it fails, the present one goes on.
func (u *Uplink) freshen(ctx context.Context) {
	l, id := u.line.Load(), u.cfg.Identity
	if l == nil || !id.Stale(u.cfg.Now()) {
		return
	}
	if err := u.renewCertificate(ctx, l); err != nil {
		u.cfg.Log.Error("certificate not renewed", "until", id.Until(), "err", err)
		return
	}
	u.cfg.Log.Info("certificate renewed", "until", id.Until())
}

func (u *Uplink) renewCertificate(ctx context.Context, l *line) error {
	key, request, err := newRequest(u.cfg.Identity.Node)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	answer, err := invoke[messages.Renewed](ctx, *l, "Renew", &messages.RenewRequest{Request: request})
	if err != nil {
		return refusal(err)
	}
	return u.cfg.Identity.take(key, answer.GetCertificate())
}

// Attached says whether a master is registered with, as far as the beats have told.
func (u *Uplink) Attached() bool { return u.line.Load() != nil }

// WhileAttached is ctx, ended early when no master is registered with for that long. The caller ends it.
func (u *Uplink) WhileAttached(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(patience / 10)
		defer tick.Stop()
		for seen := time.Now(); time.Since(seen) < patience; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if u.Attached() {
					seen = time.Now()
				}
			}
		}
		cancel(errNoMaster)
	}()
	return ctx, func() { cancel(nil) }
}

// drop gives the line up.
func (u *Uplink) drop() {
	if l := u.line.Swap(nil); l != nil {
		l.Close()
	}
}

// FiguresOf are the lease's figures that a master works with.
func FiguresOf(r *messages.Registered) lease.Figures {
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	return lease.Figures{
		Beat: ms(r.GetBeatMs()), TTL: ms(r.GetTtlMs()), Drain: ms(r.GetDrainMs()),
		Margin: ms(r.GetMarginMs()), Risk: ms(r.GetRiskMs()), Parting: ms(r.GetPartingMs()),
	}
}

var _ lease.Returner = (*Uplink)(nil)
