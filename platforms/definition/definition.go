// Package definition reads a platform's definition: platform.yaml, the page functions (*.js) and message schemas (*.proto)
// beside it. It
// owns the schema, the words of its flows, and the proof that a definition can do no harm: a reply has one
// irreversible step, behind an assertion of who is answered and a confirmation; looking and logging in have none.
//
// A Definition is immutable once loaded and safe for any goroutine. This package runs nothing but jq and the decoding of
// bytes; the flows are run by platforms/engine. Problems are reported all at once, each with its line. schema.json describes
// the same types to editors.
//
// Flows are straight lines: no condition, no variable, no function. Loops live inside paginate, locate, expand and each and
// have bounds; the only branch is the named outcome of await and confirm. A list of one may be written without its brackets.
package definition

import "troupe/messages"

// Definition is everything that is known about a platform. What perishes on a site (addresses, selectors,
// texts, codes) stands here and nowhere else.
type Definition struct {
	Platform messages.PlatformName `yaml:"platform"`
	// Prefix begins the ids of this platform's accounts: dy in dy_1.
	Prefix   string `yaml:"prefix"`
	Version  int    `yaml:"version"` // raised with each change that was rolled out
	Title    Title  `yaml:"title"`
	TimeZone string `yaml:"time_zone"` // IANA name; the persona's default, and that of quiet hours
	Locale   string `yaml:"locale"`    // BCP 47; the persona's default
	Hosts    Hosts  `yaml:"hosts"`
	// Origins are those whose localStorage belongs to a login, and is kept with the cookies.
	Origins []string `yaml:"origins"`
	// Pages are addresses by name.
	Pages map[string]string `yaml:"pages"`
	// Find are elements by name: ordered alternatives, each a CSS selector, "text=words", or a CSS selector whose elements show
	// words: "button >> text=words".
	Find map[string][]string `yaml:"find"`
	// JQ holds definitions ("def name: ...;") that every jq expression of this file may use.
	JQ string `yaml:"jq"`
	// Listen are answers and frames that the pages receive by themselves, and what page functions read, by name.
	Listen map[string]*Listen `yaml:"listen"`
	// Probe opens the account's home page and awaits or reads its profile.
	Probe Flow  `yaml:"probe"`
	Login Login `yaml:"login"`
	// Collect is how the account is watched.
	Collect Collect `yaml:"collect"`
	// Reply holds a flow per kind of target: comment, discussion, message, work.
	Reply map[string]Flow `yaml:"reply"`
	// Thread holds, per kind, how to read again what stands around a target, to settle an unknown reply.
	Thread map[string]Flow `yaml:"thread"`
	Risk   Risk            `yaml:"risk"`

	// Digest is the SHA-256 of all files, in hex.
	Digest string `yaml:"-"`
	// Functions are the page functions by name: find_row for find_row.js.
	Functions map[string]string `yaml:"-"`

	files map[string]string // as they were read, by name
	signs []*Sign           // those that look at answers
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

// WatchTab is the kept tab that pushes arrive in.
const WatchTab = "watch"
