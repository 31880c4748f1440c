package wellformed_test

import (
	"encoding/json"
	"strings"
	"testing"

	"troupe/actors/gateway/wellformed"
)

func TestWhatIsRefusedSaysWhatToDo(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":[`, n) + "1" + strings.Repeat("]}", n) }
	for text, want := range map[string]string{
		`{"a": {"b": [1, "}]", "\"[["]}, "c": {"b": null}}`: "",
		`7`:                               "",
		deep(wellformed.Deepest / 2):      "",
		deep(wellformed.Deepest/2 + 1):    "nested deeper than 64 levels: send it flatter",
		deep(10_000):                      "nested deeper than 64 levels: send it flatter",
		strings.Repeat("[", 10<<20):       "nested deeper than 64 levels: send it flatter",
		`{"a": 1, "b": {"a": 2, "a": 3}}`: `names the field "a" twice: send each field once`,
		`{"a": 1, "\u0061": 2}`:           `names the field "a" twice: send each field once`,
		`{"` + strings.Repeat("x", 1000) + `": 1, "` + strings.Repeat("x", 1000) + `": 2}`: `names the field "` + strings.Repeat("x", 60) + `" twice`,
		"{\"a\": \"\xff\xfe\"}": "is no UTF-8: encode its texts as UTF-8",
		`{"a": 1} {"b": 2}`:     "more than one JSON value",
		`{"a": `:                "is no JSON",
		``:                      "is no JSON",
	} {
		err := wellformed.Check([]byte(text))
		if got := ""; want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			if err != nil {
				got = err.Error()
			}
			t.Errorf("%.60s: %q, want %q", text, got, want)
		}
	}
}

// FuzzWhatPassesIsJSON also finds what makes it panic.
func FuzzWhatPassesIsJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"\"]"]}`, `[[[`, "\"\\", `{"a":1,"a":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if wellformed.Check(text) == nil && !json.Valid(text) {
			t.Errorf("passed %q", text)
		}
	})
}
