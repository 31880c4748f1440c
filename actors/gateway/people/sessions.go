package people

import (
	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// sessionsEach is how many browsers a person may be signed in with; the oldest goes first.
const sessionsEach = 10

// SignIn opens a session for a user whose password was checked.
type SignIn struct {
	By
	User   string
	Cookie []byte // hash of the session's secret
	Old    string // id of the session that this one replaces; empty = none
}

// SignOut ends a session.
type SignOut struct {
	By
	Session string
}

func (p *people) onSignIn(c actor.Context, m SignIn, sender *actor.PID) {
	if u := p.users[m.User]; u == nil || u.GetDisabled() {
		refuse(c, sender, "conflict", "%s", ErrSignIn.Error())
		return
	}
	var puts []*messages.Put
	if p.sessions[m.Old] != nil {
		puts = append(puts, p.dropSession(m.Old))
	}
	puts = append(puts, p.dropOldest(m.User)...)
	s := p.newSession(m.User, m.Cookie, m.From)
	puts = append(puts, put(tableSessions, s.GetId(), s))
	p.commit(c, puts, m.entry(p.now(), "sign_in", m.User), sender, Done{Session: s})
}

func (p *people) onSignOut(c actor.Context, m SignOut, sender *actor.PID) {
	s := p.sessions[m.Session]
	if s == nil {
		refuse(c, sender, "not_found", "there is no such session any more")
		return
	}
	p.commit(c, []*messages.Put{p.dropSession(m.Session)}, m.entry(p.now(), "sign_out", s.GetUser()), sender, Done{Session: s})
}

func (p *people) newSession(user string, hash []byte, from string) *messages.Session {
	s := &messages.Session{Id: newID("ss_"), User: user, Hash: hash, CreatedAt: p.now(), SeenAt: p.now(), From: from}
	p.sessions[s.GetId()] = s
	return s
}

func (p *people) dropSession(id string) *messages.Put {
	delete(p.sessions, id)
	return put(tableSessions, id, nil)
}

// dropSessions signs a user out everywhere.
func (p *people) dropSessions(user string) (puts []*messages.Put) {
	for id, s := range p.sessions {
		if s.GetUser() == user {
			puts = append(puts, p.dropSession(id))
		}
	}
	return puts
}

// dropOldest makes room for one more session of a user.
func (p *people) dropOldest(user string) []*messages.Put {
	var oldest *messages.Session
	count := 0
	for _, s := range p.sessions {
		if s.GetUser() != user {
			continue
		}
		if count++; oldest == nil || s.GetSeenAt() < oldest.GetSeenAt() {
			oldest = s
		}
	}
	if count < sessionsEach {
		return nil
	}
	return []*messages.Put{p.dropSession(oldest.GetId())}
}
