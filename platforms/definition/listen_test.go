package definition_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"troupe/platforms/definition"
)

func TestPatternsMatchAddresses(t *testing.T) {
	for _, c := range []struct {
		pattern, url string
		want         bool
	}{
		{"https://a.test/api/works", "https://a.test/api/works?cursor=1#x", true},
		{"https://a.test/api/works", "https://a.test/api/works/7", false},
		{"https://a.test/api/*", "https://a.test/api/works", true},
		{"https://a.test/api/*", "https://a.test/api/works/7", false},
		{"https://a.test/api/**", "https://a.test/api/works/7?x=/", true},
		{"a.test/**/list/", "https://a.test/v1/comment/list/", true},
		{"a.test/**/list/", "https://b.a.test/v1/comment/list/", false},
		{"wss://im.test/**", "wss://im.test/push?token=1", true},
		{"https://a.test/x?id=*", "https://a.test/x?id=5", true},
		{"https://a.test/x?id=*", "https://a.test/x", false},
		{"https://a.test/a.b", "https://a.test/aXb", false},
		{"**", "https://anything.test/", true},
	} {
		p, err := definition.ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(c.url); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.url, got)
		}
	}
	if (definition.Pattern{}).Match("https://a.test/") {
		t.Error("an absent pattern matched")
	}
}

func TestQueryEndsAtItsBounds(t *testing.T) {
	endless, err := parse(withMore(t, "[range(1e12)] | length > 0"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := endless.Listen["works"].More.First(ctx, nil, definition.Vars{}); err == nil {
		t.Error("an endless expression ended")
	}
	many, err := parse(withMore(t, "range(100000)"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := many.Listen["works"].More.All(t.Context(), nil, definition.Vars{}); err == nil {
		t.Error("100000 results were taken")
	}
	blind, err := parse(withMore(t, "[env, $ENV] | map(length) | add"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := blind.Listen["works"].More.First(t.Context(), nil, definition.Vars{}); err != nil || v != 0 {
		t.Errorf("the environment shows: %v %v", v, err)
	}
}

// withMore is the sandbox's definition with another expression for works.more.
func withMore(t *testing.T, jq string) string {
	t.Helper()
	return strings.Replace(source(t), "require: [.works, .has_more]\n    more: .has_more", "require: [.works, .has_more]\n    more: '"+jq+"'", 1)
}
