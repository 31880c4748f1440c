package testkit

import (
	"os"
	"testing"
)

// Full says that all repetitions are wanted (TROUPE_FULL, as make test-full sets it), and not each promise once.
var Full = os.Getenv("TROUPE_FULL") != ""

// Runs is how often a test repeats what it proves: short times, or full ones. It logs the number, which testkit/report reads.
func Runs(t testing.TB, short, full int) int {
	t.Helper()
	n := short
	if Full {
		n = full
	}
	t.Logf("runs: %d", n)
	return n
}
