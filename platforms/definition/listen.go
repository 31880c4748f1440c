package definition

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
)

// Listen is one kind of answer or frame that a page receives by itself, or what a page function reads in it.
type Listen struct {
	// Response matches HTTP answers, any of several; Frames matches the address of a WebSocket; Function names a page
	// function that is run by read. A listen has one of the three.
	Response []Request `yaml:"response"`
	Frames   Pattern   `yaml:"frames"`
	Sent     bool      `yaml:"sent"` // the frames that the page sends, instead of those that it receives
	Function string    `yaml:"function"`
	World    string    `yaml:"world"` // of the function: isolated (default), or page to read the page's own store
	// Decode turns bytes that are not plain JSON into JSON, one stage after the other.
	Decode []Stage `yaml:"decode"`
	// When says whether an answer is a good one; another is judged by the signs. Absent: always good.
	When Query `yaml:"when"`
	// Require are paths that a good answer must have, be they empty or null. A missing one means that the page
	// changed, never that there is nothing.
	Require []Query `yaml:"require"`
	// More says whether the list goes on after this answer.
	More Query `yaml:"more"`
	// MayBeEmpty says that nothing is nothing, even where there was something before. Otherwise a list that a look loads
	// anew and that suddenly holds no item is an alarm.
	MayBeEmpty bool `yaml:"may_be_empty"`
	// Source is the rank of what is read here: list, detail, page_store or dom. If empty: list for an answer, detail
	// for a frame, page_store for a function in the page's world and dom for any other.
	Source string `yaml:"source"`
	// Yields maps an answer to items: one jq expression per collection (and "profile"), each giving objects with
	// the names of the entity's fields. $owner is the account's platform id, $query the query of the address, $post what was
	// posted and $status the HTTP status.
	Yields map[string]Query `yaml:"yields"`
}

// Rank is the listen's source, with its default.
func (l *Listen) Rank() string {
	switch {
	case l.Source != "":
		return l.Source
	case l.World == "page":
		return "page_store"
	case l.Function != "":
		return "dom"
	case !l.Frames.IsZero():
		return "detail"
	}
	return "list"
}

// Answers says whether an answer to that request is meant, as far as its address and method tell.
func (l *Listen) Answers(method, address string) bool {
	for i := range l.Response {
		if l.Response[i].Match(method, address) {
			return true
		}
	}
	return false
}

// AnswersPost is Answers for one whose posted body is at hand too.
func (l *Listen) AnswersPost(ctx context.Context, method, address string, post []byte) bool {
	for i := range l.Response {
		r := &l.Response[i]
		if !r.Match(method, address) {
			continue
		}
		if ok, err := r.Post.True(ctx, Posted(post), Vars{}); ok && err == nil {
			return true
		}
	}
	return false
}

// Request matches a request by address, method, query and body.
type Request struct {
	URL    Pattern         `yaml:"url"`
	Method string          `yaml:"method"` // empty: any
	Query  map[string]Glob `yaml:"query"`  // values that the address must have
	// Post must hold of what was posted: JSON, or a form as an object of texts; null where nothing is known of it.
	Post Query `yaml:"post"`
}

func (r *Request) short() any { return &r.URL }

// Match says whether a request is meant, as far as its address and method tell.
func (r *Request) Match(method, address string) bool {
	if r.Method != "" && !strings.EqualFold(r.Method, method) || !r.URL.Match(address) {
		return false
	}
	if len(r.Query) == 0 {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	values := u.Query()
	for name, want := range r.Query {
		if !values.Has(name) || !want.Match(values.Get(name)) {
			return false
		}
	}
	return true
}

// Posted is what a request's body says: JSON with exact numbers, or a form as an object of texts; nil when there is none.
func Posted(body []byte) any {
	if len(body) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err == nil {
		return v
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	fields := make(map[string]any, len(form))
	for name, values := range form {
		fields[name] = values[0]
	}
	return fields
}
