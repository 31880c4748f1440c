package people

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"troupe/messages"
)

// Kind says how somebody came in.
type Kind string

// The ways in.
const (
	KindUser        Kind = "user"        // a browser that is signed in
	KindToken       Kind = "token"       // a machine
	KindIM          Kind = "im"          // a socket without a token
	KindLocal       Kind = "local"       // the Unix socket: whoever owns the node's files
	KindDevelopment Kind = "development" // loopback without sign-in, by a development setting
)

// The names of those who are no users.
const (
	imName          = "pc-im"
	localName       = "local"
	developmentName = "development"
)

// Identity is somebody who came in, and what he may do until it ends. It is safe for concurrent use.
type Identity struct {
	Name string // as in the audit log: anna, token:backup, pc-im, local
	Kind Kind
	Role Role
	// Session is the id of the session, or of the token; empty for others.
	Session string

	accounts map[messages.AccountID]bool // nil = every account
	until    time.Time                   // zero = for ever
	idle     time.Duration               // how long it may be unused; zero = for ever
	seen     atomic.Int64                // ms, when it was used last
	ended    context.Context
	end      context.CancelFunc
}

// byToken stands before a token's name in the audit log.
const byToken = "token:"

// Token is the name of the token that it came with; empty = it came without one.
func (i *Identity) Token() string {
	if i.Kind != KindToken {
		return ""
	}
	return strings.TrimPrefix(i.Name, byToken)
}

// newIdentity makes one that lasts until end is called.
func newIdentity(name string, kind Kind, role Role, accounts []string) *Identity {
	i := &Identity{Name: name, Kind: kind, Role: role}
	i.ended, i.end = context.WithCancel(context.Background())
	if len(accounts) > 0 {
		i.accounts = map[messages.AccountID]bool{}
		for _, a := range accounts {
			i.accounts[messages.AccountID(a)] = true
		}
	}
	return i
}

// Restricted says whether it sees some accounts only.
func (i *Identity) Restricted() bool { return i.accounts != nil }

// Sees says whether it may know of an account.
func (i *Identity) Sees(a messages.AccountID) bool { return i.accounts == nil || i.accounts[a] }

// Accounts are all that it sees, in order; nil = every account.
func (i *Identity) Accounts() []string {
	var ids []string
	for a := range i.accounts {
		ids = append(ids, string(a))
	}
	slices.Sort(ids)
	return ids
}

// OnEnd calls f, once and on a goroutine of its own, when the identity is over: revoked, expired, signed out, or its rights
// changed. The returned function takes that back.
func (i *Identity) OnEnd(f func()) (stop func() bool) { return context.AfterFunc(i.ended, f) }

// valid says whether it still lets in at that time.
func (i *Identity) valid(now time.Time) bool {
	switch {
	case i.ended.Err() != nil:
		return false
	case !i.until.IsZero() && !now.Before(i.until):
		return false
	}
	return i.idle == 0 || now.Sub(time.UnixMilli(i.seen.Load())) < i.idle
}

// use notes that it was used.
func (i *Identity) use(now time.Time) { i.seen.Store(now.UnixMilli()) }

type identityKey struct{}

// With returns a context that says who asks.
func With(ctx context.Context, i *Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, i)
}

// From says who asks; nil = nobody that we know.
func From(ctx context.Context) *Identity {
	i, _ := ctx.Value(identityKey{}).(*Identity)
	return i
}
