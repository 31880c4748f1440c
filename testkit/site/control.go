package site

import (
	"net/http"
	"time"

	"troupe/testkit/site/stage"
)

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
	CtlPhone = stage.CtlPhone
	// CtlQROptions sets how logins go.
	CtlQROptions = stage.CtlQROptions
	// CtlRoute does something to requests of a route.
	CtlRoute = stage.CtlRoute
	// CtlAudit is a piece of the audit log.
	CtlAudit = stage.CtlAudit
	// CtlID names one item, person or route, and what is done to it.
	CtlID struct {
		ID       string `json:"id,omitempty"`
		UID      string `json:"uid,omitempty"`
		Owner    string `json:"owner,omitempty"`
		Work     string `json:"work,omitempty"`
		Nickname string `json:"nickname,omitempty"`
	}
	// CtlMischief says what an owner's pages do; "" = nothing.
	CtlMischief struct {
		Owner string `json:"owner"`
		Do    string `json:"do"`
	}
	// CtlSwitch turns something on or off.
	CtlSwitch struct {
		Owner    string `json:"owner,omitempty"`
		Work     string `json:"work,omitempty"`
		On       bool   `json:"on,omitempty"`
		All      bool   `json:"all,omitempty"`
		Silently bool   `json:"silently,omitempty"`
		Changed  bool   `json:"changed,omitempty"`
		Closed   bool   `json:"closed,omitempty"`
		EveryMS  int64  `json:"every_ms,omitempty"`
	}
)

// controlRoutes adds the site's own operations to /__ctl/: the same as the methods of Site.
func (s *Site) controlRoutes(mux *http.ServeMux) {
	for name, op := range map[string]http.HandlerFunc{
		"owner": stage.Op(s.CreateOwner), "work": stage.Op(s.AddWork), "comment": stage.Op(s.AddComment), "message": stage.Op(s.AddMessage),
		"notification": stage.Op(s.AddNotification), "fill": stage.Act(s.Fill),
		"delete":         stage.Act(func(in CtlID) error { return s.Delete(in.ID) }),
		"recall":         stage.Act(func(in CtlID) error { return s.Recall(in.ID) }),
		"rename":         stage.Act(func(in CtlID) error { return s.Rename(in.UID, in.Nickname) }),
		"logout":         stage.Act(func(in CtlSwitch) error { return s.Logout(in.Owner, in.Silently) }),
		"rate_limit":     stage.Act(func(in CtlSwitch) error { return s.RateLimit(in.Owner, in.On, in.All) }),
		"captcha":        stage.Act(func(in CtlSwitch) error { return s.Captcha(in.Owner, in.On) }),
		"layout":         stage.Act(func(in CtlSwitch) error { return s.SetLayout(in.Owner, in.Changed) }),
		"close_comments": stage.Act(func(in CtlSwitch) error { return s.CloseComments(in.Work, in.Closed) }),
		"mischief":       stage.Act(func(in CtlMischief) error { return s.Misbehave(in.Owner, in.Do) }),
		"upload":         stage.Act(func(in CtlSwitch) error { return s.SetUploading(in.Owner, in.On) }),
		"visitors":       stage.Act(func(in CtlSwitch) error { s.SetVisitors(in.On, time.Duration(in.EveryMS)*time.Millisecond); return nil }),
	} {
		mux.HandleFunc("POST /__ctl/"+name, op)
	}
	for name, get := range map[string]func(r *http.Request) (any, error){
		"works":         func(r *http.Request) (any, error) { return s.Works(r.FormValue("owner")), nil },
		"comments":      func(r *http.Request) (any, error) { return s.Comments(r.FormValue("work")), nil },
		"messages":      func(r *http.Request) (any, error) { return s.Messages(r.FormValue("owner")), nil },
		"notifications": func(r *http.Request) (any, error) { return s.Notifications(r.FormValue("owner")), nil },
	} {
		mux.HandleFunc("GET /__ctl/"+name, stage.Show(get))
	}
}
