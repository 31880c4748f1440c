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

// Identity is what a running Chromium says of itself before anything is overridden. It is read anew in each run of
// a node and never stored: it ages with the binary.
type Identity struct {
	Version  string  // in full: 156.0.8078.79
	Brands   []Brand // navigator.userAgentData.brands; their order and the made-up one belong to the version
	Platform string  // navigator.platform: Linux x86_64
}

// Brand is one entry of a brand list.
type Brand struct {
	Brand   string `json:"brand"`
	Version string `json:"version"`
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
	PlatformVersion string   `json:"platformVersion"` // empty on Linux
	Architecture    string   `json:"architecture"`
	Bitness         string   `json:"bitness"`
	Model           string   `json:"model"`
	Mobile          bool     `json:"mobile"`
	FormFactors     []string `json:"formFactors"`
}

// Overrides are the hints of p in the Chromium that says own of itself. A test holds them against what the installed
// Chromium shows when nothing is overridden.
func Overrides(p Persona, own Identity) Override {
	short, full := brands(own)
	return Override{
		UserAgent:      UserAgent(own.Version),
		AcceptLanguage: strings.Join(p.Languages, ","),
		Platform:       own.Platform,
		Metadata: Metadata{
			Brands: short, FullVersionList: full, FullVersion: own.Version,
			Platform: "Linux", Architecture: architecture(own.Platform), Bitness: "64",
			FormFactors: []string{"Desktop"},
		},
	}
}

// brands are Chromium's own lists with its short and its full versions, under the name that it has with a window. The
// made-up brand has a version of its own.
func brands(own Identity) (short, full []Brand) {
	major := strconv.Itoa(Major(own.Version))
	for _, b := range own.Brands {
		if b.Brand == "HeadlessChrome" {
			b.Brand = "Chromium"
		}
		short = append(short, b)
		if b.Version == major {
			b.Version = own.Version
		} else {
			b.Version += ".0.0.0"
		}
		full = append(full, b)
	}
	return short, full
}

// architecture is the family of processors in the words of the client hints.
func architecture(platform string) string {
	if strings.Contains(platform, "aarch64") || strings.Contains(platform, "arm") {
		return "arm"
	}
	return "x86"
}
