package suite

import (
	"net/http"
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
	c.click(`header button:not(.primary)`)
	c.write(`input[name=name]`, "robot")
	c.click(`form button.primary`)
	var token string
	c.until("the token is shown", func() bool {
		c.eval(&token, `() => document.querySelector("input[name=secret]")?.value ?? ""`, nil)
		return token != ""
	})
	c.accessible("the people's page")
	c.click(`.buttons button.primary`)
	c.shows(`table.tokens`, "robot")
	if status := s.statusWith(token); status != http.StatusOK {
		t.Errorf("the token: %d", status)
	}
	c.click(`table.tokens button`)
	c.until("the token is refused", func() bool { return s.statusWith(token) == http.StatusUnauthorized })

	c.click(`header button.out`)
	c.find(`input[name=password]`)
	c.write(`input[name=user]`, "anna")
	c.write(`input[name=password]`, "wrong horse battery")
	c.click(`form button.primary`)
	c.find(`[role=alert]`)
	c.eval(nil, `() => { const i = document.querySelector("input[name=password]"); i.value = ""; i.dispatchEvent(new Event("input")); }`, nil)
	c.write(`input[name=password]`, "correct horse battery")
	c.click(`form button.primary`)
	c.find(`nav`)
	c.unharmed()
}

// statusWith is how the node answers somebody with a token, on its port.
func (s *stage) statusWith(token string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.node.URL+"/api/v1/status", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
