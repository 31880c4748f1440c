package testkit

import (
	"os"
	"testing"
)

// NeedsRoot leaves out a test that only root can run, and is the only thing that may leave out a test. The name of such a
// test ends in AsRoot, so that `make test-root` finds it and `make test` can say that it was not run.
func NeedsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: run `make test-root`")
	}
}
