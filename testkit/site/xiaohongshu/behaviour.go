package xiaohongshu

import (
	"fmt"
	"slices"

	"troupe/testkit/site/stage"
)

// Behaviour is how the site behaves towards everybody. Answers change at once, pages when they are opened again.
type Behaviour struct {
	Poll         string `json:"poll"`          // how the main site's login asks: new (codeStatus), old (code_status)
	QRHTTP       bool   `json:"qr_http"`       // the picture's src is an address, not a data URL
	QRLimit      bool   `json:"qr_limit"`      // no codes are given: too many were asked for
	CaptchaAfter bool   `json:"captcha_after"` // 请通过验证 after the phone's confirmation
	SSO          string `json:"sso"`           // who is logged in on the main site only, and opens the creator centre: bounce (once to its login), publish (to its login until the publish page was opened), off (must log in there)
	Wrap         bool   `json:"wrap"`          // the page state's values stand in wraps (_rawValue) with a circle in them
	LagMS        int    `json:"lag_ms"`        // the notifications' rows come so much after the state
	EditorMS     int    `json:"editor_ms"`     // the chat's editor comes so much after the conversation
	SendMS       int    `json:"send_ms"`       // a sent message's bubble comes so much after Enter
	Astray       bool   `json:"astray"`        // a click on a comment's reply button aims the editor at another comment
	SendLost     bool   `json:"send_lost"`     // frames that pages send are swallowed: nothing stands, nothing is answered
	PollMS       int    `json:"poll_ms"`       // pages ask for the count of notifications so often
	ConvIDs      string `json:"conv_ids"`      // data-conv-id: peer (the chat's id with the peer's in it), opaque
	Posted       string `json:"posted"`        // where the creator centre asks for notes: v2, v5 (edith, /web_api)
	Impression   bool   `json:"impression"`    // the older note manager, with ids in data-impression
	Swallow      int    `json:"swallow"`       // the next so many times that a list is scrolled to its end, it does not notice
	TokenNeeded  bool   `json:"token_needed"`  // a note's page wants its xsec_token
	TimeUnit     string `json:"time_unit"`     // of created_at in messages: ms, s
	Available    int    `json:"available"`     // so many rows of each kind do notifications ever show
	Noise        bool   `json:"noise"`         // other people's notes in answers
	RepeatCursor bool   `json:"repeat_cursor"` // comment pages say has_more with the cursor they were asked for
	Duplicates   bool   `json:"duplicates"`    // every comment page repeats the last row of the one before
	Shuffled     bool   `json:"shuffled"`      // rows of a comment page come in reverse
	DroppedRows  int    `json:"dropped_rows"`  // every comment page leaves out that many of its rows
	PushTwice    bool   `json:"push_twice"`    // every push comes twice
	PushOff      bool   `json:"push_off"`      // no socket is let in: nothing is pushed, nothing can be sent
}

func defaultBehaviour() Behaviour {
	return Behaviour{
		Poll: "new", SSO: "bounce", Wrap: true, LagMS: 1000, EditorMS: 1000, PollMS: 10_000, ConvIDs: "peer", Posted: "v2", Swallow: 1, TokenNeeded: true,
		TimeUnit: "ms", Available: 40, Noise: true,
	}
}

// valid says whether every word is one that the site knows.
func (b Behaviour) valid() bool {
	return slices.Contains([]string{"new", "old"}, b.Poll) && slices.Contains([]string{"bounce", "publish", "off"}, b.SSO) &&
		slices.Contains([]string{"peer", "opaque"}, b.ConvIDs) && slices.Contains([]string{"v2", "v5"}, b.Posted) &&
		slices.Contains([]string{"ms", "s"}, b.TimeUnit)
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
	defer s.mu.Unlock()
	next := s.manners
	change(&next)
	if !next.valid() {
		return fmt.Errorf("behaviour: %w", stage.ErrBadParameter)
	}
	s.manners = next
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

// Reorder turns the rows of all open lists of an owner around, at once.
func (s *Site) Reorder(ownerUID string) { s.act(ownerUID, fields{"act": "reorder"}) }

// Recycle has the lists of an owner show every row in another node than before, at once.
func (s *Site) Recycle(ownerUID string) { s.act(ownerUID, fields{"act": "recycle"}) }

// Retitle changes the name above an owner's open chat, at once, and nothing else.
func (s *Site) Retitle(ownerUID, name string) {
	s.act(ownerUID, fields{"act": "header", "name": name})
}

// risks are what may stand before an owner: a captcha over the open pages; answers of 461 or 471, upon which pages go to
// the captcha's address; codes in the answers, which pages show in words; answers of 406 to the main site's calls.
var risks = []string{"", "overlay", "461", "471", "300011", "300012", "300015", "406"}

// Captcha puts a challenge or a risk before an owner's pages, or clears it ("").
func (s *Site) Captcha(ownerUID, kind string) error {
	if !slices.Contains(risks, kind) {
		return fmt.Errorf("risk %q: %w", kind, stage.ErrBadParameter)
	}
	err := s.withOwner(ownerUID, func(o *owner) { o.risk = kind })
	if err == nil {
		s.act(ownerUID, fields{"act": "captcha", "kind": kind})
	}
	return err
}

// limits are what an owner can be kept from: writing comments (too fast, or at all), writing messages, reading lists.
var limits = []string{"comment", "forbidden", "message", "list"}

// Limit makes the site refuse what an owner does, in its own words, or lets him again.
func (s *Site) Limit(ownerUID, what string, on bool) error {
	if !slices.Contains(limits, what) {
		return fmt.Errorf("limit %q: %w", what, stage.ErrBadParameter)
	}
	return s.withOwner(ownerUID, func(o *owner) { o.limits[what] = on })
}

// Logout ends sessions of an owner. How: "" = all, pages are a guest's; "silently" = all, only JSON says so, pages look as
// ever; "creator" = the creator centre's alone.
func (s *Site) Logout(ownerUID, how string) error {
	if !slices.Contains([]string{"", "silently", "creator"}, how) {
		return fmt.Errorf("logout %q: %w", how, stage.ErrBadParameter)
	}
	err := s.withOwner(ownerUID, func(*owner) {
		for cookie := range s.creators {
			if one := s.SessionOf(cookie); how == "creator" && one.Owner == ownerUID {
				s.creators[cookie] = false
			}
		}
	})
	if err == nil && how != "creator" {
		s.EndSessions(ownerUID, how == "silently")
	}
	return err
}

// calm takes the site's own faults away.
func (s *Site) calm() {
	s.mu.Lock()
	s.manners = defaultBehaviour()
	for _, o := range s.world.owners {
		o.risk, o.limits = "", map[string]bool{}
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
