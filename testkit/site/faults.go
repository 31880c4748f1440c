package site

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// faults are the knobs that belong to no owner. Site.mu guards them.
type faults struct {
	resets int                      // accepted posts still to be answered by a reset
	delays map[string]time.Duration // by path prefix
	hangs  map[string]chan struct{} // by path prefix; closed when let go
}

func newFaults() faults {
	return faults{delays: map[string]time.Duration{}, hangs: map[string]chan struct{}{}}
}

// RateLimit makes an owner's posts answer status_code 4; with lists too, also the lists.
func (s *Site) RateLimit(ownerID string, on, lists bool) error {
	return s.withOwner(ownerID, func(o *owner) { o.postsLimited, o.listsLimited = on, on && lists })
}

// Captcha puts a challenge before everything an owner's sessions ask for, or clears it.
func (s *Site) Captcha(ownerID string, on bool) error {
	return s.withOwner(ownerID, func(o *owner) {
		o.captcha = on
		if on {
			s.sockets.closeOwner(o.uid)
		}
	})
}

// SetLayout changes the names of JSON keys, ids and classes for an owner, or for all ("").
func (s *Site) SetLayout(ownerID string, changed bool) error {
	if ownerID != "" {
		return s.withOwner(ownerID, func(o *owner) { o.changed = changed })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.world.owners {
		o.changed = changed
	}
	return nil
}

// ResetAfterPost makes the next n accepted posts end in a TCP reset instead of an answer.
func (s *Site) ResetAfterPost(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.resets = n
}

// Delay holds every request whose path begins with route for d; 0 takes it away.
func (s *Site) Delay(route string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d <= 0 {
		delete(s.faults.delays, route)
		return
	}
	s.faults.delays[route] = d
}

// Captchas lists the owners that are asked to solve one.
func (s *Site) Captchas() []Owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Owner
	for _, o := range s.world.owners {
		if o.captcha {
			list = append(list, o.row())
		}
	}
	return list
}

// SetUploading has an owner's open desk upload without end, or stop: traffic that never pauses by itself.
func (s *Site) SetUploading(ownerID string, on bool) error {
	return s.withOwner(ownerID, func(o *owner) {
		o.uploadsEnded = !on
		s.push(o, "upload", map[string]any{"on": on})
	})
}

// Hang holds every request whose path begins with route until it is called again with on false.
func (s *Site) Hang(route string, on bool) {
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

// Reset takes all faults away, stops the visitors and empties the audit log. Owners, sessions and items stay.
func (s *Site) Reset() {
	s.SetVisitors(false, 0)
	s.mu.Lock()
	for _, held := range s.faults.hangs {
		close(held)
	}
	s.faults = newFaults()
	s.codeTTL, s.codeAsked = time.Minute, ""
	for _, o := range s.world.owners {
		o.captcha, o.postsLimited, o.listsLimited, o.changed = false, false, false, false
	}
	for _, k := range s.world.works {
		k.closed = false
	}
	s.mu.Unlock()
	s.audit.mu.Lock()
	s.audit.entries = nil
	s.audit.mu.Unlock()
}

func (s *Site) withOwner(uid string, do func(*owner)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.world.mustOwn(uid)
	if err != nil {
		return err
	}
	do(o)
	return nil
}

// hold keeps a request as long as delays and hangs say; false = it ended meanwhile.
func (s *Site) hold(r *http.Request) bool {
	var wait time.Duration
	var held []chan struct{}
	s.mu.Lock()
	for route, d := range s.faults.delays {
		if strings.HasPrefix(r.URL.Path, route) {
			wait = max(wait, d)
		}
	}
	for route, c := range s.faults.hangs {
		if strings.HasPrefix(r.URL.Path, route) {
			held = append(held, c)
		}
	}
	s.mu.Unlock()
	if wait > 0 {
		pause, stop := context.WithTimeout(r.Context(), wait)
		defer stop()
		if !s.until(r, pause.Done()) {
			return false
		}
	}
	for _, c := range held {
		if !s.until(r, c) {
			return false
		}
	}
	return true
}

// until waits for done; false = the request or the site ended first.
func (s *Site) until(r *http.Request, done <-chan struct{}) bool {
	select {
	case <-done:
		return r.Context().Err() == nil
	case <-r.Context().Done():
	case <-s.closing:
	}
	return false
}
