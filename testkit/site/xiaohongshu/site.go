// Package xiaohongshu is a look-alike of Xiaohongshu's web sites, for the creator's own account: the main site with its
// notifications, note pages and private messages, the creator centre with its list of notes, both logins, and what they
// talk to, under their literal host names. README.md shows hosts, addresses, JSON, pages and control calls; it says what
// is known of the real site and what is made up.
//
// It copies structure and behaviour, not the platform's code or art: a guest's session cookie that looks like a login, a
// page state in wraps that no JSON.stringify gets through, rows that lag behind that state, lists that use their rows
// again, editors that only trust a person's input, messages that leave by a socket nobody can read. A Site owns everything
// it shows, in memory. It knows nothing of troupe. All methods may be called from any goroutine.
package xiaohongshu

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"troupe/testkit/site/stage"
)

// The site's hosts.
const (
	hostWWW      = "www.xiaohongshu.com"
	hostCreator  = "creator.xiaohongshu.com"
	hostCustomer = "customer.xiaohongshu.com"
	hostAPI      = "edith.xiaohongshu.com"
	hostSocket   = "apppush-rws.xiaohongshu.com"
	hostAvatars  = "sns-avatar-qc.xhscdn.com"
	hostImages   = "sns-webpic-qc.xhscdn.com"
	hostVideos   = "sns-video-qc.xhscdn.com"
)

// Hosts are all names that the site answers to.
func Hosts() []string {
	return []string{hostWWW, hostCreator, hostCustomer, hostAPI, hostSocket, hostAvatars, hostImages, hostVideos}
}

// Options say how a Site is started. The zero value is an empty site on free loopback ports.
type Options struct {
	Addr      string           // of the TLS listener; "" = 127.0.0.1:0
	PhoneAddr string           // of the plain listener; "" = 127.0.0.1:0
	Log       *slog.Logger     // nil = silent
	Seed      uint64           // of all made-up choices
	Clock     func() time.Time // gives items their times and QR codes their age; nil = time.Now
}

// Site is one running look-alike. Close it.
type Site struct {
	*stage.Stage

	mu       sync.Mutex
	world    *world
	manners  Behaviour
	build    uint64            // of the hashed class names
	pictures map[string][]byte // of QR codes, by their id
	pending  map[string]string // QR codes whose login waits for a verification code, by the browser
	tickets  map[string]string // who a service ticket of the creator centre lets in
	creators map[string]bool   // sessions of the creator centre, by cookie; false = ended alone
}

// Start listens and serves until Close.
func Start(o Options) (*Site, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	below, err := stage.Open(stage.Options{Hosts: Hosts(), Addr: o.Addr, PhoneAddr: o.PhoneAddr, Log: o.Log, Clock: o.Clock})
	if err != nil {
		return nil, fmt.Errorf("open stage: %w", err)
	}
	s := &Site{
		Stage: below, world: newWorld(o.Clock, o.Seed), manners: defaultBehaviour(), build: 1, pictures: map[string][]byte{},
		pending: map[string]string{}, tickets: map[string]string{}, creators: map[string]bool{},
	}
	s.Serve(stage.Play{
		App: "小红书", Browser: s.browserHandler(), Session: s.sessionOf, People: s.controlRoutes,
		Owners:   func() []stage.Person { return s.people(func(*owner) bool { return true }) },
		Captchas: func() []stage.Person { return s.people(func(o *owner) bool { return o.risk != "" }) },
		Info:     func() any { return s.Info() }, Confirm: s.Confirm,
		Solve: func(uid string) error { return s.Captcha(uid, "") }, Reset: s.calm,
	})
	return s, nil
}

func (s *Site) people(which func(*owner) bool) (list []stage.Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.world.owners {
		if which(o) {
			list = append(list, stage.Person{UID: o.uid, Nickname: o.nickname})
		}
	}
	return list
}

// browserHandler serves all hosts.
func (s *Site) browserHandler() http.Handler {
	mux := http.NewServeMux()
	s.pageRoutes(mux)
	s.loginRoutes(mux)
	s.creatorLoginRoutes(mux)
	s.noteRoutes(mux)
	s.commentRoutes(mux)
	s.mentionRoutes(mux)
	s.userRoutes(mux)
	s.chatRoutes(mux)
	s.socketRoutes(mux)
	stage.Pictures(mux, hostAvatars)
	stage.Pictures(mux, hostImages)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		stage.VisitOf(r).Note(stage.KindUnknown, stage.HostName(r)+r.URL.Path)
		http.NotFound(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if !crossOrigin(w, r) {
			mux.ServeHTTP(w, r)
		}
	})
}

// crossOrigin lets the site's own pages call its other hosts, and answers what browsers ask before they do.
func crossOrigin(w http.ResponseWriter, r *http.Request) (answered bool) {
	switch r.Header.Get("Origin") {
	case "https://" + hostWWW, "https://" + hostCreator:
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Allow-Headers", "content-type, x-s, x-t, x-typed")
		h.Set("Access-Control-Max-Age", "600")
		h.Set("Vary", "Origin")
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
	}
	return r.Method == http.MethodOptions
}

// sessionOf finds whose request it is: the main site and the creator centre have sessions of their own.
func (s *Site) sessionOf(r *http.Request) *stage.Session {
	if ofCreator(r) {
		cookie := cookieOf(r, cookieCreator)
		s.mu.Lock()
		ended := !s.creators[cookie]
		s.mu.Unlock()
		if ended {
			return nil
		}
		return s.SessionOf(cookie)
	}
	return s.SessionOf(cookieOf(r, cookieSession))
}

// ofCreator says whether the creator centre's session counts for a request.
func ofCreator(r *http.Request) bool {
	switch stage.HostName(r) {
	case hostCreator, hostCustomer:
		return true
	case hostAPI:
		return strings.HasPrefix(r.URL.Path, "/web_api/") || strings.HasPrefix(r.URL.Path, "/api/galaxy/")
	}
	return false
}
