package foreign

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// record is one JSON object of a worker. Workers differ in how they name fields (camelCase, snake_case) and in how they write
// numbers and times: each method takes the names in the order of preference and reads every form that is known.
type record map[string]json.RawMessage

var errNoObject = errors.New("the payload must be a JSON object")

// recordOf reads an object.
func recordOf(payload json.RawMessage) (record, error) {
	var r record
	if err := json.Unmarshal(payload, &r); err != nil || r == nil {
		return nil, errNoObject
	}
	return r, nil
}

var null = []byte("null")

// raw is the first of the fields that is there and not null.
func (r record) raw(names ...string) json.RawMessage {
	for _, name := range names {
		if v := r[name]; len(v) > 0 && !bytes.Equal(v, null) {
			return v
		}
	}
	return nil
}

// text is the first of the fields that says something: a string, or a number digit by digit.
func (r record) text(names ...string) string {
	for _, name := range names {
		v := r.raw(name)
		var s string
		switch {
		case len(v) == 0:
		case v[0] == '"':
			if json.Unmarshal(v, &s) == nil && s != "" {
				return s
			}
		case v[0] == '-' || v[0] >= '0' && v[0] <= '9':
			return string(v)
		}
	}
	return ""
}

// brief is text, cut to what people read of a reason.
func (r record) brief(names ...string) string {
	const most = 200
	text := []rune(r.text(names...))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// number is nil when none of the fields is a number. Fractions are cut off.
func (r record) number(names ...string) *int64 {
	f := r.fraction(names...)
	if f == nil || *f > 1<<62 || *f < -(1<<62) {
		return nil
	}
	return new(int64(*f))
}

// fraction is nil when none of the fields is a number.
func (r record) fraction(names ...string) *float64 {
	for _, name := range names {
		if f, err := strconv.ParseFloat(r.text(name), 64); err == nil && f == f {
			return &f
		}
	}
	return nil
}

// count is number, or 0.
func (r record) count(names ...string) int64 {
	if n := r.number(names...); n != nil {
		return *n
	}
	return 0
}

// flag reads true, 1 and "true".
func (r record) flag(names ...string) bool {
	switch string(r.raw(names...)) {
	case "true", "1", `"true"`, `"1"`:
		return true
	}
	return false
}

// object is an object, or one inside a string; nil when there is none.
func (r record) object(names ...string) record {
	for _, name := range names {
		v := r.raw(name)
		if len(v) > 0 && v[0] == '"' {
			v = json.RawMessage(r.text(name))
		}
		if o, err := recordOf(v); err == nil {
			return o
		}
	}
	return nil
}

// list is the objects of an array, or the values of an object of objects; what is no object is left out. ok is false for
// anything else.
func (r record) list(name string) (list []record, ok bool) {
	v := r.raw(name)
	if len(v) == 0 {
		return nil, true
	}
	var entries []json.RawMessage
	if json.Unmarshal(v, &entries) != nil {
		o, err := recordOf(v)
		if err != nil {
			return nil, false
		}
		for _, e := range o {
			entries = append(entries, e)
		}
	}
	for _, e := range entries {
		if one, err := recordOf(e); err == nil {
			list = append(list, one)
		}
	}
	return list, true
}

// texts is an array of strings.
func (r record) texts(name string) []string {
	var list []string
	_ = json.Unmarshal(r.raw(name), &list) // anything else is as good as none
	return list
}

// secondsUntil is the year 2286 in seconds, and the spring of 1970 in milliseconds: a smaller number means seconds.
const secondsUntil = 10_000_000_000

var (
	china     = time.FixedZone("CST", 8*60*60)
	chineseAt = regexp.MustCompile(`(\d{4})年(\d{1,2})月(\d{1,2})日\s*(?:(\d{1,2}):(\d{2}))?`)
	layouts   = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04"}
)

// at is a time in ms, 0 when none of the fields holds one: seconds or milliseconds, ISO 8601, or the Chinese date of a page.
func (r record) at(names ...string) int64 {
	for _, name := range names {
		text := strings.TrimSpace(r.text(name))
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			if !(n > 0 && n < 1e14) { // nor is NaN a time
				continue
			}
			if n < secondsUntil {
				n *= 1000
			}
			return int64(n)
		}
		if ms := dateOf(text); ms > 0 {
			return ms
		}
	}
	return 0
}

func dateOf(text string) int64 {
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, china); err == nil {
			return t.UnixMilli()
		}
	}
	m := chineseAt.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	var n [5]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // digits, or nothing
	}
	return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], 0, 0, china).UnixMilli()
}
