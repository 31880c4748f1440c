package douyin_test

import (
	"testing"

	"troupe/platforms/definition"
	"troupe/platforms/douyin"
)

func TestDefinitionIsSound(t *testing.T) {
	if _, err := definition.Load(douyin.FS); err != nil {
		t.Fatal(err)
	}
}
