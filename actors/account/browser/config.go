package browser

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"

	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
	"troupe/messages"
)

// DefaultBin is where Debian's package puts Chromium itself; /usr/bin/chromium is a shell script around it.
const DefaultBin = "/usr/lib/chromium/chromium"

// Config is the recipe of one incarnation.
type Config struct {
	Account messages.AccountID
	Epoch   messages.Epoch
	Node    messages.NodeID

	Bin      string   // Chromium's binary; empty means what Find finds
	Dir      string   // the account's own folder, made if missing; the profile is below it
	UID, GID int      // Chromium's user and group; 0 means this process's user, or the group like the user. Only root may set them
	Env      []string // added to Chromium's environment: DISPLAY when Headful

	NoSandbox bool // gives up Chromium's own protection; root without UID must set it
	Headful   bool // shows windows, which needs a display

	Proxy string   // the gate's host:port; the only way out
	Pins  []string // public key pins (SPKI, base64) accepted beside the system's authorities: development only

	Persona persona.Persona
	Fresh   bool         // delete the profile first
	State   *vault.State // restored if the profile is empty; nil means nothing
	Origins []string     // whose local storage is exported: https://host

	Slots chan struct{} // the node's start slots: one is held from start to ready. nil means no limit
	Pace  float64       // how slow the hands are: 1 is a person, 0 is as fast as it goes
	Log   *slog.Logger
}

// Find returns Chromium's binary. The error says how to get one.
func Find() (string, error) {
	for _, name := range []string{DefaultBin, "/opt/google/chrome/chrome", "/opt/chromium.org/chromium/chrome"} {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return name, nil
		}
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium found: install it (apt-get install chromium chromium-l10n chromium-sandbox fonts-noto-cjk) or set its path")
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	if !c.Account.Valid() {
		errs = append(errs, fmt.Errorf("account %q is not an account id", c.Account))
	}
	if !filepath.IsAbs(c.Dir) {
		errs = append(errs, fmt.Errorf("folder %q is not absolute", c.Dir))
	}
	if c.Proxy == "" {
		errs = append(errs, errors.New("no proxy: Chromium may only go out through its gate"))
	}
	if c.Log == nil {
		errs = append(errs, errors.New("no logger"))
	}
	for _, origin := range c.Origins {
		if originOf(origin) != origin {
			errs = append(errs, fmt.Errorf("origin %q is not of the form https://host", origin))
		}
	}
	if root := os.Geteuid() == 0; root && c.UID == 0 && !c.NoSandbox {
		errs = append(errs, errors.New("root cannot run Chromium with its sandbox: give the account a user of its own (UID), or set the sandbox off"))
	} else if !root && c.UID != 0 && c.UID != os.Geteuid() {
		errs = append(errs, errors.New("only root can run Chromium as another user"))
	}
	return errors.Join(errs...)
}

func (c Config) profile() string { return filepath.Join(c.Dir, profileName) }

// ownUser says whether Chromium gets a user of its own.
func (c Config) ownUser() bool { return c.UID != 0 && os.Geteuid() == 0 }
