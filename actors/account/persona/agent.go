package persona

import (
	"strconv"
	"strings"
)

// UserAgent is the user agent of a Chromium of that version with a window: only its major number shows.
func UserAgent(chromiumVersion string) string {
	return "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" +
		strconv.Itoa(Major(chromiumVersion)) + ".0.0.0 Safari/537.36"
}

// Major is the first number of a version, 0 if there is none.
func Major(chromiumVersion string) int {
	first, _, _ := strings.Cut(chromiumVersion, ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

// Override is the parameter of Emulation.setUserAgentOverride: the user agent with all of its client hints,
// which the switch alone would empty.
type Override struct {
	UserAgent      string   `json:"userAgent"`
	AcceptLanguage string   `json:"acceptLanguage"`
	Platform       string   `json:"platform"`
	Metadata       Metadata `json:"userAgentMetadata"`
}

// Metadata are the client hints of a user agent, as the DevTools protocol names them.
type Metadata struct {
	Brands          []Brand  `json:"brands"`
	FullVersionList []Brand  `json:"fullVersionList"`
	FullVersion     string   `json:"fullVersion"`
	Platform        string   `json:"platform"`
	PlatformVersion string   `json:"platformVersion"`
	Architecture    string   `json:"architecture"`
	Bitness         string   `json:"bitness"`
	Model           string   `json:"model"`
	Mobile          bool     `json:"mobile"`
	FormFactors     []string `json:"formFactors"`
}

// Brand is one entry of a brand list.
type Brand struct {
	Brand   string `json:"brand"`
	Version string `json:"version"`
}

// Overrides are the hints of p in a Chromium of that version. They are what this Chromium says of itself with a
// window; a test holds them against the installed one.
func Overrides(p Persona, chromiumVersion string) Override {
	major := Major(chromiumVersion)
	short := strconv.Itoa(major)
	return Override{
		UserAgent:      UserAgent(chromiumVersion),
		AcceptLanguage: strings.Join(p.Languages, ","),
		Platform:       "Linux x86_64",
		Metadata: Metadata{
			Brands:          brands(major, short, ""),
			FullVersionList: brands(major, chromiumVersion, ".0.0.0"),
			FullVersion:     chromiumVersion,
			Platform:        "Linux",
			Architecture:    "x86",
			Bitness:         "64",
			FormFactors:     []string{"Desktop"},
		},
	}
}

// brands is Chromium's own list: its name, and a made-up one whose spelling and place follow from the
// major version (GetGreasedUserAgentBrandVersion, seen in Chromium 156).
func brands(major int, version, greaseTail string) []Brand {
	const marks = " (:-./);=?_"
	greaseVersions := [...]string{"8", "99", "24"}
	mark := func(n int) string { return string(marks[n%len(marks)]) }
	grease := Brand{
		Brand:   "Not" + mark(major) + "A" + mark(major+1) + "Brand",
		Version: greaseVersions[major%len(greaseVersions)] + greaseTail,
	}
	own := Brand{Brand: "Chromium", Version: version}
	if major%2 == 0 {
		return []Brand{grease, own}
	}
	return []Brand{own, grease}
}
