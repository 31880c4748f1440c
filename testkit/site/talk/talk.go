// Package talk is what the small look-alike sites of the testkit show, however they show it: one owner's works, comments on
// them and answers below those, and private letters, with the faults that every site can have and their control API.
//
// A Talk stands on a stage (listeners, audit log, sessions) and owns everything that is said, in memory. A site brings a
// Venue: how a browser sees it. It knows nothing of troupe. All methods may be called from any goroutine.
package talk

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"troupe/testkit/site/stage"
)

// Options say how a Talk is opened. The zero value is an empty site on free loopback ports.
type Options struct {
	Addr      string       // of the TLS listener; "" = 127.0.0.1:0
	PhoneAddr string       // of the plain listener, for the control API; "" = 127.0.0.1:0
	Log       *slog.Logger // nil = silent
}

// Venue is one site: its names, and what browsers get of it.
type Venue struct {
	App     string   // the site's name for people
	Hosts   []string // names in the certificate
	Cookie  string   // holds the session
	Domain  string   // of the cookie; "" = the host that logged in
	Browser func(*Talk) http.Handler
	// Told is called after something new stands on the site; it may push it to open pages. nil: pages ask by themselves.
	Told func(*Talk, News)
}

// Person is somebody on the site.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Who may log in, and what only he knows.
const (
	Password = "open sesame"
	Phone    = "13800138000"
	Code     = "246810"
)

// Talk is one running site. Close it.
type Talk struct {
	*stage.Stage
	venue Venue
	owner Person

	mu       sync.Mutex
	last     int // of the ids
	works    []Work
	comments []Comment
	letters  []Letter
	faults   Faults
}

// Faults are what a site does to its visitors.
type Faults struct {
	Captcha bool `json:"captcha"` // the owner's pages ask for a proof that he is a person
	Limited bool `json:"limited"` // what the owner writes comes too often
	Changed bool `json:"changed"` // the site has another layout
	// Astray lets every link to a reply form lead to that of the person before or after: the wrong one.
	Astray bool `json:"astray"`
}

// Open makes a Talk and serves it until Close.
func Open(o Options, v Venue) (*Talk, error) {
	below, err := stage.Open(stage.Options{Hosts: v.Hosts, Addr: o.Addr, PhoneAddr: o.PhoneAddr, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open stage: %w", err)
	}
	t := &Talk{Stage: below, venue: v, owner: Person{"9001", "店主"}, last: 100}
	owner := func() []stage.Person { return []stage.Person{{UID: t.owner.ID, Nickname: t.owner.Name}} }
	t.Serve(stage.Play{
		App: v.App, Browser: v.Browser(t), Session: t.sessionOf, People: t.controlRoutes, Owners: owner,
		Captchas: func() []stage.Person {
			if t.Faults().Captcha {
				return owner()
			}
			return nil
		},
		Info: func() any {
			return map[string]any{"addr": t.Addr(), "spki": t.SPKI(), "phone_url": t.PhoneURL(), "owner": t.owner}
		},
		Confirm: func(string, string) error { return fmt.Errorf("there are no codes to scan: %w", stage.ErrBadParameter) },
		Solve:   func(string) error { t.SetFaults(func(f *Faults) { f.Captcha = false }); return nil },
		Reset:   func() { t.SetFaults(func(f *Faults) { *f = Faults{} }) },
	})
	return t, nil
}

// sessionOf finds whose request it is.
func (t *Talk) sessionOf(r *http.Request) *stage.Session {
	c, err := r.Cookie(t.venue.Cookie)
	if err != nil {
		return nil
	}
	return t.SessionOf(c.Value)
}

// Owner is whose site it is.
func (t *Talk) Owner() Person { return t.owner }

// LogIn gives a visitor the owner's session.
func (t *Talk) LogIn(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: t.venue.Cookie, Value: stage.VisitOf(r).LogIn(t.owner.ID), Domain: t.venue.Domain, Path: "/", MaxAge: int((30 * 24 * time.Hour).Seconds()), Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// Logout ends the owner's sessions.
func (t *Talk) Logout() { t.EndSessions(t.owner.ID, false) }

// Faults are those of now.
func (t *Talk) Faults() Faults {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.faults
}

// SetFaults changes them. A captcha ends the owner's sockets.
func (t *Talk) SetFaults(change func(*Faults)) {
	t.mu.Lock()
	change(&t.faults)
	captcha := t.faults.Captcha
	t.mu.Unlock()
	if captcha {
		t.CloseSockets(t.owner.ID)
	}
}
