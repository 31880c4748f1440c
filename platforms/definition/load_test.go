package definition_test

import (
	"testing"

	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
)

func TestSandboxLoads(t *testing.T) {
	if _, err := definition.Load(sandbox.FS); err != nil {
		t.Fatal(err)
	}
}
