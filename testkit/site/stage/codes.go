package stage

import (
	"fmt"
	"time"

	"rsc.io/qr"
)

// The states of a QR code: new, then scanned, then (code, if one is asked for, then) confirmed; or expired or refused.
const (
	CodeNew       = "new"
	CodeScanned   = "scanned"
	CodeInput     = "code"
	CodeConfirmed = "confirmed"
	CodeExpired   = "expired"
	CodeRefused   = "refused"

	wrongCodesAllowed = 5
)

// loginCode is one QR code on somebody's login page. Stage.mu guards it.
type loginCode struct {
	token, guest     string
	state            string
	created, expires time.Time
	owner            string // who logs in, once confirmed on the phone
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
func (s *Stage) QRs() []QR {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []QR{}
	for _, c := range s.codes {
		if s.age(c); c.state == CodeNew || c.state == CodeScanned {
			list = append(list, QR{c.token, c.state, c.created, c.expires})
		}
	}
	return list
}

// Scan is the phone's camera on a code; token "" is the newest waiting one, here and below.
func (s *Stage) Scan(token string) error {
	return s.onCode(token, CodeScanned, func(c *loginCode) { c.state = CodeScanned })
}

// ConfirmCode presses "confirm" on the phone of an owner.
func (s *Stage) ConfirmCode(token, ownerUID string) error {
	return s.onCode(token, CodeConfirmed, func(c *loginCode) {
		c.owner, c.state = ownerUID, CodeConfirmed
		if s.codeAsked != "" {
			c.state = CodeInput
		}
	})
}

// Refuse presses "refuse" on the phone.
func (s *Stage) Refuse(token string) error {
	return s.onCode(token, CodeRefused, func(c *loginCode) { c.state = CodeRefused })
}

// Expire makes a code too old at once.
func (s *Stage) Expire(token string) error {
	return s.onCode(token, CodeExpired, func(c *loginCode) { c.state = CodeExpired })
}

// SetQRTTL says how long codes that are made from now on live.
func (s *Stage) SetQRTTL(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codeTTL = d
}

// RequireCode makes logins ask for this verification code after the phone's confirmation; "" = none.
func (s *Stage) RequireCode(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codeAsked = code
}

// onCode does something to a waiting code and audits it.
func (s *Stage) onCode(token, detail string, do func(*loginCode)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.codes) - 1; i >= 0; i-- {
		c := s.codes[i]
		s.age(c)
		if (token == "" || c.token == token) && (c.state == CodeNew || c.state == CodeScanned) {
			do(c)
			s.auditCode(c, detail)
			return nil
		}
	}
	return fmt.Errorf("waiting login code %q: %w", token, ErrGone)
}

func (s *Stage) auditCode(c *loginCode, detail string) {
	s.Note(Entry{Kind: KindCode, Detail: detail, Owner: c.owner})
}

// age lets a waiting code expire when its time is over.
func (s *Stage) age(c *loginCode) {
	if (c.state == CodeNew || c.state == CodeScanned) && s.clock().After(c.expires) {
		c.state = CodeExpired
		s.auditCode(c, CodeExpired)
	}
}

// NewCode is a QR code for a login page: its token, its picture (of the phone's address), and its end.
type NewCode struct {
	Token   string
	PNG     []byte
	Expires time.Time
	TTL     time.Duration
}

// MakeCode makes a QR code for the browser that guest names.
func (s *Stage) MakeCode(guest string) (NewCode, error) {
	c := &loginCode{token: Token(), guest: guest, state: CodeNew}
	picture, err := qr.Encode(s.PhoneURL()+"/phone?qr="+c.token, qr.M)
	if err != nil {
		return NewCode{}, fmt.Errorf("encode QR code: %w", err)
	}
	picture.Scale = 5
	s.mu.Lock()
	defer s.mu.Unlock()
	c.created = s.clock()
	c.expires = c.created.Add(s.codeTTL)
	s.codes = append(s.codes, c)
	s.auditCode(c, "created")
	return NewCode{c.token, picture.PNG(), c.expires, s.codeTTL}, nil
}

// PollCode answers the state of a code that this browser was given, and to the first who hears that it is confirmed,
// who logs in.
func (s *Stage) PollCode(guest, token string) (state, ownerUID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.codeOf(guest, token)
	if c == nil {
		return CodeExpired, ""
	}
	s.age(c)
	if c.state == CodeConfirmed && !c.used {
		c.used = true
		ownerUID = c.owner
	}
	return c.state, ownerUID
}

// EnterCode types a verification code; ErrBadParameter when none is asked for. After five wrong ones the login is refused.
func (s *Stage) EnterCode(guest, token, typed string) (right bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.codeOf(guest, token)
	switch {
	case c == nil || c.state != CodeInput:
		return false, fmt.Errorf("code step of %q: %w", token, ErrBadParameter)
	case typed == s.codeAsked:
		c.state = CodeConfirmed
		return true, nil
	}
	if c.wrong++; c.wrong >= wrongCodesAllowed {
		c.state = CodeRefused
		s.auditCode(c, CodeRefused)
	}
	return false, nil
}

func (s *Stage) codeOf(guest, token string) *loginCode {
	for _, c := range s.codes {
		if c.token == token && c.guest == guest {
			return c
		}
	}
	return nil
}
