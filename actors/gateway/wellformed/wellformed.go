// Package wellformed refuses JSON that is made to harm its reader, or that two readers read differently: nested without end, a field
// twice in one object, bytes that are no UTF-8. It is asked before anything else reads what a client sent. Its errors go on
// after "the body" or "the payload", say what to do, and repeat nothing of the content but a field's name.
package wellformed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Deepest is how many levels a value may have.
const Deepest = 64

// nameShown is how much of a field's name an error repeats, in bytes.
const nameShown = 60

var (
	errDeep = fmt.Errorf("is nested deeper than %d levels: send it flatter", Deepest)
	errUTF8 = errors.New("is no UTF-8: encode its texts as UTF-8")
	errMore = errors.New("holds more than one JSON value: send one")
)

// Check passes over a text that must be one JSON value.
func Check(text []byte) error {
	if TooDeep(text, Deepest) {
		return errDeep
	}
	if !utf8.Valid(text) {
		return errUTF8
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := value(d); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMore
	}
	return nil
}

// TooDeep says whether a text has more levels than most, without reading it as JSON: parsers give up on such a text, or take long.
func TooDeep(text []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++ // whatever is escaped ends no text
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// value passes over one value, which is not too deep.
func value(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return broken(err)
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	names := map[string]bool{}
	for d.More() {
		if open == '{' {
			if err := name(d, names); err != nil {
				return err
			}
		}
		if err := value(d); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil { // the end of it
		return broken(err)
	}
	return nil
}

// name passes over a field's name, which is none of those before it in its object.
func name(d *json.Decoder, names map[string]bool) error {
	token, err := d.Token()
	if err != nil {
		return broken(err)
	}
	name, _ := token.(string) // an object's names are texts, or the token is an error
	if names[name] {
		return fmt.Errorf("names the field %q twice: send each field once", name[:min(len(name), nameShown)])
	}
	names[name] = true
	return nil
}

func broken(err error) error { return fmt.Errorf("is no JSON: %w", err) }
