package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"troupe/actors/gateway/narrow"
	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

const (
	pumpStep     = 200 // changes that are read from the log at a time
	loadingPause = 200 * time.Millisecond
	writeTime    = 10 * time.Second // a client that takes nothing for so long is cut
	justEnded    = 10 * time.Minute // replies that ended so shortly ago are told to a new stream
	retryAfterMS = 1000             // what a browser waits before it connects again
)

// stream is one client's connection. It lives in its handler's goroutine alone.
type stream struct {
	*API
	w      http.ResponseWriter
	out    *http.ResponseController
	cursor messages.Rev     // everything up to here was written or is of no interest to this client
	later  <-chan time.Time // when to pump again; nil = when the dataset moves

	account string   // empty = all
	login   string   // empty = all, without pictures
	types   []string // empty = all
}

// events streams what changes, beginning with where things stand. Without a cursor, items begin with the next one.
func (a *API) events(w http.ResponseWriter, r *http.Request) error {
	s := &stream{API: a, w: w, out: http.NewResponseController(w)}
	if err := s.ask(r); err != nil {
		return err
	}
	f := newFollower()
	defer a.unfollow(f)
	steps, err := a.follow(r.Context(), f) // before anything is read, so that nothing falls between
	if err != nil {
		return err
	}
	_ = s.out.SetReadDeadline(time.Time{}) // the server's limit is for requests, not for streams
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")
	_ = s.run(r, f, steps) // its error means that the client is gone, or shall come again
	return nil
}

// ask reads the filters and the cursor.
func (s *stream) ask(r *http.Request) error {
	q := r.URL.Query()
	s.account, s.login = q.Get("account"), q.Get("login")
	if who := people.From(r.Context()); s.login != "" && who != nil && !who.Role.May(Operator) {
		return &Problem{http.StatusForbidden, "forbidden", "a login's pictures need the role operator"}
	}
	if err := s.known(s.account); err != nil {
		return err
	}
	if text := q.Get("types"); text != "" {
		s.types = strings.Split(text, ",")
	}
	for _, t := range s.types {
		if !slices.Contains(eventTypes, t) {
			return invalid("parameter \"types\" must be of %s", join(eventTypes))
		}
	}
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = q.Get("since")
	}
	s.cursor = s.Views.Rev()
	if text == "" {
		return nil
	}
	rev, err := revOf(text)
	if err != nil {
		return err
	}
	s.cursor = rev
	return nil
}

// run writes until the client is gone, too slow, or the node stops.
func (s *stream) run(r *http.Request, f *follower, steps []*messages.LoginStep) error {
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	err := s.begin(steps)
	for err == nil && !f.isCut() {
		select {
		case <-r.Context().Done():
			return r.Context().Err()
		case <-f.cut:
		case news := <-f.news:
			err = s.news(news)
		case <-f.moved:
			err = s.pump()
		case <-s.later:
			err = s.pump()
		case <-beat.C:
			err = s.write(fmt.Appendf(nil, ": alive\nid: %d\n\n", s.cursor))
		}
	}
	return err
}

// begin writes what was missed since the cursor, and where everything else stands.
func (s *stream) begin(steps []*messages.LoginStep) error {
	if err := s.write(fmt.Appendf(nil, "retry: %d\n\n", retryAfterMS)); err != nil {
		return err
	}
	if err := s.pump(); err != nil {
		return err
	}
	b := s.Board.Load()
	now := board.Changed{Board: b}
	for _, acc := range b.Accounts {
		now.Accounts = append(now.Accounts, acc.ID())
	}
	shortly := s.Now().Add(-justEnded).UnixMilli()
	for _, m := range b.Replies {
		if !replyFinal(m) || m.GetEndedAt() > shortly {
			now.Replies = append(now.Replies, m)
		}
	}
	for _, al := range b.Alarms {
		if al.GetClearedAt() == 0 {
			now.Alarms = append(now.Alarms, al)
		}
	}
	if err := s.news(now); err != nil {
		return err
	}
	for _, step := range steps {
		if err := s.news(step); err != nil {
			return err
		}
	}
	if rec := loginRecord(b, s.login); rec.GetEndedAt() != 0 {
		if err := s.loginEvent(loginOf(rec)); err != nil {
			return err
		}
	}
	return s.event(ReadyType, s.ready())
}

func (s *stream) ready() Ready {
	return Ready{EventsVersion, revText(s.cursor), revText(s.Views.From())}
}

// pump writes every change after the cursor, in the order of Rev: live items and missed ones take this one way. At a
// change of an account whose items are still being read from disk it stops, and looks again a little later.
func (s *stream) pump() error {
	s.later = nil
	for {
		changes, more := s.Views.Since(s.cursor, pumpStep)
		if fullReadDue(s.Views, s.cursor) { // asked after, because the log may be cut at any time
			s.cursor = s.Views.Rev()
			return s.event(ResetType, s.ready())
		}
		for _, ch := range changes {
			v := s.Views.Get(ch.Account)
			if v != nil && !v.Loaded {
				s.later = time.After(loadingPause)
				return nil
			}
			s.cursor = ch.Rev
			if err := s.change(ch, v); err != nil {
				return err
			}
		}
		switch {
		case more && len(changes) == 0: // the log does not reach back so far, and items are being loaded
			s.later = time.After(loadingPause)
			return nil
		case !more:
			return nil
		}
	}
}

func (s *stream) change(ch dataset.Change, v *dataset.View) error {
	if s.login != "" || s.account != "" && s.account != string(ch.Account) || !s.wants(ItemType) || !s.sees(string(ch.Account)) {
		return nil
	}
	return s.event(ItemType, itemEventOf(ch, v))
}

// news writes one thing that the events actor told, as far as this client wants it.
func (s *stream) news(news any) error {
	switch m := news.(type) {
	case board.Changed:
		return s.changed(m)
	case *messages.LoginStep:
		rec := loginRecord(s.Board.Load(), m.GetSession())
		return s.loginEvent(stepOf(rec, m, s.login == m.GetSession()))
	case *messages.LoginEnded:
		return s.loginEvent(endedOf(loginRecord(s.Board.Load(), m.GetSession()), m))
	}
	return nil
}

func (s *stream) changed(m board.Changed) error {
	if s.login != "" {
		return nil
	}
	m = narrow.Changed(m, s.who)
	for _, id := range m.Accounts {
		if s.account != "" && s.account != string(id) {
			continue
		}
		var data any = AccountGone{string(id), true}
		if acc := m.Board.Account(id); acc != nil {
			data = accountOf(m.Board, acc, s.Views.Get(id))
		}
		if err := s.event(AccountType, data); err != nil {
			return err
		}
	}
	for _, reply := range m.Replies {
		if s.account == "" || s.account == reply.GetAccount() {
			if err := s.event(ReplyType, replyOf(reply)); err != nil {
				return err
			}
		}
	}
	acc := m.Board.Account(messages.AccountID(s.account))
	for _, al := range m.Alarms {
		if s.account == "" || s.account == al.GetAccount() || acc != nil && concerns(al, acc.Record) {
			if err := s.event(AlarmType, alarmOf(m.Board, al)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stream) loginEvent(l Login) error {
	if s.login != "" && s.login != l.Session || s.account != "" && s.account != l.Account || !s.sees(l.Account) {
		return nil
	}
	return s.event(LoginType, l)
}

func (s *stream) wants(event string) bool {
	return len(s.types) == 0 || event == ReadyType || event == ResetType || slices.Contains(s.types, event)
}

// event writes one event. Every event carries the cursor, so that the last id a client saw is always right.
func (s *stream) event(event string, data any) error {
	if !s.wants(event) {
		return nil
	}
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %d\nevent: %s\ndata: %s\n\n", s.cursor, event, body)
	return s.write(b.Bytes())
}

func (s *stream) write(b []byte) error {
	_ = s.out.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := s.w.Write(b); err != nil {
		return fmt.Errorf("write stream: %w", err)
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write stream: %w", err)
	}
	return nil
}
