package master

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// loginFor is how long a login session may take.
const loginFor = 5 * time.Minute

// sessionsKept is how long an ended session stays to be looked at.
const sessionsKept = 24 * time.Hour

func sessionOpen(s *messages.LoginSession) bool {
	return s.GetStatus() == "pending" || s.GetStatus() == "scanning"
}

func (m *master) onStartLogin(c actor.Context, msg *messages.StartLogin, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	id := messages.LoginID(msg.GetSession())
	if id == "" {
		id = messages.LoginID("login_" + string(messages.NewTrace()))
	}
	if old := m.logins[id]; old != nil {
		if old.GetAccount() == msg.GetAccount() && sessionOpen(old) {
			answerLogin(c, sender, old) // asked twice
			return
		}
		refuse(c, sender, "conflict", fmt.Sprintf("login session %s exists already", id))
		return
	}
	if open := m.openLogin(a.id()); open != nil {
		refuse(c, sender, "conflict", fmt.Sprintf("account %s is being logged in already (session %s); cancel that first", a.id(), open.GetSession()))
		return
	}
	if m.pid(a) == nil || a.record.GetPaused() || a.record.GetParked() {
		refuse(c, sender, "unavailable", fmt.Sprintf("account %s is %s; resume it, or wait until a node runs it", a.id(), a.status.GetState()))
		return
	}
	s := &messages.LoginSession{
		Session: string(id), Account: msg.GetAccount(), Status: "pending", CreatedAt: m.now(), ExpiresAt: m.now() + loginFor.Milliseconds(),
	}
	m.logins[id] = s
	var ch change
	ch.put(tableLogins, string(id), s)
	m.edit(&ch, a, func(r *messages.Account) { r.LoginStatus = pendingLogin })
	m.news.logins = true
	m.persist(c, ch, func() {
		m.Log.Info("login started", a.id().Attr(), id.Attr())
		answerLogin(c, sender, s)
		if !m.tell(c, a, &messages.StartLogin{Account: msg.GetAccount(), Session: string(id), TraceId: msg.GetTraceId()}) {
			m.endSession(c, s, "failed", "the account's node went away", nil)
		}
	})
}

func answerLogin(c actor.Context, to *actor.PID, s *messages.LoginSession) {
	if to != nil {
		c.Send(to, &messages.LoginStarted{Session: s.GetSession(), Account: s.GetAccount(), ExpiresAt: s.GetExpiresAt()})
	}
}

func (m *master) openLogin(id messages.AccountID) *messages.LoginSession {
	for _, s := range m.logins {
		if s.GetAccount() == string(id) && sessionOpen(s) {
			return s
		}
	}
	return nil
}

// openSession finds the session that a person speaks of, answering for one that is not there.
func (m *master) openSession(c actor.Context, session string, sender *actor.PID) *messages.LoginSession {
	s := m.logins[messages.LoginID(session)]
	switch {
	case s == nil:
		refuse(c, sender, "not_found", fmt.Sprintf("there is no login session %q", session))
		return nil
	case !sessionOpen(s):
		refuse(c, sender, "conflict", fmt.Sprintf("login session %s ended: %s", session, s.GetStatus()))
		return nil
	}
	return s
}

func (m *master) onLoginInput(c actor.Context, msg *messages.LoginInput, sender *actor.PID) {
	s := m.openSession(c, msg.GetSession(), sender)
	if s == nil {
		return
	}
	a := m.accounts[messages.AccountID(s.GetAccount())]
	if a == nil || !m.tell(c, a, msg) {
		refuse(c, sender, "unavailable", "the account's node went away")
		return
	}
	answerLogin(c, sender, s)
}

func (m *master) onCancelLogin(c actor.Context, msg *messages.CancelLogin, sender *actor.PID) {
	s := m.openSession(c, msg.GetSession(), sender)
	if s == nil {
		return
	}
	if a := m.accounts[messages.AccountID(s.GetAccount())]; a != nil {
		m.tell(c, a, msg)
	}
	answerLogin(c, sender, s)
}

func (m *master) onLoginStep(c actor.Context, msg *messages.LoginStep) {
	s := m.logins[messages.LoginID(msg.GetSession())]
	if s == nil || !sessionOpen(s) {
		return
	}
	m.forward(c, msg)
	if msg.GetStatus() == "scanning" && s.GetStatus() != "scanning" {
		next := proto.CloneOf(s)
		next.Status = "scanning"
		m.logins[messages.LoginID(msg.GetSession())] = next
		m.news.logins = true
	}
}

func (m *master) onLoginEnded(c actor.Context, msg *messages.LoginEnded) {
	if s := m.logins[messages.LoginID(msg.GetSession())]; s != nil && sessionOpen(s) {
		m.endSession(c, s, msg.GetStatus(), msg.GetReason(), msg.GetProfile())
	}
}

// endSession makes a login's end durable, and then tells of it.
func (m *master) endSession(c actor.Context, s *messages.LoginSession, status, reason string, p *messages.Profile) {
	var ch change
	ended := m.closeSession(&ch, s, status, reason)
	epoch := uint64(0)
	if a := m.accounts[messages.AccountID(s.GetAccount())]; a != nil {
		epoch = a.record.GetEpoch()
		m.edit(&ch, a, func(r *messages.Account) {
			if status == "success" {
				r.LoginStatus, r.LoggedIn, r.LastLoginTime = isLoggedIn, true, m.now()
				takeProfile(r, p)
			} else if r.GetLoginStatus() == pendingLogin || r.GetLoginStatus() == isLoggingIn {
				r.LoginStatus = loginFailed
			}
		})
		if status == "success" {
			m.clearAlarmsBut(&ch, a.id(), "")
		}
	}
	m.queue.ended(&ch, ended)
	m.persist(c, ch, func() {
		m.Log.Info("login ended", "account", ended.GetAccount(), "login", ended.GetSession(), "status", status, "reason", reason)
		m.forward(c, &messages.LoginEnded{
			Session: ended.GetSession(), Account: ended.GetAccount(), Epoch: epoch, Status: status, Reason: reason, Profile: p, At: ended.GetEndedAt(),
		})
	})
}

func (m *master) closeSession(ch *change, s *messages.LoginSession, status, reason string) *messages.LoginSession {
	ended := proto.CloneOf(s)
	ended.Status, ended.Reason, ended.EndedAt = status, reason, m.now()
	m.logins[messages.LoginID(s.GetSession())] = ended
	ch.put(tableLogins, s.GetSession(), ended)
	m.news.logins = true
	return ended
}

// endInterruptedLogins fails what a crash interrupted: nobody watches those pages any more.
func (m *master) endInterruptedLogins(ch *change) {
	for _, s := range m.logins {
		if a := m.accounts[messages.AccountID(s.GetAccount())]; sessionOpen(s) && (a == nil || !a.running) {
			m.closeSession(ch, s, "failed", "the node restarted during the login; start it again")
			if a := m.accounts[messages.AccountID(s.GetAccount())]; a != nil && !a.record.GetLoggedIn() {
				m.edit(ch, a, func(r *messages.Account) { r.LoginStatus = loginFailed })
			}
		}
	}
}

// endLoginsOf ends the open login of an account whose node went away.
func (m *master) endLoginsOf(ch *change, id messages.AccountID, reason string) {
	if s := m.openLogin(id); s != nil {
		ended := m.closeSession(ch, s, "failed", reason) // it keeps its place in the queue: nobody failed to scan it
		m.news.ended = append(m.news.ended, &messages.LoginEnded{
			Session: ended.GetSession(), Account: ended.GetAccount(), Status: "failed", Reason: reason, At: ended.GetEndedAt(),
		})
	}
}

// sweepLogins ends sessions that nobody ended, and forgets old ones.
func (m *master) sweepLogins(c actor.Context) {
	now := m.now()
	for id, s := range m.logins {
		switch {
		case sessionOpen(s) && now > s.GetExpiresAt()+30_000: // the account ends it first
			if a := m.accounts[messages.AccountID(s.GetAccount())]; a != nil {
				m.tell(c, a, &messages.CancelLogin{Session: s.GetSession(), Reason: "timeout"})
			}
			m.endSession(c, s, "timeout", "nobody finished the login in time", nil)
		case !sessionOpen(s) && now > s.GetEndedAt()+sessionsKept.Milliseconds():
			delete(m.logins, id)
			var ch change
			ch.remove(tableLogins, string(id))
			m.persist(c, ch, nil)
		}
	}
}
