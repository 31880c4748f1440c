package gateway

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// shape is an object's fields and their types.
type shape map[string]string

// fits says why a payload has not the form, which is a shape or the name of one; empty when it has.
func (c *contract) fits(payload, form json.RawMessage) string {
	var value any
	if err := json.Unmarshal(payload, &value); err != nil {
		return err.Error()
	}
	var name string
	if json.Unmarshal(form, &name) == nil {
		return c.is("", value, name)
	}
	var fields shape
	if err := json.Unmarshal(form, &fields); err != nil {
		return err.Error()
	}
	return c.object("", value, fields)
}

func (c *contract) object(path string, value any, fields shape) string {
	object, ok := value.(map[string]any)
	if !ok {
		return path + " is no object"
	}
	known := map[string]bool{}
	for name, kind := range fields {
		name, optional := strings.CutSuffix(name, "?")
		known[name] = true
		v, there := object[name]
		switch {
		case there:
			if problem := c.is(path+"."+name, v, kind); problem != "" {
				return problem
			}
		case !optional:
			return path + "." + name + " is missing"
		}
	}
	for name := range object {
		if !known[name] {
			return path + "." + name + " is not in the contract"
		}
	}
	return ""
}

// is says why a value is not of a type; empty when it is.
func (c *contract) is(path string, value any, kind string) string {
	if inner, ok := strings.CutPrefix(kind, "["); ok {
		return c.list(path, value, strings.TrimSuffix(inner, "]"))
	}
	if inner, ok := strings.CutPrefix(kind, "{"); ok {
		return c.table(path, value, strings.TrimSuffix(inner, "}"))
	}
	problem := ""
	for one := range strings.SplitSeq(kind, "|") {
		if problem = c.isOne(path, value, one); problem == "" {
			return ""
		}
	}
	return problem
}

func (c *contract) list(path string, value any, kind string) string {
	list, ok := value.([]any)
	if !ok {
		return path + " is no list"
	}
	for i, v := range list {
		if problem := c.is(fmt.Sprint(path, "[", i, "]"), v, kind); problem != "" {
			return problem
		}
	}
	return ""
}

func (c *contract) table(path string, value any, kind string) string {
	object, ok := value.(map[string]any)
	if !ok {
		return path + " is no object"
	}
	for name, v := range object {
		if problem := c.is(path+"."+name, v, kind); problem != "" {
			return problem
		}
	}
	return ""
}

func (c *contract) isOne(path string, value any, kind string) string {
	if fields, ok := c.Shapes[kind]; ok {
		return c.object(path, value, fields)
	}
	if want, ok := strings.CutPrefix(kind, "="); ok {
		if fmt.Sprint(value) != want {
			return fmt.Sprintf("%s is %v, not %s", path, value, want)
		}
		return ""
	}
	text, isText := value.(string)
	number, isNumber := value.(float64)
	whole := isNumber && number == math.Trunc(number)
	ok, known := map[string]bool{
		"string": isText,
		"text":   isText && text != "",
		"json":   isText && strings.HasPrefix(text, "{") && json.Valid([]byte(text)),
		"bool":   value == true || value == false,
		"null":   value == nil,
		"number": isNumber,
		"rate":   isNumber && number >= 0 && number <= 1,
		"count":  whole && number >= 0,
		"ms":     whole && number >= 1e12 && number < 1e13,
		"s":      whole && number >= 1e9 && number < 1e10,
		"0s":     whole && (number == 0 || number >= 1e9 && number < 1e10),
	}[kind]
	switch {
	case !known:
		return path + " has a type that is not explained: " + kind
	case !ok:
		return fmt.Sprintf("%s is %v, not %s", path, value, kind)
	}
	return ""
}

func TestTheContractsTypesTellRightFromWrong(t *testing.T) {
	c := &contract{Shapes: map[string]shape{"Thing": {"id": "text", "at?": "ms|null"}}}
	for form, payloads := range map[string][2][]string{
		`{"list": "[Thing]"}`:   {{`{"list": []}`, `{"list": [{"id": "a"}, {"id": "b", "at": null}]}`}, {`{"list": null}`, `{"list": [{}]}`, `{"list": [{"id": "a", "x": 1}]}`, `{}`}},
		`{"at": "ms"}`:          {{`{"at": 1700000000000}`}, {`{"at": 1700000000}`, `{"at": "1700000000000"}`, `{"at": 1700000000000.5}`}},
		`{"at": "s"}`:           {{`{"at": 1700000000}`}, {`{"at": 1700000000000}`, `{"at": 0}`}},
		`{"n": "{count}"}`:      {{`{"n": {"a": 1}}`}, {`{"n": {"a": -1}}`, `{"n": []}`}},
		`{"ok": "=true"}`:       {{`{"ok": true}`}, {`{"ok": false}`}},
		`{"info": "json|null"}`: {{`{"info": "{}"}`, `{"info": null}`}, {`{"info": {}}`, `{"info": "x"}`}},
		`"Thing"`:               {{`{"id": "a"}`}, {`{"id": ""}`, `[]`}},
	} {
		for _, right := range payloads[0] {
			if problem := c.fits([]byte(right), []byte(form)); problem != "" {
				t.Errorf("%s as %s: %s", right, form, problem)
			}
		}
		for _, wrong := range payloads[1] {
			if c.fits([]byte(wrong), []byte(form)) == "" {
				t.Errorf("%s passed as %s", wrong, form)
			}
		}
	}
	if !slices.Contains([]string{"a.b is missing"}, c.object("a", map[string]any{}, shape{"b": "text"})) {
		t.Error("a problem does not name its place")
	}
}
