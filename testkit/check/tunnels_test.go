package check

import (
	"testing"

	"troupe/testkit/site"
)

func TestOneNodeJudgesConnectionsFromOpeningToLastByte(t *testing.T) {
	tunnel := func(owner, source string, opened, last, ended float64) site.Tunnel {
		c := site.Tunnel{Owner: owner, Source: source, OpenedAt: at(opened), FirstAt: at(opened), LastAt: at(last), Total: 1}
		if ended > 0 {
			c.EndedAt = at(ended)
		}
		return c
	}
	end := func(owner, source string, when float64) End { return End{owner, source, at(when)} }
	for _, c := range []struct {
		name    string
		tunnels []site.Tunnel
		ends    []End
		want    []string
	}{
		{"moved there and back", []site.Tunnel{tunnel("o", "a", 0, 1, 2), tunnel("o", "b", 2, 3, 3), tunnel("o", "a", 4, 5, 0)}, nil, nil},
		{"many from one node", []site.Tunnel{tunnel("o", "a", 0, 1, 0), tunnel("o", "a", 1, 2, 0)}, nil, nil},
		{"two owners", []site.Tunnel{tunnel("o", "a", 0, 9, 0), tunnel("p", "b", 0, 9, 0)}, nil, nil},
		{"nobody's", []site.Tunnel{tunnel("", "a", 0, 9, 0), tunnel("o", "b", 0, 9, 0)}, nil, nil},
		{"an idle one", []site.Tunnel{tunnel("o", "a", 0, 1, 5), tunnel("o", "b", 3, 4, 6)}, nil, []string{"a and b"}},
		{"never closed", []site.Tunnel{tunnel("o", "a", 0, 1, 0), tunnel("o", "b", 3, 4, 6)}, nil, []string{"a and b"}},
		{"never closed, but over", []site.Tunnel{tunnel("o", "a", 0, 1, 0), tunnel("o", "b", 3, 4, 6)}, []End{end("o", "a", 2)}, nil},
		{"a node that has gone", []site.Tunnel{tunnel("o", "a", 0, 1, 0), tunnel("o", "b", 3, 4, 6)}, []End{end("", "a", 2)}, nil},
		{"over too late", []site.Tunnel{tunnel("o", "a", 0, 1, 0), tunnel("o", "b", 3, 4, 6)}, []End{end("o", "a", 3.5)}, []string{"a and b"}},
		{"another's end", []site.Tunnel{tunnel("o", "a", 0, 1, 0), tunnel("o", "b", 3, 4, 6)}, []End{end("p", "a", 2), end("o", "c", 2)}, []string{"a and b"}},
		{"an end before it was opened", []site.Tunnel{tunnel("o", "a", 1, 2, 0), tunnel("o", "b", 3, 4, 6)}, []End{end("o", "a", 0)}, []string{"a and b"}},
		{"bytes after the end", []site.Tunnel{tunnel("o", "a", 0, 3.5, 0), tunnel("o", "b", 3, 4, 6)}, []End{end("o", "a", 2)}, []string{"a and b"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, OneNode(c.tunnels, c.ends...), c.want...) })
	}
}
