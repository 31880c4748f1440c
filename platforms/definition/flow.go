package definition

import (
	"errors"
	"reflect"
	"strings"
	"time"
)

// Flow is a straight line of steps.
type Flow []Step

// Step is exactly one act or check.
type Step struct {
	Open       *Open     `yaml:"open"`
	Refresh    *Refresh  `yaml:"refresh"`
	Await      *Await    `yaml:"await"`
	Locate     *Locate   `yaml:"locate"`
	Expand     *Expand   `yaml:"expand"`
	Paginate   *Paginate `yaml:"paginate"`
	Hover      *Place    `yaml:"hover"`
	Click      *Place    `yaml:"click"`
	Clear      *Place    `yaml:"clear"`
	Type       *Type     `yaml:"type"`
	Press      string    `yaml:"press"` // Enter, Escape or Backspace
	Scroll     *Scroll   `yaml:"scroll"`
	Assert     *Assert   `yaml:"assert"`
	Pause      Span      `yaml:"pause"`
	Screenshot string    `yaml:"screenshot"` // kept as evidence under this name
	Commit     *Commit   `yaml:"commit"`
	Confirm    *Confirm  `yaml:"confirm"`
}

// Open goes to an address: a name of pages, or an address with {{names}}. In a round a tab that is there already is
// left alone; a probe, a login, a reply and the reading of a thread always load the page.
type Open struct {
	To Text `yaml:"to"`
}

// UnmarshalYAML reads the address alone, or {to}.
func (o *Open) UnmarshalYAML(decode func(any) error) error {
	type plain Open
	return either(decode, &o.To, (*plain)(o))
}

// Refresh makes the open page ask again, without a navigation: by a click on a name of find, or by a
// reload. It does nothing when open has just loaded the page.
type Refresh struct {
	Click  string `yaml:"click"`
	Reload bool   `yaml:"reload"`
}

// UnmarshalYAML reads what to click alone, or {click | reload}.
func (r *Refresh) UnmarshalYAML(decode func(any) error) error {
	type plain Refresh
	return either(decode, &r.Click, (*plain)(r))
}

// Await waits for answers that arrive after the last act: all of some listens, or any of some named outcomes.
type Await struct {
	All    []string           `yaml:"all"`
	Any    map[string]*Branch `yaml:"any"`
	Within time.Duration      `yaml:"within"` // 15 s if zero
}

// Branch is one outcome of await any.
type Branch struct {
	Listen string `yaml:"listen"` // an answer ...
	Sign   Sign   `yaml:"sign"`   // ... or a sign
	// Ends says what this outcome means when it is not the wanted one: target_gone, refused, logged_out, challenge, rate_limited.
	Ends string `yaml:"ends"`
}

// UnmarshalYAML reads one listen's name alone, or {all | any, within}.
func (a *Await) UnmarshalYAML(decode func(any) error) error {
	var one string
	type plain Await
	if err := either(decode, &one, (*plain)(a)); err != nil {
		return err
	}
	if one != "" {
		a.All = []string{one}
	}
	return nil
}

// Locate finds the one row whose attribute has a value, and names it "row" for the steps that follow. A list
// that is longer than what is shown is scrolled, or lengthened by clicks on More, until the row is there or the list ends.
type Locate struct {
	Row       string `yaml:"row"`       // a name of find, CSS only
	In        string `yaml:"in"`        // "row": within the row that was located before
	Attribute string `yaml:"attribute"` // that holds the row's id
	Is        Text   `yaml:"is"`        // an empty value is found nowhere
	Scroll    string `yaml:"scroll"`    // a name of find: the container
	End       string `yaml:"end"`       // a name of find: there when the container holds the whole list
	More      string `yaml:"more"`      // a name of find, within In: lengthens the list; absent at the end
	AtMost    int    `yaml:"at_most"`   // scrolls or clicks
}

// Expand clicks something if it is there, and waits for the answer that it brings.
type Expand struct {
	Find string `yaml:"find"`
	In   string `yaml:"in"`   // "row"
	Then string `yaml:"then"` // a listen
}

// Paginate follows a list page by page. It stops at the end of the list; in a look that need not be whole,
// at the first page that holds nothing unknown; in a thread, at the first page that is older than the reply.
type Paginate struct {
	List   string `yaml:"list"`    // a listen with more
	In     string `yaml:"in"`      // "row": More is looked for in the located row
	More   string `yaml:"more"`    // a name of find, clicked for the next page
	Scroll string `yaml:"scroll"`  // or a container that is scrolled
	AtMost int    `yaml:"at_most"` // further pages
}

// Place is an element: a name of find, "row" for the located row, or a name within the row.
type Place struct {
	Find string `yaml:"find"`
	In   string `yaml:"in"` // "row"
}

// UnmarshalYAML reads the name alone, or {find, in}.
func (p *Place) UnmarshalYAML(decode func(any) error) error {
	type plain Place
	return either(decode, &p.Find, (*plain)(p))
}

// Type enters text at a person's pace and reads it back.
type Type struct {
	Into    string `yaml:"into"` // a name of find
	In      string `yaml:"in"`
	Text    Text   `yaml:"text"`
	Newline string `yaml:"newline"` // space (default): line breaks become spaces; keep
}

// Scroll turns the wheel over a container.
type Scroll struct {
	In string `yaml:"in"` // a name of find; empty: the page
	By int    `yaml:"by"` // CSS pixels, downwards
}

// Assert stops the flow unless the page shows what is expected. An expectation that turns out empty is never met.
type Assert struct {
	Find      string `yaml:"find"`      // a name of find ...
	In        string `yaml:"in"`        // ... within the located row
	Attribute string `yaml:"attribute"` // of it; empty: its text
	URL       bool   `yaml:"url"`       // or the tab's address
	Function  string `yaml:"function"`  // or what a page function answers, a string
	Is        Text   `yaml:"is"`        // equal
	Contains  Text   `yaml:"contains"`
}

// Commit is the irreversible step of a reply. The master is asked just before it.
type Commit struct {
	Click string `yaml:"click"` // a name of find
	In    string `yaml:"in"`
	Press string `yaml:"press"` // or a key
}

// Confirm says how a committed reply ended. What no outcome recognises is unknown, and is settled by reading.
type Confirm struct {
	Sent     Outcome            `yaml:"sent"`
	Failures map[string]Outcome `yaml:"failures"` // by reason
	Else     string             `yaml:"else"`     // must be written: unknown
	Within   time.Duration      `yaml:"within"`   // 15 s if zero
}

// Outcome is recognised by the platform's own answer, or by its own words on the page.
type Outcome struct {
	Listen string `yaml:"listen"`
	When   Query  `yaml:"when"`
	ID     Query  `yaml:"id"`   // of sent: the platform's id of what now stands there
	Text   string `yaml:"text"` // of a failure
	Kind   string `yaml:"kind"` // of a failure that concerns the account: rate_limited, logged_out, challenge
}

// verb is the step's verb and its value; "" and nil when there is none. n is how many were set.
func (s Step) verb() (name string, value any, n int) {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			n++
			name = v.Type().Field(i).Tag.Get("yaml")
			value = f.Interface()
		}
	}
	return name, value, n
}

// Verb is the step's verb.
func (s Step) Verb() string {
	name, _, _ := s.verb()
	return name
}

// String names the step for evidence: its verb and what it is about.
func (s Step) String() string {
	name, value, _ := s.verb()
	about := ""
	switch v := value.(type) {
	case *Open:
		about, _, _ = strings.Cut(string(v.To), "?")
	case *Refresh:
		about = v.Click
	case *Await:
		about = strings.Join(v.names(), " ")
	case *Locate:
		about = v.Row
	case *Expand:
		about = v.Find
	case *Paginate:
		about = v.List
	case *Place:
		about = v.Find
	case *Type:
		about = v.Into
	case *Assert:
		about = v.Find + v.Function
	case *Commit:
		about = v.Click + v.Press
	case string:
		about = v
	}
	return strings.TrimSpace(name + " " + about)
}

func (a *Await) names() []string {
	names := append([]string(nil), a.All...)
	for name := range a.Any {
		names = append(names, name)
	}
	return names
}

// either decodes a plain value into short or a mapping into long.
func either(decode func(any) error, short, long any) error {
	plain := decode(short)
	if plain == nil {
		return nil
	}
	err := decode(long)
	if _, ok := errors.AsType[*located](plain); ok && err != nil {
		return plain // a plain value that is wrong in itself
	}
	return err
}
