// Package douyin is a look-alike of Douyin's web sites, for the creator's own account: the creator centre, the home
// page with its private messages and notices, the login, and what they talk to, under their literal host names.
// README.md shows hosts, addresses, JSON, frames, pages and control calls; it says what is known of the real site and
// what is made up.
//
// It copies structure and behaviour, not the platform's code or art: virtual lists that recycle their rows, hashed class
// names, editors that only trust a person's input, two generations of comments, two ids for everything, private messages
// in protobuf over HTTP and WebSocket. A Site owns everything it shows, in memory. It knows nothing of troupe. All
// methods may be called from any goroutine.
package douyin

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"troupe/testkit/site/stage"
)

// The site's hosts.
const (
	hostWWW     = "www.douyin.com"
	hostCreator = "creator.douyin.com"
	hostLogin   = "login.douyin.com"
	hostIM      = "imapi.douyin.com"
	hostOldIM   = "imapi.snssdk.com"
	hostPush    = "frontier-im.douyin.com"
	hostChat    = "summon.bytedance.com"
	hostVerify  = "rc-verifycenter.snssdk.com"
	hostImages  = "p3-pc.douyinpic.com"
	hostVideos  = "v26-web.douyinvod.com"
)

// Hosts are all names that the site answers to.
func Hosts() []string {
	return []string{hostWWW, hostCreator, hostLogin, hostIM, hostOldIM, hostPush, hostChat, hostVerify, hostImages, hostVideos}
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
	log  *slog.Logger
	wire *wire

	mu      sync.Mutex
	world   *world
	manners Behaviour
	build   uint64                    // of the hashed class names
	pending map[string]string         // QR codes whose login waits for a verification code, by ticket
	tokens  map[string]*stage.Session // of private messages, for hosts that no cookie goes to
	frames  uint64                    // pushed so far
}

// Start listens and serves until Close.
func Start(o Options) (*Site, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	w, err := newWire()
	if err != nil {
		return nil, err
	}
	below, err := stage.Open(stage.Options{Hosts: Hosts(), Addr: o.Addr, PhoneAddr: o.PhoneAddr, Log: o.Log, Clock: o.Clock})
	if err != nil {
		return nil, fmt.Errorf("open stage: %w", err)
	}
	s := &Site{
		Stage: below, log: o.Log, wire: w, world: newWorld(o.Clock, o.Seed), manners: defaultBehaviour(), build: 1,
		pending: map[string]string{}, tokens: map[string]*stage.Session{},
	}
	s.Serve(stage.Play{
		App: "抖音", Browser: s.browserHandler(), Session: s.sessionOf, People: s.controlRoutes,
		Owners:   func() []stage.Person { return s.people(func(*owner) bool { return true }) },
		Captchas: func() []stage.Person { return s.people(func(o *owner) bool { return o.captcha != "" }) },
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
	s.workRoutes(mux)
	s.commentRoutes(mux)
	s.publishRoutes(mux)
	s.noticeRoutes(mux)
	s.userRoutes(mux)
	s.imRoutes(mux)
	s.pushRoutes(mux)
	s.feedRoutes(mux)
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
	case "https://" + hostWWW, "https://" + hostCreator, "https://" + hostChat:
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Allow-Headers", "content-type, x-secsdk-csrf-token, x-typed")
		h.Set("Vary", "Origin")
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
	}
	return r.Method == http.MethodOptions
}
