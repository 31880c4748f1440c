package definition

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

var stepType = reflect.TypeFor[Step]()

func (c *checker) await(path string, a *Await) {
	if (len(a.All) == 0) == (len(a.Any) == 0) {
		c.wrong(path, "await one listen, all of some, or any of some named outcomes")
	}
	for _, name := range a.All {
		c.listens(path, name)
	}
	wanted := 0
	for _, name := range slices.Sorted(maps.Keys(a.Any)) {
		b, at := a.Any[name], path+".any."+name
		switch {
		case b == nil:
			c.wrong(at, "say what this outcome is seen by")
			continue
		case b.Listen != "":
			c.listens(at+".listen", b.Listen)
		default:
			c.sign(at+".sign", &b.Sign)
		}
		if b.Ends == "" {
			wanted++
		} else if !slices.Contains(endings, b.Ends) {
			c.wrong(at+".ends", "an outcome ends a flow as one of: %s", strings.Join(endings, " "))
		}
	}
	if len(a.Any) > 0 && wanted == 0 {
		c.wrong(path+".any", "at least one outcome must let the flow go on")
	}
}

func (c *checker) locate(path string, l *Locate, p purpose) {
	c.known(path+".row", l.Row, true)
	for _, selector := range c.d.Find[l.Row] {
		if strings.HasPrefix(selector, "text=") {
			c.wrong(path+".row", "a row is found by its id: %q must be CSS selectors", l.Row)
		}
	}
	if l.Attribute == "" || len(l.Is.Names()) == 0 {
		c.wrong(path, "a row is found by an attribute that is a name, such as {{target.comment_id}}")
	}
	c.text(path+".is", l.Is, p)
	c.known(path+".scroll", l.Scroll, false)
	c.known(path+".end", l.End, l.Scroll != "")
	c.known(path+".more", l.More, false)
	if l.Scroll != "" && l.More != "" {
		c.wrong(path, "a list is lengthened by scroll or by more, not both")
	}
	c.bound(path, l.AtMost, l.Scroll != "" || l.More != "")
}

func (c *checker) paginate(path string, p *Paginate) {
	if l := c.listens(path+".list", p.List); l != nil && l.More.IsZero() {
		c.wrong(path+".list", "listen.%s says no more: nobody knows when it ends", p.List)
	}
	c.known(path+".scroll", p.Scroll, p.More == "")
	if p.Scroll != "" && p.More != "" {
		c.wrong(path, "pages are turned by scroll or by more, not both")
	}
	c.bound(path, p.AtMost, true)
}

func (c *checker) bound(path string, n int, required bool) {
	if required && (n <= 0 || n > 1000) {
		c.wrong(path+".at_most", "a loop needs a bound from 1 to 1000")
	}
}

func (c *checker) typing(path string, t *Type, p purpose) {
	c.text(path+".text", t.Text, p)
	if t.Text == "" {
		c.wrong(path+".text", "say what is typed")
	}
	if !slices.Contains([]string{"", "space", "keep"}, t.Newline) {
		c.wrong(path+".newline", "line breaks become a space, or keep")
	}
}

func (c *checker) assert(path string, a *Assert, p purpose, located bool) {
	ways := 0
	for _, set := range []bool{a.Find != "", a.URL, a.Function != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		c.wrong(path, "assert looks at one of find, url or function")
	}
	if a.Find != "row" || !located {
		c.known(path+".find", a.Find, false)
	}
	if a.Function != "" && c.d.Functions[a.Function] == "" {
		c.wrong(path+".function", "there is no page function %s.js", a.Function)
	}
	if (a.Is == "") == (a.Contains == "") {
		c.wrong(path, "assert expects is or contains")
	}
	c.text(path+".is", a.Is, p)
	c.text(path+".contains", a.Contains, p)
}

func (c *checker) commit(path string, m *Commit, place func(find, in string)) {
	if (m.Click == "") == (m.Press == "") {
		c.wrong(path, "commit clicks something or presses a key")
	}
	if m.Click != "" {
		place(m.Click, m.In)
	}
	if m.Press != "" && m.Press != "Enter" {
		c.wrong(path+".press", "a commit presses Enter")
	}
}

func (c *checker) confirm(path string, m *Confirm) {
	if m.Else != "unknown" {
		c.wrong(path, "write \"else: unknown\": what nothing recognises is settled by reading")
	}
	if m.Sent.Listen == "" || m.Sent.When.IsZero() {
		c.wrong(path+".sent", "a reply counts as sent by the platform's own answer: listen and when are needed")
	}
	c.outcome(path+".sent", &m.Sent)
	for _, reason := range slices.Sorted(maps.Keys(m.Failures)) {
		o, at := m.Failures[reason], path+".failures."+reason
		if o.Listen == "" && o.Text == "" || o.Listen != "" && o.When.IsZero() {
			c.wrong(at, "a failure is the platform's own refusal: listen and when, or text")
		}
		if !slices.Contains([]string{"", "rate_limited", "logged_out", "challenge"}, o.Kind) {
			c.wrong(at+".kind", "a failure may mean rate_limited, logged_out or challenge for the account")
		}
		c.outcome(at, &o)
		m.Failures[reason] = o
	}
}

func (c *checker) outcome(path string, o *Outcome) {
	if o.Listen != "" {
		c.listens(path+".listen", o.Listen)
	}
	c.query(path+".when", &o.When)
	c.query(path+".id", &o.ID)
}
