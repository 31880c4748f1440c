package definition

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern matches addresses: * stands for anything but a slash, ** for anything. A pattern without "://" matches
// any scheme, one without "?" ignores the query; a slash at the end makes no difference.
type Pattern struct {
	src string
	re  *regexp.Regexp
}

func (p *Pattern) parse(src string) (err error) {
	*p, err = ParsePattern(src)
	return err
}

// ParsePattern makes a pattern; an empty one is an error.
func ParsePattern(src string) (Pattern, error) {
	if src == "" {
		return Pattern{}, fmt.Errorf("an empty address pattern matches nothing: write \"**\" for any")
	}
	re, err := globbed(strings.TrimSuffix(src, "/"), "[^/]*")
	if err != nil {
		return Pattern{}, fmt.Errorf("address pattern %q: %w", src, err)
	}
	return Pattern{src, re}, nil
}

// globbed is the expression of a text with stars; one says what a single star stands for.
func globbed(src, one string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString("(?s)^")
	for rest := src; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString(one)
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
	return regexp.Compile(b.String())
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
	return p.re.MatchString(strings.TrimSuffix(url, "/"))
}

// Glob matches a text: * stands for anything.
type Glob struct {
	src string
	re  *regexp.Regexp
}

func (g *Glob) parse(src string) (err error) {
	g.src = src
	g.re, err = globbed(src, ".*")
	return err
}

// String is the text as it was written.
func (g Glob) String() string { return g.src }

// Match says whether text is meant.
func (g Glob) Match(text string) bool { return g.re != nil && g.re.MatchString(text) }
