package definition

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// checker gathers what is wrong with one definition.
type checker struct {
	d        *Definition
	lines    map[string]int
	sends    map[string]bool // what commits click
	shared   []*gojq.FuncDef // the shared jq definitions
	problems Problems
}

// validate compiles every expression and proves that flows are sound.
func validate(d *Definition, lines map[string]int) Problems {
	c := &checker{d: d, lines: lines, sends: sendButtons(d)}
	c.head()
	c.find()
	c.listen()
	c.login()
	c.flow("probe", d.Probe, noCommit)
	c.collect()
	c.replies()
	c.signs("risk.challenge", d.Risk.Challenge)
	c.signs("risk.rate_limited", d.Risk.RateLimited)
	return c.problems
}

// wrong notes a problem at path, or at the nearest path above that has a line.
func (c *checker) wrong(path, format string, args ...any) {
	line, at := 0, path
	for at != "" {
		if l, ok := c.lines[at]; ok {
			line = l
			break
		}
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	c.problems = append(c.problems, Problem{line, path, fmt.Sprintf(format, args...)})
}

var word = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (c *checker) head() {
	d := c.d
	if !word.MatchString(string(d.Platform)) {
		c.wrong("platform", "a platform needs a short lower-case name, such as douyin")
	}
	if !word.MatchString(d.Prefix) || len(d.Prefix) > 8 {
		c.wrong("prefix", "the prefix of account ids has 1 to 8 lower-case letters, such as dy")
	}
	if d.Version <= 0 {
		c.wrong("version", "the version is a number from 1 on")
	}
	if d.Title.ZH == "" || d.Title.EN == "" {
		c.wrong("title", "say the platform's name in zh and en")
	}
	if _, err := time.LoadLocation(d.TimeZone); err != nil || d.TimeZone == "" {
		c.wrong("time_zone", "%q is no IANA time zone, such as Asia/Shanghai", d.TimeZone)
	}
	if d.Locale == "" {
		c.wrong("locale", "say a locale, such as zh-CN")
	}
	if len(d.Hosts.Sites) == 0 {
		c.wrong("hosts.sites", "name the hosts that may be navigated to")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Pages)) {
		c.address("pages."+name, d.Pages[name])
	}
	for i, origin := range d.Origins {
		c.address(fmt.Sprintf("origins[%d]", i), origin)
	}
	if parsed, err := gojq.Parse(c.d.JQ + "\n."); err != nil {
		c.wrong("jq", "the shared definitions: %v", err)
	} else {
		c.shared = parsed.FuncDefs
	}
}

// address wants an https address on one of the sites: anything else the gate would refuse.
func (c *checker) address(path, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		c.wrong(path, "%q is no https address", address)
		return
	}
	if !slices.ContainsFunc(c.d.Hosts.Sites, func(site string) bool { return hostMatches(site, u.Hostname()) }) {
		c.wrong(path, "%s is not among hosts.sites: the gate would refuse it", u.Hostname())
	}
}

func hostMatches(pattern, host string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(host, suffix)
	}
	return pattern == host
}

func (c *checker) find() {
	for _, name := range slices.Sorted(maps.Keys(c.d.Find)) {
		if !word.MatchString(name) || name == "row" {
			c.wrong("find."+name, "a name is lower-case words with underscores; row is the located row")
		}
		if len(c.d.Find[name]) == 0 || slices.Contains(c.d.Find[name], "") {
			c.wrong("find."+name, "give at least one selector, and no empty one")
		}
	}
}

// known checks the name of a find, where there is one. The located row counts where a row was located.
func (c *checker) known(path, name string, required bool) {
	switch {
	case name == "" && required:
		c.wrong(path, "name an element of find")
	case name != "" && c.d.Find[name] == nil:
		c.wrong(path, "find has no %q", name)
	}
}

func (c *checker) signs(path string, signs []Sign) {
	for i := range signs {
		c.sign(fmt.Sprintf("%s[%d]", path, i), &signs[i])
	}
}

func (c *checker) sign(path string, s *Sign) {
	if s.URL.IsZero() && s.Title == "" && s.Visible == "" && s.Text == "" && s.Response.IsZero() {
		c.wrong(path, "a sign needs url, title, visible, text or response")
	}
	c.known(path+".visible", s.Visible, false)
	if s.Response.IsZero() != s.When.IsZero() {
		c.wrong(path, "response and when go together")
	}
	c.query(path+".when", &s.When)
}

// query compiles an expression where there is one.
func (c *checker) query(path string, q *Query) *gojq.Query { return c.queryAs(path, "%s", q) }

func (c *checker) queryAs(path, form string, q *Query) *gojq.Query {
	if q.IsZero() {
		return nil
	}
	parsed, err := q.compile(c.shared, form)
	if err != nil {
		c.wrong(path, "%v", err)
	}
	return parsed
}

func (c *checker) login() {
	l := &c.d.Login
	if !slices.Equal(l.Ways, []string{"qr"}) || l.QR == nil {
		c.wrong("login.ways", "only [qr] is known, with a section qr")
	}
	if len(l.Proof.URL) == 0 || l.Proof.Cookie == "" {
		c.wrong("login.proof", "a login is proved by a page and a cookie: both are needed")
	}
	c.signs("login.proof.absent", l.Proof.Absent)
	if len(l.Lapsed) == 0 {
		c.wrong("login.lapsed", "say how one sees that the platform wants a login")
	}
	c.signs("login.lapsed", l.Lapsed)
	if l.QR != nil {
		c.qr("login.qr", l.QR)
	}
}

func (c *checker) qr(path string, qr *QRLogin) {
	if c.d.Pages[qr.Open] == "" {
		c.wrong(path+".open", "pages has no %q", qr.Open)
	}
	c.known(path+".image", qr.Image, true)
	c.known(path+".renew", qr.Renew, false)
	if qr.Valid.Min <= 0 {
		c.wrong(path+".valid", "say how long a code works, such as 60s")
	}
	c.signs(path+".states.scanned", qr.State.Scanned)
	c.signs(path+".states.expired", qr.State.Expired)
	c.signs(path+".states.refused", qr.State.Refused)
	if code := qr.Code; code != nil {
		if !slices.Contains([]string{"", "verification_code", "phone_number"}, code.Ask) {
			c.wrong(path+".code.ask", "only verification_code and phone_number can be asked for")
		}
		c.known(path+".code.input", code.Input, true)
		c.known(path+".code.submit", code.Submit, true)
		c.signs(path+".code.wrong", code.Wrong)
	}
}

func (c *checker) collect() {
	col := &c.d.Collect
	if col.Round.Min < time.Second {
		c.wrong("collect.round", "say the pace of looking, such as 15s-30s")
	}
	if col.NavigateAtMost.Events == 0 {
		c.wrong("collect.navigate_at_most", "say how often a page may be loaded, such as 6/min")
	}
	if len(col.Looks) == 0 {
		c.wrong("collect.looks", "say at least one way of looking")
	}
	names := map[string]bool{}
	for i := range col.Looks {
		look, path := &col.Looks[i], fmt.Sprintf("collect.looks[%d]", i)
		if !word.MatchString(look.Name) || names[look.Name] {
			c.wrong(path+".name", "a look needs a name of its own")
		}
		names[look.Name] = true
		for _, collection := range look.Whole {
			if _, ok := entities[collection]; !ok || collection == ProfileYield {
				c.wrong(path+".whole", "there is no collection %q", collection)
			}
		}
		if look.Every != 0 && len(look.Whole) == 0 {
			c.wrong(path+".every", "only a look with whole has a pace of its own")
		}
		c.flow(path+".steps", look.Steps, noCommit)
	}
}
