package definition

import (
	"net/http"
	"reflect"
)

// Hears says whether an answer with that address and method means anything to the definition: to a listen or to a sign. What a
// browser asks a site by itself, before it lets a page ask (OPTIONS), never does.
func (d *Definition) Hears(method, address string) bool {
	if method == http.MethodOptions {
		return false
	}
	for _, l := range d.Listen {
		if l.Answers(method, address) {
			return true
		}
	}
	for _, s := range d.signs {
		if s.Response.Match(address) {
			return true
		}
	}
	return false
}

// HearsSocket says whether the frames of a WebSocket, those received or those sent, mean anything to the definition.
func (d *Definition) HearsSocket(sent bool, address string) bool {
	for _, l := range d.Listen {
		if l.Sent == sent && l.Frames.Match(address) {
			return true
		}
	}
	return false
}

var signType = reflect.TypeFor[Sign]()

// signsIn gathers the signs of a definition that look at answers, wherever they stand.
func signsIn(v reflect.Value) []*Sign {
	var all []*Sign
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			all = signsIn(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, signsIn(v.Index(i))...)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			all = append(all, signsIn(v.MapIndex(key))...)
		}
	case reflect.Struct:
		if s, ok := v.Interface().(Sign); v.Type() == signType && ok && !s.Response.IsZero() {
			return []*Sign{&s}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("yaml") != "" {
				all = append(all, signsIn(v.Field(i))...)
			}
		}
	}
	return all
}
