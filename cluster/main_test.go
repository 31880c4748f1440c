package cluster

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"troupe/testkit"
)

func TestMain(m *testing.M) {
	if os.Getenv(nodeEnv) != "" {
		if err := talk(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	checks := "300"
	if testkit.Full {
		checks = "20000"
	}
	for name, value := range map[string]string{"rapid.steps": "200", "rapid.checks": checks, "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	// A probe that is under way outlives the library's shutdown by its own timeout.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"))
}
