package xiaohongshu_test

import (
	"testing"

	"troupe/platforms/definition"
	"troupe/platforms/xiaohongshu"
)

func TestDefinitionIsSound(t *testing.T) {
	if _, err := definition.Load(xiaohongshu.FS); err != nil {
		t.Fatal(err)
	}
}
