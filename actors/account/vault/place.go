package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// at is a value inside a file that somebody gave us, and where it stands there. Its errors name the place and what is
// wanted, never the value: the files are logins.
type at struct {
	path string // cookies[3].expires; empty is the file itself
	raw  json.RawMessage
}

func (a at) place() string {
	if a.path == "" {
		return "the file"
	}
	return a.path
}

func (a at) first() byte {
	if trimmed := bytes.TrimLeft(a.raw, " \t\r\n"); len(trimmed) > 0 {
		return trimmed[0]
	}
	return 0
}

func (a at) isNull() bool   { return a.first() == 'n' }
func (a at) isList() bool   { return a.first() == '[' }
func (a at) isString() bool { return a.first() == '"' }

// isEmpty says whether there is nothing in it: null, {} or [].
func (a at) isEmpty() bool {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	return a.isNull() || json.Unmarshal(a.raw, &list) == nil && len(list) == 0 || json.Unmarshal(a.raw, &object) == nil && len(object) == 0
}

// object reads the fields of an object.
func (a at) object() (map[string]at, error) {
	var fields map[string]json.RawMessage
	if a.first() != '{' || json.Unmarshal(a.raw, &fields) != nil {
		return nil, fmt.Errorf("%s: must be an object", a.place())
	}
	out := make(map[string]at, len(fields))
	for name, raw := range fields {
		out[name] = at{a.below(name), raw}
	}
	return out, nil
}

func (a at) below(name string) string {
	if a.path == "" {
		return name
	}
	return a.path + "." + name
}

// list reads the elements of a list.
func (a at) list() ([]at, error) {
	var elements []json.RawMessage
	if !a.isList() || json.Unmarshal(a.raw, &elements) != nil {
		return nil, fmt.Errorf("%s: must be a list", a.place())
	}
	out := make([]at, len(elements))
	for i, raw := range elements {
		out[i] = at{fmt.Sprintf("%s[%d]", a.path, i), raw}
	}
	return out, nil
}

// decode reads a value of a simple kind.
func (a at) decode(into any) error {
	if json.Unmarshal(a.raw, into) == nil && !a.isNull() {
		return nil
	}
	kind := "a string"
	switch into.(type) {
	case *bool:
		kind = "true or false"
	case *float64:
		kind = "a number"
	}
	return fmt.Errorf("%s: must be %s", a.place(), kind)
}

// checkSyntax says where a file stops being JSON, without quoting it.
func checkSyntax(file []byte) error {
	if len(bytes.TrimSpace(file)) == 0 {
		return errors.New("the file is empty")
	}
	var any json.RawMessage
	err := json.Unmarshal(file, &any)
	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		line := 1 + bytes.Count(file[:min(int(broken.Offset), len(file))], []byte{'\n'})
		return fmt.Errorf("not JSON from byte %d on (line %d)", broken.Offset, line)
	}
	if err != nil {
		return errors.New("not JSON")
	}
	return nil
}

// isOrigin says whether address is an origin as browsers write it: scheme and host, with a port that is not the scheme's own.
func isOrigin(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.Scheme+"://"+u.Host == address
}
