package persona

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var desk = Machine{Cores: 8}

func TestSameSeedGivesSamePersona(t *testing.T) {
	a, b := Make(7, "", "", "", desk), Make(7, "zh-CN", "Asia/Shanghai", NoiseOff, desk)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Fatalf("two personas from one seed: %s", diff)
	}
	seen := map[int]bool{}
	for seed := range uint64(50) {
		seen[Make(seed, "", "", "", desk).Width] = true
	}
	if len(seen) < 3 {
		t.Fatalf("50 seeds gave %d screens", len(seen))
	}
}

func TestProcessorsAreTheMachinesUnlessNoDesktopHasSoMany(t *testing.T) {
	for real, want := range map[int][]int{2: {2}, 8: {8}, 16: {16}, 1: {4, 8}, 3: {4, 8}, 96: {4, 8}} {
		for seed := range uint64(20) {
			if got := Make(seed, "", "", "", Machine{Cores: real}).Cores; !slices.Contains(want, got) {
				t.Errorf("%d processors on a machine with %d", got, real)
			}
		}
	}
	one, other := Make(3, "", "", "", desk), Make(3, "", "", "", Machine{Cores: 96})
	if other.Cores = one.Cores; cmp.Diff(one, other) != "" {
		t.Errorf("the machine changed more than the processors: %s", cmp.Diff(one, other))
	}
}

func TestStoredPersonaComesBackAsItWas(t *testing.T) {
	for _, seed := range []uint64{0, 1, 1<<64 - 1} {
		p := Make(seed, "en-US", "America/Argentina/Buenos_Aires", NoiseSeed, desk)
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got); diff != "" || p.Fingerprint() != got.Fingerprint() {
			t.Errorf("came back otherwise: %s", diff)
		}
	}
}

func TestWrongStoredPersonaIsAnErrorAndNeverReplaced(t *testing.T) {
	good := Make(1, "", "", "", desk)
	for name, spoil := range map[string]func(*Persona){
		"persona of form 1":       func(p *Persona) { p.Version = 1 },
		"persona of form 99":      func(p *Persona) { p.Version = 99 },
		"is not a locale":         func(p *Persona) { p.Locale = "--proxy-server=evil" },
		"is not a time zone":      func(p *Persona) { p.TimeZone = "../../etc/passwd" },
		"no languages":            func(p *Persona) { p.Languages = nil },
		"is not a language":       func(p *Persona) { p.Languages = []string{"zh CN"} },
		"no screen has 0x900":     func(p *Persona) { p.Width, p.Height = 0, 900 },
		"no machine has 0 proc":   func(p *Persona) { p.Cores = 0 },
		`noise is "", not off or`: func(p *Persona) { p.Noise = "" },
	} {
		p := good
		spoil(&p)
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(b); err == nil || !strings.Contains(err.Error(), name) || got.Version != 0 {
			t.Errorf("want an error with %q, got %v and %+v", name, err, got)
		}
	}
	for _, text := range []string{"", "{", "null", "[]", `{"version":2}`} {
		if _, err := Decode([]byte(text)); err == nil {
			t.Errorf("%q passes for a persona", text)
		}
	}
}

func TestLanguagesOfALocale(t *testing.T) {
	for locale, want := range map[string]string{"zh-CN": "zh-CN,zh,en", "en-US": "en-US,en", "de": "de,en"} {
		if got := strings.Join(languages(locale), ","); got != want {
			t.Errorf("%s: %s, want %s", locale, got, want)
		}
	}
}
