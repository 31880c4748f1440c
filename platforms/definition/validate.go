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
	protos   schemas
	unread   map[string]bool // paths of what could not be read, and those right above them
	sends    map[string]bool // what commits click
	shared   []*gojq.FuncDef // the shared jq definitions
	problems Problems
}

// validate compiles every expression and proves that flows are sound.
func validate(d *Definition, lines map[string]int, protos schemas, read Problems) Problems {
	c := &checker{d: d, lines: lines, protos: protos, unread: map[string]bool{}, sends: sendButtons(d)}
	for _, p := range read {
		c.unread[p.Path] = true
		c.unread[above(p.Path)] = true
	}
	c.head()
	c.find()
	c.listen()
	c.login()
	c.flow("probe", d.Probe, looking)
	c.collect()
	c.replies()
	c.signs("risk.challenge", d.Risk.Challenge)
	c.signs("risk.rate_limited", d.Risk.RateLimited)
	return c.problems
}

// above is the path of what a path is part of.
func above(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// wrong notes a problem at path, or at the nearest path above that has a line. What only follows from a value that could
// not be read is left out.
func (c *checker) wrong(path, format string, args ...any) {
	if c.unread[path] {
		return
	}
	line, at := 0, path
	for ; at != "" && line == 0; at = above(at) {
		line = c.lines[at]
	}
	c.problems = append(c.problems, Problem{Line: line, Path: path, Text: fmt.Sprintf(format, args...)})
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
		if !word.MatchString(name) || name == "row" || name == "top" {
			c.wrong("find."+name, "a name is lower-case words with underscores; row is the located row, top the page around all frames")
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
	if !s.Seen() && s.Response.IsZero() {
		c.wrong(path, "a sign needs url, title, visible, text, frame or response")
	}
	c.known(path+".visible", s.Visible, false)
	if s.Response.IsZero() != (s.When.IsZero() && len(s.Status) == 0) {
		c.wrong(path, "response goes together with when or status")
	}
	c.query(path+".when", &s.When)
}

// query compiles an expression where there is one.
func (c *checker) query(path string, q *Query) *gojq.Query { return c.queryAs(path, asWritten, q) }

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
