package master

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// restingStatus is the status of an account that nobody runs.
func restingStatus(r *messages.Account) *messages.AccountStatus {
	s := &messages.AccountStatus{Account: r.GetId(), Epoch: r.GetEpoch(), State: string(messages.Starting), Profile: r.GetProfile()}
	switch {
	case r.GetParked():
		s.State, s.Reason = string(messages.Parked), r.GetParkedReason()
	case r.GetPaused():
		s.State, s.Reason = string(messages.Paused), r.GetPauseReason()
	}
	return s
}

// onStatus takes in what an account says of itself; alarms follow its state.
func (m *master) onStatus(c actor.Context, msg *messages.AccountStatus) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() || !a.running {
		return
	}
	before := messages.AccountState(a.status.GetState())
	a.status = msg
	m.news.status(a.id())
	m.compareUpstream(c, a, msg)
	state := messages.AccountState(msg.GetState())
	var ch change
	if state != before || (state.NeedsPerson() && !m.alarmed(a, state)) {
		m.followState(&ch, a, before, msg)
	}
	if p := msg.GetProfile(); p != nil && !sameProfile(p, a.record.GetProfile()) {
		m.edit(&ch, a, func(r *messages.Account) { takeProfile(r, p) })
	}
	if len(ch.puts) > 0 {
		m.persist(c, ch, nil)
	}
	if state == messages.Watching {
		a.tried = nil
		m.dispatch(c, a.id())
	}
}

// followState raises and clears alarms and keeps the durable login word.
func (m *master) followState(ch *change, a *account, before messages.AccountState, status *messages.AccountStatus) {
	state, reason := messages.AccountState(status.GetState()), status.GetReason()
	p := m.proxies[a.record.GetProxy()]
	switch {
	case state == messages.Watching:
		m.clearAlarms(ch, a.id())
		if before == messages.ProxyDown {
			m.clearProxyAlarm(ch, p.GetId())
		}
		m.setLogin(ch, a, isLoggedIn)
	case state == messages.LoggedOut:
		m.clearAlarmsBut(ch, a.id(), string(state))
		if a.record.GetLoggedIn() || a.record.GetLastLoginTime() > 0 {
			m.raise(ch, a.id(), string(state), reason)
		}
		m.setLogin(ch, a, notLoggedIn)
	case state == messages.LoggingIn:
		m.setLogin(ch, a, isLoggingIn)
	case state == messages.ProxyDown && p != nil: // one alarm stands for all accounts of the proxy
		m.clearAlarms(ch, a.id())
		m.raiseProxy(ch, p, reason)
	case state.NeedsPerson():
		m.clearAlarmsBut(ch, a.id(), string(state))
		m.raise(ch, a.id(), string(state), reason)
	}
}

func (m *master) setLogin(ch *change, a *account, word string) {
	if a.record.GetLoginStatus() == word {
		return
	}
	m.edit(ch, a, func(r *messages.Account) {
		r.LoginStatus = word
		if word == isLoggedIn || word == notLoggedIn {
			r.LoggedIn = word == isLoggedIn
		}
	})
}

// compareUpstream tells an account its way out again when it uses another one than it should: what it was told was lost, or an
// earlier life of the master told it.
func (m *master) compareUpstream(c actor.Context, a *account, msg *messages.AccountStatus) {
	want := m.upstream(a)
	if a.isAbroad() || msg.GetProxy() == want.GetProxy() && msg.GetUpstreamVersion() == want.GetVersion() {
		return
	}
	if now := m.Now(); now.Sub(a.steered) >= steerAgain {
		a.told, a.steered = want, now
		m.tell(c, a, &messages.SetUpstream{Account: a.record.GetId(), Epoch: a.record.GetEpoch(), Upstream: want})
	}
}

// steerAgain is how long a running account is given to take up its way out.
const steerAgain = 5 * time.Second
