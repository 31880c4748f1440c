package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"troupe/actors/account/vault"
	"troupe/messages"
)

// stateOf is a login whose only cookie tells where it came from.
func stateOf(where string) *vault.State {
	return &vault.State{Version: vault.StateVersion, Cookies: []json.RawMessage{
		[]byte(fmt.Sprintf(`{"name":"where","value":%q,"domain":"site.test","path":"/","expires":4e9,"secure":true}`, where)),
	}}
}

// knows says whether the browser's cookie came from there.
func knows(t *testing.T, i *Instance, where string) bool {
	t.Helper()
	cookies, err := i.cookies(t.Context())
	if err != nil || len(cookies) != 1 {
		t.Fatalf("%d cookies, %v", len(cookies), err)
	}
	return strings.Contains(string(cookies[0]), fmt.Sprintf(`"value":%q`, where))
}

// pristine leaves a cleanly closed profile in c's folder.
func pristine(t *testing.T, c Config) {
	t.Helper()
	c.State = stateOf("profile")
	if err := start(t, c).Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// copyOf is c in a folder of its own, with a copy of its files.
func copyOf(t *testing.T, c Config) Config {
	t.Helper()
	copied := c
	copied.Dir = filepath.Join(openTempDir(t), "acc")
	if err := os.CopyFS(copied.Dir, os.DirFS(c.Dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// damage changes a file of the profile.
func damage(t *testing.T, c Config, name string, change func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(c.profile(), name)
	raw, err := os.ReadFile(path)
	if err != nil || len(raw) == 0 {
		t.Fatalf("read %s: %d bytes, %v", name, len(raw), err)
	}
	if err := os.WriteFile(path, change(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

func cut(raw []byte) []byte { return raw[:len(raw)/2] }

func flipped(raw []byte) []byte {
	raw[len(raw)/2] ^= 0x10
	return raw
}

func TestDamagedProfileIsReplacedFromTheVault(t *testing.T) {
	base := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	pristine(t, base)
	for name, c := range map[string]struct {
		file   string
		change func([]byte) []byte
	}{
		"cookies cut":         {"Default/Cookies", cut},
		"cookies flipped":     {"Default/Cookies", flipped},
		"local state cut":     {"Local State", cut},
		"local state flipped": {"Local State", flipped},
		"preferences cut":     {"Default/Preferences", cut},
		"preferences flipped": {"Default/Preferences", flipped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := copyOf(t, base)
			cfg.State = stateOf("vault")
			damage(t, cfg, c.file, c.change)
			if i := start(t, cfg); !knows(t, i, "vault") {
				t.Error("the damaged profile was used")
			}
		})
	}
}

func TestProfileIsUsedOnlyAsItWasClosed(t *testing.T) {
	base := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	pristine(t, base)
	version := base.Host.Version()
	judge := func(change func(*Config)) string {
		cfg := base
		change(&cfg)
		return unfit(cfg, Headless, version)
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"same epoch":      {func(*Config) {}, ""},
		"next epoch":      {func(c *Config) { c.Epoch = c.Epoch.Next() }, ""},
		"two epochs on":   {func(c *Config) { c.Epoch = c.Epoch.Next().Next() }, "under epoch"},
		"older epoch":     {func(c *Config) { c.Epoch = 0 }, "under epoch"},
		"another account": {func(c *Config) { c.Account = messages.AccountID("other_1") }, "of account"},
		"no mark":         {func(c *Config) { c.Dir = t.TempDir() }, "not closed cleanly"},
	} {
		if got := judge(c.change); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := unfit(base, Shell, version); !strings.Contains(got, "mode") {
		t.Errorf("another mode: %q", got)
	}
	if got := unfit(base, Headless, "1.0.0.0"); !strings.Contains(got, "newer version") {
		t.Errorf("older Chromium: %q", got)
	}
	damaged := copyOf(t, base)
	if err := os.WriteFile(filepath.Join(damaged.profile(), "Default", "Login Data For Nobody"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := unfit(damaged, Headless, version); !strings.Contains(got, "Login Data For Nobody") {
		t.Errorf("a file that was added: %q", got)
	}
}

func TestProfileIsTakenFromAKilledBrowserNeverAgain(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	pristine(t, cfg)
	cfg.State = stateOf("vault")
	i := start(t, cfg)
	if !knows(t, i, "profile") {
		t.Error("a cleanly closed profile was not used")
	}
	if got := unfit(cfg, Headless, i.Version()); !strings.Contains(got, "not closed cleanly") {
		t.Errorf("while a browser runs: %q", got)
	}
	if err := i.Kill(); err != nil {
		t.Fatal(err)
	}
	if again := start(t, cfg); !knows(t, again, "vault") {
		t.Error("a killed browser's profile was used again")
	}
}
