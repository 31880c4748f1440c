package persona

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// allAlike are answers in which every context shows what p says.
func allAlike(p Persona, own Identity) map[string]Answer {
	answers := map[string]Answer{}
	for _, context := range Contexts {
		answers[context] = maps.Clone(expected(p, own))
		answers[context]["canvas"] = "c0ffee"
		answers[context]["graphics"] = "SwiftShader"
	}
	delete(answers[Worker], "screen") // workers have none
	return answers
}

func TestEveryContextMustShowThePersona(t *testing.T) {
	own := Identity{Version: full, Brands: []Brand{{"Chromium", "156"}}, Platform: "Linux x86_64"}
	p := Make(1, "", "", "", desk)
	if wrong := Compare(p, own, allAlike(p, own)); len(wrong) != 0 {
		t.Fatalf("nothing is wrong, but: %v", wrong)
	}
	for _, c := range []struct {
		name, context, item, got string
		want                     string
	}{
		{"no language pack", ServiceWorker, "locale", "en-US", `locale is "en-US", not "zh-CN" (service worker)`},
		{"automation shows", ForeignFrame, "webdriver", "true", `webdriver is "true", not "false" (frame of another site)`},
		{"an item that only must agree", BlobWorker, "canvas", "bad", `canvas is "bad", not "c0ffee" (blob worker)`},
		{"a probe that failed", Popup, "answer", "TypeError", `answer is "TypeError", not "" (popup)`},
	} {
		answers := allAlike(p, own)
		answers[c.context][c.item] = c.got
		if wrong := Words(Compare(p, own, answers)); wrong != c.want {
			t.Errorf("%s: %s, want %s", c.name, wrong, c.want)
		}
	}
	answers := allAlike(p, own)
	for _, context := range Contexts {
		answers[context]["cores"] = "64"
	}
	if wrong := Compare(p, own, answers); len(wrong) != 1 || len(wrong[0].Contexts) != len(Contexts) {
		t.Errorf("one item wrong everywhere is %v", wrong)
	}
}

func TestReportSaysWhatAccountsShare(t *testing.T) {
	own := Identity{Version: full, Platform: "Linux x86_64"}
	for noise, shared := range map[string]bool{NoiseOff: true, NoiseSeed: false} {
		p := Make(1, "", "", noise, desk)
		r := NewReport(p, own, allAlike(p, own))
		if got := slices.Contains(r.Shared, "canvas: c0ffee"); got != shared {
			t.Errorf("noise %s: canvas shared is %t in %v", noise, got, r.Shared)
		}
		if !slices.Contains(r.Shared, "graphics: SwiftShader") || r.Verdict() != "ok" || !strings.Contains(r.UserAgent, "Chrome/156") {
			t.Errorf("noise %s: %+v", noise, r)
		}
	}
}

func TestReportIsCompletedByWhatTheMachineShows(t *testing.T) {
	own := Identity{Version: full, Platform: "Linux x86_64"}
	p := Make(1, "", "", NoiseOff, desk)
	r := NewReport(p, own, map[string]Answer{Page: expected(p, own)})
	whole := r.With(p, Answer{"canvas": "c0ffee", "cores": "64"})
	if !slices.Contains(whole.Shared, "canvas: c0ffee") || whole.Items["cores"] != "8" || r.Items["canvas"] != "" {
		t.Errorf("%+v came of %+v", whole, r)
	}
}

func TestOnlyAPersonaWithNoiseHasAScript(t *testing.T) {
	if Script(Make(1, "", "", NoiseOff, desk)) != "" {
		t.Error("a script without noise")
	}
	one, other := Script(Make(1, "", "", NoiseSeed, desk)), Script(Make(2, "", "", NoiseSeed, desk))
	if one == other || one != Script(Make(1, "", "", NoiseSeed, Machine{Cores: 4})) {
		t.Error("noise does not follow the seed")
	}
	if strings.Contains(one, `"KEY"`) || strings.Contains(one, `"SEED"`) {
		t.Error("a script with empty places")
	}
}
