package suite

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	webapp "troupe/actors/gateway/console"
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

// TestConsoleChangesPeopleAndRevokesATokenAtOnce adds a user and gives him another role and other accounts; it makes a token, whose secret
// is shown once and lets in until it is revoked.
func TestConsoleChangesPeopleAndRevokesATokenAtOnce(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	c := openAt(t, n.Server.URL, "#/people")
	c.click("main header button.primary")
	c.accessible("the dialog to add a user")
	c.write("dialog input[name=name]", "ben")
	c.write("dialog input[name=password]", apitest.Password)
	c.click("dialog button.primary")
	c.shows("tr[data-user=ben]", "客服")
	c.shows("tr[data-user=ben]", "全部")

	c.click("tr[data-user=ben] button")
	c.choose("dialog select[name=role]", "viewer")
	c.write("dialog input[name=accounts]", "cafe")
	c.accessible("the dialog to change a user")
	c.click("dialog button.primary")
	c.shows("tr[data-user=ben]", "cafe")
	if ben := n.People.Load().Users()["ben"]; ben.GetRole() != "viewer" || !slices.Equal(ben.GetAccounts(), []string{"cafe"}) || ben.GetDisabled() {
		t.Errorf("ben is %v", ben)
	}
	c.click("tr[data-user=ben] button")
	c.click("dialog input[name=disabled]")
	c.click("dialog button.primary")
	c.shows("tr[data-user=ben]", "已停用")

	secret := c.makesToken("backup")
	if status := statusWith(t, n, secret); status != http.StatusOK {
		t.Errorf("the token is answered with %d", status)
	}
	c.shows("table.audit", "token_created")
	c.accessible("people")
	c.click("tr[data-token=backup] button")
	c.until("the token is gone", func() bool { return c.count("tr[data-token=backup]") == 0 })
	if status := statusWith(t, n, secret); status != http.StatusUnauthorized {
		t.Errorf("a revoked token is answered with %d", status)
	}
	if page := c.text("html"); strings.Contains(page, secret) || strings.Contains(page, apitest.Password) {
		t.Error("the page shows a secret")
	}
	c.unharmed()
}

// makesToken makes a token on the people's page and returns its secret.
func (c *console) makesToken(name string) (secret string) {
	c.t.Helper()
	c.click("main header button:not(.primary)")
	c.write("dialog input[name=name]", name)
	c.accessible("the dialog to make a token")
	c.click("dialog button.primary")
	c.find("dialog input[name=secret]")
	c.eval(&secret, `() => document.querySelector("dialog input[name=secret]").value`, nil)
	c.click("dialog .buttons button")
	c.shows("tr[data-token="+name+"]", "只读")
	return secret
}

// statusWith is how the node answers whoever sends a token.
func statusWith(t *testing.T, n *apitest.Node, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Server.URL+"/api/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
