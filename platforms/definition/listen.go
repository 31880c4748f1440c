package definition

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Listen is one kind of answer or frame that a page receives by itself.
type Listen struct {
	// Response matches the address of an HTTP answer; Frames matches the address of a WebSocket.
	Response Request `yaml:"response"`
	Frames   Pattern `yaml:"frames"`
	// When says whether an answer is a good one; another is judged by the signs. Absent: always good.
	When Query `yaml:"when"`
	// Require are paths that a good answer must have, be they empty or null. A missing one means that the page
	// changed, never that there is nothing.
	Require []Query `yaml:"require"`
	// More says whether the list goes on after this answer.
	More Query `yaml:"more"`
	// Source is the rank of what is read here: list (default), detail, page_store or dom.
	Source string `yaml:"source"`
	// Yields maps an answer to items: one jq expression per collection (and "profile"), each giving objects with
	// the names of the entity's fields. $owner is the account's platform id, $query the query of the address.
	Yields map[string]Query `yaml:"yields"`
}

// Request matches a request by address and method.
type Request struct {
	URL    Pattern `yaml:"url"`
	Method string  `yaml:"method"` // empty: any
}

// UnmarshalYAML reads an address alone, or {url, method}.
func (r *Request) UnmarshalYAML(decode func(any) error) error {
	type plain Request
	return either(decode, &r.URL, (*plain)(r))
}

// Match says whether a request is meant.
func (r Request) Match(method, url string) bool {
	return (r.Method == "" || strings.EqualFold(r.Method, method)) && r.URL.Match(url)
}

// Pattern matches addresses: * stands for anything but a slash, ** for anything, {a,b} is not known. A pattern
// without "://" matches any scheme, one without "?" ignores the query.
type Pattern struct {
	src string
	re  *regexp.Regexp
}

// UnmarshalYAML reads a pattern.
func (p *Pattern) UnmarshalYAML(n ast.Node) error {
	return scalar(n, func(src string) (err error) {
		*p, err = ParsePattern(src)
		return err
	})
}

// ParsePattern makes a pattern; an empty one is an error.
func ParsePattern(src string) (Pattern, error) {
	if src == "" {
		return Pattern{}, fmt.Errorf("an empty address pattern matches nothing: write \"**\" for any")
	}
	var b strings.Builder
	b.WriteString("^")
	for rest := src; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString("[^/]*")
			rest = rest[1:]
		default:
			n := strings.IndexByte(rest, '*')
			if n < 0 {
				n = len(rest)
			}
			b.WriteString(regexp.QuoteMeta(rest[:n]))
			rest = rest[n:]
		}
	}
	b.WriteString("$")
	re, err := regexp.Compile(b.String())
	if err != nil {
		return Pattern{}, fmt.Errorf("address pattern %q: %w", src, err)
	}
	return Pattern{src, re}, nil
}

// IsZero says whether the pattern is absent.
func (p Pattern) IsZero() bool { return p.re == nil }

// String is the pattern as it was written.
func (p Pattern) String() string { return p.src }

// Match says whether url is meant. An absent pattern matches nothing.
func (p Pattern) Match(url string) bool {
	if p.re == nil {
		return false
	}
	url, _, _ = strings.Cut(url, "#")
	if !strings.Contains(p.src, "?") {
		url, _, _ = strings.Cut(url, "?")
	}
	if !strings.Contains(p.src, "://") {
		if _, rest, ok := strings.Cut(url, "://"); ok {
			url = rest
		}
	}
	return p.re.MatchString(url)
}
