// Package persona says what an account's Chromium shows of itself: language, time zone, screen, processors and
// user agent.
//
// A persona is the real machine without the word "Headless", in a chosen place, with a common screen. It claims
// no other system, processor or graphics than the ones that are there: each invented value is one more
// contradiction. It is made once (Make), kept in the account's sealed state as JSON, checked when it is read back
// (Decode), and never changes by itself. What ages (the version and the brands in the user agent) is not part of
// it: that is copied at each start from the Chromium that runs (Identity).
//
//	Args, Env    what Chromium is told at its start; these reach every context by themselves
//	Overrides    the client hints that such a start would leave empty
//	Script       noise in what canvas, WebGL and audio give back; empty unless the account asked for it
//	Probe, Compare   what a context answers about itself, held against the persona
//
// The package is pure: values in, switches, overrides, scripts and judgements out. actors/account/browser applies them.
// docs/persona.md says to people what is claimed and why.
package persona

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// version is the present form of a Persona.
const version = 2

// What Persona.Noise may be.
const (
	NoiseOff  = "off"  // canvas, WebGL and audio are this machine's own
	NoiseSeed = "seed" // they differ a little from account to account
)

// Persona is one account's appearance. It is made once, by Make, and stored with the account.
type Persona struct {
	Version   int      `json:"version"`     // form of this value
	Locale    string   `json:"locale"`      // of the browser's own words and of Intl: zh-CN
	TimeZone  string   `json:"timeZone"`    // IANA name: Asia/Shanghai
	Languages []string `json:"languages"`   // navigator.languages, most wanted first
	Width     int      `json:"width"`       // of the screen, CSS pixels
	Height    int      `json:"height"`      // of the screen, CSS pixels
	Cores     int      `json:"cores"`       // navigator.hardwareConcurrency, on every node the account moves to
	Noise     string   `json:"noise"`       // NoiseOff or NoiseSeed
	Seed      uint64   `json:"seed,string"` // what the choices were drawn from
}

// Machine is what a persona has to be plausible on.
type Machine struct {
	Cores int // processors that Chromium would see
}

// screens are common desktop sizes.
var screens = [...][2]int{{1920, 1080}, {1536, 864}, {1440, 900}, {1366, 768}, {1600, 900}}

// Numbers of processors: those that desktops are sold with, and what is claimed instead on a machine with another.
var (
	soldCores    = []int{2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 32}
	claimedCores = [...]int{4, 8}
)

// drawing is the stream of the generator that choices are drawn from. Another number would be another persona.
const drawing = 1

// Make draws a persona: the same arguments always give the same one. An empty locale is zh-CN, an empty
// time zone Asia/Shanghai, an empty noise NoiseOff.
func Make(seed uint64, locale, timeZone, noise string, machine Machine) Persona {
	p := Persona{
		Version: version, Locale: locale, TimeZone: timeZone, Cores: machine.Cores, Noise: noise, Seed: seed,
	}
	if p.Locale == "" {
		p.Locale = "zh-CN"
	}
	if p.TimeZone == "" {
		p.TimeZone = "Asia/Shanghai"
	}
	if p.Noise == "" {
		p.Noise = NoiseOff
	}
	p.Languages = languages(p.Locale)
	draw := rand.New(rand.NewPCG(seed, drawing))
	screen := screens[draw.IntN(len(screens))]
	p.Width, p.Height = screen[0], screen[1]
	if other := claimedCores[draw.IntN(len(claimedCores))]; !slices.Contains(soldCores, p.Cores) {
		p.Cores = other
	}
	return p
}

// languages is what a browser in that locale asks for by default.
func languages(locale string) []string {
	list := []string{locale}
	if base, _, found := strings.Cut(locale, "-"); found {
		list = append(list, base)
	}
	if !strings.HasPrefix(locale, "en") {
		list = append(list, "en")
	}
	return list
}

// Bounds of what a stored persona may hold.
const (
	minWidth, maxWidth   = 800, 7680
	minHeight, maxHeight = 600, 4320
	maxCores             = 128
)

var (
	languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	zoneForm     = regexp.MustCompile(`^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$`)
)

// Check reports everything that is wrong with a persona at once. One that does not pass is never repaired: another
// persona would be another device in the eyes of the platform.
func (p Persona) Check() error {
	if p.Version != version {
		return fmt.Errorf("persona of form %d: this program knows form %d", p.Version, version)
	}
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("persona: "+format, args...)) }
	if !languageForm.MatchString(p.Locale) {
		wrong("%q is not a locale", p.Locale)
	}
	if !zoneForm.MatchString(p.TimeZone) {
		wrong("%q is not a time zone", p.TimeZone)
	}
	if len(p.Languages) == 0 {
		wrong("no languages")
	}
	for _, l := range p.Languages {
		if !languageForm.MatchString(l) {
			wrong("%q is not a language", l)
		}
	}
	if p.Width < minWidth || p.Width > maxWidth || p.Height < minHeight || p.Height > maxHeight {
		wrong("no screen has %dx%d", p.Width, p.Height)
	}
	if p.Cores < 1 || p.Cores > maxCores {
		wrong("no machine has %d processors", p.Cores)
	}
	if p.Noise != NoiseOff && p.Noise != NoiseSeed {
		wrong("noise is %q, not %s or %s", p.Noise, NoiseOff, NoiseSeed)
	}
	return errors.Join(errs...)
}

// Decode reads a stored persona and checks it.
func Decode(stored []byte) (Persona, error) {
	var p Persona
	if err := json.Unmarshal(stored, &p); err != nil {
		return Persona{}, fmt.Errorf("read persona: %w", err)
	}
	if err := p.Check(); err != nil {
		return Persona{}, err
	}
	return p, nil
}

// Fingerprint tells personas apart; equal personas have the same.
func (p Persona) Fingerprint() string {
	sum := sha256.Sum256(fmt.Append(nil, p))
	return hex.EncodeToString(sum[:16])
}

// Args are Chromium's switches for p. chromiumVersion is the full version of the binary that is started.
func Args(p Persona, chromiumVersion string) []string {
	return []string{
		"--user-agent=" + UserAgent(chromiumVersion),
		"--lang=" + p.Locale,
		"--accept-lang=" + strings.Join(p.Languages, ","),
		fmt.Sprintf("--screen-info={%dx%d}", p.Width, p.Height),
		fmt.Sprintf("--window-size=%d,%d", p.Width, p.Height),
	}
}

// Env is what p adds to Chromium's environment. On Linux the locale of Intl follows LANGUAGE, whatever --lang says.
func Env(p Persona) []string {
	return []string{"TZ=" + p.TimeZone, "LANGUAGE=" + strings.ReplaceAll(p.Locale, "-", "_")}
}
