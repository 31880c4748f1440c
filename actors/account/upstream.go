package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account/gate"
	"troupe/actors/account/vault"
	"troupe/messages"
)

// An account with a proxy goes out through it or not at all. The proxy is checked, through the account's own gate, before a
// platform's page is opened, when the proxy was changed, and when the gate says that it failed. A proxy that does not work
// is tried again by itself, ever later: proxies come back.

// checkLimit is for the whole of one check.
const checkLimit = 5 * time.Second

// The pace at which a proxy that failed is tried again.
const (
	recheckFirst = 10 * time.Second
	recheckMost  = 5 * time.Minute
)

type (
	// upstreamFailed comes from the gate: a connection through the proxy failed.
	upstreamFailed struct{ class gate.Class }
	// upstreamChecked is the end of a check.
	upstreamChecked struct {
		proxy *messages.Upstream // that was checked
		check gate.Check
	}
)

// openUpstream makes what the gate needs of the proxy that came with the assignment; nil means directly.
func openUpstream(ring *vault.KeyRing, u *messages.Upstream) (*gate.Upstream, error) {
	if u == nil {
		return nil, nil
	}
	upstream := &gate.Upstream{Scheme: u.GetScheme(), Host: u.GetHost(), Port: int(u.GetPort()), Username: u.GetUsername()}
	if u.GetPassword() != nil {
		password, err := vault.OpenSecret(ring, messages.ProxySecretOwner(u.GetProxy()), u.GetPassword())
		if err != nil {
			return nil, fmt.Errorf("open the proxy's password: %w", err)
		}
		upstream.Password = password
	}
	return upstream, upstream.Validate()
}

// checkTarget is the host that a check reaches through the proxy: the platform's own first address.
func (a *account) checkTarget() string {
	for _, origin := range a.Definition.Origins {
		if u, err := url.Parse(origin); err == nil && u.Host != "" {
			return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443"))
		}
	}
	for _, site := range a.Definition.Hosts.Sites {
		return net.JoinHostPort(strings.TrimPrefix(site, "*."), "443")
	}
	return ""
}

// onSetUpstream gives the account another way out. Its connections are cut; the browser stays.
func (a *account) onSetUpstream(c actor.Context, m *messages.SetUpstream) {
	if m.GetEpoch() != uint64(a.Epoch) || a.gate == nil || a.draining != nil {
		return
	}
	upstream, err := openUpstream(a.Node.Ring, m.GetUpstream())
	if err != nil {
		a.fail(c, err.Error())
		return
	}
	a.Upstream, a.upstreamOK, a.recheck = m.GetUpstream(), upstream == nil, 0
	a.gate.SetUpstream(upstream)
	a.Log.Info("way out changed", "proxy", a.Upstream.GetProxy())
	if upstream != nil {
		a.checkUpstream(c, nil)
		return
	}
	a.wayOutWorks(c)
}

// checkUpstream checks the proxy; asker, if there is one, is told the outcome.
func (a *account) checkUpstream(c actor.Context, asker *actor.PID) {
	if a.Upstream == nil || a.gate == nil {
		if asker != nil {
			c.Send(asker, refused("conflict", "the account goes out directly, without a proxy"))
		}
		return
	}
	g, target, exit, proxy := a.gate, a.checkTarget(), a.Node.ExitURL, a.Upstream
	system := c.ActorSystem().Root
	actors.Job(c, func(ctx context.Context) any {
		ctx, cancel := context.WithTimeout(ctx, checkLimit)
		defer cancel()
		check := g.Check(ctx, target, exit)
		if asker != nil {
			system.Send(asker, a.Node.checked(proxy, a.ID, check))
		}
		return upstreamChecked{proxy, check}
	})
}

// CheckProxy checks a proxy that no account goes out through, from this node, without a gate: it reaches target (host:port)
// through it and sends nothing there.
func (n *Node) CheckProxy(ctx context.Context, proxy *messages.Upstream, target string) (*messages.ProxyChecked, error) {
	upstream, err := openUpstream(n.Ring, proxy)
	if err != nil {
		return nil, err
	}
	if upstream == nil {
		return nil, errors.New("there are none")
	}
	return n.checked(proxy, "", gate.CheckUpstream(ctx, upstream, nil, target, n.ExitURL)), nil
}

// checked is a check's outcome for the master; account is whose gate it went through, if any.
func (n *Node) checked(proxy *messages.Upstream, account messages.AccountID, check gate.Check) *messages.ProxyChecked {
	return &messages.ProxyChecked{
		Proxy: proxy.GetProxy(), Account: string(account), Worker: string(n.ID), Class: string(check.Class), Reason: check.Reason,
		ExitAddress: check.ExitAddress, LatencyMs: wholeMilliseconds(check.Latency), At: n.Now().UnixMilli(),
	}
}

// wholeMilliseconds rounds d up: 0 says that nothing was measured, and a proxy in the next rack answers in less than one.
func wholeMilliseconds(d time.Duration) int64 {
	return (d + time.Millisecond - 1).Milliseconds()
}

func (a *account) onUpstreamChecked(c actor.Context, m upstreamChecked) {
	if a.draining != nil || m.proxy != a.Upstream {
		return // of a proxy that is not ours any more
	}
	if m.check.Class == gate.NoLease {
		return // the gate's opening asks again
	}
	c.Send(a.Master, a.Node.checked(m.proxy, a.ID, m.check))
	if m.check.Class != gate.OK {
		a.upstreamOK = false
		a.enter(c, messages.ProxyDown, fmt.Sprintf("the proxy does not work (%s): %s", m.check.Class, m.check.Reason), "")
		a.cancelRound()
		wait := min(recheckMost, recheckFirst<<min(a.recheck, 6))
		a.recheck++
		a.roundIn(c, wait)
		return
	}
	a.upstreamOK, a.recheck = true, 0
	a.wayOutWorks(c)
}

// wayOutWorks goes on with what a proxy that does not work held up.
func (a *account) wayOutWorks(c actor.Context) {
	switch {
	case a.client == nil || !a.gate.Open():
	case a.state == messages.Watching:
		a.collectSoon(c)
	case a.state == messages.ProxyDown, a.state == messages.Starting:
		a.probe(c)
	}
}

// onUpstreamFailed looks at once whether the proxy still works.
func (a *account) onUpstreamFailed(c actor.Context, m upstreamFailed) {
	if a.draining != nil || !a.upstreamOK {
		return // known, or under way
	}
	a.Log.Warn("proxy failed, checking it", "class", string(m.class))
	a.upstreamOK = false
	a.checkUpstream(c, nil)
}
