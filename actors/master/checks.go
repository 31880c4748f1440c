package master

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// Checks of proxies: asked for by a person, or made by an account before it uses its proxy and when a dial fails. The newest one is
// what a proxy is known by; while accounts use a proxy whose check failed, one alarm stands for all of them.

// checkLimit is how long a check may take that a person waits for.
const checkLimit = 8 * time.Second

// checkOK is the class of a check that succeeded.
const checkOK = "ok"

// checkClasses are the classes that say something of the proxy itself. A gate that is shut, say, has others.
var checkClasses = []string{checkOK, "upstream_unreachable", "upstream_auth", "upstream_protocol", "upstream_timeout", "target_unreachable"}

// onTestProxy has a proxy checked: by an account that uses it, through its gate, else by any worker.
func (m *master) onTestProxy(c actor.Context, msg *messages.TestProxy, sender *actor.PID) {
	p := m.findProxy(c, msg.GetProxy(), sender)
	if p == nil {
		return
	}
	to, question := m.checker(p)
	if to == nil {
		refuse(c, sender, "unavailable", "no node is online that could check the proxy")
		return
	}
	version := p.GetUpdatedAt()
	f := c.RequestFuture(to, question, checkLimit)
	c.ReenterAfter(f, func(answer any, err error) {
		checked, ok := answer.(*messages.ProxyChecked)
		now := m.proxies[p.GetId()]
		switch {
		case err != nil:
			refuse(c, sender, "unavailable", fmt.Sprintf("nobody answered the check of proxy %s within %s", p.GetName(), checkLimit))
		case !ok:
			m.passRefusal(c, answer, sender)
		case !slices.Contains(checkClasses, checked.GetClass()):
			refuse(c, sender, "unavailable", fmt.Sprintf("the check could not be made: %s", cmp.Or(checked.GetReason(), checked.GetClass())))
		case now.GetUpdatedAt() != version:
			refuse(c, sender, "conflict", fmt.Sprintf("proxy %s was changed or removed while it was checked: test it again", p.GetName()))
		default:
			m.keepCheck(c, now, checked, sender)
		}
		m.publish(c)
	})
}

// checker is who can check a proxy now, and what to ask; nil when nobody can.
func (m *master) checker(p *messages.Proxy) (*actor.PID, *messages.CheckUpstream) {
	for _, a := range m.users(p.GetId()) {
		if pid := m.pid(a); pid != nil && !a.isAbroad() {
			return pid, &messages.CheckUpstream{Account: a.record.GetId()}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.nodes)) {
		if m.online(id) {
			return m.nodes[id].pid, &messages.CheckUpstream{Upstream: upstreamOf(p.GetId(), p), Target: m.checkTarget()}
		}
	}
	return nil, nil
}

// checkTarget is what a check without an account reaches: the first platform's own site.
func (m *master) checkTarget() string {
	for _, p := range m.Platforms {
		if p.Site != "" {
			return p.Site
		}
	}
	return ""
}

func (m *master) passRefusal(c actor.Context, answer any, sender *actor.PID) {
	if refused, ok := answer.(*messages.Refused); ok {
		refuse(c, sender, refused.GetCode(), refused.GetMessage())
		return
	}
	refuse(c, sender, "unavailable", "the check was not answered in words that are known here")
}

// onChecked takes in a check that nobody asked for. One from before the proxy's last change says nothing any more.
func (m *master) onChecked(c actor.Context, msg *messages.ProxyChecked) {
	p := m.proxies[msg.GetProxy()]
	if p == nil || !slices.Contains(checkClasses, msg.GetClass()) || msg.GetAt() < max(p.GetUpdatedAt(), p.GetChecked().GetAt()) {
		return
	}
	m.keepCheck(c, p, msg, nil)
}

// keepCheck makes a check the proxy's newest one. It is written down when it says something else than the one before; asker, if any, is
// answered afterwards.
func (m *master) keepCheck(c actor.Context, p *messages.Proxy, checked *messages.ProxyChecked, asker *actor.PID) {
	before := p.GetChecked()
	next := proto.CloneOf(p)
	next.Checked = proto.CloneOf(checked)
	next.Checked.Proxy = p.GetId()
	if next.Checked.GetAt() == 0 {
		next.Checked.At = m.now()
	}
	m.proxies[p.GetId()] = next
	m.proxyNews(p.GetId())
	var ch change
	if before.GetClass() != checked.GetClass() || before.GetExitAddress() != checked.GetExitAddress() {
		ch.put(tableProxies, p.GetId(), next)
		m.Log.Info("proxy checked", "proxy", p.GetName(), "class", checked.GetClass(), "node", checked.GetWorker())
	}
	m.followCheck(&ch, next)
	answer := func() {
		if asker != nil {
			c.Send(asker, next.Checked)
		}
	}
	if len(ch.puts) == 0 {
		m.publish(c) // the asker looks at the board next
		answer()
		return
	}
	m.persist(c, ch, answer)
}

// followCheck raises and clears the proxy's alarm.
func (m *master) followCheck(ch *change, p *messages.Proxy) {
	switch checked := p.GetChecked(); {
	case checked.GetClass() == checkOK:
		m.clearProxyAlarm(ch, p.GetId())
	case len(m.users(p.GetId())) > 0:
		m.raiseProxy(ch, p, checked.GetReason())
	}
}
