package site

import (
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"time"
)

// The site's cookies.
const (
	cookieSession = "sb_session"
	cookieCSRF    = "sb_csrf"
	cookieGuest   = "sb_guest"
	sessionLife   = 30 * 24 * time.Hour
)

type sessionState int

const (
	sessionValid sessionState = iota
	sessionOver
	sessionSilentlyOver // JSON says so, pages do not
)

// session is one login. It is never forgotten, so that the audit log can name its owner; Site.mu guards state.
type session struct {
	name  string // s1, s2, ...: what the audit log says
	owner *owner
	state sessionState
}

func randomToken() string { return rand.Text() }

// newSession logs an owner in and returns the cookie's value.
func (s *Site) newSession(o *owner) (token string, made *session) {
	token = randomToken()
	made = &session{name: "s" + strconv.Itoa(len(s.sessions)+1), owner: o}
	s.sessions[token] = made
	return token, made
}

// Logout ends all sessions of an owner. Silently: pages still look logged in, only JSON says otherwise.
func (s *Site) Logout(ownerID string, silently bool) error {
	err := s.withOwner(ownerID, func(o *owner) {
		for _, one := range s.sessions {
			if one.owner != o || one.state != sessionValid {
				continue
			}
			one.state = sessionOver
			if silently {
				one.state = sessionSilentlyOver
			}
			s.audit.add(Entry{At: time.Now(), Kind: KindLogout, Session: one.name, Owner: o.uid})
		}
	})
	if err == nil {
		s.sockets.closeOwner(ownerID)
	}
	return err
}

// SessionCookies are the values of all session cookies that were ever handed out: canaries, for tests that look for them.
func (s *Site) SessionCookies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.sessions))
}
