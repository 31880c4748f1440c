package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api/apitest"
)

// typing runs a command line that reads a line from the standard input.
func typing(t *testing.T, n *apitest.Node, typed string, args ...string) (code int, text string) {
	t.Helper()
	s := start(t, nil, append([]string{"--addr", n.Server.URL}, args...)...)
	go func() { _, _ = io.WriteString(s.in, typed); s.in.Close() }() // ends with the pipe
	code = s.end(t)
	return code, s.out.String() + s.errs.String()
}

func TestUserCommandsFromAddToRemove(t *testing.T) {
	n := apitest.Start(t)
	if code, text := typing(t, n, apitest.Password+"\n", "user", "add", "ben", "--role", "agent", "--account", "cafe"); code != exitOK || strings.Contains(text, apitest.Password) {
		t.Fatalf("exit %d: %s", code, text)
	}
	if out := must(t, n, "user", "list"); !strings.Contains(out, "ben") || !strings.Contains(out, "agent") || !strings.Contains(out, "cafe") {
		t.Error(out)
	}
	if out := must(t, n, "--lang", "zh", "user", "list"); !strings.Contains(out, "角色") {
		t.Error(out)
	}
	old := n.People.Load().Users()["ben"].GetPassword()
	if code, text := typing(t, n, "another long password\n", "user", "password", "ben"); code != exitOK || n.People.Load().Users()["ben"].GetPassword() == old {
		t.Errorf("exit %d: %s", code, text)
	}
	must(t, n, "user", "remove", "ben")
	if code, _, errs := troupe(t, n, "user", "remove", "ben"); code != exitNotFound || !strings.Contains(errs, "no user of that name") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestUserCommandsSayWhatToDoInstead(t *testing.T) {
	n := apitest.Start(t)
	for name, tc := range map[string]struct {
		typed, says string
		args        []string
		code        int
	}{
		"short password":           {"short\n", "10", []string{"user", "add", "ben"}, exitUsage},
		"no password":              {"", "there is no password", []string{"user", "add", "ben"}, exitUsage},
		"no password, in Chinese":  {"", "标准输入", []string{"--lang", "zh", "user", "add", "ben"}, exitUsage},
		"unknown role":             {apitest.Password + "\n", "viewer, agent, operator or admin", []string{"user", "add", "ben", "--role", "boss"}, exitUsage},
		"a limited admin":          {apitest.Password + "\n", "can be limited to some accounts", []string{"user", "add", "ben", "--role", "admin", "--account", "shop"}, exitUsage},
		"password of nobody":       {apitest.Password + "\n", "no user ben", []string{"user", "password", "ben"}, exitNotFound},
		"a name that cannot be so": {apitest.Password + "\n", "a-z", []string{"user", "add", "Ben"}, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			if code, text := typing(t, n, tc.typed, tc.args...); code != tc.code || !strings.Contains(text, tc.says) {
				t.Errorf("exit %d: %s", code, text)
			}
		})
	}
}

func TestTokenLetsInUntilItIsRevoked(t *testing.T) {
	n := apitest.Start(t)
	code, out, errs := troupe(t, n, "token", "create", "backup", "--for", "1h")
	secret := strings.TrimSpace(out)
	if code != exitOK || strings.ContainsAny(secret, " \n") || !strings.Contains(errs, "shown this once") || strings.Contains(errs, secret) {
		t.Fatalf("exit %d: %q %q", code, out, errs)
	}
	if status := statusWith(t, n, secret); status != http.StatusOK {
		t.Errorf("the token is answered with %d", status)
	}
	if code, _, errs := troupe(t, n, "token", "create", "backup"); code != exitRefused || !strings.Contains(errs, "already") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out := must(t, n, "token", "list"); !strings.Contains(out, "backup") || !strings.Contains(out, "viewer") || strings.Contains(out, secret) {
		t.Error(out)
	}
	must(t, n, "token", "revoke", "backup")
	if status := statusWith(t, n, secret); status != http.StatusUnauthorized {
		t.Errorf("a revoked token is answered with %d", status)
	}
	if out := must(t, n, "--lang", "zh", "token", "list"); !strings.Contains(out, "已吊销") {
		t.Error(out)
	}
	if code, _, errs := troupe(t, n, "token", "revoke", "backup"); code != exitNotFound || !strings.Contains(errs, "revoked already") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// statusWith is how the node answers whoever sends a token.
func statusWith(t *testing.T, n *apitest.Node, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Server.URL+"/api/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
