package suite

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

const (
	prettyColumns = 110 // what fits is shown on one line
	prettyText    = 48  // characters of a string
	prettyList    = 1   // elements of a list
)

// pretty is an answer as a document shows it: keys in the answer's order, long texts cut, of lists the first element.
func pretty(raw string) string {
	var b strings.Builder
	parse(json.NewDecoder(strings.NewReader(raw))).write(&b, "")
	return b.String() + "\n"
}

// oneLine is pretty without line breaks.
func oneLine(raw string) string {
	return parse(json.NewDecoder(strings.NewReader(raw))).line()
}

// part is a JSON value that keeps the order of its keys.
type part struct {
	open, end string // brackets; empty of a scalar
	scalar    string
	keys      []string // as JSON, with colon; of an array empty strings
	parts     []part
}

// parse reads one value; what is not JSON becomes null.
func parse(d *json.Decoder) part {
	token, err := d.Token()
	if err != nil {
		return part{scalar: "null"}
	}
	bracket, nested := token.(json.Delim)
	if !nested {
		if text, ok := token.(string); ok && utf8.RuneCountInString(text) > prettyText {
			token = string([]rune(text)[:prettyText-1]) + "…"
		}
		return part{scalar: encoded(token)}
	}
	p := part{open: bracket.String(), end: map[json.Delim]string{'{': "}", '[': "]"}[bracket]}
	for d.More() {
		key := ""
		if bracket == '{' {
			name, _ := d.Token() // More said that there is one
			key = encoded(name) + ": "
		}
		value := parse(d)
		if bracket == '{' || len(p.parts) < prettyList {
			p.keys, p.parts = append(p.keys, key), append(p.parts, value)
		}
	}
	_, _ = d.Token() // the closing bracket
	return p
}

func encoded(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // a token always encodes
	return strings.TrimSpace(b.String())
}

func (p part) line() string {
	if p.open == "" {
		return p.scalar
	}
	var members []string
	for i, member := range p.parts {
		members = append(members, p.keys[i]+member.line())
	}
	return p.open + strings.Join(members, ", ") + p.end
}

func (p part) write(b *strings.Builder, indent string) {
	if line := p.line(); p.open == "" || utf8.RuneCountInString(indent+line) <= prettyColumns {
		b.WriteString(line)
		return
	}
	b.WriteString(p.open)
	inner, column := indent+"  ", prettyColumns // the first member begins a line
	for i, member := range p.parts {
		text := p.keys[i] + member.line()
		if i > 0 {
			b.WriteString(",")
		}
		if width := utf8.RuneCountInString(text) + 2; column+width > prettyColumns {
			b.WriteString("\n" + inner)
			column = len(inner) + width
		} else {
			b.WriteString(" ")
			column += width
		}
		b.WriteString(p.keys[i])
		member.write(b, inner)
	}
	b.WriteString("\n" + indent + p.end)
}
