package engine

import (
	"encoding/json"
	"testing"
)

func TestInstantsAreReadByTheirMagnitude(t *testing.T) {
	const want = 1790000000123
	for _, v := range []any{
		json.Number("1790000000123"), json.Number("1790000000123456"), "1790000000123", float64(1790000000123), 1790000000123,
		json.Number("1790000000.123"), "2026-09-21T14:13:20.123Z", "2026-09-21T22:13:20.123+08:00",
	} {
		if ms, ok, err := instant(v); err != nil || !ok || ms != want {
			t.Errorf("%v (%T): %d %v %v", v, v, ms, ok, err)
		}
	}
	if ms, _, err := instant(json.Number("1790000000")); err != nil || ms != 1790000000000 {
		t.Errorf("seconds: %d %v", ms, err)
	}
	for _, v := range []any{"", json.Number("0"), " "} {
		if _, ok, err := instant(v); ok || err != nil {
			t.Errorf("%q is nothing, not %v %v", v, ok, err)
		}
	}
	for _, v := range []any{"yesterday", json.Number("12"), json.Number("-1790000000"), true, json.Number("1e30"), []any{}} {
		if ms, ok, err := instant(v); err == nil || ok {
			t.Errorf("%v was read as %d", v, ms)
		}
	}
}

func TestCountersAreExactOrAbsent(t *testing.T) {
	for v, want := range map[any]int64{
		json.Number("9007199254740993"): 9007199254740993, "12": 12, "1.2万": 12000, "3亿": 300000000, "10+": 10, "1,234": 1234, "2.5k": 2500, "1.3w": 13000, 7: 7,
	} {
		if n, ok := count(v); !ok || n != want {
			t.Errorf("%v: %d %v, want %d", v, n, ok, want)
		}
	}
	for _, v := range []any{"", "many", "赞", true, nil, "1e300"} {
		if n, ok := count(v); ok {
			t.Errorf("%v was counted as %d", v, n)
		}
	}
}

func TestIdsKeepEveryDigit(t *testing.T) {
	if s, ok := text(json.Number("7300000000000000017")); !ok || s != "7300000000000000017" {
		t.Error(s)
	}
	if _, ok := text(7.5); ok {
		t.Error("a fraction became an id")
	}
}

func TestHasMoreIsReadAsPlatformsWriteIt(t *testing.T) {
	for _, v := range []any{true, json.Number("1"), "1", "true", 1} {
		if !truth(v) {
			t.Errorf("%v (%T) is false", v, v)
		}
	}
	for _, v := range []any{false, json.Number("0"), "0", "", nil, "false"} {
		if truth(v) {
			t.Errorf("%v (%T) is true", v, v)
		}
	}
}

func TestTextsMatchInOtherWhiteSpaceAndEmojiCodes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"谢谢 [微笑]\n 再来", "谢谢 再来", true},
		{"e\u0301tude", "étude", true},
		{" 好 ", "好", true},
		{"好", "好的", false},
		{"[微笑]", "", false},
		{"[微笑]", "[微笑]", true},
		{"[微笑]", "[大哭]", false},
	} {
		if (plain(c.a) == plain(c.b)) != c.same {
			t.Errorf("%q and %q: %q %q", c.a, c.b, plain(c.a), plain(c.b))
		}
	}
}
