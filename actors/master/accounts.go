package master

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// The account's durable words for its login, as the IM contract has them.
const (
	notLoggedIn  = "not_logged_in"
	pendingLogin = "pending_login"
	isLoggingIn  = "logging_in"
	isLoggedIn   = "logged_in"
	loginFailed  = "login_failed"
)

// What a persona's noise may be.
const (
	noiseOff  = "off"
	noiseSeed = "seed"
)

func (m *master) platform(name string) *Platform {
	for i := range m.Platforms {
		if string(m.Platforms[i].Name) == name {
			return &m.Platforms[i]
		}
	}
	return nil
}

func (m *master) onCreate(c actor.Context, msg *messages.CreateAccount, sender *actor.PID) {
	p := m.platform(msg.GetPlatform())
	name := strings.TrimSpace(msg.GetName())
	switch {
	case p == nil:
		refuse(c, sender, "invalid", fmt.Sprintf("unknown platform %q; known are: %s", msg.GetPlatform(), m.platformNames()))
		return
	case name == "" || utf8.RuneCountInString(name) > 50:
		refuse(c, sender, "invalid", "the account's name must have 1 to 50 characters")
		return
	case msg.GetMonitorInterval() != 0 && (msg.GetMonitorInterval() < 10 || msg.GetMonitorInterval() > 300):
		refuse(c, sender, "invalid", "monitor_interval must be 10 to 300 seconds, or 0 for the platform's own pace")
		return
	case !slices.Contains([]string{"", noiseOff, noiseSeed}, msg.GetNoise()):
		refuse(c, sender, "invalid", "noise must be off or seed")
		return
	case checkTags(msg.GetTags()) != nil:
		refuse(c, sender, "invalid", checkTags(msg.GetTags()).Error())
		return
	}
	if msg.GetForeign() != "" {
		if why := m.unfitForeign(msg.GetForeign()); why != "" {
			refuse(c, sender, "invalid", why)
			return
		}
	}
	var proxy *messages.Proxy
	if msg.GetProxy() != "" {
		if proxy = m.findProxy(c, msg.GetProxy(), sender); proxy == nil {
			return
		}
	}
	var ch change
	id := messages.AccountID(msg.GetId())
	if id == "" {
		m.nextNumber[p.Prefix]++
		id = messages.AccountID(fmt.Sprintf("%s_%d", p.Prefix, m.nextNumber[p.Prefix]))
		ch.number("number:"+p.Prefix, m.nextNumber[p.Prefix])
	}
	if !id.Valid() {
		refuse(c, sender, "invalid", "an account id has 1 to 64 of a-z 0-9 _ - and begins with a letter or digit")
		return
	}
	if m.accounts[id] != nil {
		refuse(c, sender, "conflict", fmt.Sprintf("account %s exists already", id))
		return
	}
	a := m.account(id)
	m.edit(&ch, a, func(r *messages.Account) {
		r.Platform, r.Name, r.AccountId, r.MonitorInterval = msg.GetPlatform(), name, msg.GetAccountId(), msg.GetMonitorInterval()
		r.LoginStatus, r.CreatedAt, r.EpochOver = notLoggedIn, m.now(), true
		r.Proxy, r.Noise = proxy.GetId(), cmp.Or(msg.GetNoise(), m.Noise)
		r.Tags, r.Paused = sortedTags(msg.GetTags()), msg.GetPaused()
		r.Epoch = uint64(messages.EpochOf(m.generation, 0))
		r.Foreign = msg.GetForeign()
	})
	a.status = restingStatus(a.record)
	m.news.proxies = true
	m.persist(c, ch, func() {
		m.Log.Info("account created", id.Attr(), "platform", msg.GetPlatform())
		answerDone(c, sender, a)
		m.place(c, a)
	})
}

func (m *master) platformNames() string {
	names := make([]string, len(m.Platforms))
	for i, p := range m.Platforms {
		names[i] = string(p.Name)
	}
	return strings.Join(names, ", ")
}

// find answers a command for an account that does not exist, or is being removed, by itself.
func (m *master) find(c actor.Context, id string, sender *actor.PID) *account {
	a := m.accounts[messages.AccountID(id)]
	if a == nil || a.record.GetRemoving() {
		refuse(c, sender, "not_found", fmt.Sprintf("there is no account %q; see: troupe account list", id))
		return nil
	}
	return a
}

func (m *master) onPause(c actor.Context, msg *messages.PauseAccount, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	var ch change
	m.edit(&ch, a, func(r *messages.Account) { r.Paused, r.PauseReason = true, msg.GetReason() })
	m.clearAlarms(&ch, a.id())
	m.persist(c, ch, func() {
		if a.running {
			m.revoke(c, a, "paused", false)
		} else {
			a.status = restingStatus(a.record)
		}
		answerDone(c, sender, a)
	})
}

// onResume ends a pause, a parking, or a state that waited for a person.
func (m *master) onResume(c actor.Context, msg *messages.ResumeAccount, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	var ch change
	m.edit(&ch, a, func(r *messages.Account) {
		r.Paused, r.PauseReason, r.Parked, r.ParkedReason = false, "", false, ""
	})
	if !a.running {
		m.clearAlarms(&ch, a.id())
	}
	a.tried = nil
	m.persist(c, ch, func() {
		if a.running {
			m.tell(c, a, msg)
		} else {
			a.status = restingStatus(a.record)
			m.place(c, a)
		}
		answerDone(c, sender, a)
	})
}

// onRemove erases an account: its profile and sealed state on the nodes, its data in the store, its records here.
func (m *master) onRemove(c actor.Context, msg *messages.RemoveAccount, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	if sender != nil {
		a.waitErase = append(a.waitErase, sender)
	}
	var ch change
	m.edit(&ch, a, func(r *messages.Account) { r.Removing = true })
	m.persist(c, ch, func() { m.erase(c, a) })
}

// erase is the removal's next step: the node first, so that nothing is observed any more, then the data.
func (m *master) erase(c actor.Context, a *account) {
	if a.running {
		m.revoke(c, a, "removed", true)
		return
	}
	for _, n := range m.nodes {
		if n.pid == nil {
			continue // away: what it has on disk stays there
		}
		c.Send(n.pid, &messages.RevokeAccount{Account: a.record.GetId(), Epoch: a.record.GetEpoch(), Reason: "removed", Erase: true})
	}
	f := c.RequestFuture(m.Store, &messages.EraseAccount{Account: a.record.GetId()}, appendLimit)
	c.ReenterAfter(f, func(answer any, err error) {
		if _, ok := answer.(*messages.AccountErased); err != nil || !ok {
			panic(fmt.Sprintf("the store did not erase an account: %v %T", err, answer))
		}
		m.forget(c, a)
	})
}

func (m *master) forget(c actor.Context, a *account) {
	var ch change
	id := a.record.GetId()
	ch.remove(tableAccounts, id)
	ch.remove(tableVault, id)
	for key, r := range m.replies {
		if r.GetAccount() == id {
			ch.remove(tableReplies, string(key))
			delete(m.replies, key)
		}
	}
	for key, s := range m.logins {
		if s.GetAccount() == id {
			ch.remove(tableLogins, string(key))
			delete(m.logins, key)
		}
	}
	m.queue.remove(&ch, a.id())
	m.forgetLinks(a.id())
	m.forgetAlarms(&ch, a.id())
	delete(m.accounts, a.id())
	m.sorted = nil
	if left := a.record.GetProxy(); len(m.users(left)) == 0 {
		m.clearProxyAlarm(&ch, left)
	}
	m.news.account(a.id())
	m.news.proxies = true
	m.persist(c, ch, func() {
		m.Log.Info("account removed", a.id().Attr())
		for _, asker := range a.waitErase {
			answerDone(c, asker, a)
		}
	})
}

// finishRemovals goes on with removals that a crash interrupted.
func (m *master) finishRemovals(c actor.Context) {
	for _, a := range m.accounts {
		if a.record.GetRemoving() {
			m.erase(c, a)
		}
	}
}

func answerDone(c actor.Context, to *actor.PID, a *account) {
	if to != nil {
		c.Send(to, &messages.AccountDone{Account: a.record})
	}
}

// passOn hands a question to the account's actor, which answers the asker itself.
func (m *master) passOn(c actor.Context, message any, sender *actor.PID) {
	about, ok := message.(interface{ GetAccount() string })
	if !ok {
		return
	}
	id := about.GetAccount()
	a := m.find(c, id, sender)
	if a == nil {
		return
	}
	if a.record.GetForeign() != "" {
		refuse(c, sender, "unsupported", fmt.Sprintf("account %s runs on Node worker %s, which has no browser that can be looked into from here", id, a.record.GetForeign()))
		return
	}
	pid := m.pid(a)
	if pid == nil {
		refuse(c, sender, "unavailable", fmt.Sprintf("account %s is %s; nobody runs it", id, a.status.GetState()))
		return
	}
	c.RequestWithCustomSender(pid, message, sender)
	if _, ok := message.(*messages.CollectNow); ok {
		answerDone(c, sender, a)
	}
}

// sortedAccounts lists the accounts by id, so that what follows is the same each time. The list is shared: nobody changes it.
func (m *master) sortedAccounts() []*account {
	if m.sorted == nil {
		m.sorted = make([]*account, 0, len(m.accounts))
		for _, id := range sortedKeys(m.accounts) {
			m.sorted = append(m.sorted, m.accounts[id])
		}
	}
	return m.sorted
}

func sortedKeys[K cmp.Ordered, V any](of map[K]V) []K { return slices.Sorted(maps.Keys(of)) }
