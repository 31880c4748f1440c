package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// A tree is JSON that keeps the order of its keys and every digit of its numbers: *object, *list, string, json.Number,
// bool or nil.
type tree any

type member struct {
	key   string
	value tree
}

type object struct{ members []member }

type list struct{ values []tree }

// parseTree reads one JSON value with nothing after it.
func parseTree(body []byte) (tree, bool) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	t, err := readTree(d)
	if err != nil {
		return nil, false
	}
	_, err = d.Token()
	return t, errors.Is(err, io.EOF)
}

// parseCompound is parseTree for what is an object or a list.
func parseCompound(s string) (tree, bool) {
	if s = strings.TrimSpace(s); !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		return nil, false
	}
	return parseTree([]byte(s))
}

func readTree(d *json.Decoder) (tree, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := &object{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := readTree(d)
			if err != nil {
				return nil, err
			}
			o.members = append(o.members, member{key.(string), value}) // only texts are keys
		}
		_, err := d.Token()
		return o, err
	case json.Delim('['):
		l := &list{}
		for d.More() {
			value, err := readTree(d)
			if err != nil {
				return nil, err
			}
			l.values = append(l.values, value)
		}
		_, err := d.Token()
		return l, err
	}
	return token, nil
}

// writeTree is the tree as compact JSON.
func writeTree(t tree) []byte {
	var b bytes.Buffer
	appendTree(&b, t)
	return b.Bytes()
}

func appendTree(b *bytes.Buffer, t tree) {
	switch t := t.(type) {
	case *object:
		b.WriteByte('{')
		for i, m := range t.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(scalar(m.key))
			b.WriteByte(':')
			appendTree(b, m.value)
		}
		b.WriteByte('}')
	case *list:
		b.WriteByte('[')
		for i, v := range t.values {
			if i > 0 {
				b.WriteByte(',')
			}
			appendTree(b, v)
		}
		b.WriteByte(']')
	default:
		b.Write(scalar(t))
	}
}

// scalar is a text, number, bool or null as JSON, with < and > as they are.
func scalar(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("null") // cannot be: v came out of JSON
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// indented is JSON as it stands in files.
func indented(body []byte) []byte {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(body), "", " "); err != nil {
		return body
	}
	b.WriteByte('\n')
	return b.Bytes()
}
