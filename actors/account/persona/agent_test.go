package persona

import (
	"slices"
	"strings"
	"testing"
)

const full = "156.0.8078.79"

func TestUserAgentFollowsTheRunningChromium(t *testing.T) {
	for _, arg := range Args(Make(1, "", "", "", desk), full) {
		if strings.Contains(arg, "Headless") {
			t.Errorf("headless in %s", arg)
		}
	}
	for _, c := range []struct {
		name        string
		own         []Brand
		short, long []Brand
	}{
		{
			"Chromium",
			[]Brand{{"Not:A-Brand", "8"}, {"Chromium", "156"}},
			[]Brand{{"Not:A-Brand", "8"}, {"Chromium", "156"}},
			[]Brand{{"Not:A-Brand", "8.0.0.0"}, {"Chromium", full}},
		},
		{
			"headless shell",
			[]Brand{{"HeadlessChrome", "156"}, {"Not:A-Brand", "8"}},
			[]Brand{{"Chromium", "156"}, {"Not:A-Brand", "8"}},
			[]Brand{{"Chromium", full}, {"Not:A-Brand", "8.0.0.0"}},
		},
		{
			"another maker's",
			[]Brand{{"Chromium", "156"}, {"Google Chrome", "156"}, {"Not_A Brand", "99"}},
			[]Brand{{"Chromium", "156"}, {"Google Chrome", "156"}, {"Not_A Brand", "99"}},
			[]Brand{{"Chromium", full}, {"Google Chrome", full}, {"Not_A Brand", "99.0.0.0"}},
		},
	} {
		o := Overrides(Make(1, "", "", "", desk), Identity{Version: full, Brands: c.own, Platform: "Linux x86_64"})
		if !strings.Contains(o.UserAgent, "Chrome/156.0.0.0 ") {
			t.Errorf("%s: user agent %q", c.name, o.UserAgent)
		}
		if !slices.Equal(o.Metadata.Brands, c.short) {
			t.Errorf("%s: brands %v, want %v", c.name, o.Metadata.Brands, c.short)
		}
		if !slices.Equal(o.Metadata.FullVersionList, c.long) {
			t.Errorf("%s: full versions %v, want %v", c.name, o.Metadata.FullVersionList, c.long)
		}
	}
}

func TestArchitectureIsThePlatforms(t *testing.T) {
	for platform, want := range map[string]string{"Linux x86_64": "x86", "Linux aarch64": "arm", "Linux armv8l": "arm"} {
		o := Overrides(Make(1, "", "", "", desk), Identity{Version: full, Platform: platform})
		if o.Platform != platform || o.Metadata.Architecture != want {
			t.Errorf("%s: %s on %s", platform, o.Metadata.Architecture, o.Platform)
		}
	}
}
