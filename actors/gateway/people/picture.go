package people

import (
	"context"
	"crypto/subtle"
	"errors"
	"sync/atomic"
	"time"

	"troupe/messages"
)

// ErrSignIn is all that somebody learns who cannot be let in.
var ErrSignIn = errors.New("the user name or the password is wrong, or the user may not sign in")

// Picture is who may come in at one moment. It is never changed, nor anything that it gives out.
type Picture struct {
	users    map[string]*messages.User
	tokens   []*messages.AccessToken // newest first
	sessions []*messages.Session     // newest first
	byHash   map[string]*Identity    // of tokens and sessions, by the hash of their secret
	code     []byte                  // hash of the first admin's code; nil when there is an admin
}

// Users are all users, by name.
func (p *Picture) Users() map[string]*messages.User { return p.users }

// Tokens are all tokens, newest first, revoked and expired ones too.
func (p *Picture) Tokens() []*messages.AccessToken { return p.tokens }

// Sessions are the browsers that are signed in, newest first.
func (p *Picture) Sessions() []*messages.Session { return p.sessions }

// NeedsFirstAdmin says whether nobody can administer yet but by the Unix socket.
func (p *Picture) NeedsFirstAdmin() bool { return p.code != nil }

// CodeIs says whether typed is the first admin's code.
func (p *Picture) CodeIs(typed string) bool {
	return p.code != nil && subtle.ConstantTimeCompare(Hash(plainCode(typed)), p.code) == 1
}

// BySecret finds who has that token or cookie and may come in now; nil = nobody.
func (p *Picture) BySecret(secret string, now time.Time) *Identity {
	i := p.byHash[string(Hash(secret))]
	if i == nil || !i.valid(now) {
		return nil
	}
	i.use(now)
	return i
}

// CheckPassword returns ErrSignIn unless the password is the user's and the user may sign in. It takes as long for a user that
// does not exist.
func (p *Picture) CheckPassword(ctx context.Context, name, password string) error {
	u := p.users[name]
	kept := decoy
	if u != nil {
		kept = u.GetPassword()
	}
	ok, err := checkPassword(ctx, kept, password)
	switch {
	case err != nil:
		return err
	case !ok || u == nil || u.GetDisabled():
		return ErrSignIn
	}
	return nil
}

// Holder is where the newest picture stands. The zero Holder lets nobody in.
type Holder struct{ p atomic.Pointer[Picture] }

// Load returns the newest picture, never nil.
func (h *Holder) Load() *Picture {
	if p := h.p.Load(); p != nil {
		return p
	}
	return &Picture{}
}

func (h *Holder) publish(p *Picture) { h.p.Store(p) }
