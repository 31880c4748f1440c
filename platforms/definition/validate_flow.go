package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// purpose says what a flow is for, and so what it may do.
type purpose int

const (
	looking  purpose = iota // probe, looks, what prepares a login
	entering                // a login's form: a person can be asked
	thread                  // knows the target, still without commit
	reply
)

// scope is where a step stands.
type scope struct {
	purpose
	located bool // a row was located before
	each    bool // within each
}

var (
	threadNames = []string{
		"owner", "target.work_id", "target.comment_id", "target.discussion_id", "target.conversation_id", "target.person_id",
		"target.person_name", "target.text", "target.work_title",
	}
	replyNames = append([]string{"reply.content"}, threadNames...)
	// recipients are the names that prove who, or what, is answered.
	recipients = map[string][]string{
		"comment":    {"target.comment_id", "target.person_id", "target.person_name"},
		"discussion": {"target.discussion_id", "target.person_id", "target.person_name"},
		"message":    {"target.person_id", "target.person_name"},
		"work":       {"target.work_id"},
	}
	endings = []string{"target_gone", "refused", "logged_out", "challenge", "rate_limited"}
	// harmless are the verbs that cannot turn the page to another recipient.
	harmless = []string{"clear", "type", "assert", "pause", "screenshot", "hover"}
)

// sendButtons gathers what commits click, so that no other step does.
func sendButtons(d *Definition) map[string]bool {
	buttons := map[string]bool{}
	for _, f := range d.Reply {
		for _, s := range f {
			if s.Commit != nil && s.Commit.Click != "" {
				buttons[s.Commit.Click] = true
			}
		}
	}
	return buttons
}

func (c *checker) replies() {
	for _, kind := range slices.Sorted(maps.Keys(c.d.Reply)) {
		path := "reply." + kind
		if _, ok := ReplyKinds[kind]; !ok {
			c.wrong(path, "a reply is to a comment, discussion, message or work")
			continue
		}
		c.flow(path, c.d.Reply[kind], reply)
		c.commitment(path, kind, c.d.Reply[kind])
		if len(c.d.Thread[kind]) == 0 {
			c.wrong("thread", "a reply that ends unknown is settled by reading: thread needs a flow %q", kind)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(c.d.Thread)) {
		if _, ok := ReplyKinds[kind]; !ok {
			c.wrong("thread."+kind, "a thread is of a comment, discussion, message or work")
		}
		c.flow("thread."+kind, c.d.Thread[kind], thread)
	}
}

// commitment proves that a reply has one irreversible step, that the recipient was asserted before it with nothing in
// between that could turn to another, that the answer stands in the editor, and that its end is judged.
func (c *checker) commitment(path, kind string, f Flow) {
	commits, asserted, typed, last := 0, -1, 0, -1
	for i, s := range f {
		switch {
		case s.Commit != nil:
			commits++
			last = i
		case s.Assert != nil && last < 0 && s.Assert.Proves(kind):
			asserted = i
		case s.Type != nil && last < 0 && slices.Contains(s.Type.Text.Names(), "reply.content"):
			typed++
		}
	}
	if commits != 1 {
		c.wrong(path, "a reply has exactly one commit; this one has %d", commits)
		return
	}
	if asserted < 0 {
		c.wrong(path, "nothing is committed before an assert of who is answered: %s", strings.Join(recipients[kind], ", "))
	}
	if typed != 1 {
		c.wrong(path, "reply.content is typed exactly once before the commit")
	}
	for i := asserted + 1; asserted >= 0 && i < last; i++ {
		if !slices.Contains(harmless, f[i].Verb()) {
			c.wrong(fmt.Sprintf("%s[%d]", path, i), "%s may turn to another person: assert who is answered once more after it", f[i].Verb())
		}
	}
	if last != len(f)-2 || f[len(f)-1].Confirm == nil {
		c.wrong(fmt.Sprintf("%s[%d]", path, last), "after the commit comes one confirm, and nothing else")
	}
}

// Proves says whether the assert names who, or what, a reply of that kind answers.
func (a *Assert) Proves(kind string) bool {
	names := append(a.Is.Names(), a.Contains.Names()...)
	return slices.ContainsFunc(recipients[kind], func(r string) bool { return slices.Contains(names, r) })
}

func (c *checker) flow(path string, f Flow, p purpose) { c.steps(path, f, scope{purpose: p}) }

func (c *checker) steps(path string, f Flow, in scope) {
	if len(f) == 0 {
		c.wrong(path, "a flow needs at least one step")
	}
	for i, s := range f {
		at := fmt.Sprintf("%s[%d]", path, i)
		verb, _, n := s.verb()
		if n != 1 {
			c.wrong(at, "a step is exactly one verb with a value: %s", strings.Join(wordsOf(stepType), " "))
			continue
		}
		switch {
		case in.purpose != reply && (s.Commit != nil || s.Confirm != nil):
			c.wrong(at, "only a reply may commit or confirm")
		case in.purpose != entering && s.Ask != nil:
			c.wrong(at, "only a login by name and password or by phone has a person to ask")
		case s.Each != nil && (in.purpose != looking || in.each):
			c.wrong(at, "each stands in a look or probe, and not within another")
		}
		c.step(at+"."+verb, s, in)
		in.located = in.located || s.Locate != nil
	}
}

func (c *checker) step(path string, s Step, in scope) {
	switch {
	case s.Open != nil:
		c.open(path, s.Open.To, in)
	case s.Refresh != nil:
		if !s.Refresh.Reload {
			c.place(path, s.Refresh.Click, "", in)
		}
	case s.Frame != "":
		if s.Frame != "top" {
			c.known(path, s.Frame, true)
		}
	case s.Await != nil:
		c.await(path, s.Await)
	case s.Read != nil:
		c.read(path, s.Read, in)
	case s.Locate != nil:
		c.row(path, s.Locate.In, in)
		c.locate(path, s.Locate, in)
	case s.Expand != nil:
		c.place(path, s.Expand.Find, s.Expand.In, in)
		c.listens(path+".then", s.Expand.Then)
		c.known(path+".scroll", s.Expand.Scroll, false)
		c.known(path+".end", s.Expand.End, false)
		if s.Expand.Scroll != "" && (!s.Expand.All || s.Expand.In != "") {
			c.wrong(path, "a list is scrolled to expand all of it: scroll goes with all, and not with in")
		}
		c.bound(path, s.Expand.AtMost, s.Expand.All)
	case s.Paginate != nil:
		c.row(path, s.Paginate.In, in)
		if s.Paginate.More != "" {
			c.place(path, s.Paginate.More, s.Paginate.In, in)
		}
		c.paginate(path, s.Paginate)
	case s.Each != nil:
		c.each(path, s.Each, in)
	default:
		c.act(path, s, in)
	}
}

// act checks a step that touches an element or a key.
func (c *checker) act(path string, s Step, in scope) {
	keys := []string{"Enter", "Escape", "Backspace", "Tab", "PageDown", "End", "Shift+Enter", "Control+A"}
	switch {
	case s.Hover != nil:
		c.row(path, s.Hover.In, in)
		c.element(path, s.Hover.Find, in)
	case s.Click != nil:
		c.place(path, s.Click.Find, s.Click.In, in)
	case s.Clear != nil:
		c.place(path, s.Clear.Find, s.Clear.In, in)
	case s.Type != nil:
		c.place(path, s.Type.Into, s.Type.In, in)
		c.typing(path, s.Type, in)
	case s.Ask != nil:
		c.place(path, s.Ask.Into, "", in)
		if !slices.Contains(asked, s.Ask.For) {
			c.wrong(path+".for", "a person is asked for one of: %s", strings.Join(asked, " "))
		}
	case s.Scroll != nil:
		c.known(path+".in", s.Scroll.In, false)
	case s.Assert != nil:
		c.row(path, s.Assert.In, in)
		c.assert(path, s.Assert, in)
	case s.Press != "" && !slices.Contains(keys, s.Press):
		c.wrong(path, "press one of: %s", strings.Join(keys, " "))
	case s.Press == "Enter" && in.purpose == reply:
		c.wrong(path, "Enter may send: in a reply it is only pressed by commit")
	case s.Commit != nil:
		c.commit(path, s.Commit, in)
	case s.Confirm != nil:
		c.confirm(path, s.Confirm)
	}
}

// row checks the name of a place to be in.
func (c *checker) row(path, name string, in scope) {
	if name != "" && (name != "row" || !in.located) {
		c.wrong(path+".in", "the only place to be in is the row of an earlier locate")
	}
}

// element checks a name of find, or the located row.
func (c *checker) element(path, find string, in scope) {
	if find != "row" || !in.located {
		c.known(path, find, true)
	}
}

// place checks what is clicked or typed into: never what a commit clicks.
func (c *checker) place(path, find, within string, in scope) {
	c.row(path, within, in)
	c.element(path, find, in)
	if c.sends[find] {
		c.wrong(path, "%q is what a commit clicks: nothing else may", find)
	}
}

func (c *checker) open(path string, to Text, in scope) {
	c.text(path, to, in)
	if len(to.Names()) == 0 {
		if _, ok := c.d.Pages[string(to)]; !ok && !strings.Contains(string(to), "://") {
			c.wrong(path, "pages has no %q", to)
		}
	}
}

// text checks the names in a text against what a step there knows.
func (c *checker) text(path string, t Text, in scope) {
	for _, name := range t.Names() {
		page, isPage := strings.CutPrefix(name, "pages.")
		switch {
		case isPage && c.d.Pages[page] == "":
			c.wrong(path, "pages has no %q", page)
		case isPage, name == "owner", in.each && strings.HasPrefix(name, "each."):
		case in.purpose == reply && slices.Contains(replyNames, name):
		case in.purpose == thread && slices.Contains(threadNames, name):
		default:
			c.wrong(path, "{{%s}} is not known here", name)
		}
	}
	if strings.Count(string(t), "{{") != len(t.Names()) {
		c.wrong(path, "what stands between {{ and }} is a plain name, such as {{target.work_id}}")
	}
}

// listens checks the name of a listen for an answer.
func (c *checker) listens(path, name string) *Listen {
	l := c.d.Listen[name]
	if l == nil {
		c.wrong(path, "listen has no %q", name)
	}
	return l
}
