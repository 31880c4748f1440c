package definition

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// Flow is a straight line of steps.
type Flow []Step

// Step is exactly one act or check.
type Step struct {
	Open       *Open     `yaml:"open"`
	Refresh    *Refresh  `yaml:"refresh"`
	Frame      string    `yaml:"frame"` // a name of find: what follows happens in that frame; top: in the page again
	Await      *Await    `yaml:"await"`
	Read       *Read     `yaml:"read"`
	Locate     *Locate   `yaml:"locate"`
	Expand     *Expand   `yaml:"expand"`
	Paginate   *Paginate `yaml:"paginate"`
	Each       *Each     `yaml:"each"`
	Hover      *Place    `yaml:"hover"`
	Click      *Place    `yaml:"click"`
	Clear      *Place    `yaml:"clear"`
	Type       *Type     `yaml:"type"`
	Ask        *Ask      `yaml:"ask"`
	Press      string    `yaml:"press"` // Enter, Escape, Backspace, Tab, PageDown, End, Shift+Enter or Control+A
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

func (o *Open) short() any { return &o.To }

// Refresh makes the open page ask again, without a navigation: by a click on a name of find, or by a
// reload. It does nothing when open has just loaded the page.
type Refresh struct {
	Click  string `yaml:"click"`
	Reload bool   `yaml:"reload"`
}

func (r *Refresh) short() any { return &r.Click }

// Await waits for answers that arrive after the last act: all of some listens, or any of some named outcomes.
type Await struct {
	All []string `yaml:"all"`
	// Else are read in this order when an answer did not come in time: page functions over the page's store, then
	// over the DOM. The first that can be read stands for what was awaited; a malformed answer is never replaced.
	Else   []string           `yaml:"else"`
	Any    map[string]*Branch `yaml:"any"`
	Since  string             `yaml:"since"`  // act (default): after the last act; flow: at any time since the flow began
	Within time.Duration      `yaml:"within"` // 15 s if zero
}

func (a *Await) short() any { return &a.All }

// Branch is one outcome of await any.
type Branch struct {
	Listen string `yaml:"listen"` // an answer ...
	Sign   Sign   `yaml:"sign"`   // ... or a sign
	// Ends says what this outcome means when it is not the wanted one: target_gone, refused, logged_out, challenge, rate_limited.
	Ends string `yaml:"ends"`
}

// Read runs the page function of a listen and takes its answer as if the page had received it.
type Read struct {
	Listen string          `yaml:"listen"` // one with function
	Args   map[string]Text `yaml:"args"`   // further arguments of the function
	Within time.Duration   `yaml:"within"` // for the first answer that the listen takes for good; 15 s if zero
}

func (r *Read) short() any { return &r.Listen }

// Locate finds the one row whose key has a value, and names it "row" for the steps that follow. The key is an
// attribute, or what a page function (row, args) => text answers for each row. A list that is longer than what is shown is
// scrolled, or lengthened by clicks on More, until the row is there or the list ends. Two rows with one key are refused.
type Locate struct {
	Row       string `yaml:"row"`       // a name of find, CSS only
	In        string `yaml:"in"`        // "row": within the row that was located before
	Attribute string `yaml:"attribute"` // that holds the row's key, or:
	Function  string `yaml:"function"`  // a page function that tells a row's key
	World     string `yaml:"world"`     // of the function: isolated (default), or page to see the page's own properties
	Is        Text   `yaml:"is"`        // an empty value is found nowhere
	Scroll    string `yaml:"scroll"`    // a name of find: the container
	// End is a name of find: there when the container holds the whole list. Without it the list ends at the container's
	// bottom, once it grew no more.
	End string `yaml:"end"`
	// More is a name of find, within In: lengthens the list; absent at the end. With Scroll it is clicked wherever the
	// scrolled list shows it.
	More      string `yaml:"more"`
	Navigates bool   `yaml:"navigates"` // the click on More loads another page: it counts as a navigation
	AtMost    int    `yaml:"at_most"`   // scrolls or clicks
}

// Expand clicks something if it is there, and waits for the answer that it brings. With Scroll the list is turned from where it
// stands to its end, and on the way everything is clicked that can be expanded.
type Expand struct {
	Find   string `yaml:"find"`
	In     string `yaml:"in"`      // "row"
	Then   string `yaml:"then"`    // a listen
	All    bool   `yaml:"all"`     // again and again, until it is not there any more
	Scroll string `yaml:"scroll"`  // a name of find: the container of what all is of
	End    string `yaml:"end"`     // as of locate
	AtMost int    `yaml:"at_most"` // clicks and turns, with all
}

// Paginate follows a list page by page. It stops at the end of the list; in a look that need not be whole,
// at the first page that holds nothing unknown; in a thread, at the first page that is older than the reply. A page that
// repeats itself ends it too.
type Paginate struct {
	List      string `yaml:"list"`      // a listen with more
	In        string `yaml:"in"`        // "row": More is looked for in the located row
	More      string `yaml:"more"`      // a name of find, clicked for the next page
	Scroll    string `yaml:"scroll"`    // or a container that is scrolled; neither: the page asks on by itself
	Up        bool   `yaml:"up"`        // it is scrolled upwards, as chats are for what is older
	Navigates bool   `yaml:"navigates"` // the click loads another page: it counts as a navigation
	AtMost    int    `yaml:"at_most"`   // further pages
}

// Each makes steps for one row after another of an answer that this flow awaited. Steps know the row as {{each.name}}.
type Each struct {
	Of string `yaml:"of"` // a listen
	// Rows yields an object of texts per row. "key" names the row; a row whose "stamp" is the same as when its steps
	// last ended well is passed over.
	Rows   Query `yaml:"rows"`
	AtMost int   `yaml:"at_most"` // rows in one go; what is left is next round's
	// Reads says that the steps mark something as read on the platform. They are then not made where that is not wanted.
	Reads bool `yaml:"reads"`
	Steps Flow `yaml:"steps"`
}

// Place is an element: a name of find, "row" for the located row, or a name within the row.
type Place struct {
	Find      string `yaml:"find"`
	In        string `yaml:"in"`        // "row"
	Navigates bool   `yaml:"navigates"` // a click that loads another page: it counts as a navigation
}

func (p *Place) short() any { return &p.Find }

// Type enters text and reads it back.
type Type struct {
	Into    string `yaml:"into"` // a name of find
	In      string `yaml:"in"`
	Text    Text   `yaml:"text"`
	How     string `yaml:"how"`     // type (default): at a person's pace; paste: in one piece
	Newline string `yaml:"newline"` // space (default): line breaks become spaces; keep; shift_enter: pressed
}

// Ask enters what a person is asked for. Only a login has somebody to ask.
type Ask struct {
	For  string `yaml:"for"`  // username, password, phone_number or verification_code
	Into string `yaml:"into"` // a name of find
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
	World     string `yaml:"world"`     // of the function: isolated (default) or page
	Absent    string `yaml:"absent"`    // or a name of find that must not be seen; then nothing else is expected
	Is        Text   `yaml:"is"`        // equal
	Contains  Text   `yaml:"contains"`
}

// stepType is Step, for its words.
var stepType = reflect.TypeFor[Step]()

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
	case *Read:
		about = v.Listen
	case *Locate:
		about = v.Row
	case *Expand:
		about = v.Find
	case *Paginate:
		about = v.List
	case *Each:
		about = v.Of
	case *Place:
		about = v.Find
	case *Type:
		about = v.Into
	case *Ask:
		about = v.For
	case *Scroll:
		about = v.In
	case *Assert:
		about = v.about()
	case *Commit:
		about = v.Click + v.Press
	case string:
		about = v
	}
	return strings.TrimSpace(name + " " + about)
}

func (a *Await) names() []string {
	names := slices.Clone(a.All)
	for name := range a.Any {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (a *Assert) about() string {
	switch {
	case a.URL:
		return "url"
	case a.Absent != "":
		return "absent " + a.Absent
	}
	return strings.TrimSpace(a.Find + " " + a.Attribute + a.Function)
}
