package people

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// By is who gives a command, for the audit log.
type By struct{ Who, From string }

// Done answers a command that was carried out: it is on disk, and every guard knows of it.
type Done struct {
	User    *messages.User        // of SetUser and ClaimFirst
	Token   *messages.AccessToken // of CreateToken and RevokeToken
	Session *messages.Session     // of SignIn and ClaimFirst
}

// SetUser adds a user, or changes one.
type SetUser struct {
	By
	New      bool           // refuse if there is one of that name; else refuse if there is none
	User     *messages.User // name, role, accounts, disabled; the rest is not looked at
	Password string         // as HashPassword made it; empty keeps the present one
}

// RemoveUser removes a user and signs him out everywhere.
type RemoveUser struct {
	By
	Name string
}

func (p *people) onSetUser(c actor.Context, m SetUser, sender *actor.PID) {
	old := p.users[m.User.GetName()]
	if code, why := p.userProblem(m, old); code != "" {
		refuse(c, sender, code, "%s", why)
		return
	}
	u := &messages.User{
		Name: m.User.GetName(), Role: m.User.GetRole(), Accounts: slices.Clone(m.User.GetAccounts()), Disabled: m.User.GetDisabled(),
		Password: m.Password, CreatedAt: p.now(), UpdatedAt: p.now(),
	}
	puts, what := []*messages.Put{}, "user_added"
	if old != nil {
		what, u.CreatedAt = "user_changed", old.GetCreatedAt()
	}
	if old != nil && m.Password == "" {
		u.Password = old.GetPassword()
	} else if old != nil { // whoever knew the old password is out
		what = "password_changed"
		puts = p.dropSessions(u.GetName())
	}
	p.users[u.GetName()] = u
	puts = append(puts, put(tableUsers, u.GetName(), u))
	p.commit(c, puts, m.entry(p.now(), what, u.GetName(), u.GetRole()), sender, Done{User: u})
}

// userProblem says why a user cannot be as asked for; an empty code is no problem.
func (p *people) userProblem(m SetUser, old *messages.User) (code, why string) {
	role := Role(m.User.GetRole())
	switch {
	case !validName(m.User.GetName()):
		return "invalid", "a user's name is 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit"
	case m.New && old != nil:
		return "conflict", "there is a user of that name already"
	case !m.New && old == nil:
		return "not_found", "there is no user of that name"
	case !role.Valid():
		return "invalid", "a role is viewer, agent, operator or admin"
	case len(m.User.GetAccounts()) > 0 && !role.restrictable():
		return "invalid", "only viewers, agents and operators can be limited to some accounts"
	case old == nil && m.Password == "":
		return "invalid", ErrPassword.Error()
	case old != nil && p.lastAdmin(old) && (role != Admin || m.User.GetDisabled()):
		return "conflict", "this is the only admin: make another one first"
	}
	return "", ""
}

func (p *people) lastAdmin(u *messages.User) bool {
	return Role(u.GetRole()) == Admin && !u.GetDisabled() && p.admins() == 1
}

func (p *people) onRemoveUser(c actor.Context, m RemoveUser, sender *actor.PID) {
	u := p.users[m.Name]
	switch {
	case u == nil:
		refuse(c, sender, "not_found", "there is no user of that name")
		return
	case p.lastAdmin(u):
		refuse(c, sender, "conflict", "this is the only admin: make another one first")
		return
	}
	puts := append(p.dropSessions(m.Name), put(tableUsers, m.Name, nil))
	delete(p.users, m.Name)
	p.commit(c, puts, m.entry(p.now(), "user_removed", m.Name), sender, Done{User: u})
}

// ClaimFirst makes the first admin and signs him in. The code must be the present one.
type ClaimFirst struct {
	By
	Code     string
	User     string
	Password string // as HashPassword made it
	Cookie   []byte // hash of the session's secret
}

func (p *people) onClaimFirst(c actor.Context, m ClaimFirst, sender *actor.PID) {
	user := &messages.User{Name: m.User, Role: string(Admin)}
	switch code, why := p.userProblem(SetUser{New: p.users[m.User] == nil, User: user, Password: m.Password}, p.users[m.User]); {
	case p.code == "" || plainCode(m.Code) != plainCode(p.code):
		refuse(c, sender, "conflict", "this code was used already")
		return
	case code != "":
		refuse(c, sender, code, "%s", why)
		return
	}
	u := proto.CloneOf(user)
	u.Password, u.CreatedAt, u.UpdatedAt = m.Password, p.now(), p.now()
	puts := append(p.dropSessions(u.GetName()), put(tableUsers, u.GetName(), u))
	p.users[u.GetName()] = u
	s := p.newSession(u.GetName(), m.Cookie, m.From)
	puts = append(puts, put(tableSessions, s.GetId(), s))
	m.Who = m.User
	p.commit(c, puts, m.entry(p.now(), "first_admin", u.GetName()), sender, Done{User: u, Session: s})
}

// entry is the audit entry of a command that is carried out.
func (b By) entry(now int64, what string, targets ...string) *messages.AuditEntry {
	return &messages.AuditEntry{At: now, Who: b.Who, From: b.From, What: what, Targets: targets, Outcome: OK}
}

// commit writes a change together with its audit entry; then all guards know of it, and the sender is answered.
func (p *people) commit(c actor.Context, puts []*messages.Put, e *messages.AuditEntry, sender *actor.PID, done Done) {
	p.persist(c, p.record(puts, e), func() {
		p.publish()
		if sender != nil {
			c.Send(sender, done)
		}
	})
}
