// Package persona says what an account's Chromium shows of itself: language, time zone, screen and user agent.
//
// A persona is the real machine without the word "Headless", in a chosen place, with a common screen. It claims
// no other system, processor or graphics than the ones that are there: each invented value is one more
// contradiction. What ages (the version in the user agent) is computed at each start from the Chromium that
// runs; all else is stored with the account and never changes by itself.
//
// The package is pure: values in, switches and overrides out. actors/account/browser applies them.
package persona

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// version is the present form of a Persona.
const version = 1

// Persona is one account's appearance. It is made once, by Make, and stored with the account.
type Persona struct {
	Version   int      // form of this value
	Locale    string   // of the browser's own words and of Intl: zh-CN
	TimeZone  string   // IANA name: Asia/Shanghai
	Languages []string // navigator.languages, most wanted first
	Width     int      // of the screen, CSS pixels
	Height    int
	Seed      uint64 // what the choices were drawn from
}

// screens are common desktop sizes.
var screens = [...][2]int{{1920, 1080}, {1536, 864}, {1440, 900}, {1366, 768}, {1600, 900}}

// Make draws a persona: the same arguments always give the same one. An empty locale is zh-CN, an empty
// time zone Asia/Shanghai.
func Make(seed uint64, locale, timeZone string) Persona {
	if locale == "" {
		locale = "zh-CN"
	}
	if timeZone == "" {
		timeZone = "Asia/Shanghai"
	}
	screen := screens[rand.New(rand.NewPCG(seed, version)).IntN(len(screens))]
	return Persona{
		Version: version, Locale: locale, TimeZone: timeZone, Languages: languages(locale),
		Width: screen[0], Height: screen[1], Seed: seed,
	}
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
