// Package check judges a finished run against the three promises that are about whole runs: P1 one browser per
// account, P2 nothing lost and nothing doubled, P3 a reply is sent at most once and always ends.
//
// Its checkers are pure: they take what the site's audit log, the store's listings, the clients' event logs and the
// API say, as plain values, and answer with what is wrong, never with a guess. Every integration test runs them at
// its end. That each of them can fail is tested here.
package check

import "fmt"

// Problem is one broken promise, in words that name the culprit. It holds ids, never texts.
type Problem struct {
	Promise string // P1, P2 or P3
	Text    string
}

func (p Problem) String() string { return p.Promise + ": " + p.Text }

func problem(promise, format string, args ...any) Problem {
	return Problem{promise, fmt.Sprintf(format, args...)}
}

// Reporter is the part of testing.TB that None needs.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// None fails a test by every problem found.
func None(t Reporter, found ...[]Problem) {
	t.Helper()
	for _, problems := range found {
		for _, p := range problems {
			t.Errorf("%s", p)
		}
	}
}
