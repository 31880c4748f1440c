package persona

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed probe.js
var probeJS string

// Probe is the script that defines probe(zone, deep), which every kind of context can run: it answers with an Answer.
// deep reads canvas, WebGL and audio too, which costs most of the time.
func Probe() string { return probeJS }

// Answer is what one context says of its browser, by item. Items that it does not have are missing.
type Answer map[string]string

// The contexts that a page can make. Page is the one that the others are held against.
const (
	Page          = "page"
	Frame         = "frame of the same site"
	ForeignFrame  = "frame of another site"
	EmptyFrame    = "empty frame"
	Popup         = "popup"
	Worker        = "worker"
	BlobWorker    = "blob worker"
	SharedWorker  = "shared worker"
	ServiceWorker = "service worker"
)

// Contexts are all of them.
var Contexts = [...]string{Page, Frame, ForeignFrame, EmptyFrame, Popup, Worker, BlobWorker, SharedWorker, ServiceWorker}

// Mismatch is one item that contexts show otherwise than they should.
type Mismatch struct {
	Item      string
	Want, Got string
	Contexts  []string // that show Got
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s is %q, not %q (%s)", m.Item, m.Got, m.Want, strings.Join(m.Contexts, ", "))
}

// Compare holds the answers of contexts, by name, against p in the Chromium that says own of itself. Items that p
// says nothing of must be the same as in the page. It returns what differs, in the order of the items.
func Compare(p Persona, own Identity, answers map[string]Answer) []Mismatch {
	want := expected(p, own)
	for item, got := range answers[Page] {
		if _, said := want[item]; !said {
			want[item] = got
		}
	}
	var list []Mismatch
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		for item, got := range answers[name] {
			if got == want[item] {
				continue
			}
			at := slices.IndexFunc(list, func(m Mismatch) bool { return m.Item == item && m.Got == got })
			if at < 0 {
				at = len(list)
				list = append(list, Mismatch{Item: item, Want: want[item], Got: got})
			}
			list[at].Contexts = append(list[at].Contexts, name)
		}
	}
	slices.SortStableFunc(list, func(a, b Mismatch) int { return strings.Compare(a.Item, b.Item) })
	return list
}

// expected is what every context must answer.
func expected(p Persona, own Identity) Answer {
	o := Overrides(p, own)
	hints := o.Metadata
	return Answer{
		"user_agent": o.UserAgent, "platform": o.Platform,
		"languages": strings.Join(p.Languages, ","), "language": p.Languages[0], "locale": p.Locale, "time_zone": p.TimeZone,
		"cores": strconv.Itoa(p.Cores), "webdriver": "false",
		"screen": fmt.Sprintf("%dx%d@1", p.Width, p.Height),
		"brands": brandList(hints.Brands), "full_versions": brandList(hints.FullVersionList), "full_version": hints.FullVersion,
		"hints": strings.Join([]string{
			hints.Platform, hints.PlatformVersion, hints.Architecture, hints.Bitness, hints.Model,
			strconv.FormatBool(hints.Mobile), strings.Join(hints.FormFactors, ","),
		}, "/"),
	}
}

func brandList(brands []Brand) string {
	list := make([]string, len(brands))
	for i, b := range brands {
		list[i] = b.Brand + ";" + b.Version
	}
	return strings.Join(list, ",")
}

// Report is what people are told about an account's appearance.
type Report struct {
	UserAgent string     // of the Chromium that runs
	Items     Answer     // what its pages show; hashes of canvas, webgl and audio among it
	Wrong     []Mismatch // where it is not what the persona says, or not the same everywhere; empty is good
	Shared    []string   // "item: value" that every account on this machine shows
}

// What accounts on one machine have in common whatever their personas are, and what noise makes their own.
var (
	sharedItems = []string{"user_agent", "platform", "memory", "fonts", "graphics"}
	noisyItems  = []string{"canvas", "webgl", "audio"}
)

// NewReport judges the answers of contexts, by name.
func NewReport(p Persona, own Identity, answers map[string]Answer) Report {
	r := Report{UserAgent: UserAgent(own.Version), Items: maps.Clone(answers[Page]), Wrong: Compare(p, own, answers)}
	r.Shared = r.shared(p)
	return r
}

// With completes a report by what every account without noise shows on this machine.
func (r Report) With(p Persona, machine Answer) Report {
	r.Items = maps.Clone(r.Items)
	for item, value := range machine {
		if _, seen := r.Items[item]; !seen {
			r.Items[item] = value
		}
	}
	r.Shared = r.shared(p)
	return r
}

func (r Report) shared(p Persona) (list []string) {
	items := sharedItems
	if p.Noise == NoiseOff {
		items = slices.Concat(sharedItems, noisyItems)
	}
	for _, item := range items {
		if value := r.Items[item]; value != "" {
			list = append(list, item+": "+value)
		}
	}
	return list
}

// Verdict is "ok", or what is wrong, for people.
func (r Report) Verdict() string {
	if len(r.Wrong) == 0 {
		return "ok"
	}
	return Words(r.Wrong)
}

// Words lists mismatches in one line.
func Words(list []Mismatch) string {
	words := make([]string, len(list))
	for i, m := range list {
		words[i] = m.String()
	}
	return strings.Join(words, "; ")
}

// Call is the expression that runs the probe in a context where its script stands.
func Call(p Persona, deep bool) string { return fmt.Sprintf("probe(%q, %t)", p.TimeZone, deep) }
