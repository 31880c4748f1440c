// Package stage is what every look-alike site of the testkit stands on: one TLS listener for all of the site's host
// names, one plain listener for people and tests, the audit log, the count of received bytes, sessions, QR codes with the
// phone that scans them, sockets, faults, and the common part of the control API (/__ctl/).
//
// A site opens a Stage with its hosts, then calls Serve with its Play: the handler for browsers, told apart by the
// Host header, and what the phone needs to know. It embeds the Stage, so that Addr, SPKI, Audit, Delay and the other
// methods are its own. A stage knows nothing of what is played on it, and calls the site with no lock held. All
// methods may be called from any goroutine.
package stage

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options say how a Stage is opened.
type Options struct {
	Hosts     []string         // names in the certificate; at least one, wildcards allowed
	Addr      string           // of the TLS listener; "" = 127.0.0.1:0
	PhoneAddr string           // of the plain listener; "" = 127.0.0.1:0
	Listen    ListenFunc       // makes the TLS listener; nil = net.Listen
	Log       *slog.Logger     // nil = silent
	Clock     func() time.Time // gives QR codes their age; nil = time.Now
}

// ListenFunc makes a TCP listener, such as one in another network.
type ListenFunc func(network, address string) (net.Listener, error)

// Stage is the running foundation of one site. Close it.
type Stage struct {
	log      *slog.Logger
	clock    func() time.Time
	spki     string
	cert     tls.Certificate
	tls      net.Listener
	plain    net.Listener
	servers  []*http.Server
	play     Play
	audit    auditLog
	bytes    byteCount
	sockets  hub
	closing  chan struct{}
	stopOnce sync.Once
	wg       sync.WaitGroup

	mu        sync.Mutex
	sessions  map[string]*Session // by the cookie's value
	codes     []*loginCode        // oldest first
	codeTTL   time.Duration
	codeAsked string // "" = no code step
	faults    faults
}

// Person is somebody whom the phone shows by name.
type Person struct {
	UID      string
	Nickname string
}

// Play is what a site brings. Its functions are called from any goroutine.
type Play struct {
	App      string                        // the site's name on the phone: 沙盒
	Browser  http.Handler                  // all hosts; VisitOf tells who asks
	Session  func(*http.Request) *Session  // whose request it is, by its cookie; nil = nobody's
	People   func(*http.ServeMux)          // adds routes to the plain listener; may be nil
	Owners   func() []Person               // who may log in
	Captchas func() []Person               // who is asked for one
	Info     func() any                    // answers /__ctl/info
	Confirm  func(token, uid string) error // on the phone of uid; "" = of a new owner
	Solve    func(uid string) error        // a person solved the captcha of uid
	Reset    func()                        // takes the site's own faults away
}

// Open listens. Nothing is answered before Serve.
func Open(o Options) (*Stage, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Listen == nil {
		o.Listen = net.Listen
	}
	cert, spki, err := makeCertificate(o.Hosts)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	s := &Stage{
		log: o.Log, clock: o.Clock, cert: cert, spki: spki, closing: make(chan struct{}), sessions: map[string]*Session{},
		codeTTL: time.Minute, faults: newFaults(),
	}
	if s.tls, err = o.Listen("tcp", orLoopback(o.Addr)); err != nil {
		return nil, fmt.Errorf("listen for browsers: %w", err)
	}
	if s.plain, err = net.Listen("tcp", orLoopback(o.PhoneAddr)); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the phone: %w", err), s.tls.Close())
	}
	return s, nil
}

// Serve begins to answer, once; until Close.
func (s *Stage) Serve(p Play) {
	s.play = p
	// HTTP/1.1 only: one request at a time per connection, so that bytes belong to a session.
	conf := &tls.Config{Certificates: []tls.Certificate{s.cert}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	s.serve(tls.NewListener(countingListener{s.tls, &s.bytes}, conf), s.browserHandler())
	s.serve(s.plain, s.peopleHandler())
	s.log.Info("site started", "addr", s.Addr(), "phone", s.PhoneURL())
}

func orLoopback(addr string) string {
	if addr == "" {
		return "127.0.0.1:0"
	}
	return addr
}

func (s *Stage) serve(l net.Listener, h http.Handler) {
	srv := &http.Server{
		Handler: h, ConnContext: withConn, ReadHeaderTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.servers = append(s.servers, srv)
	s.wg.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("site stopped serving", "err", err)
		}
	})
}

// Close stops sockets and listeners and waits for them. Calling it again does nothing.
func (s *Stage) Close() error {
	var err error
	s.stopOnce.Do(func() {
		close(s.closing)
		s.sockets.closeAll()
		for _, srv := range s.servers {
			err = errors.Join(err, srv.Close())
		}
		s.wg.Wait()
	})
	return err
}

// Addr is the TLS listener's host:port, which a node's gate dials for every name.
func (s *Stage) Addr() string { return s.tls.Addr().String() }

// SPKI is the base64 SHA-256 of the certificate's public key, for --ignore-certificate-errors-spki-list.
func (s *Stage) SPKI() string { return s.spki }

// PhoneURL is the base address of the plain listener: /phone and /__ctl are below it.
func (s *Stage) PhoneURL() string { return "http://" + s.plain.Addr().String() }
