package apitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Document is the node's OpenAPI document, as a judge of answers. It knows the part of JSON Schema that the document uses.
type Document struct {
	Paths      map[string]map[string]operation
	Components struct {
		Schemas   map[string]schema
		Responses map[string]response
	}
	forms map[string]*regexp.Regexp // of the paths
}

type operation struct {
	Responses map[string]response
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]struct{ Schema schema }
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 words
	AnyOf                []schema
	Properties           map[string]schema
	Required             []string
	AdditionalProperties *extra
	Items                *schema
}

// words is one word or a list of them.
type words []string

// UnmarshalJSON takes both.
func (w *words) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*w = words{strings.Trim(string(text), `"`)}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(w))
}

// extra is false, or the schema of further properties.
type extra struct{ schema *schema }

// UnmarshalJSON takes both.
func (e *extra) UnmarshalJSON(text []byte) error {
	if string(text) == "false" {
		return nil
	}
	e.schema = &schema{}
	return json.Unmarshal(text, e.schema)
}

// ReadDocument reads what GET /api/v1/openapi.json answers.
func ReadDocument(raw []byte) (*Document, error) {
	d := &Document{forms: map[string]*regexp.Regexp{}}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	for path := range d.Paths {
		form := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`)
		d.forms[path] = regexp.MustCompile("^" + form + "$")
	}
	return d, nil
}

// Check says how an answer differs from what the document promises; nil when it does not. What no path of it matches is not judged.
func (d *Document) Check(method, path string, status int, contentType string, body []byte) error {
	path, _, _ = strings.Cut(path, "?")
	op, ok := d.find(strings.ToLower(method), path)
	if !ok {
		return nil
	}
	promised, ok := op.Responses[strconv.Itoa(status)]
	if promised.Ref != "" {
		promised, ok = d.Components.Responses[nameOf(promised.Ref)]
	}
	if !ok {
		return fmt.Errorf("%s %s: status %d is not in the document", method, path, status)
	}
	if err := d.content(promised, contentType, body); err != nil {
		return fmt.Errorf("%s %s: %d: %w", method, path, status, err)
	}
	return nil
}

// find prefers the path with the fewest parameters, as the mux does.
func (d *Document) find(method, path string) (operation, bool) {
	best, found := "", operation{}
	for pattern, form := range d.forms {
		op, ok := d.Paths[pattern][method]
		if ok && form.MatchString(path) && (best == "" || strings.Count(pattern, "{") < strings.Count(best, "{")) {
			best, found = pattern, op
		}
	}
	return found, best != ""
}

// nameOf is the last word of a reference.
func nameOf(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// Refusals are the statuses with which the route of that pattern may refuse, in order.
func (d *Document) Refusals(method, pattern string) (list []int) {
	for text := range d.Paths[pattern][strings.ToLower(method)].Responses {
		if status, err := strconv.Atoi(text); err == nil && status >= 400 {
			list = append(list, status)
		}
	}
	slices.Sort(list)
	return list
}

func (d *Document) content(promised response, contentType string, body []byte) error {
	if len(promised.Content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("a body where none is promised: %.80s", body)
		}
		return nil
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	as, ok := promised.Content[kind]
	if _, anything := promised.Content["*/*"]; !ok && !anything {
		return fmt.Errorf("media type %q is not promised", contentType)
	}
	if kind != "application/json" || !ok {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	return d.value("", as.Schema, v)
}

// value compares one value with its schema.
func (d *Document) value(at string, s schema, v any) error {
	if s.Ref != "" {
		target, ok := d.Components.Schemas[nameOf(s.Ref)]
		if !ok {
			return fmt.Errorf("%s: no schema is named %s", at, nameOf(s.Ref))
		}
		return d.value(at, target, v)
	}
	if len(s.AnyOf) > 0 {
		var errs []error
		for _, one := range s.AnyOf {
			err := d.value(at, one, v)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}
	if got := typeOf(v); len(s.Type) > 0 && !slices.Contains(s.Type, got) && (got != "integer" || !slices.Contains(s.Type, "number")) {
		return fmt.Errorf("%s is %s, not %s", at, got, strings.Join(s.Type, " or "))
	}
	switch v := v.(type) {
	case map[string]any:
		return d.object(at, s, v)
	case []any:
		for i, one := range v {
			if s.Items == nil {
				break
			}
			if err := d.value(fmt.Sprintf("%s[%d]", at, i), *s.Items, one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) object(at string, s schema, v map[string]any) error {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s.%s is missing", at, name)
		}
	}
	for name, value := range v {
		of, ok := s.Properties[name]
		switch {
		case ok:
		case s.AdditionalProperties == nil:
			continue
		case s.AdditionalProperties.schema == nil:
			return fmt.Errorf("%s.%s is not in the document", at, name)
		default:
			of = *s.AdditionalProperties.schema
		}
		if err := d.value(at+"."+name, of, value); err != nil {
			return err
		}
	}
	return nil
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
