package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"troupe/actors/gateway/wellformed"
)

// decode reads the request's JSON object into v. No body means an empty object; an unknown field is refused by
// its name.
func decode(r *http.Request, v any) error {
	body, err := readJSON(r)
	if err != nil || len(body) == 0 {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return bodyProblem(err)
	}
	return nil
}

// readJSON reads the request's body and checks its form. No body is no error.
func readJSON(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyProblem(err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return nil, &Problem{http.StatusUnsupportedMediaType, "media_type", "send the body as JSON, with Content-Type: application/json"}
	}
	if err := wellformed.Check(body); err != nil {
		return nil, invalid("the body %v", err)
	}
	return body, nil
}

func bodyProblem(err error) *Problem {
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &Problem{http.StatusRequestEntityTooLarge, "too_large", "the body may have at most " + strconv.FormatInt(big.Limit, 10) + " bytes: send less at a time"}
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return invalid("field %q must be %s, not %s", wrong.Field, wrong.Type, wrong.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalid("unknown field %s", name)
	}
	return invalid("the body is not a JSON object: %v", err)
}

// limited refuses a text that is longer than limit characters.
func limited(field, text string, limit int) error {
	if utf8.RuneCountInString(text) > limit {
		return invalid("field %q may have at most %d characters", field, limit)
	}
	return nil
}

// flag reads a boolean parameter; absent means unset.
func flag(r *http.Request, name string) (value, set bool, err error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, false, nil
	}
	value, parseErr := strconv.ParseBool(text)
	if parseErr != nil {
		return false, false, invalid("parameter %q must be true or false", name)
	}
	return value, true, nil
}

// count reads a number between 1 and most; absent means usual.
func count(r *http.Request, name string, usual, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, invalid("parameter %q must be a number from 1 to %d", name, most)
	}
	return n, nil
}
