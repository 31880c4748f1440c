package browser

import (
	"strings"
	"testing"
)

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	err := Config{Account: "No Good", Dir: "relative", Origins: []string{"https://site.test/"}}.Validate()
	for _, part := range []string{"account id", "not absolute", "no proxy", "no logger", "https://site.test/"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("nothing about %q in %v", part, err)
		}
	}
}
