// Package site is "sandbox", a made-up social site: an ordinary web application on which troupe is developed,
// tested and demonstrated. README.md shows its pages, its JSON API and its control API.
//
// A Site owns everything it shows, in memory, and two loopback listeners: one with TLS that serves all
// *.sandbox.test hosts, told apart by the Host header, and a plain one for people and tests (the phone page, the
// visitors' view, the control API). It knows nothing of troupe: a crawler meets it only as a browser does.
// Every request, post and socket is in its audit log, every byte that it received is counted by session and
// source address. All methods may be called from any goroutine.
package site

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// The site's hosts.
const (
	hostCreator = "creator.sandbox.test"
	hostPush    = "im.sandbox.test"
	hostImages  = "img.sandbox.test"
	hostPublic  = "www.sandbox.test"
)

// Options say how a Site is started. The zero value is a quiet, empty site on free loopback ports.
type Options struct {
	Addr      string           // of the TLS listener; "" = 127.0.0.1:0
	PhoneAddr string           // of the plain listener; "" = 127.0.0.1:0
	Log       *slog.Logger     // nil = silent
	Visitors  bool             // start the scripted visitors at once, at an act every two seconds
	Seed      uint64           // of all made-up choices
	Clock     func() time.Time // gives items their times and QR codes their age; nil = time.Now
}

// Site is one running site. Close it.
type Site struct {
	log      *slog.Logger
	spki     string
	tls      net.Listener
	plain    net.Listener
	servers  []*http.Server
	audit    auditLog
	bytes    byteCount
	sockets  hub
	closing  chan struct{}
	stopOnce sync.Once
	wg       sync.WaitGroup

	mu           sync.Mutex
	closed       bool
	world        *world
	sessions     map[string]*session // by the cookie's value
	codes        []*loginCode        // oldest first
	codeTTL      time.Duration
	codeAsked    string // "" = no code step
	faults       faults
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
	cert, spki, err := makeCertificate()
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	s := &Site{
		log: o.Log, spki: spki, closing: make(chan struct{}), world: newWorld(o.Clock, o.Seed), sessions: map[string]*session{},
		codeTTL: time.Minute, faults: newFaults(),
	}
	raw, err := net.Listen("tcp", orLoopback(o.Addr))
	if err != nil {
		return nil, fmt.Errorf("listen for browsers: %w", err)
	}
	s.tls = raw
	if s.plain, err = net.Listen("tcp", orLoopback(o.PhoneAddr)); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the phone: %w", err), raw.Close())
	}
	// HTTP/1.1 only: one request at a time per connection, so that bytes belong to a session.
	conf := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	s.serve(tls.NewListener(countingListener{raw, &s.bytes}, conf), s.browserHandler())
	s.serve(s.plain, s.phoneHandler())
	if o.Visitors {
		s.SetVisitors(true, 2*time.Second)
	}
	s.log.Info("sandbox site started", "addr", s.Addr(), "phone", s.PhoneURL())
	return s, nil
}

func orLoopback(addr string) string {
	if addr == "" {
		return "127.0.0.1:0"
	}
	return addr
}

func (s *Site) serve(l net.Listener, h http.Handler) {
	srv := &http.Server{
		Handler: h, ConnContext: withConn, ReadHeaderTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.servers = append(s.servers, srv)
	s.wg.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("sandbox site stopped serving", "err", err)
		}
	})
}

// Close stops visitors, sockets and listeners and waits for them.
func (s *Site) Close() error {
	var err error
	s.stopOnce.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.SetVisitors(false, 0)
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
func (s *Site) Addr() string { return s.tls.Addr().String() }

// SPKI is the base64 SHA-256 of the certificate's public key, for --ignore-certificate-errors-spki-list.
func (s *Site) SPKI() string { return s.spki }

// PhoneURL is the base address of the plain listener: the visitors' view; /phone and /__ctl are below it.
func (s *Site) PhoneURL() string { return "http://" + s.plain.Addr().String() }
