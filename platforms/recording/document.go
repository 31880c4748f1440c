package recording

import (
	"strings"

	"golang.org/x/net/html"

	"troupe/platforms/redact"
)

// html rewrites a document: its attributes by their names, its addresses, its inline data and its words. What it does not
// change stays as it was, byte for byte.
func (r *redactor) html(document string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(document))
	inline := "" // the element whose raw text comes next
	kind := ""   // its type attribute
	for {
		switch next := z.Next(); next {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			t := z.Token()
			before := t.String()
			r.attributes(&t)
			inline, kind = t.Data, attribute(&t, "type")
			if after := t.String(); after != before {
				raw = after
			}
			b.WriteString(raw)
		case html.TextToken:
			b.WriteString(r.words(string(z.Raw()), inline, kind))
		default:
			inline = ""
			b.Write(z.Raw())
		}
	}
}

// words rewrites the text in an element.
func (r *redactor) words(raw, element, kind string) string {
	switch {
	case element == "style", element == "script" && strings.TrimSpace(raw) == "":
		return raw
	case element != "script":
		return r.text(raw)
	case strings.Contains(kind, "json"):
		if t, ok := parseTree([]byte(raw)); ok {
			return strings.ReplaceAll(string(writeTree(r.tree(t, ""))), "</", `<\/`)
		}
	}
	return r.inlineCode(raw)
}

// inlineCode rewrites a script in a document, which may carry data of the account: quoted values under names of secrets.
func (r *redactor) inlineCode(code string) string {
	code = quotedPair.ReplaceAllStringFunc(code, func(pair string) string {
		m := quotedPair.FindStringSubmatch(pair)
		value := m[4] + m[5]
		if !redact.Secret(m[2]) || !literal(value) {
			return pair
		}
		quote := pair[len(pair)-1:]
		return m[1] + m[2] + m[3] + quote + redact.Mark + quote
	})
	return r.code(code)
}

// attributes rewrites a tag's attributes.
func (r *redactor) attributes(t *html.Token) {
	named := attribute(t, "name") + attribute(t, "property") + attribute(t, "http-equiv")
	for i := range t.Attr {
		a := &t.Attr[i]
		switch a.Key {
		case "href", "src", "action", "poster", "data-src":
			if strings.Contains(a.Val, "?") {
				a.Val = r.address(a.Val)
			} else {
				a.Val = r.secrets.in(a.Val)
			}
		case "value", "content":
			if redact.Secret(named) && a.Val != "" {
				a.Val = redact.Mark
				continue
			}
			a.Val = r.text(a.Val)
		case "class", "id", "type", "name":
		default:
			if redact.Secret(strings.TrimPrefix(a.Key, "data-")) && a.Val != "" {
				a.Val = redact.Mark
				continue
			}
			a.Val = r.leaf(a.Val, "")
		}
	}
}

func attribute(t *html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
