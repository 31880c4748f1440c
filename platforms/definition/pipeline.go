package definition

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// The bounds of one pipeline.
const (
	unzippedMost = 16 << 20 // bytes
	protobufMost = 4 << 20  // bytes of one message with all that is in it
	placesMost   = 20_000   // that one at may stand for
)

// Stage is one stage of a pipeline. It is one of the words base64, gzip, json, json_string and text, or a protobuf
// message of a .proto file beside the definition, or further stages for something within the value.
type Stage struct {
	// Do is base64 (text to bytes), gzip (bytes to bytes), json or text (bytes to a value), or json_string (a text that
	// holds JSON, to a value; nothing to null).
	Do       string `yaml:"do"`
	Protobuf string `yaml:"protobuf"` // a message's full name; bytes fields become base64 texts, integers stay exact
	// At is a path, or several, into the value; what stands there goes through Through and back to its place.
	At      Query   `yaml:"at"`
	Through []Stage `yaml:"through"`

	message protoreflect.MessageType
}

func (s *Stage) short() any { return &s.Do }

var stageWords = []string{"base64", "gzip", "json", "json_string", "text"}

// Value decodes the body of an answer or a frame. Without stages it is JSON. Numbers keep every digit.
func (l *Listen) Value(ctx context.Context, body []byte) (any, error) {
	if len(l.Decode) == 0 {
		return parseJSON(body)
	}
	return through(ctx, l.Decode, body)
}

// through sends v, bytes or a JSON value, through the stages and returns a JSON value.
func through(ctx context.Context, stages []Stage, v any) (any, error) {
	for i := range stages {
		var err error
		if v, err = stages[i].run(ctx, v); err != nil {
			return nil, err
		}
	}
	if b, ok := v.([]byte); ok {
		if utf8.Valid(b) {
			return string(b), nil
		}
		return base64.StdEncoding.EncodeToString(b), nil
	}
	return v, nil
}

func (s *Stage) run(ctx context.Context, v any) (any, error) {
	if len(s.Through) > 0 {
		return s.within(ctx, v)
	}
	if s.Protobuf != "" {
		b, err := bytesOf(v)
		if err != nil {
			return nil, fmt.Errorf("protobuf %s: %w", s.Protobuf, err)
		}
		return fromProtobuf(s.message, b)
	}
	out, err := s.word(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Do, err)
	}
	return out, nil
}

func (s *Stage) word(v any) (any, error) {
	if s.Do == "json_string" {
		return jsonString(v)
	}
	b, err := bytesOf(v)
	if err != nil {
		return nil, err
	}
	switch s.Do {
	case "base64":
		return fromBase64(b)
	case "gzip":
		return unzip(b)
	case "json":
		return parseJSON(b)
	}
	if !utf8.Valid(b) {
		return nil, errors.New("the bytes are no text")
	}
	return string(b), nil
}

// within sends what stands at each of the places through the stages.
func (s *Stage) within(ctx context.Context, v any) (any, error) {
	found, err := s.At.First(ctx, v, Vars{})
	if err != nil {
		return nil, err
	}
	paths, _ := found.([]any)
	if len(paths) > placesMost {
		return nil, fmt.Errorf("%s stands for more than %d places", s.At, placesMost)
	}
	for _, path := range paths {
		steps, _ := path.([]any)
		v, err = replace(v, steps, func(old any) (any, error) { return through(ctx, s.Through, old) })
		if err != nil {
			return nil, fmt.Errorf("at %s: %w", s.At, err)
		}
	}
	return v, nil
}

// replace puts make's result where path leads in v. Decoded values belong to the pipeline alone, so they are changed in place.
func replace(v any, path []any, make func(any) (any, error)) (any, error) {
	if len(path) == 0 {
		return make(v)
	}
	switch at := path[0].(type) {
	case string:
		if m, ok := v.(map[string]any); ok {
			inner, err := replace(m[at], path[1:], make)
			m[at] = inner
			return m, err
		}
	case int:
		if list, ok := v.([]any); ok && at >= 0 && at < len(list) {
			inner, err := replace(list[at], path[1:], make)
			list[at] = inner
			return list, err
		}
	}
	return nil, fmt.Errorf("nothing stands at %v", path)
}

// bytesOf is v as bytes. A text that came out of a protobuf bytes field is base64; base64 says so itself.
func bytesOf(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, fmt.Errorf("a %T is no text", v)
}

func fromBase64(b []byte) ([]byte, error) {
	src := strings.TrimRight(strings.TrimSpace(string(b)), "=")
	if strings.ContainsAny(src, "-_") {
		return base64.RawURLEncoding.DecodeString(src)
	}
	return base64.RawStdEncoding.DecodeString(src)
}

func unzip(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, unzippedMost+1))
	if err == nil && len(out) > unzippedMost {
		err = fmt.Errorf("more than %d bytes", unzippedMost)
	}
	return out, err
}

// jsonString reads a text that holds JSON. Platforms leave such a field out, or empty, when there is nothing to say.
func jsonString(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	b, err := bytesOf(v)
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return nil, err
	}
	return parseJSON(b)
}

// parseJSON reads one JSON value, and nothing after it.
func parseJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("this is no JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("this is no JSON: something follows the value")
	}
	return v, nil
}
