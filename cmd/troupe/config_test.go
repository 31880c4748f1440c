package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// settingsOf parses a command line as troupe serve does.
func settingsOf(t *testing.T, file string, args ...string) (*config, error) {
	t.Helper()
	cfg := &config{}
	cmd := &cobra.Command{}
	(&cli{lang: english}).nodeFlags(cmd.Flags(), cfg)
	if err := cmd.Flags().Parse(args); err != nil {
		t.Fatal(err)
	}
	return cfg, fill(cmd, file, os.Getenv)
}

func TestFlagWinsOverEnvironmentOverFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "troupe.yaml")
	if err := os.WriteFile(file, []byte("max-accounts: 3\nworker-id: from-file\nlog-level: warn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAX_ACCOUNTS", "4")
	t.Setenv("WORKER_ID", "from-env")
	cfg, err := settingsOf(t, file, "--worker-id", "from-flag")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.WorkerID != "from-flag" || cfg.MaxAccounts != 4 || cfg.LogLevel != "warn" {
		t.Errorf("worker %s, accounts %d, level %s", cfg.WorkerID, cfg.MaxAccounts, cfg.LogLevel)
	}
}

func TestWrongSettingsAreAllNamedAtOnce(t *testing.T) {
	cfg, err := settingsOf(t, "", "--worker-id", "a/b", "--master-host", "0.0.0.0", "--port", "70000", "--cluster-host", "0.0.0.0", "--token", "x", "--max-accounts", "-1", "--log-level", "loud",
		"--node-env", "production", "--dev-dial", "127.0.0.1:1", "--retention", "soon")
	if err != nil {
		t.Fatal(err)
	}
	err = cfg.validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"WORKER_ID", "MASTER_HOST", "PORT", "CLUSTER_HOST", "JOIN_TOKEN", "MAX_ACCOUNTS", "LOG_LEVEL", "NODE_ENV", "RETENTION"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
}

func TestUnknownSettingInTheFileIsRefusedByName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "troupe.yaml")
	if err := os.WriteFile(file, []byte("max-acounts: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := settingsOf(t, file); err == nil || !strings.Contains(err.Error(), "max-acounts") {
		t.Errorf("%v", err)
	}
}
