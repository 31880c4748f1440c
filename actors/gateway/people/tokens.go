package people

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// CreateToken adds a token whose secret the caller has made.
type CreateToken struct {
	By
	Token *messages.AccessToken // name, role, accounts, hash, expires_at; the rest is not looked at
}

// RevokeToken ends a token and every connection that it opened.
type RevokeToken struct {
	By
	ID string // or the name
}

func (p *people) onCreateToken(c actor.Context, m CreateToken, sender *actor.PID) {
	t := m.Token
	role := Role(t.GetRole())
	switch {
	case !validName(t.GetName()):
		refuse(c, sender, "invalid", "a token's name is 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit")
		return
	case p.token(t.GetName()) != nil:
		refuse(c, sender, "conflict", "there is a token of that name already")
		return
	case !role.validToken():
		refuse(c, sender, "invalid", "a token's role is worker, viewer, agent, operator or admin")
		return
	case len(t.GetAccounts()) > 0 && !role.restrictable():
		refuse(c, sender, "invalid", "only tokens of viewers, agents and operators can be limited to some accounts")
		return
	case t.GetExpiresAt() != 0 && t.GetExpiresAt() <= p.now():
		refuse(c, sender, "invalid", "a token expires in the future, or never")
		return
	}
	made := &messages.AccessToken{
		Id: newID("tk_"), Name: t.GetName(), Role: t.GetRole(), Accounts: slices.Clone(t.GetAccounts()), Hash: t.GetHash(),
		CreatedAt: p.now(), ExpiresAt: t.GetExpiresAt(), CreatedBy: m.Who,
	}
	p.tokens[made.GetId()] = made
	puts := []*messages.Put{put(tableTokens, made.GetId(), made)}
	p.commit(c, puts, m.entry(p.now(), "token_created", made.GetName(), made.GetRole()), sender, Done{Token: made})
}

func (p *people) onRevokeToken(c actor.Context, m RevokeToken, sender *actor.PID) {
	t := p.token(m.ID)
	if t == nil {
		refuse(c, sender, "not_found", "there is no such token, or it was revoked already")
		return
	}
	t = proto.CloneOf(t)
	t.RevokedAt = p.now()
	p.tokens[t.GetId()] = t
	puts := []*messages.Put{put(tableTokens, t.GetId(), t)}
	p.commit(c, puts, m.entry(p.now(), "token_revoked", t.GetName()), sender, Done{Token: t})
}

// token finds one that is not revoked, by id or name.
func (p *people) token(idOrName string) *messages.AccessToken {
	for _, t := range p.tokens {
		if t.GetRevokedAt() == 0 && (t.GetId() == idOrName || t.GetName() == idOrName) {
			return t
		}
	}
	return nil
}
