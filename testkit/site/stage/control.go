package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Errors of operations.
var (
	// ErrBadParameter means that something was asked for that cannot be.
	ErrBadParameter = errors.New("bad parameter")
	// ErrGone means that an id does not exist, or no longer.
	ErrGone = errors.New("no such item")
)

// PressPhone presses a button of the phone page: scan, confirm, refuse, expire (which no real phone has), or solve.
func (s *Stage) PressPhone(token, button, ownerUID string) error {
	switch button {
	case "scan":
		return s.Scan(token)
	case "confirm":
		return s.play.Confirm(token, ownerUID)
	case "refuse":
		return s.Refuse(token)
	case "expire":
		return s.Expire(token)
	case "solve":
		return s.play.Solve(ownerUID)
	}
	return fmt.Errorf("button %q: %w", button, ErrBadParameter)
}

// The bodies of the common control operations.
type (
	// CtlPhone presses a button of the phone.
	CtlPhone struct {
		Token string `json:"token"`
		Do    string `json:"do"`
		Owner string `json:"owner"`
	}
	// CtlQROptions sets how logins go.
	CtlQROptions struct {
		TTLMS int64  `json:"ttl_ms"` // 0 = as it is
		Code  string `json:"code"`
	}
	// CtlRoute does something to requests of a route.
	CtlRoute struct {
		Route string `json:"route,omitempty"`
		On    bool   `json:"on,omitempty"`
		MS    int64  `json:"ms,omitempty"`
		N     int    `json:"n,omitempty"`
	}
	// CtlAudit is a piece of the audit log.
	CtlAudit struct {
		Entries []Entry `json:"entries"`
		Next    int     `json:"next"`
	}
)

// peopleHandler serves the plain listener: for people and tests, never for a crawler.
func (s *Stage) peopleHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /phone", s.phonePage)
	mux.HandleFunc("POST /phone", s.phonePressed)
	for name, do := range map[string]http.HandlerFunc{
		"qr": Act(func(in CtlPhone) error { return s.PressPhone(in.Token, in.Do, in.Owner) }),
		"qr_options": Act(func(in CtlQROptions) error {
			if in.TTLMS > 0 {
				s.SetQRTTL(time.Duration(in.TTLMS) * time.Millisecond)
			}
			s.RequireCode(in.Code)
			return nil
		}),
		"reset_after_post": Act(func(in CtlRoute) error { s.ResetAfterPost(in.N); return nil }),
		"delay":            Act(func(in CtlRoute) error { s.Delay(in.Route, time.Duration(in.MS)*time.Millisecond); return nil }),
		"hang":             Act(func(in CtlRoute) error { s.Hang(in.Route, in.On); return nil }),
		"tamper":           Act(s.Tamper),
		"reset":            Act(func(struct{}) error { s.Reset(); return nil }),
	} {
		mux.HandleFunc("POST /__ctl/"+name, do)
	}
	for name, get := range map[string]func(r *http.Request) (any, error){
		"info":     func(*http.Request) (any, error) { return s.play.Info(), nil },
		"qrs":      func(*http.Request) (any, error) { return s.QRs(), nil },
		"bytes":    func(*http.Request) (any, error) { return s.BytesReceived(), nil },
		"arrivals": s.askArrivals,
		"audit":    s.askAudit,
	} {
		mux.HandleFunc("GET /__ctl/"+name, Show(get))
	}
	if s.play.People != nil {
		s.play.People(mux)
	}
	return mux
}

func (s *Stage) askArrivals(r *http.Request) (any, error) {
	var after time.Time
	if t := r.FormValue("after"); t != "" {
		var err error
		if after, err = time.Parse(time.RFC3339Nano, t); err != nil {
			return nil, fmt.Errorf("after: %w", err)
		}
	}
	return s.Arrivals(r.FormValue("owner"), after), nil
}

func (s *Stage) askAudit(r *http.Request) (any, error) {
	q := AuditQuery{Kind: r.FormValue("kind"), Owner: r.FormValue("owner")}
	if n := r.FormValue("since"); n != "" {
		var err error
		if q.Since, err = strconv.Atoi(n); err != nil {
			return nil, fmt.Errorf("since: %w", err)
		}
	}
	entries, next := s.Audit(q)
	return CtlAudit{entries, next}, nil
}

// Op makes a control route of an operation that answers something.
func Op[In, Out any](do func(In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if r.ContentLength != 0 {
			d := json.NewDecoder(r.Body)
			d.DisallowUnknownFields()
			if err := d.Decode(&in); err != nil {
				reply(w, nil, fmt.Errorf("decode: %w", err))
				return
			}
		}
		out, err := do(in)
		reply(w, out, err)
	}
}

// Act makes a control route of an operation that answers nothing.
func Act[In any](do func(In) error) http.HandlerFunc {
	return Op(func(in In) (struct{}, error) { return struct{}{}, do(in) })
}

// Show makes a control route of something to look at.
func Show(get func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := get(r)
		reply(w, out, err)
	}
}

func reply(w http.ResponseWriter, out any, err error) {
	if err != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"error": err.Error()}
	}
	WriteJSON(w, out)
}

// WriteJSON answers with v.
func WriteJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v) // the reader may be gone; there is nobody to tell
}
