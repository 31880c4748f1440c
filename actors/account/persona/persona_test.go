package persona

import (
	"slices"
	"strings"
	"testing"
)

func TestSameSeedGivesSamePersona(t *testing.T) {
	a, b := Make(7, "", ""), Make(7, "zh-CN", "Asia/Shanghai")
	if a.Width != b.Width || a.Height != b.Height || a.Locale != b.Locale || !slices.Equal(a.Languages, b.Languages) {
		t.Fatalf("two personas from one seed: %+v, %+v", a, b)
	}
	seen := map[int]bool{}
	for seed := range uint64(50) {
		seen[Make(seed, "", "").Width] = true
	}
	if len(seen) < 3 {
		t.Fatalf("50 seeds gave %d screens", len(seen))
	}
}

func TestUserAgentFollowsTheRunningChromium(t *testing.T) {
	const full = "156.0.8078.79"
	for _, arg := range Args(Make(1, "", ""), full) {
		if strings.Contains(arg, "Headless") {
			t.Errorf("headless in %s", arg)
		}
	}
	o := Overrides(Make(1, "", ""), full)
	if !strings.Contains(o.UserAgent, "Chrome/156.0.0.0 ") {
		t.Errorf("user agent %q", o.UserAgent)
	}
	if want := []Brand{{"Not:A-Brand", "8"}, {"Chromium", "156"}}; !slices.Equal(o.Metadata.Brands, want) {
		t.Errorf("brands %v, want %v", o.Metadata.Brands, want)
	}
	if want := []Brand{{"Not:A-Brand", "8.0.0.0"}, {"Chromium", full}}; !slices.Equal(o.Metadata.FullVersionList, want) {
		t.Errorf("full versions %v, want %v", o.Metadata.FullVersionList, want)
	}
}

func TestLanguagesOfALocale(t *testing.T) {
	for locale, want := range map[string]string{"zh-CN": "zh-CN,zh,en", "en-US": "en-US,en", "de": "de,en"} {
		if got := strings.Join(languages(locale), ","); got != want {
			t.Errorf("%s: %s, want %s", locale, got, want)
		}
	}
}
