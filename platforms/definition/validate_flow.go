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
	noCommit purpose = iota // probe, looks
	thread                  // knows the target, still without commit
	reply
)

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

// commitment proves that a reply has one irreversible step, that the recipient was asserted before it, that the
// answer stands in the editor, and that its end is judged.
func (c *checker) commitment(path, kind string, f Flow) {
	var commits, asserted, typed int
	last := -1
	for i, s := range f {
		switch {
		case s.Commit != nil:
			commits++
			last = i
		case s.Assert != nil && last < 0 && provesRecipient(s.Assert, recipients[kind]):
			asserted++
		case s.Type != nil && last < 0 && slices.Contains(s.Type.Text.Names(), "reply.content"):
			typed++
		}
	}
	switch {
	case commits != 1:
		c.wrong(path, "a reply has exactly one commit; this one has %d", commits)
		return
	case asserted == 0:
		c.wrong(path, "nothing is committed before an assert of who is answered: %s", strings.Join(recipients[kind], ", "))
	case typed != 1:
		c.wrong(path, "reply.content is typed exactly once before the commit")
	}
	if last != len(f)-2 || f[len(f)-1].Confirm == nil {
		c.wrong(fmt.Sprintf("%s[%d]", path, last), "after the commit comes one confirm, and nothing else")
	}
}

func provesRecipient(a *Assert, names []string) bool {
	for _, name := range append(a.Is.Names(), a.Contains.Names()...) {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

func (c *checker) flow(path string, f Flow, p purpose) {
	if len(f) == 0 {
		c.wrong(path, "a flow needs at least one step")
	}
	located := false
	for i, s := range f {
		at := fmt.Sprintf("%s[%d]", path, i)
		verb, _, n := s.verb()
		if n != 1 {
			c.wrong(at, "a step is exactly one verb with a value: %s", strings.Join(wordsOf(stepType), " "))
			continue
		}
		if p != reply && (s.Commit != nil || s.Confirm != nil) {
			c.wrong(at, "only a reply may commit or confirm")
		}
		c.step(at+"."+verb, s, p, located)
		located = located || s.Locate != nil
	}
}

func (c *checker) step(path string, s Step, p purpose, located bool) {
	row := func(in string) {
		if in != "" && (in != "row" || !located) {
			c.wrong(path+".in", "the only place to be in is the row of an earlier locate")
		}
	}
	place := func(find, in string) {
		if row(in); find == "row" && located {
			return
		}
		c.known(path, find, true)
		if c.sends[find] && s.Commit == nil && s.Hover == nil {
			c.wrong(path, "%q is what a commit clicks: nothing else may", find)
		}
	}
	switch {
	case s.Open != nil:
		c.open(path, s.Open.To, p)
	case s.Refresh != nil:
		if !s.Refresh.Reload {
			place(s.Refresh.Click, "")
		}
	case s.Await != nil:
		c.await(path, s.Await)
	case s.Locate != nil:
		row(s.Locate.In)
		c.locate(path, s.Locate, p)
	case s.Expand != nil:
		place(s.Expand.Find, s.Expand.In)
		c.listens(path+".then", s.Expand.Then)
	case s.Paginate != nil:
		row(s.Paginate.In)
		if s.Paginate.More != "" {
			place(s.Paginate.More, s.Paginate.In)
		}
		c.paginate(path, s.Paginate)
	case s.Hover != nil:
		place(s.Hover.Find, s.Hover.In)
	case s.Click != nil:
		place(s.Click.Find, s.Click.In)
	case s.Clear != nil:
		place(s.Clear.Find, s.Clear.In)
	case s.Type != nil:
		place(s.Type.Into, s.Type.In)
		c.typing(path, s.Type, p)
	case s.Scroll != nil:
		c.known(path+".in", s.Scroll.In, false)
	case s.Assert != nil:
		row(s.Assert.In)
		c.assert(path, s.Assert, p, located)
	case s.Press != "" && !slices.Contains([]string{"Enter", "Escape", "Backspace"}, s.Press):
		c.wrong(path, "press Enter, Escape or Backspace")
	case s.Press == "Enter" && p == reply:
		c.wrong(path, "Enter may send: in a reply it is only pressed by commit")
	case s.Commit != nil:
		c.commit(path, s.Commit, place)
	case s.Confirm != nil:
		c.confirm(path, s.Confirm)
	}
}

func (c *checker) open(path string, to Text, p purpose) {
	c.text(path, to, p)
	if len(to.Names()) == 0 {
		if _, ok := c.d.Pages[string(to)]; !ok && !strings.Contains(string(to), "://") {
			c.wrong(path, "pages has no %q", to)
		}
	}
}

// text checks the names in a text against what a flow of that purpose knows.
func (c *checker) text(path string, t Text, p purpose) {
	for _, name := range t.Names() {
		page, isPage := strings.CutPrefix(name, "pages.")
		switch {
		case isPage && c.d.Pages[page] == "":
			c.wrong(path, "pages has no %q", page)
		case isPage, name == "owner":
		case p == reply && slices.Contains(replyNames, name):
		case p == thread && slices.Contains(threadNames, name):
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
