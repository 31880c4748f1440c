package engine

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// instant reads a moment in whatever unit a page gives it, as Unix milliseconds, by its magnitude: micro-, milli-
// or seconds, as a number or a string, or an ISO 8601 text. Hours are never added or taken away. ok is
// false for nothing (null, "", 0).
func instant(v any) (ms int64, ok bool, err error) {
	if s, isText := v.(string); isText {
		if s = strings.TrimSpace(s); s == "" {
			return 0, false, nil
		}
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t.UnixMilli(), true, nil
		}
	}
	f, isNumber := number(v)
	switch {
	case !isNumber:
		return 0, false, fmt.Errorf("%v is no time", v)
	case f == 0:
		return 0, false, nil
	case f >= 1e18 || f < 1e9:
		return 0, false, fmt.Errorf("%v is no time since 1970 in seconds, milli- or microseconds", v)
	case f >= 1e15:
		return int64(f / 1e3), true, nil
	case f >= 1e12:
		return int64(f), true, nil
	}
	return int64(f * 1e3), true, nil
}

// count reads a counter: a number, "12", "1.2万", "3亿", "10+". ok is false when the page does not say.
func count(v any) (n int64, ok bool) {
	if s, isText := v.(string); isText {
		s = strings.ReplaceAll(strings.TrimRight(strings.TrimSpace(s), "+"), ",", "")
		factor := 1.0
		for unit, f := range map[string]float64{"万": 1e4, "w": 1e4, "亿": 1e8, "k": 1e3} {
			if rest, cut := strings.CutSuffix(strings.ToLower(s), unit); cut {
				s, factor = rest, f
			}
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f*factor) > math.MaxInt64/2 {
			return 0, false
		}
		return int64(math.Round(f * factor)), true
	}
	f, isNumber := number(v)
	if !isNumber || math.Abs(f) > math.MaxInt64/2 {
		return 0, false
	}
	if exact, isExact := v.(json.Number); isExact {
		if n, err := exact.Int64(); err == nil {
			return n, true
		}
	}
	return int64(f), true
}

// number reads a number or a numeric string.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case int:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

// text reads a string; numbers keep every digit, because ids may be numbers.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case int:
		return strconv.Itoa(v), true
	case *big.Int:
		return v.String(), true
	}
	return "", false
}

// truth reads a boolean as platforms write it: true, 1, "1", "true". nothing is false.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "1" || strings.EqualFold(v, "true")
	}
	f, ok := number(v)
	return ok && f != 0
}

var emojiCode = regexp.MustCompile(`\[[^\[\]\s]{1,12}\]`)

// plain is a text as it is compared: composed, without emoji codes such as [微笑], white space collapsed.
// A text of nothing but codes stays as it is.
func plain(s string) string {
	s = norm.NFC.String(strings.Join(strings.Fields(s), " "))
	if bare := strings.Join(strings.Fields(emojiCode.ReplaceAllString(s, " ")), " "); bare != "" {
		return bare
	}
	return s
}
