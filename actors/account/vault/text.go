package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is a string as pages have it: a sequence of UTF-16 units, in which half of a surrogate pair may stand alone. It is kept as
// UTF-8 in which such a half is three bytes of its own (WTF-8); in JSON it is an escape. So every string of a page's
// storage comes back as it was, which encoding/json alone does not do. It is a secret: it never shows itself.
type Text string

// MarshalJSON writes a lone surrogate as its escape.
func (t Text) MarshalJSON() ([]byte, error) {
	b := []byte{'"'}
	for rest := string(t); rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		unit, alone := surrogate(rest)
		switch {
		case alone:
			b, size = fmt.Appendf(b, `\u%04x`, unit), surrogateSize
		case r == utf8.RuneError && size == 1:
			b = append(b, "\ufffd"...)
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == '\u2028' || r == '\u2029':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = append(b, rest[:size]...)
		}
		rest = rest[size:]
	}
	return append(b, '"'), nil
}

// UnmarshalJSON reads a string with lone surrogates. Its errors do not quote it.
func (t *Text) UnmarshalJSON(raw []byte) error {
	if len(raw) < 2 || raw[0] != '"' {
		return errors.New("not a string")
	}
	var b strings.Builder
	for part := string(raw[1 : len(raw)-1]); part != ""; {
		i := strings.Index(part, `\`)
		if i < 0 {
			i = len(part)
		}
		for _, r := range part[:i] { // a byte that is not UTF-8 comes out as U+FFFD
			b.WriteRune(r)
		}
		part = part[i:]
		if part == "" {
			break
		}
		size, err := unescape(&b, part)
		if err != nil {
			return err
		}
		part = part[size:]
	}
	*t = Text(b.String())
	return nil
}

// unescape appends what the escape at the beginning of s stands for, and says how long it is.
func unescape(b *strings.Builder, s string) (size int, err error) {
	unit, ok := unicodeEscape(s)
	if !ok {
		var short string // \n and its like
		if len(s) < 2 || json.Unmarshal([]byte(`"`+s[:2]+`"`), &short) != nil {
			return 0, errors.New("not a string")
		}
		b.WriteString(short)
		return 2, nil
	}
	if low, ok := unicodeEscape(s[escapeSize:]); ok {
		if r := utf16.DecodeRune(unit, low); r != utf8.RuneError {
			b.WriteRune(r)
			return 2 * escapeSize, nil
		}
	}
	if utf16.IsSurrogate(unit) {
		b.Write([]byte{0xE0 | byte(unit>>12), 0x80 | byte(unit>>6)&0x3F, 0x80 | byte(unit)&0x3F})
	} else {
		b.WriteRune(unit)
	}
	return escapeSize, nil
}

const (
	escapeSize    = 6 // of \u1234
	surrogateSize = 3
)

// unicodeEscape reads \u1234 at the beginning of s.
func unicodeEscape(s string) (rune, bool) {
	if len(s) < escapeSize || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:escapeSize], 16, 16)
	return rune(n), err == nil
}

// surrogate reads a lone half of a pair at the beginning of s.
func surrogate(s string) (unit rune, ok bool) {
	if len(s) < surrogateSize || s[0] != 0xED || s[1] < 0xA0 || s[1] > 0xBF || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return rune(s[0]&0x0F)<<12 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), true
}

// LogValue hides the text from slog.
func (Text) LogValue() slog.Value { return slog.StringValue("redacted") }

// Format hides the text from every verb of fmt.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redacted") }
