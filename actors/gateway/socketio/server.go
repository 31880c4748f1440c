package socketio

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
)

// Server serves /socket.io/. Namespaces are declared before the first request.
type Server struct {
	cfg        Config
	namespaces map[string]*Namespace
	served     Times
	dropped    atomic.Uint64

	mu     sync.Mutex
	conns  map[string]*conn
	closed bool
	loops  sync.WaitGroup // one per connection
}

// New makes a server; it starts nothing until a client comes.
func New(cfg Config) *Server {
	return &Server{cfg: cfg.withDefaults(), namespaces: map[string]*Namespace{}, conns: map[string]*conn{}}
}

// Of returns the namespace of that name ("/", "/admin"), declaring it at the first call.
func (s *Server) Of(name string) *Namespace {
	ns, ok := s.namespaces[name]
	if !ok {
		ns = &Namespace{name: name, log: s.cfg.Log, rules: map[string]Rule{}, sockets: map[*Socket]struct{}{}}
		ns.Complain("error", func(message string) any { return map[string]string{"message": message} })
		s.namespaces[name] = ns
	}
	return ns
}

// Conns is how many connections are open.
func (s *Server) Conns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Dropped is how many connections were ended because their client did not keep up.
func (s *Server) Dropped() uint64 { return s.dropped.Load() }

// Served is how long events took that a handler answers: from when the packet had been read until the handler was done, so that
// what it emitted stood in line for writing.
func (s *Server) Served() Snapshot { return s.served.Snapshot() }

// Close ends every connection in a way that lets clients come back by themselves, refuses new ones, and returns when all
// are gone (a client that does not answer the farewell takes 5 s), or when ctx ends.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	open := make([]*conn, 0, len(s.conns))
	for _, c := range s.conns {
		open = append(open, c)
	}
	s.mu.Unlock()
	for _, c := range open {
		c.close(ReasonShutdown)
	}
	gone := make(chan struct{})
	go func() {
		s.loops.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Engine.IO's error codes for a refused request.
var (
	errTransport = engineError{0, "Transport unknown", http.StatusBadRequest}
	errSession   = engineError{1, "Session ID unknown", http.StatusBadRequest}
	errMethod    = engineError{2, "Bad handshake method", http.StatusBadRequest}
	errRequest   = engineError{3, "Bad request", http.StatusBadRequest}
	errForbidden = engineError{4, "Forbidden", http.StatusForbidden}
	errVersion   = engineError{5, "Unsupported protocol version", http.StatusBadRequest}
	errFull      = engineError{3, "Too many connections", http.StatusServiceUnavailable}
)

type engineError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	status  int
}

func (e engineError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(e) // the client is gone: nothing to do
}

// ServeHTTP serves both transports.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.cfg.Allow(r) {
		errForbidden.write(w)
		return
	}
	allowOrigin(w, r)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	q := r.URL.Query()
	sid, transport := q.Get("sid"), q.Get("transport")
	switch {
	case transport != "polling" && transport != "websocket":
		errTransport.write(w)
	case q.Get("EIO") != "4":
		errVersion.write(w)
	case sid == "":
		s.handshake(w, r, transport)
	default:
		s.resume(w, r, sid, transport)
	}
}

// allowOrigin answers a page of another origin that Allow let in.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Add("Vary", "Origin")
	}
}

func (s *Server) handshake(w http.ResponseWriter, r *http.Request, transport string) {
	switch {
	case r.Method != http.MethodGet:
		errMethod.write(w)
	case transport == "websocket":
		s.serveWebSocket(w, r, nil)
	default:
		if c := s.open(r); c != nil {
			go c.run()
			c.poll(w, r)
		} else {
			errFull.write(w)
		}
	}
}

func (s *Server) resume(w http.ResponseWriter, r *http.Request, sid, transport string) {
	s.mu.Lock()
	c := s.conns[sid]
	s.mu.Unlock()
	switch {
	case c == nil:
		errSession.write(w)
	case transport == "websocket" && r.Method == http.MethodGet:
		s.serveWebSocket(w, r, c)
	case transport == "websocket" || !c.onPolling():
		errRequest.write(w)
	case r.Method == http.MethodGet:
		c.poll(w, r)
	case r.Method == http.MethodPost:
		c.post(w, r)
	default:
		errMethod.write(w)
	}
}

// open registers a new connection with the open packet in its queue; nil when there are too many, or the server closes.
// The caller starts its run.
func (s *Server) open(r *http.Request) *conn {
	c := newConn(s, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= s.cfg.MaxConns {
		return nil
	}
	s.conns[c.sid] = c
	s.loops.Add(1) // run ends it
	return c
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c.sid)
	s.mu.Unlock()
	s.loops.Done()
}

// newID is an unguessable session id: who knows it may poll as that client.
func newID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// tooLarge says whether a body was cut off by its limit.
func tooLarge(err error) bool {
	var limit *http.MaxBytesError
	return errors.As(err, &limit)
}
