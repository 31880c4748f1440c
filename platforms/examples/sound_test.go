package examples_test

import (
	"testing"

	"troupe/platforms/definition"
	"troupe/platforms/examples"
)

func TestDefinitionsAreSound(t *testing.T) {
	for _, name := range []string{"guestbook", "feed"} {
		folder, err := examples.FS(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := definition.Load(folder); err != nil {
			t.Error(err)
		}
	}
}
