package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestConsoleLetsInTheFirstAdminAndThenOnlyWhoSignsIn begins where a new node begins: with the code that it printed.
func TestConsoleLetsInTheFirstAdminAndThenOnlyWhoSignsIn(t *testing.T) {
	s := newStage(t, "--dev-role", "off")
	file := filepath.Join(s.node.Dir, "worker-1", "first-admin")
	var code []byte
	s.eventually("the code is in its file", 20*time.Second, func() bool {
		var err error
		code, err = os.ReadFile(file)
		return err == nil && len(code) > 0
	})
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the code's file: %v %v", info, err)
	}
	c := openConsole(t, s.node.URL)
	c.accessible("the first admin's page")
	c.write(`input[name=code]`, strings.TrimSpace(string(code)))
	c.write(`input[name=user]`, "anna")
	c.write(`input[name=password]`, "correct horse battery")
	c.click(`form button.primary`)
	c.find(`nav`)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the code is still there: %v", err)
	}

	c.open("#/people")
	c.shows(`table.users`, "anna")
	c.shows(`table.audit`, "first_admin")
	c.click(`header button.out`)
	c.find(`input[name=password]`)
	if c.count(`nav`) != 0 {
		t.Error("the console is still there")
	}
}
