package recording

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"troupe/platforms/redact"
)

// learnedLeast is how long a value is, in bytes, before it is a secret wherever it stands.
const learnedLeast = 8

// secrets are values that may stand nowhere. They are learned from names, and looked for everywhere.
type secrets struct {
	known    map[string]bool
	replacer *strings.Replacer // with the mark
	masked   *strings.Replacer // with as many bytes
}

// learn takes a value for a secret wherever it stands, unless it is too short or too plain to be told from other words: a
// number could be anybody's id.
func (s *secrets) learn(value string) {
	if len(value) < learnedLeast || value == redact.Mark || strings.Trim(value, "0123456789") == "" || !strings.ContainsAny(value, "0123456789") && len(value) < 20 {
		return
	}
	if s.known == nil {
		s.known = make(map[string]bool)
	}
	s.known[value] = true
	if escaped := url.QueryEscape(value); escaped != value {
		s.known[escaped] = true
	}
	s.replacer = nil
}

// learnTree learns the texts under names of secrets.
func (s *secrets) learnTree(t tree, name string) {
	switch t := t.(type) {
	case *object:
		for _, m := range t.members {
			s.learnTree(m.value, m.key)
		}
	case *list:
		for _, v := range t.values {
			s.learnTree(v, name)
		}
	case string:
		if inner, ok := parseCompound(t); ok {
			s.learnTree(inner, name)
		} else if redact.Secret(name) {
			s.learn(t)
		}
	case json.Number:
		if redact.Secret(name) {
			s.learn(t.String())
		}
	}
}

// learnURL learns the values of an address's query under names of secrets.
func (s *secrets) learnURL(address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	for name, values := range u.Query() {
		for _, value := range values {
			if redact.Secret(name) {
				s.learn(value)
			}
		}
	}
}

// learnText learns from what is no JSON: quoted and plain pairs.
func (s *secrets) learnText(text string) {
	for _, m := range quotedPair.FindAllStringSubmatch(text, -1) {
		if value := m[4] + m[5]; redact.Secret(m[2]) && literal(value) {
			s.learn(value)
		}
	}
}

// compile makes the replacers of what was learned, the longest value first.
func (s *secrets) compile() {
	if s.replacer != nil {
		return
	}
	values := make([]string, 0, len(s.known))
	for value := range s.known {
		values = append(values, value)
	}
	slices.SortFunc(values, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var marks, masks []string
	for _, value := range values {
		marks = append(marks, value, redact.Mark)
		masks = append(masks, value, mask(value))
	}
	s.replacer, s.masked = strings.NewReplacer(marks...), strings.NewReplacer(masks...)
}

// in puts the mark where a known secret stands.
func (s *secrets) in(text string) string {
	s.compile()
	return s.replacer.Replace(text)
}

// inBytes masks known secrets, and what has the shape of one, with as many bytes: what counts bytes still holds.
func (s *secrets) inBytes(body []byte) []byte {
	s.compile()
	body = []byte(s.masked.Replace(string(body)))
	for _, shape := range shapes {
		body = shape.ReplaceAllFunc(body, func(b []byte) []byte { return []byte(mask(string(b))) })
	}
	return phoneInBytes.ReplaceAllFunc(body, func(b []byte) []byte { return []byte("1" + strings.Repeat("0", len(b)-1)) })
}

// holds says whether a known secret stands in body.
func (s *secrets) holds(body []byte) bool {
	for value := range s.known {
		if bytes.Contains(body, []byte(value)) {
			return true
		}
	}
	return false
}

// mask stands for a secret with as many bytes.
func mask(value string) string { return strings.Repeat("x", len(value)) }

var (
	// quotedPair is a name with a quoted value: a field in a script, or an attribute.
	quotedPair = regexp.MustCompile(`(["']?)([\w.-]{1,64})(["']?\s*[:=]\s*)(?:"([^"\\]*)"|'([^'\\]*)')`)
	// shapes are secrets that are known by how they look, in bytes that are no text.
	shapes = []*regexp.Regexp{
		regexp.MustCompile(`\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*`),
		regexp.MustCompile(`(?i)\bbearer\s+[\w.~+/-]{8,}=*`),
	}
	// phoneInBytes becomes another number: it may be one in a script.
	phoneInBytes = regexp.MustCompile(`\b(?:86)?1[3-9]\d{9}\b`)
)

// literal says whether a quoted value in code looks like a secret rather than like a word of the program.
func literal(value string) bool {
	return len(value) >= learnedLeast && strings.ContainsAny(value, "0123456789") || len(value) >= 32 && !strings.Contains(value, " ")
}
