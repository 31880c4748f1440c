package recording

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
)

// postMost is how much of a posted body is looked at to tell requests apart, in bytes.
const postMost = 64 << 10

// Server stands in for every host of a recording, on one loopback port over TLS: a gate leads all names to Addr, and the
// browser accepts the certificate by SPKI. It answers what was recorded and nothing else; a request that the recording does
// not have gets status 404 and is named by Missed.
type Server struct {
	rec     *Recording
	answers *answers
	sockets *sockets
	spki    string
	listen  net.Listener
	http    *http.Server
	serving sync.WaitGroup
}

// Serve starts a server for rec. The caller closes it.
func Serve(rec *Recording) (*Server, error) {
	cert, spki, err := makeCertificate()
	if err != nil {
		return nil, fmt.Errorf("serve recording: %w", err)
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve recording: %w", err)
	}
	s := &Server{rec: rec, answers: newAnswers(rec), sockets: newSockets(rec), spki: spki, listen: listen}
	s.http = &http.Server{
		Handler:      http.HandlerFunc(s.serve),
		TLSConfig:    &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // a WebSocket needs HTTP/1.1
		ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	s.serving.Go(func() { _ = s.http.ServeTLS(listen, "", "") }) // it ends with Close, and its error says so
	return s, nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listen.Addr().String() }

// SPKI is the hash of its certificate's key, as Chromium pins it.
func (s *Server) SPKI() string { return s.spki }

// Missed are the requests that the recording has no answer to, redacted, each once.
func (s *Server) Missed() []string { return s.answers.misses() }

// Said says whether every frame that the recording has for the sockets that were opened was sent.
func (s *Server) Said() bool { return s.sockets.said() }

// Close ends every connection.
func (s *Server) Close() error {
	s.sockets.close()
	err := s.http.Close()
	s.serving.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		s.sockets.serve(w, r)
		return
	}
	s.allow(w, r)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.URL.Path == "/favicon.ico" { // asked for by Chromium itself, and so not recorded
		w.WriteHeader(http.StatusNoContent)
		return
	}
	post, err := io.ReadAll(io.LimitReader(r.Body, postMost))
	if err != nil {
		return // the page went away
	}
	e := s.answers.find(r.Method, "https://"+r.Host+r.URL.RequestURI(), post)
	switch {
	case e == nil:
		http.Error(w, "the recording has no answer to this", http.StatusNotFound)
	case e.Kind == Redirect:
		http.Redirect(w, r, e.To, http.StatusFound)
	case e.Kind == Failed:
		panic(http.ErrAbortHandler) // as it was: no answer
	default:
		s.answer(w, e)
	}
}

// allow lets the page read answers of other origins; which the site allowed is in headers, which are not recorded.
func (s *Server) allow(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Vary", "Origin")
}

func (s *Server) answer(w http.ResponseWriter, e *Entry) {
	kind := e.Type
	if strings.HasPrefix(kind, "text/") || isScript(kind) {
		kind += "; charset=utf-8"
	}
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	if strings.Contains(e.Type, "html") {
		for _, name := range s.rec.Cookies {
			http.SetCookie(w, &http.Cookie{Name: name, Value: "replayed", Path: "/", Secure: true})
		}
	}
	status := e.Status
	if status < 200 || status > 599 || status == http.StatusNotModified {
		status = http.StatusOK
	}
	if e.Body == nil && isMedia(e.Type) {
		status = http.StatusNoContent
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		_, _ = w.Write(e.Body) // a page that went away is no error of ours
	}
}
