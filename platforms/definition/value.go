package definition

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Text is a string in which {{names}} are replaced.
type Text string

var nameInText = regexp.MustCompile(`\{\{\s*([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)\s*\}\}`)

// Names are the names in t, in their order.
func (t Text) Names() []string {
	var names []string
	for _, m := range nameInText.FindAllStringSubmatch(string(t), -1) {
		names = append(names, m[1])
	}
	return names
}

// Expand replaces each name by its value.
func (t Text) Expand(value func(name string) string) string {
	return nameInText.ReplaceAllStringFunc(string(t), func(s string) string {
		return value(nameInText.FindStringSubmatch(s)[1])
	})
}

// Span is a time between two bounds, written "15s-30s" or "60s".
type Span struct{ Min, Max time.Duration }

func (s *Span) parse(src string) error {
	low, high, two := strings.Cut(src, "-")
	if !two {
		high = low
	}
	var err error
	if s.Min, err = time.ParseDuration(strings.TrimSpace(low)); err == nil {
		s.Max, err = time.ParseDuration(strings.TrimSpace(high))
	}
	if err != nil || s.Min < 0 || s.Max < s.Min {
		return fmt.Errorf("%q is not a span of time: write 15s-30s or 60s", src)
	}
	return nil
}

// Rate is how often something may happen, written "6/min".
type Rate struct {
	Events int
	Per    time.Duration
}

func (r *Rate) parse(src string) error {
	n, per, _ := strings.Cut(src, "/")
	units := map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour}
	events, err := strconv.Atoi(n)
	if err != nil || events <= 0 || units[per] == 0 {
		return fmt.Errorf("%q is not a rate: write 6/min, or /s or /h", src)
	}
	r.Events, r.Per = events, units[per]
	return nil
}
