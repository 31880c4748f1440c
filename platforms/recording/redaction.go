package recording

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"regexp"
	"strings"
	"unicode/utf8"

	"troupe/platforms/definition"
	"troupe/platforms/page"
	"troupe/platforms/redact"
)

// Redaction says what is taken out of a recording beside what is a secret by its name or shape.
type Redaction struct {
	// Secrets are values that may stand nowhere, such as those of cookies.
	Secrets []string
	// HideTexts puts words of the same length in the place of what people wrote and of who they are. Pictures are then left
	// out, for they cannot be read.
	HideTexts bool
}

// redactor takes secrets, and texts if told to, out of one recording: first it learns from everything, then it rewrites.
type redactor struct {
	definition *definition.Definition
	secrets    secrets
	texts      texts
}

func newRedactor(d *definition.Definition, what Redaction) *redactor {
	r := &redactor{definition: d, texts: texts{hide: what.HideTexts, salt: []byte(rand.Text())}}
	for _, value := range what.Secrets {
		r.secrets.learn(value)
	}
	return r
}

func keysOf(m map[string]bool) iter.Seq[string] { return maps.Keys(m) }

// recording rewrites rec in place.
func (r *redactor) recording(rec *Recording) {
	for i := range rec.Entries {
		r.learn(&rec.Entries[i])
	}
	for _, item := range rec.Result.Items {
		if t, ok := parseTree(item); ok {
			r.texts.learnTree(t, "")
		}
	}
	for i := range rec.Pages {
		r.secrets.learnText(rec.Pages[i].DOM)
	}
	for i := range rec.Entries {
		r.entry(&rec.Entries[i])
	}
	for i := range rec.Pages {
		p := &rec.Pages[i]
		p.URL, p.DOM = r.address(p.URL), r.html(p.DOM)
		if r.texts.hide {
			p.Picture = nil
		}
	}
	for key, item := range rec.Result.Items {
		rec.Result.Items[key] = r.json(item)
	}
	if rec.Result.Profile != nil {
		rec.Result.Profile = r.json(rec.Result.Profile)
	}
}

// learn notes the secrets and texts of one entry, by the names that its own JSON or the definition's decoding gives them.
func (r *redactor) learn(e *Entry) {
	r.secrets.learnURL(e.URL)
	for _, body := range [][]byte{e.Post, e.Body} {
		if t, ok := parseTree(body); ok {
			r.secrets.learnTree(t, "")
			r.texts.learnTree(t, "")
		} else if utf8.Valid(body) && !isScript(e.Type) {
			r.secrets.learnText(string(body))
			r.secrets.learnURL("?" + string(body))
		}
	}
	for _, t := range r.decoded(e) {
		r.secrets.learnTree(t, "")
		r.texts.learnTree(t, "")
	}
}

// decoded is what the definition's pipelines make of a body that is not plain JSON.
func (r *redactor) decoded(e *Entry) []tree {
	var all []tree
	for _, l := range r.definition.Listen {
		if len(l.Decode) == 0 || !r.means(l, e) {
			continue
		}
		v, err := l.Value(context.Background(), e.Body)
		if err != nil {
			continue
		}
		if b, err := json.Marshal(v); err == nil {
			if t, ok := parseTree(b); ok {
				all = append(all, t)
			}
		}
	}
	return all
}

func (r *redactor) means(l *definition.Listen, e *Entry) bool {
	switch e.Kind {
	case Frame, Sent:
		return l.Sent == (e.Kind == Sent) && l.Frames.Match(e.URL)
	}
	return l.AnswersPost(context.Background(), e.Method, e.URL, e.Post)
}

// entry rewrites one entry. A body that still holds a secret afterwards, because it is encoded, is left out.
func (r *redactor) entry(e *Entry) {
	post, body := r.body(e.Post, ""), r.body(e.Body, e.Type)
	checked := *e
	checked.Body = body
	for _, t := range r.decoded(&checked) {
		if r.secrets.holds(writeTree(t)) {
			body, e.LeftOut = nil, "a secret in encoded bytes"
		}
	}
	e.URL, e.To, e.Post, e.Body = r.address(e.URL), r.address(e.To), post, body
}

// address takes secrets and texts out of an address.
func (r *redactor) address(address string) string {
	if address == "" {
		return ""
	}
	return r.texts.in(r.secrets.in(redact.URL(address)))
}

// body rewrites one body; nil stays nil.
func (r *redactor) body(body []byte, mediaType string) []byte {
	switch {
	case body == nil:
		return nil
	case bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
		return r.zipped(body)
	case !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0:
		return []byte(r.texts.in(string(r.secrets.inBytes(body))))
	}
	if t, ok := parseTree(body); ok {
		return writeTree(r.tree(t, ""))
	}
	switch {
	case strings.Contains(mediaType, "html"):
		return []byte(r.html(string(body)))
	case isScript(mediaType):
		return []byte(r.code(string(body)))
	}
	return []byte(r.text(string(body)))
}

func isScript(mediaType string) bool {
	return strings.Contains(mediaType, "javascript") || strings.Contains(mediaType, "css")
}

// zipped rewrites what is in a gzip.
func (r *redactor) zipped(body []byte) []byte {
	from, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return r.secrets.inBytes(body)
	}
	plain, err := io.ReadAll(io.LimitReader(from, fileMost))
	if err != nil {
		return r.secrets.inBytes(body)
	}
	var b bytes.Buffer
	to := gzip.NewWriter(&b)
	if _, err := to.Write(r.body(plain, "")); err != nil {
		return nil
	}
	if err := to.Close(); err != nil {
		return nil
	}
	return b.Bytes()
}

func (r *redactor) json(body []byte) []byte {
	t, ok := parseTree(body)
	if !ok {
		return nil
	}
	return writeTree(r.tree(t, ""))
}

// phone is a number that people can be called at.
var phone = regexp.MustCompile(`^(86)?1[3-9]\d{9}$`)

// tree rewrites a tree and keeps its types: a secret number becomes 0.
func (r *redactor) tree(t tree, name string) tree {
	switch t := t.(type) {
	case *object:
		o := &object{}
		for _, m := range t.members {
			o.members = append(o.members, member{r.secrets.in(m.key), r.tree(m.value, m.key)})
		}
		return o
	case *list:
		l := &list{}
		for _, v := range t.values {
			l.values = append(l.values, r.tree(v, name))
		}
		return l
	case json.Number:
		if redact.Secret(name) || phone.MatchString(t.String()) {
			return json.Number("0")
		}
	case string:
		return r.leaf(t, name)
	}
	return t
}

// leaf rewrites a text in JSON, which may hold JSON or an address itself.
func (r *redactor) leaf(s, name string) string {
	if inner, ok := parseCompound(s); ok {
		return string(writeTree(r.tree(inner, name)))
	}
	switch {
	case s == "":
		return ""
	case redact.Secret(name):
		return redact.Mark
	case r.texts.hide && textName.MatchString(name):
		return r.texts.words(s)
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"), strings.HasPrefix(s, "wss://"), strings.HasPrefix(s, "//"):
		return r.address(s)
	}
	return r.text(s)
}

// text rewrites plain words, and forms.
func (r *redactor) text(s string) string { return r.texts.in(r.secrets.in(redact.Text(s))) }

// code rewrites a script or a style sheet. Its names are a program's own: only known values and shapes are secrets there.
func (r *redactor) code(s string) string {
	return r.texts.in(string(r.secrets.inBytes([]byte(s))))
}

// keep says that everything is worth keeping while a recording is made.
func keep(page.RecordKind, string, string) bool { return true }
