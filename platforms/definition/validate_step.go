package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (c *checker) await(path string, a *Await) {
	if (len(a.All) == 0) == (len(a.Any) == 0) {
		c.wrong(path, "await one listen, all of some, or any of some named outcomes")
	}
	for _, name := range a.All {
		if l := c.listens(path, name); l != nil && l.Function != "" {
			c.wrong(path, "listen.%s does not arrive by itself: read it", name)
		}
	}
	for _, name := range a.Else {
		if l := c.listens(path+".else", name); l != nil && l.Function == "" {
			c.wrong(path+".else", "listen.%s is no page function: it cannot be read instead", name)
		}
	}
	if len(a.Else) > 0 && len(a.All) != 1 {
		c.wrong(path+".else", "what is read instead stands for one awaited answer")
	}
	if !slices.Contains([]string{"", "act", "flow"}, a.Since) {
		c.wrong(path+".since", "answers count since the last act, or since the flow began: act or flow")
	}
	c.branches(path+".any", a.Any)
}

// branches checks the named outcomes of await any.
func (c *checker) branches(path string, any map[string]*Branch) {
	wanted := 0
	for _, name := range slices.Sorted(maps.Keys(any)) {
		b, at := any[name], path+"."+name
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
	if len(any) > 0 && wanted == 0 {
		c.wrong(path, "at least one outcome must let the flow go on")
	}
}

func (c *checker) read(path string, r *Read, in scope) {
	if l := c.listens(path, r.Listen); l != nil && l.Function == "" {
		c.wrong(path, "listen.%s is no page function: await it", r.Listen)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Args)) {
		c.text(path+".args."+name, r.Args[name], in)
	}
}

func (c *checker) locate(path string, l *Locate, in scope) {
	c.known(path+".row", l.Row, true)
	for _, selector := range c.d.Find[l.Row] {
		if strings.HasPrefix(selector, "text=") || strings.Contains(selector, " >> text=") {
			c.wrong(path+".row", "a row is found by its key: %q must be CSS selectors", l.Row)
		}
	}
	if (l.Attribute == "") == (l.Function == "") || len(l.Is.Names()) == 0 {
		c.wrong(path, "a row is found by an attribute, or by a page function, that is a name such as {{target.comment_id}}")
	}
	c.function(path, l.Function, l.World)
	c.text(path+".is", l.Is, in)
	c.known(path+".scroll", l.Scroll, false)
	c.known(path+".end", l.End, false)
	c.known(path+".more", l.More, false)
	c.bound(path, l.AtMost, l.Scroll != "" || l.More != "")
}

func (c *checker) paginate(path string, p *Paginate) {
	if l := c.listens(path+".list", p.List); l != nil && l.More.IsZero() {
		c.wrong(path+".list", "listen.%s says no more: nobody knows when it ends", p.List)
	}
	c.known(path+".scroll", p.Scroll, false)
	if p.Scroll != "" && (p.More != "" || p.Navigates) {
		c.wrong(path, "pages are turned by scroll or by more, not both, and a scroll loads no other page")
	}
	if p.Up && p.Scroll == "" {
		c.wrong(path+".up", "only what is scrolled can be scrolled upwards")
	}
	c.bound(path, p.AtMost, true)
}

func (c *checker) each(path string, e *Each, in scope) {
	c.listens(path+".of", e.Of)
	if e.Rows.IsZero() {
		c.wrong(path+".rows", "say which rows, as objects with a key")
	}
	c.query(path+".rows", &e.Rows)
	c.bound(path, e.AtMost, true)
	in.each = true
	c.steps(path+".steps", e.Steps, in)
}

func (c *checker) bound(path string, n int, required bool) {
	if required && (n <= 0 || n > 1000) {
		c.wrong(path+".at_most", "a loop needs a bound from 1 to 1000")
	}
}

func (c *checker) typing(path string, t *Type, in scope) {
	c.text(path+".text", t.Text, in)
	if t.Text == "" {
		c.wrong(path+".text", "say what is typed")
	}
	if !slices.Contains([]string{"", "space", "keep", "shift_enter"}, t.Newline) {
		c.wrong(path+".newline", "line breaks become a space, or keep, or shift_enter")
	}
	if !slices.Contains([]string{"", "type", "paste"}, t.How) {
		c.wrong(path+".how", "text is entered by type or by paste")
	}
}

func (c *checker) assert(path string, a *Assert, in scope) {
	ways := 0
	for _, set := range []bool{a.Find != "", a.URL, a.Function != "", a.Absent != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		c.wrong(path, "assert looks at one of find, url, function or absent")
	}
	if a.Find != "" {
		c.element(path+".find", a.Find, in)
	}
	c.known(path+".absent", a.Absent, false)
	c.function(path, a.Function, a.World)
	if a.Absent != "" && a.Is+a.Contains != "" {
		c.wrong(path, "what is absent shows nothing: leave out is and contains")
	}
	if a.Absent == "" && (a.Is == "") == (a.Contains == "") {
		c.wrong(path, "assert expects is or contains")
	}
	c.text(path+".is", a.Is, in)
	c.text(path+".contains", a.Contains, in)
}

func (c *checker) commit(path string, m *Commit, in scope) {
	if (m.Click == "") == (m.Press == "") {
		c.wrong(path, "commit clicks something or presses a key")
	}
	c.row(path, m.In, in)
	if m.Click != "" {
		c.element(path+".click", m.Click, in)
	}
	if m.Press != "" && m.Press != "Enter" {
		c.wrong(path+".press", "a commit presses Enter")
	}
}

func (c *checker) confirm(path string, m *Confirm) {
	if m.Else != "unknown" {
		c.wrong(path, "write \"else: unknown\": what nothing recognises is settled by reading")
	}
	if len(m.Sent) == 0 {
		c.wrong(path+".sent", "say how one sees that a reply was sent")
	}
	for i := range m.Sent {
		o, at := &m.Sent[i], fmt.Sprintf("%s.sent[%d]", path, i)
		if (o.Listen == "") == (o.Function == "") || o.When.IsZero() || o.Text != "" {
			c.wrong(at, "a reply counts as sent by the platform's own answer, or by what a page function sees: listen or function, and when")
		}
		c.outcome(at, o)
	}
	for _, reason := range slices.Sorted(maps.Keys(m.Failures)) {
		o, at := m.Failures[reason], path+".failures."+reason
		if o.Listen == "" && o.Function == "" && o.Text == "" || o.Listen+o.Function != "" && o.When.IsZero() {
			c.wrong(at, "a failure is the platform's own refusal: listen or function and when, or text")
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
	c.function(path, o.Function, o.World)
	c.query(path+".when", &o.When)
	c.query(path+".id", &o.ID)
}
