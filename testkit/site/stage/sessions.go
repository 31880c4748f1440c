package stage

import (
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
)

// The states of a session.
const (
	sessionValid int32 = iota
	sessionOver
	sessionSilentlyOver // JSON says so, pages do not
)

// Session is one login. It is never forgotten, so that the audit log can name its owner.
type Session struct {
	Name  string // s1, s2, ...: what the audit log says
	Owner string // uid
	state atomic.Int32
}

// Valid says whether it is logged in; nil is not.
func (s *Session) Valid() bool { return s != nil && s.state.Load() == sessionValid }

// SilentlyOver says whether its pages still look logged in, although it is over.
func (s *Session) SilentlyOver() bool { return s != nil && s.state.Load() == sessionSilentlyOver }

// Token makes a value that nobody guesses.
func Token() string { return rand.Text() }

// LogIn makes a session of an owner, enters it, and returns the cookie's value. The visit is the owner's from here on.
func (v *Visit) LogIn(ownerUID string) (cookie string) {
	cookie, made := v.stage.newSession(ownerUID)
	v.Belongs(made)
	v.Note(KindLogin, "")
	return cookie
}

// LoggedInElsewhere makes a session of an owner that no visit to this site brought about, and returns the cookie's value: a login
// that somebody brings along.
func (s *Stage) LoggedInElsewhere(ownerUID string) (cookie string) {
	cookie, _ = s.newSession(ownerUID)
	return cookie
}

func (s *Stage) newSession(ownerUID string) (cookie string, made *Session) {
	cookie = Token()
	s.mu.Lock()
	defer s.mu.Unlock()
	made = &Session{Name: "s" + strconv.Itoa(len(s.sessions)+1), Owner: ownerUID}
	s.sessions[cookie] = made
	return cookie, made
}

// SessionOf finds the session that a cookie's value was given to, or nil.
func (s *Stage) SessionOf(cookie string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[cookie]
}

// EndSessions logs an owner out everywhere and closes his sockets. Silently: pages still look logged in.
func (s *Stage) EndSessions(ownerUID string, silently bool) {
	s.mu.Lock()
	for _, one := range s.sessions {
		if one.Owner != ownerUID || !one.Valid() {
			continue
		}
		over := sessionOver
		if silently {
			over = sessionSilentlyOver
		}
		one.state.Store(over)
		s.Note(Entry{Kind: KindLogout, Session: one.Name, Owner: ownerUID})
	}
	s.mu.Unlock()
	s.CloseSockets(ownerUID)
}

// SessionCookies are the values of all session cookies that were ever handed out: canaries, for tests that look for them.
func (s *Stage) SessionCookies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.sessions))
}
