// Package site is "sandbox", a made-up social site: an ordinary web application on which troupe is developed,
// tested and demonstrated. README.md shows its pages, its JSON API and its control API.
//
// A Site owns everything it shows, in memory; it stands on a stage (listeners, audit log, sessions, QR codes, faults),
// which it shares with the look-alikes of real sites beside it. It knows nothing of troupe: a crawler meets it only as
// a browser does. All methods may be called from any goroutine.
package site

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"troupe/testkit/site/stage"
)

// The site's hosts.
const (
	hostCreator = "creator.sandbox.test"
	hostPush    = "im.sandbox.test"
	hostImages  = "img.sandbox.test"
	hostPublic  = "www.sandbox.test"
)

// The stage's words are the site's own.
type (
	// Entry is one line of the audit log.
	Entry = stage.Entry
	// Post is one attempt of an owner to write something.
	Post = stage.Post
	// AuditQuery selects entries.
	AuditQuery = stage.AuditQuery
	// Bytes is what arrived from one source address for one session.
	Bytes = stage.Bytes
	// Arrival is one piece of what arrived.
	Arrival = stage.Arrival
	// Tunnel is one connection, from its opening to its end.
	Tunnel = stage.Tunnel
	// ListenFunc makes a TCP listener, such as one in another network.
	ListenFunc = stage.ListenFunc
	// QR is a login code as the phone sees it.
	QR = stage.QR
)

// The kinds of audit entries.
const (
	KindRequest      = stage.KindRequest
	KindPost         = stage.KindPost
	KindCode         = stage.KindCode
	KindLogin        = stage.KindLogin
	KindLogout       = stage.KindLogout
	KindRead         = stage.KindRead
	KindSocketOpen   = stage.KindSocketOpen
	KindSocketClose  = stage.KindSocketClose
	KindCaptchaClick = stage.KindCaptchaClick
)

// Options say how a Site is started. The zero value is a quiet, empty site on free loopback ports.
type Options struct {
	Addr      string           // of the TLS listener; "" = 127.0.0.1:0
	PhoneAddr string           // of the plain listener; "" = 127.0.0.1:0
	Listen    ListenFunc       // makes the TLS listener; nil = net.Listen
	Log       *slog.Logger     // nil = silent
	Visitors  bool             // start the scripted visitors at once, at an act every two seconds
	Seed      uint64           // of all made-up choices
	Clock     func() time.Time // gives items their times and QR codes their age; nil = time.Now
}

// Site is one running site. Close it.
type Site struct {
	*stage.Stage
	log *slog.Logger
	wg  sync.WaitGroup

	mu           sync.Mutex
	closed       bool
	world        *world
	stopVisitors context.CancelFunc // nil when they are off
}

// Start listens and serves until Close.
func Start(o Options) (*Site, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	below, err := stage.Open(stage.Options{
		Hosts: []string{"sandbox.test", "*.sandbox.test"}, Addr: o.Addr, PhoneAddr: o.PhoneAddr, Listen: o.Listen, Log: o.Log, Clock: o.Clock,
	})
	if err != nil {
		return nil, fmt.Errorf("open stage: %w", err)
	}
	s := &Site{Stage: below, log: o.Log, world: newWorld(o.Clock, o.Seed)}
	s.Serve(stage.Play{
		App: "沙盒", Browser: s.browserHandler(), Session: s.sessionOf, People: s.peopleRoutes, Owners: s.people((*Site).Owners),
		Captchas: s.people((*Site).Captchas), Info: func() any { return Info{s.Addr(), s.SPKI(), s.PhoneURL(), s.Owners()} },
		Confirm: s.Confirm, Solve: func(uid string) error { return s.Captcha(uid, false) }, Reset: s.calm,
	})
	if o.Visitors {
		s.SetVisitors(true, 2*time.Second)
	}
	return s, nil
}

// people shows owners to the phone.
func (s *Site) people(list func(*Site) []Owner) func() []stage.Person {
	return func() (people []stage.Person) {
		for _, o := range list(s) {
			people = append(people, stage.Person{UID: o.UID, Nickname: o.Nickname})
		}
		return people
	}
}

// Close stops visitors, sockets and listeners and waits for them.
func (s *Site) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.SetVisitors(false, 0)
	err := s.Stage.Close()
	s.wg.Wait()
	return err
}

// sessionOf finds whose request it is.
func (s *Site) sessionOf(r *http.Request) *stage.Session {
	c, err := r.Cookie(cookieSession)
	if err != nil {
		return nil
	}
	return s.SessionOf(c.Value)
}

// ownerOf is who asks; nil when nobody is logged in. Site.mu is held.
func (s *Site) ownerOf(v *stage.Visit) *owner {
	if v.Session == nil {
		return nil
	}
	return s.world.owner(v.Session.Owner)
}
