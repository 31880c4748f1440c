package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// PressPhone presses a button of the phone page: scan, confirm, refuse, or expire (which no real phone has).
func (s *Site) PressPhone(token, button, ownerID string) error {
	switch button {
	case "scan":
		return s.Scan(token)
	case "confirm":
		return s.Confirm(token, ownerID)
	case "refuse":
		return s.Refuse(token)
	case "expire":
		return s.Expire(token)
	case "solve":
		return s.Captcha(ownerID, false)
	}
	return fmt.Errorf("button %q: %w", button, errBadParameter)
}

// Info is where a site is and who is on it.
type Info struct {
	Addr     string  `json:"addr"`
	SPKI     string  `json:"spki"`
	PhoneURL string  `json:"phone_url"`
	Owners   []Owner `json:"owners"`
}

// The bodies of control operations that need more than one word. Ctl… types are shared with the client in ctl.
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
	// CtlID names one item, person or route, and what is done to it.
	CtlID struct {
		ID       string `json:"id,omitempty"`
		UID      string `json:"uid,omitempty"`
		Owner    string `json:"owner,omitempty"`
		Work     string `json:"work,omitempty"`
		Nickname string `json:"nickname,omitempty"`
	}
	// CtlSwitch turns something on or off.
	CtlSwitch struct {
		Owner    string `json:"owner,omitempty"`
		Work     string `json:"work,omitempty"`
		Route    string `json:"route,omitempty"`
		On       bool   `json:"on,omitempty"`
		All      bool   `json:"all,omitempty"`
		Silently bool   `json:"silently,omitempty"`
		Changed  bool   `json:"changed,omitempty"`
		Closed   bool   `json:"closed,omitempty"`
		N        int    `json:"n,omitempty"`
		MS       int64  `json:"ms,omitempty"`
		EveryMS  int64  `json:"every_ms,omitempty"`
	}
	// CtlAudit is a piece of the audit log.
	CtlAudit struct {
		Entries []Entry `json:"entries"`
		Next    int     `json:"next"`
	}
)

// controlRoutes serves /__ctl/ with the same operations as the methods of Site.
func (s *Site) controlRoutes(mux *http.ServeMux) {
	for name, op := range map[string]http.HandlerFunc{
		"owner": op(s.CreateOwner), "work": op(s.AddWork), "comment": op(s.AddComment), "message": op(s.AddMessage),
		"notification": op(s.AddNotification), "fill": act(s.Fill),
		"delete": act(func(in CtlID) error { return s.Delete(in.ID) }),
		"recall": act(func(in CtlID) error { return s.Recall(in.ID) }),
		"rename": act(func(in CtlID) error { return s.Rename(in.UID, in.Nickname) }),
		"qr":     act(func(in CtlPhone) error { return s.PressPhone(in.Token, in.Do, in.Owner) }),
		"qr_options": act(func(in CtlQROptions) error {
			if in.TTLMS > 0 {
				s.SetQRTTL(time.Duration(in.TTLMS) * time.Millisecond)
			}
			s.RequireCode(in.Code)
			return nil
		}),
		"logout":           act(func(in CtlSwitch) error { return s.Logout(in.Owner, in.Silently) }),
		"rate_limit":       act(func(in CtlSwitch) error { return s.RateLimit(in.Owner, in.On, in.All) }),
		"captcha":          act(func(in CtlSwitch) error { return s.Captcha(in.Owner, in.On) }),
		"layout":           act(func(in CtlSwitch) error { return s.SetLayout(in.Owner, in.Changed) }),
		"close_comments":   act(func(in CtlSwitch) error { return s.CloseComments(in.Work, in.Closed) }),
		"reset_after_post": act(func(in CtlSwitch) error { s.ResetAfterPost(in.N); return nil }),
		"delay":            act(func(in CtlSwitch) error { s.Delay(in.Route, time.Duration(in.MS)*time.Millisecond); return nil }),
		"upload":           act(func(in CtlSwitch) error { return s.SetUploading(in.Owner, in.On) }),
		"hang":             act(func(in CtlSwitch) error { s.Hang(in.Route, in.On); return nil }),
		"visitors":         act(func(in CtlSwitch) error { s.SetVisitors(in.On, time.Duration(in.EveryMS)*time.Millisecond); return nil }),
		"reset":            act(func(struct{}) error { s.Reset(); return nil }),
	} {
		mux.HandleFunc("POST /__ctl/"+name, op)
	}
	for name, get := range map[string]func(r *http.Request) (any, error){
		"info": func(*http.Request) (any, error) {
			return Info{s.Addr(), s.SPKI(), s.PhoneURL(), s.Owners()}, nil
		},
		"qrs":           func(*http.Request) (any, error) { return s.QRs(), nil },
		"bytes":         func(*http.Request) (any, error) { return s.BytesReceived(), nil },
		"works":         func(r *http.Request) (any, error) { return s.Works(r.FormValue("owner")), nil },
		"comments":      func(r *http.Request) (any, error) { return s.Comments(r.FormValue("work")), nil },
		"messages":      func(r *http.Request) (any, error) { return s.Messages(r.FormValue("owner")), nil },
		"notifications": func(r *http.Request) (any, error) { return s.Notifications(r.FormValue("owner")), nil },
		"arrivals":      s.askArrivals,
		"audit":         s.askAudit,
	} {
		mux.HandleFunc("GET /__ctl/"+name, func(w http.ResponseWriter, r *http.Request) {
			out, err := get(r)
			reply(w, out, err)
		})
	}
}

func (s *Site) askArrivals(r *http.Request) (any, error) {
	var after time.Time
	if t := r.FormValue("after"); t != "" {
		var err error
		if after, err = time.Parse(time.RFC3339Nano, t); err != nil {
			return nil, fmt.Errorf("after: %w", err)
		}
	}
	return s.Arrivals(r.FormValue("owner"), after), nil
}

func (s *Site) askAudit(r *http.Request) (any, error) {
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

// op makes a route of an operation that answers something.
func op[In, Out any](do func(In) (Out, error)) http.HandlerFunc {
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

// act makes a route of an operation that answers nothing.
func act[In any](do func(In) error) http.HandlerFunc {
	return op(func(in In) (struct{}, error) { return struct{}{}, do(in) })
}

func reply(w http.ResponseWriter, out any, err error) {
	if err != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"error": err.Error()}
	}
	writeJSON(w, out)
}
