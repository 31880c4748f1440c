package douyin

import (
	"fmt"
	"slices"

	"troupe/testkit/site/stage"
)

// Behaviour is how the site behaves towards everybody. Answers change at once, pages when they are opened again.
type Behaviour struct {
	Generation   string `json:"generation"`    // of comments: A (older) or B
	HasMore      string `json:"has_more"`      // type of has_more: own (each address its own), bool, int, str
	IDs          string `json:"ids"`           // in the page's rows: numeric, opaque, both
	OldWorks     bool   `json:"old_works"`     // the works page asks item/list, first without its slash
	Frame        bool   `json:"frame"`         // the creator's chat pane is an iframe of another site
	RedirectChat bool   `json:"redirect_chat"` // the creator's chat page goes to www /messages, which is not there
	Observable   bool   `json:"observable"`    // the page store's push lists can be observed
	OldQR        bool   `json:"old_qr"`        // img[aria-label=二维码] instead of #animate_qrcode_container
	GuestAvatar  bool   `json:"guest_avatar"`  // decoys: avatar and nickname for those who are not logged in
	Noise        bool   `json:"noise"`         // other people's works and comments in answers
	QRError      int    `json:"qr_error"`      // the login's answers carry this error_code: 4031, 2156, 7 (too many)
	CaptchaAfter bool   `json:"captcha_after"` // a captcha after the phone's confirmation
	RepeatCursor bool   `json:"repeat_cursor"` // comment pages say has_more with the cursor they were asked for
	Duplicates   bool   `json:"duplicates"`    // every comment page repeats the last row of the one before
	Shuffled     bool   `json:"shuffled"`      // rows of a comment page come in reverse
	DroppedRows  int    `json:"dropped_rows"`  // every comment page leaves out that many of its rows
	Swallow      int    `json:"swallow"`       // the next so many times that a list is scrolled to its end, it does not notice
	PushTwice    bool   `json:"push_twice"`    // every push comes twice
	PushOff      bool   `json:"push_off"`      // no socket is let in
	ByPush       bool   `json:"by_push"`       // false: notices are not pushed, only messages
}

func defaultBehaviour() Behaviour {
	return Behaviour{
		Generation: "B", HasMore: "own", IDs: "both", Frame: true, Observable: true, GuestAvatar: true, Noise: true, ByPush: true,
	}
}

// Behaves is how the site behaves now.
func (s *Site) Behaves() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.manners
}

// Behave changes how the site behaves.
func (s *Site) Behave(change func(*Behaviour)) error {
	s.mu.Lock()
	next := s.manners
	change(&next)
	ok := slices.Contains([]string{"A", "B"}, next.Generation) && slices.Contains([]string{"own", "bool", "int", "str"}, next.HasMore) &&
		slices.Contains([]string{"numeric", "opaque", "both"}, next.IDs)
	if ok {
		s.manners = next
	}
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("behaviour: %w", stage.ErrBadParameter)
	}
	return nil
}

// RenameHashes gives every hashed class name another end, as a new build of the site does: in pages that are opened
// from now on.
func (s *Site) RenameHashes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.build++
}

// Reload has all open pages of an owner reload themselves.
func (s *Site) Reload(ownerUID string) { s.act(ownerUID, fields{"act": "reload"}) }

// Reorder shuffles the rows of all open lists of an owner, at once.
func (s *Site) Reorder(ownerUID string) { s.act(ownerUID, fields{"act": "reorder"}) }

// Recycle has the virtual lists of an owner show every row in another node than before, at once.
func (s *Site) Recycle(ownerUID string) { s.act(ownerUID, fields{"act": "recycle"}) }

// Retitle changes the name above an owner's open chat, at once, and nothing else.
func (s *Site) Retitle(ownerUID, name string) {
	s.act(ownerUID, fields{"act": "header", "name": name})
}

// The kinds of captcha.
var captchas = []string{"", "overlay", "page", "text", "sms"}

// Captcha puts a challenge before an owner's pages ("overlay": a visible captcha over the open pages; "page": every
// navigation ends at 验证码中间页 and JSON is empty; "text": a page of words; "sms": an identity dialog in the middle of
// work), or clears it ("").
func (s *Site) Captcha(ownerUID, kind string) error {
	if !slices.Contains(captchas, kind) {
		return fmt.Errorf("captcha %q: %w", kind, stage.ErrBadParameter)
	}
	err := s.withOwner(ownerUID, func(o *owner) { o.captcha = kind })
	if err == nil {
		s.act(ownerUID, fields{"act": "captcha", "kind": kind})
	}
	return err
}

// The things that an owner can be kept from: writing comments, writing messages, reading lists; stranger = the peer
// allows no second message; risk = the conversation can only be seen on the phone.
var limits = []string{"comment", "message", "list", "stranger", "risk"}

// Limit makes the site refuse what an owner does, in its own words, or lets him again.
func (s *Site) Limit(ownerUID, what string, on bool) error {
	if !slices.Contains(limits, what) {
		return fmt.Errorf("limit %q: %w", what, stage.ErrBadParameter)
	}
	return s.withOwner(ownerUID, func(o *owner) { o.limits[what] = on })
}

// Logout ends all sessions of an owner. How: "" = pages lead to the login; "silently" = only JSON says so, pages look
// as ever; "card" = pages show the login card under their own address.
func (s *Site) Logout(ownerUID, how string) error {
	if !slices.Contains([]string{"", "silently", "card"}, how) {
		return fmt.Errorf("logout %q: %w", how, stage.ErrBadParameter)
	}
	err := s.withOwner(ownerUID, func(o *owner) { o.card = how == "card" })
	if err == nil {
		s.EndSessions(ownerUID, how != "")
	}
	return err
}

// calm takes the site's own faults away.
func (s *Site) calm() {
	s.mu.Lock()
	s.manners = defaultBehaviour()
	for _, o := range s.world.owners {
		o.captcha, o.limits = "", map[string]bool{}
	}
	s.mu.Unlock()
	s.act("", fields{"act": "captcha", "kind": ""})
}

func (s *Site) withOwner(uid string, do func(*owner)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(uid)
	if o == nil {
		return fmt.Errorf("owner %q: %w", uid, stage.ErrGone)
	}
	do(o)
	return nil
}
