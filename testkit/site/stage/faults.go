package stage

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// faults are the knobs that belong to no owner. Stage.mu guards them.
type faults struct {
	resets  int                      // accepted posts still to be answered by a reset
	delays  map[string]time.Duration // by route
	hangs   map[string]chan struct{} // by route; closed when let go
	tampers []*Tamper
}

func newFaults() faults {
	return faults{delays: map[string]time.Duration{}, hangs: map[string]chan struct{}{}}
}

// onRoute says whether a request's path, or its host and path, begins with route.
func onRoute(r *http.Request, route string) bool {
	return strings.HasPrefix(r.URL.Path, route) || strings.HasPrefix(HostName(r)+r.URL.Path, route)
}

// ResetAfterPost makes the next n accepted posts end in a TCP reset instead of an answer.
func (s *Stage) ResetAfterPost(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.resets = n
}

func (s *Stage) takeReset() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.resets == 0 {
		return false
	}
	s.faults.resets--
	return true
}

// Delay holds every request whose path (or host and path) begins with route for d; 0 takes it away.
func (s *Stage) Delay(route string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d <= 0 {
		delete(s.faults.delays, route)
		return
	}
	s.faults.delays[route] = d
}

// Hang holds every request whose path (or host and path) begins with route until it is called again with on false.
func (s *Stage) Hang(route string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.faults.hangs[route]
	switch {
	case on && held == nil:
		s.faults.hangs[route] = make(chan struct{})
	case !on && held != nil:
		close(held)
		delete(s.faults.hangs, route)
	}
}

// Reset takes all faults away and empties the audit log. What stands on the site stays.
func (s *Stage) Reset() {
	if s.play.Reset != nil {
		s.play.Reset()
	}
	s.mu.Lock()
	for _, held := range s.faults.hangs {
		close(held)
	}
	s.faults = newFaults()
	s.codeTTL, s.codeAsked = time.Minute, ""
	s.mu.Unlock()
	s.audit.mu.Lock()
	s.audit.entries = nil
	s.audit.mu.Unlock()
}

// hold keeps a request as long as delays and hangs say; false = it ended meanwhile.
func (s *Stage) hold(r *http.Request) bool {
	var wait time.Duration
	var held []chan struct{}
	s.mu.Lock()
	for route, d := range s.faults.delays {
		if onRoute(r, route) {
			wait = max(wait, d)
		}
	}
	for route, c := range s.faults.hangs {
		if onRoute(r, route) {
			held = append(held, c)
		}
	}
	s.mu.Unlock()
	if !s.wait(r, wait) {
		return false
	}
	for _, c := range held {
		if !s.until(r, c) {
			return false
		}
	}
	return true
}

// wait lets d pass; false = the request or the site ended first.
func (s *Stage) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	pause, stop := context.WithTimeout(r.Context(), d)
	defer stop()
	return s.until(r, pause.Done())
}

// until waits for done; false = the request or the site ended first.
func (s *Stage) until(r *http.Request, done <-chan struct{}) bool {
	select {
	case <-done:
		return r.Context().Err() == nil
	case <-r.Context().Done():
	case <-s.closing:
	}
	return false
}
