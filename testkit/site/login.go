package site

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"rsc.io/qr"
)

// The states of a QR code: new, then scanned, then (code, if one is asked for, then) confirmed; or expired or refused.
const (
	codeNew       = "new"
	codeScanned   = "scanned"
	codeInput     = "code"
	codeConfirmed = "confirmed"
	codeExpired   = "expired"
	codeRefused   = "refused"

	wrongCodesAllowed = 5
)

// loginCode is one QR code on somebody's login page. Site.mu guards it.
type loginCode struct {
	token, guest     string
	state            string
	created, expires time.Time
	owner            *owner // who logs in, once confirmed on the phone
	wrong            int
	used             bool // its session was handed out
}

// QR is a login code as the phone sees it.
type QR struct {
	Token   string    `json:"token"`
	State   string    `json:"state"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// QRs lists the codes that wait for the phone, oldest first.
func (s *Site) QRs() []QR {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []QR{}
	for _, c := range s.codes {
		if s.age(c); c.state == codeNew || c.state == codeScanned {
			list = append(list, QR{c.token, c.state, c.created, c.expires})
		}
	}
	return list
}

// Scan is the phone's camera on a code; token "" is the newest waiting one, here and below.
func (s *Site) Scan(token string) error {
	return s.onCode(token, codeScanned, func(c *loginCode) { c.state = codeScanned })
}

// Confirm presses "confirm" on the phone of an owner; "" is a new owner.
func (s *Site) Confirm(token, ownerID string) error {
	s.mu.Lock()
	o := s.world.owner(ownerID)
	if ownerID == "" {
		o = s.world.createOwner(NewOwner{})
	}
	s.mu.Unlock()
	if o == nil {
		return fmt.Errorf("owner %q: %w", ownerID, errGone)
	}
	return s.onCode(token, codeConfirmed, func(c *loginCode) {
		c.owner, c.state = o, codeConfirmed
		if s.codeAsked != "" {
			c.state = codeInput
		}
	})
}

// Refuse presses "refuse" on the phone.
func (s *Site) Refuse(token string) error {
	return s.onCode(token, codeRefused, func(c *loginCode) { c.state = codeRefused })
}

// Expire makes a code too old at once.
func (s *Site) Expire(token string) error {
	return s.onCode(token, codeExpired, func(c *loginCode) { c.state = codeExpired })
}

// SetQRTTL says how long codes that are made from now on live.
func (s *Site) SetQRTTL(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codeTTL = d
}

// RequireCode makes logins ask for this verification code after the phone's confirmation; "" = none.
func (s *Site) RequireCode(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codeAsked = code
}

// onCode does something to a waiting code and audits it.
func (s *Site) onCode(token, detail string, do func(*loginCode)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.codes) - 1; i >= 0; i-- {
		c := s.codes[i]
		s.age(c)
		if (token == "" || c.token == token) && (c.state == codeNew || c.state == codeScanned) {
			do(c)
			s.auditCode(c, detail)
			return nil
		}
	}
	return fmt.Errorf("waiting login code %q: %w", token, errGone)
}

func (s *Site) auditCode(c *loginCode, detail string) {
	e := Entry{At: time.Now(), Kind: KindCode, Detail: detail}
	if c.owner != nil {
		e.Owner = c.owner.uid
	}
	s.audit.add(e)
}

// age lets a waiting code expire when its time is over.
func (s *Site) age(c *loginCode) {
	if (c.state == codeNew || c.state == codeScanned) && s.world.clock().After(c.expires) {
		c.state = codeExpired
		s.auditCode(c, codeExpired)
	}
}

func (s *Site) loginRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+hostCreator+"/api/login/qr", s.makeCode)
	mux.HandleFunc("GET "+hostCreator+"/api/login/poll", s.pollCode)
	mux.HandleFunc("POST "+hostCreator+"/api/login/code", s.enterCode)
}

func (s *Site) makeCode(w http.ResponseWriter, r *http.Request) {
	c := &loginCode{token: randomToken(), guest: guestOf(r), state: codeNew}
	picture, err := qr.Encode(s.PhoneURL()+"/phone?qr="+c.token, qr.M)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	picture.Scale = 5
	s.mu.Lock()
	c.created = s.world.clock()
	c.expires = c.created.Add(s.codeTTL)
	s.codes = append(s.codes, c)
	ttl := s.codeTTL
	s.auditCode(c, "created")
	s.mu.Unlock()
	writeJSON(w, map[string]any{
		"status_code": 0, "token": c.token, "expires_in_ms": ttl.Milliseconds(),
		"image": "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.PNG()),
	})
}

// pollCode answers the code's state; the first answer "confirmed" brings the session cookie.
func (s *Site) pollCode(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	c := s.codeOf(r, r.URL.Query().Get("token"))
	if c == nil {
		s.mu.Unlock()
		writeJSON(w, map[string]any{"status_code": 0, "state": codeExpired})
		return
	}
	s.age(c)
	state := c.state
	var cookie string
	if state == codeConfirmed && !c.used {
		c.used = true
		var made *session
		cookie, made = s.newSession(c.owner)
		v := visitOf(r)
		v.entry.Session, v.entry.Owner = made.name, c.owner.uid
		s.bytes.belongs(v.conn.stat, made.name, c.owner.uid)
		s.audit.add(Entry{
			At: time.Now(), Kind: KindLogin, Session: made.name, Owner: c.owner.uid, Source: v.entry.Source,
			UserAgent: v.entry.UserAgent, Device: v.entry.Device,
		})
	}
	s.mu.Unlock()
	if cookie != "" {
		setCookie(w, cookieSession, cookie, sessionLife, true)
		setCookie(w, cookieCSRF, randomToken(), 0, false)
	}
	writeJSON(w, map[string]any{"status_code": 0, "state": state})
}

func (s *Site) enterCode(w http.ResponseWriter, r *http.Request) {
	var in struct{ Token, Code string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in); err != nil {
		writeJSON(w, map[string]any{"status_code": 3, "status_msg": "参数错误"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.codeOf(r, in.Token)
	switch {
	case c == nil || c.state != codeInput:
		writeJSON(w, map[string]any{"status_code": 3, "status_msg": "参数错误"})
	case in.Code == s.codeAsked:
		c.state = codeConfirmed
		writeJSON(w, map[string]any{"status_code": 0})
	default:
		if c.wrong++; c.wrong >= wrongCodesAllowed {
			c.state = codeRefused
			s.auditCode(c, codeRefused)
		}
		writeJSON(w, map[string]any{"status_code": 11, "status_msg": "验证码错误"})
	}
}

// codeOf finds a code that this browser was given.
func (s *Site) codeOf(r *http.Request, token string) *loginCode {
	for _, c := range s.codes {
		if c.token == token && c.guest == guestOf(r) {
			return c
		}
	}
	return nil
}

func guestOf(r *http.Request) string {
	c, err := r.Cookie(cookieGuest)
	if err != nil {
		return ""
	}
	return c.Value
}
