package lease

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain gives the model long stories: short ones never reach a second assignment.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.steps": "300", "rapid.checks": "500", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}
