package people

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// known is an identity and the rights that it was made from.
type known struct {
	*Identity
	rights string
}

// publish shows everybody who may come in now. Identities whose rights are as they were stay; all others end, and with them
// the connections that they opened.
func (p *people) publish() {
	next := &Picture{users: maps.Clone(p.users), byHash: map[string]*Identity{}}
	old := p.identities
	p.identities = map[string]*known{}
	for id, t := range p.tokens {
		next.tokens = append(next.tokens, t)
		if t.GetRevokedAt() == 0 {
			p.identify(next, old, id, t.GetHash(), p.tokenIdentity(t))
		}
	}
	for id, s := range p.sessions {
		next.sessions = append(next.sessions, s)
		if u := p.users[s.GetUser()]; u != nil && !u.GetDisabled() {
			p.identify(next, old, id, s.GetHash(), sessionIdentity(s, u))
		}
	}
	slices.SortFunc(next.tokens, func(a, b *messages.AccessToken) int {
		return newestFirst(a.GetCreatedAt(), b.GetCreatedAt(), a.GetId(), b.GetId())
	})
	slices.SortFunc(next.sessions, func(a, b *messages.Session) int {
		return newestFirst(a.GetCreatedAt(), b.GetCreatedAt(), a.GetId(), b.GetId())
	})
	p.chooseCode()
	if p.code != "" {
		next.code = Hash(plainCode(p.code))
	}
	p.People.publish(next)
	for id, k := range old { // after the publication, so that who comes back meets the new rights
		if p.identities[id] != k {
			k.end()
		}
	}
	if p.Code != nil && p.told != p.code {
		p.told = p.code
		p.Code(p.code)
	}
}

// identify enters an identity, or the earlier one of the same id if nothing changed.
func (p *people) identify(next *Picture, old map[string]*known, id string, hash []byte, made *Identity) {
	rights := string(made.Role) + " " + made.Name + " " + made.until.String()
	for _, a := range slices.Sorted(maps.Keys(made.accounts)) {
		rights += " " + string(a)
	}
	k := old[id]
	if k == nil || k.rights != rights {
		k = &known{made, rights}
	} else {
		made.end()
	}
	if !k.valid(p.Now()) {
		k.end()
		return
	}
	p.identities[id] = k
	next.byHash[string(hash)] = k.Identity
}

func (p *people) tokenIdentity(t *messages.AccessToken) *Identity {
	i := newIdentity(byToken+t.GetName(), KindToken, Role(t.GetRole()), t.GetAccounts())
	i.Session = t.GetId()
	if at := t.GetExpiresAt(); at != 0 {
		i.until = time.UnixMilli(at)
	}
	return i
}

func sessionIdentity(s *messages.Session, u *messages.User) *Identity {
	i := newIdentity(u.GetName(), KindUser, Role(u.GetRole()), u.GetAccounts())
	i.Session = s.GetId()
	i.until = time.UnixMilli(s.GetCreatedAt()).Add(absoluteLimit)
	i.idle = idleLimit
	i.seen.Store(s.GetSeenAt())
	return i
}

// chooseCode makes a code while there is no admin.
func (p *people) chooseCode() {
	switch {
	case p.admins() > 0:
		p.code = ""
	case p.code == "":
		p.code = newCode()
	}
}

// admins counts who can sign in as one.
func (p *people) admins() int {
	n := 0
	for _, u := range p.users {
		if Role(u.GetRole()) == Admin && !u.GetDisabled() {
			n++
		}
	}
	return n
}

// onSweep ends what time has ended, and writes when sessions were used last.
func (p *people) onSweep(c actor.Context) {
	now := p.Now()
	var puts []*messages.Put
	over := false
	for _, k := range p.identities {
		over = over || !k.valid(now)
	}
	for id, s := range p.sessions {
		k := p.identities[id]
		if k == nil || !k.valid(now) {
			puts = append(puts, p.dropSession(id))
		} else if k.seen.Load()-s.GetSeenAt() >= seenPause.Milliseconds() {
			s = proto.CloneOf(s)
			s.SeenAt = k.seen.Load()
			p.sessions[id] = s
			puts = append(puts, put(tableSessions, id, s))
		}
	}
	if over {
		p.publish()
	}
	if len(puts) > 0 {
		p.persist(c, puts, nil)
	}
	p.prune(c)
}

func newestFirst(a, b int64, idA, idB string) int {
	return cmp.Or(cmp.Compare(b, a), cmp.Compare(idA, idB))
}
