package api

import (
	_ "embed"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// document is the OpenAPI document: written by a test from the table of routes and the types, so that a change of the API is seen in
// review.
//
//go:embed openapi.json
var document []byte

func (a *API) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(document)
	return nil
}

// object is a JSON object; its keys are written in order.
type object map[string]any

// documentation builds the document. comment says what the source says of a type, or of a field of one.
type documentation struct {
	comment  func(typeName, field string) string
	schemas  object
	refusals object
}

// newDocument is the OpenAPI document of the table of routes.
func newDocument(comment func(typeName, field string) string) object {
	d := &documentation{comment: comment, schemas: object{}, refusals: object{}}
	paths := object{}
	known := shapes()
	for _, row := range Routes() {
		item, _ := paths[row.Pattern].(object)
		if item == nil {
			item = object{}
			paths[row.Pattern] = item
		}
		item[strings.ToLower(row.Method)] = d.operation(row, known[row.Method+" "+row.Pattern])
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "troupe", "version": "1",
			"description": "Times are Unix milliseconds, below " + ContractPrefix + " Unix seconds. Revisions, cursors and epochs are 64-bit and come as strings.",
		},
		"paths":      paths,
		"components": object{"schemas": d.schemas, "responses": d.refusals},
	}
}

// cutMethod splits a key of the table into the method and the path.
func cutMethod(key string) (method, path string) {
	method, path, _ = strings.Cut(key, " ")
	return method, path
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// operationID is a name for generated clients: get_api_v1_accounts_account.
func operationID(row Route) string {
	words := strings.FieldsFunc(strings.ToLower(row.Method)+row.Pattern, func(r rune) bool { return strings.ContainsRune("/{}-.", r) })
	return strings.Join(words, "_")
}

func inContract(row Route) bool {
	return strings.HasPrefix(row.Pattern, ContractPrefix+"/") || contractBelowPrefix[row.Method+" "+row.Pattern]
}

// contractBelowPrefix are the rows of the contract that stand below Prefix.
var contractBelowPrefix = func() map[string]bool {
	rows := map[string]bool{}
	for _, row := range contractRoutes() {
		rows[row.Method+" "+row.Pattern] = true
	}
	return rows
}()

func (d *documentation) operation(row Route, s shape) object {
	list := []any{}
	for _, m := range pathParameter.FindAllStringSubmatch(row.Pattern, -1) {
		list = append(list, d.parameter(m[1], "path"))
	}
	for _, name := range row.Query {
		list = append(list, d.parameter(name, "query"))
	}
	answers := object{}
	for status, v := range s.answers {
		answers[strconv.Itoa(status)] = d.answer(http.StatusText(status), v)
	}
	for _, status := range refusedWith(row) {
		answers[strconv.Itoa(status)] = d.refusal(status, inContract(row))
	}
	op := object{
		"operationId": operationID(row), "summary": row.Summary, "responses": answers, "tags": []any{tagOf(row)},
		"x-role": string(row.Role), "parameters": list,
	}
	if s.body != nil {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": d.schema(reflect.TypeOf(s.body))}}}
	}
	return op
}

// refusal points to what is said once of all refusals with a status. Below the contract's prefix too, the guard before all routes answers
// in this API's own shape.
func (d *documentation) refusal(status int, contract bool) object {
	name, body := "Refused"+strconv.Itoa(status), d.schema(reflect.TypeFor[ProblemBody]())
	if contract {
		name = "Contract" + name
		inShape := d.schema(reflect.TypeFor[ContractProblem]())
		if status == http.StatusForbidden || status == http.StatusInternalServerError {
			body = object{"anyOf": []any{inShape, body}}
		} else {
			body = inShape
		}
	}
	d.refusals[name] = object{"description": meanings[status], "content": object{"application/json": object{"schema": body}}}
	return object{"$ref": "#/components/responses/" + name}
}

// tagOf groups the operations by the first word of their path.
func tagOf(row Route) string {
	if inContract(row) {
		return "contract"
	}
	word, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(row.Pattern, Prefix), "/"), "/")
	if word == "" {
		return "about"
	}
	return word
}

func (d *documentation) parameter(name, in string) object {
	p := parameters[name]
	schema := object{"type": p.kind}
	if len(p.words) > 0 {
		schema["enum"] = p.words
	}
	return object{"name": name, "in": in, "required": in == "path", "description": p.text, "schema": schema}
}

func (d *documentation) answer(text string, v any) object {
	out := object{"description": text}
	switch v := v.(type) {
	case nil:
	case media:
		schema := object{"type": "string"}
		if v != streamMedia {
			schema["format"] = "binary"
		}
		out["content"] = object{string(v): object{"schema": schema}}
	default:
		out["content"] = object{"application/json": object{"schema": d.schema(reflect.TypeOf(v))}}
	}
	return out
}

var rawJSON = reflect.TypeFor[json.RawMessage]()

// schema describes a type. A named struct becomes a component; a field that may be left out is not required; a pointer that may
// not be left out may be null.
func (d *documentation) schema(t reflect.Type) object {
	switch {
	case t == rawJSON:
		return object{}
	case t == reflect.TypeFor[Number]():
		return object{"type": []string{"integer", "string"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.Struct:
		return d.structure(t)
	case reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Interface:
		return object{}
	default: // every other kind in an answer is a whole number
		return object{"type": "integer"}
	}
}

// structure describes a struct, once, as a component; one without a plain name in its place.
func (d *documentation) structure(t reflect.Type) object {
	name := t.Name()
	if strings.Contains(name, "[") || name == "" || name == "nothing" {
		return d.fields(t)
	}
	if d.schemas[name] == nil {
		d.schemas[name] = object{} // it may hold itself
		schema := d.fields(t)
		if text := d.comment(name, ""); text != "" {
			schema["description"] = text
		}
		d.schemas[name] = schema
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (d *documentation) fields(t reflect.Type) object {
	properties, required := object{}, []string{}
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		schema := d.schema(field.Type)
		absent := strings.Contains(options, "omitempty")
		if !absent {
			required = append(required, name)
		}
		if (field.Type.Kind() == reflect.Pointer || field.Type.Kind() == reflect.Map && field.Type.Elem().Kind() == reflect.Interface) && !absent {
			schema = object{"anyOf": []any{schema, object{"type": "null"}}}
		}
		if text := d.comment(t.Name(), field.Name); text != "" {
			schema = described(schema, text)
		}
		properties[name] = schema
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// described adds a text; OpenAPI 3.1 lets it stand beside a reference.
func described(schema object, text string) object {
	out := object{"description": text}
	maps.Copy(out, schema)
	return out
}
