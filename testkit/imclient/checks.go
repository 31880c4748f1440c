package imclient

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Check is one functional check of a server, done by a client.
type Check struct {
	Check string `json:"check"`
	Error string `json:"error"` // empty when it passed
}

// Checks runs the checks of checks.mjs with one of the clients (Newest, Oldest) against the server at url, which has to offer what is
// said there.
func Checks(t testing.TB, client, url string) []Check {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join(install(t), "checks.mjs"), client, url)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("imclient: checks with %s: %v", client, err)
	}
	var checks []Check
	for line := range bytes.Lines(out) {
		var c Check
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("imclient: checks with %s: %v", client, err)
		}
		checks = append(checks, c)
	}
	return checks
}
