package cluster

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	checks := "300"
	if os.Getenv("TROUPE_FULL") != "" {
		checks = "20000"
	}
	for name, value := range map[string]string{"rapid.steps": "200", "rapid.checks": checks, "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}
