package master

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// Proxies are ways out that accounts are assigned to. The master keeps their records; an account's gate gets an Upstream,
// with its assignment and again at each change, and never a restart of its browser.

// proxy finds a proxy by its id or its name; nil when there is none.
func (m *master) proxy(idOrName string) *messages.Proxy {
	if p := m.proxies[idOrName]; p != nil {
		return p
	}
	for _, p := range m.proxies {
		if p.GetName() == idOrName {
			return p
		}
	}
	return nil
}

// findProxy answers a command for a proxy that does not exist by itself.
func (m *master) findProxy(c actor.Context, idOrName string, sender *actor.PID) *messages.Proxy {
	p := m.proxy(idOrName)
	if p == nil {
		refuse(c, sender, "not_found", fmt.Sprintf("there is no proxy %q; see: troupe proxy list", idOrName))
	}
	return p
}

// sortedProxies lists the proxies by name.
func (m *master) sortedProxies() []*messages.Proxy {
	list := make([]*messages.Proxy, 0, len(m.proxies))
	for _, p := range m.proxies {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *messages.Proxy) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return list
}

// users are the accounts that go out through a proxy, by id.
func (m *master) users(proxy string) []*account {
	return slices.DeleteFunc(slices.Clone(m.sortedAccounts()), func(a *account) bool { return a.record.GetProxy() != proxy || proxy == "" })
}

// onAddProxy makes a proxy, or replaces the settings of an existing one.
func (m *master) onAddProxy(c actor.Context, msg *messages.AddProxy, sender *actor.PID) {
	before := m.proxies[msg.GetId()]
	if msg.GetId() != "" && before == nil {
		refuse(c, sender, "not_found", fmt.Sprintf("there is no proxy %q; see: troupe proxy list", msg.GetId()))
		return
	}
	if wrong := checkProxy(msg); wrong != "" {
		refuse(c, sender, "invalid", wrong)
		return
	}
	if other := m.proxy(msg.GetName()); other != nil && other.GetId() != msg.GetId() {
		refuse(c, sender, "conflict", fmt.Sprintf("a proxy is named %q already", msg.GetName()))
		return
	}
	p, err := m.proxyOf(msg, before)
	if err != nil {
		m.Log.Error("password of a proxy not sealed", "proxy", msg.GetName(), "err", err)
		refuse(c, sender, "unavailable", "the password could not be sealed; the node's log says why")
		return
	}
	var ch change
	m.setProxy(&ch, p)
	if before != nil {
		m.clearProxyAlarm(&ch, p.GetId())
	}
	m.persist(c, ch, func() {
		m.Log.Info("proxy saved", "proxy", p.GetName(), "scheme", p.GetScheme(), "new", before == nil)
		m.steer(c, m.users(p.GetId()))
		answerProxy(c, sender, p)
	})
}

// proxyOf is the record that a command asks for. A password that is not given again stays; without a user name there is none.
func (m *master) proxyOf(msg *messages.AddProxy, before *messages.Proxy) (*messages.Proxy, error) {
	now := m.now()
	p := &messages.Proxy{
		Id: msg.GetId(), Name: msg.GetName(), Scheme: msg.GetScheme(), Host: msg.GetHost(), Port: msg.GetPort(), Username: msg.GetUsername(),
		CreatedAt: now, UpdatedAt: now,
	}
	if before == nil {
		p.Id = string(messages.NewTrace())
	} else {
		p.CreatedAt, p.UpdatedAt = before.GetCreatedAt(), max(now, before.GetUpdatedAt()+1) // the version of its upstream only grows
	}
	switch {
	case p.GetUsername() == "":
	case len(msg.GetPassword()) == 0:
		p.Password = before.GetPassword()
	default:
		sealed, err := m.SealSecret(messages.ProxySecretOwner(p.GetId()), msg.GetPassword())
		if err != nil {
			return nil, fmt.Errorf("seal password: %w", err)
		}
		p.Password = sealed
	}
	return p, nil
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?$`)

// checkProxy says what is wrong with a proxy's settings, "" when nothing is.
func checkProxy(msg *messages.AddProxy) string {
	_, notAddress := netip.ParseAddr(msg.GetHost())
	switch {
	case !nameFits(msg.GetName()):
		return "a proxy's name must have 1 to 50 letters, digits and . _ -"
	case !slices.Contains([]string{"http", "https", "socks5"}, msg.GetScheme()):
		return fmt.Sprintf("unknown scheme %q; a proxy's scheme is http, https or socks5", msg.GetScheme())
	case notAddress != nil && (len(msg.GetHost()) > 253 || !hostForm.MatchString(msg.GetHost())):
		return "a proxy's host must be a host name or an address, without scheme and port"
	case msg.GetPort() < 1 || msg.GetPort() > 65535:
		return "a proxy's port must be 1 to 65535"
	case len(msg.GetUsername()) > 255 || len(msg.GetPassword()) > 255:
		return "user name and password may have 255 bytes each"
	case strings.ContainsFunc(msg.GetUsername()+string(msg.GetPassword()), unicode.IsControl):
		return "user name and password may not hold control characters"
	case msg.GetScheme() != "socks5" && strings.Contains(msg.GetUsername(), ":"):
		return "the user name of a proxy by http or https may not hold a colon"
	case msg.GetUsername() == "" && len(msg.GetPassword()) > 0:
		return "a password needs a user name"
	}
	return ""
}

func nameFits(name string) bool {
	n := utf8.RuneCountInString(name)
	return n >= 1 && n <= 50 && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	}) && name != "." && name != ".." // they would not stand in an address
}

// setProxy puts a proxy's record in its place and notes it, and the accounts that show it, as news.
func (m *master) setProxy(ch *change, p *messages.Proxy) {
	m.proxies[p.GetId()] = p
	ch.put(tableProxies, p.GetId(), p)
	m.proxyNews(p.GetId())
}

func (m *master) proxyNews(id string) {
	m.news.proxies = true
	for _, a := range m.users(id) {
		m.news.account(a.id())
	}
}

// onRemoveProxy forgets a proxy that no account uses.
func (m *master) onRemoveProxy(c actor.Context, msg *messages.RemoveProxy, sender *actor.PID) {
	p := m.findProxy(c, msg.GetProxy(), sender)
	if p == nil {
		return
	}
	if users := m.users(p.GetId()); len(users) > 0 {
		ids := make([]string, len(users))
		for i, a := range users {
			ids[i] = a.record.GetId()
		}
		refuse(c, sender, "conflict", fmt.Sprintf("proxy %s is used by %s: assign them another one, or none, before", p.GetName(), strings.Join(ids, ", ")))
		return
	}
	var ch change
	delete(m.proxies, p.GetId())
	ch.remove(tableProxies, p.GetId())
	m.forgetProxyAlarms(&ch, p.GetId())
	m.news.proxies = true
	m.persist(c, ch, func() {
		m.Log.Info("proxy removed", "proxy", p.GetName())
		answerProxy(c, sender, p)
	})
}

// onAssignProxy gives accounts another way out: all of them, or, when one is unknown, none. AccountDone of the first answers.
func (m *master) onAssignProxy(c actor.Context, msg *messages.AssignProxy, sender *actor.PID) {
	var id, name string
	if msg.GetProxy() != "" {
		p := m.findProxy(c, msg.GetProxy(), sender)
		if p == nil {
			return
		}
		id, name = p.GetId(), p.GetName()
	}
	accounts := make([]*account, 0, len(msg.GetAccounts()))
	for _, one := range msg.GetAccounts() {
		a := m.find(c, one, sender)
		if a == nil {
			return
		}
		accounts = append(accounts, a)
	}
	if len(accounts) == 0 {
		refuse(c, sender, "invalid", "name the accounts that the proxy is assigned to")
		return
	}
	var ch change
	for _, a := range accounts {
		left := a.record.GetProxy()
		if left == id {
			continue
		}
		m.edit(&ch, a, func(r *messages.Account) { r.Proxy = id })
		m.clearAlarm(&ch, alarmKey(a.id(), string(messages.ProxyDown)))
		if len(m.users(left)) == 0 {
			m.clearProxyAlarm(&ch, left)
		}
	}
	m.news.proxies = true
	m.persist(c, ch, func() {
		for _, a := range accounts {
			m.Log.Info("proxy assigned", a.id().Attr(), "proxy", name)
		}
		m.steer(c, accounts)
		answerDone(c, sender, accounts[0])
	})
}

// upstream is what an account's gate is told of its proxy; nil means directly. A proxy that is gone (no command leaves an account so) is
// one that refuses everything: an account that has a proxy never goes out without it.
func (m *master) upstream(a *account) *messages.Upstream {
	id := a.record.GetProxy()
	if id == "" {
		return nil
	}
	return upstreamOf(id, m.proxies[id])
}

func upstreamOf(id string, p *messages.Proxy) *messages.Upstream {
	return &messages.Upstream{
		Proxy: id, Scheme: p.GetScheme(), Host: p.GetHost(), Port: p.GetPort(), Username: p.GetUsername(), Password: p.GetPassword(),
		Version: uint64(p.GetUpdatedAt()),
	}
}

// steer tells the running ones of these accounts their way out, where it is another than they were told.
func (m *master) steer(c actor.Context, accounts []*account) {
	for _, a := range accounts {
		up := m.upstream(a)
		if proto.Equal(up, a.told) {
			continue
		}
		if m.tell(c, a, &messages.SetUpstream{Account: a.record.GetId(), Epoch: a.record.GetEpoch(), Upstream: up}) {
			a.told, a.steered = up, m.Now()
		}
	}
}

func answerProxy(c actor.Context, to *actor.PID, p *messages.Proxy) {
	if to != nil {
		c.Send(to, &messages.ProxyDone{Proxy: p})
	}
}
