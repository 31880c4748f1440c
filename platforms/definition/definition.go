// Package definition reads a platform's definition: platform.yaml and the page functions (*.js) beside it. It
// owns the schema, the words of its flows, and the proof that a definition can do no harm: a reply has one
// irreversible step, behind an assertion of who is answered and a confirmation; looking and logging in have none.
//
// A Definition is immutable once loaded and safe for any goroutine. This package runs nothing but jq; the flows are
// run by platforms/engine. Problems are reported all at once, each with its line.
//
// Flows are straight lines: no condition, no variable, no function. Loops live inside paginate and locate and
// have bounds; the only branch is the named outcome of await and confirm.
package definition

import (
	"time"

	"troupe/messages"
)

// Definition is everything that is known about a platform. What perishes on a site (addresses, selectors,
// texts, codes) stands here and nowhere else.
type Definition struct {
	Platform messages.PlatformName `yaml:"platform"`
	// Prefix begins the ids of this platform's accounts: dy in dy_1.
	Prefix   string `yaml:"prefix"`
	Version  int    `yaml:"version"` // raised with each change that was rolled out
	Title    Title  `yaml:"title"`
	TimeZone string `yaml:"time_zone"` // IANA name; the persona's default
	Locale   string `yaml:"locale"`    // BCP 47; the persona's default
	Hosts    Hosts  `yaml:"hosts"`
	// Origins are those whose localStorage belongs to a login, and is kept with the cookies.
	Origins []string `yaml:"origins"`
	// Pages are addresses by name.
	Pages map[string]string `yaml:"pages"`
	// Find are elements by name: ordered alternatives, each a CSS selector or "text=...".
	Find map[string][]string `yaml:"find"`
	// JQ holds definitions ("def name: ...;") that every jq expression of this file may use.
	JQ string `yaml:"jq"`
	// Listen are answers and frames that the pages receive by themselves, by name.
	Listen map[string]*Listen `yaml:"listen"`
	Probe  Flow               `yaml:"probe"`
	Login  Login              `yaml:"login"`
	// Collect is how the account is watched.
	Collect Collect `yaml:"collect"`
	// Reply holds a flow per kind of target: comment, discussion, message, work.
	Reply map[string]Flow `yaml:"reply"`
	// Thread holds, per kind, how to read again what stands around a target, to settle an unknown reply.
	Thread map[string]Flow `yaml:"thread"`
	Risk   Risk            `yaml:"risk"`

	// Digest is the SHA-256 of platform.yaml and all page functions, in hex.
	Digest string `yaml:"-"`
	// Functions are the page functions by name: find_row for find_row.js.
	Functions map[string]string `yaml:"-"`
}

// Title is the platform's name for people.
type Title struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

// Hosts says what the account's gate lets through. A leading "*." stands for any subdomain.
type Hosts struct {
	Sites     []string `yaml:"sites"`     // may be navigated to; nothing else
	Resources []string `yaml:"resources"` // may be fetched from; empty: any public address
}

// Collect is the pace of looking and what is looked at.
type Collect struct {
	Round Span `yaml:"round"`
	// NavigateAtMost is the floor on page loads, over all tabs of the account.
	NavigateAtMost Rate   `yaml:"navigate_at_most"`
	Looks          []Look `yaml:"looks"`
}

// Look is one way of looking at the account's items.
type Look struct {
	Name string `yaml:"name"`
	// Tab is the kept tab that it happens in, "watch" if empty. Any other tab is closed afterwards.
	Tab string `yaml:"tab"`
	// Whole names the collections that this look reads to their end. A look without is made in every
	// round; one with is made first of all, after a gap was seen, and at the pace of Every.
	Whole []string      `yaml:"whole"`
	Every time.Duration `yaml:"every"`
	Steps Flow          `yaml:"steps"`
}

// Risk are the signs that a platform is not at ease with the account.
type Risk struct {
	Challenge   []Sign `yaml:"challenge"`    // a captcha or risk page: a person is asked
	RateLimited []Sign `yaml:"rate_limited"` // slow down
}

// Round draws how long to wait until the next round.
func (d *Definition) Round() time.Duration { return d.Collect.Round.Draw(nil) }

// WatchTab is the kept tab that pushes arrive in.
const WatchTab = "watch"

// ReplyKinds are the keys of Reply and Thread.
var ReplyKinds = map[string]messages.ReplyKind{
	"comment":    messages.ReplyKind_REPLY_COMMENT,
	"discussion": messages.ReplyKind_REPLY_DISCUSSION,
	"message":    messages.ReplyKind_REPLY_MESSAGE,
	"work":       messages.ReplyKind_REPLY_WORK,
}

// ReplyFlow returns the flow that answers that kind of target, or nil.
func (d *Definition) ReplyFlow(k messages.ReplyKind) Flow { return flowOf(d.Reply, k) }

// ThreadFlow returns the flow that reads around that kind of target, or nil.
func (d *Definition) ThreadFlow(k messages.ReplyKind) Flow { return flowOf(d.Thread, k) }

func flowOf(flows map[string]Flow, k messages.ReplyKind) Flow {
	for name, kind := range ReplyKinds {
		if kind == k {
			return flows[name]
		}
	}
	return nil
}
