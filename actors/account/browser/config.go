package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
	"troupe/messages"
)

// Config is the recipe of one incarnation.
type Config struct {
	Account messages.AccountID
	Epoch   messages.Epoch
	Node    messages.NodeID

	Host     *Host  // what the node's browsers share; nil makes one for this browser alone: Bin, headless
	Dir      string // the account's own folder, made if missing; the profile is below it
	UID, GID int    // Chromium's user and group; 0 means this process's user, or the group like the user. Only root may set them

	Bin       string // without Host: Chromium's binary; empty means what Find finds
	NoSandbox bool   // without Host: gives up Chromium's own protection; root without UID must set it

	Proxy string   // the gate's host:port; the only way out
	Sites []string // host patterns that pages may be navigated to: "www.example.com", "*.example.com" for that and all below. None means any
	Pins  []string // public key pins (SPKI, base64) accepted beside the system's authorities: development only

	Persona persona.Persona
	Fresh   bool         // delete the profile first; one that is not marked as cleanly closed by this or the last epoch is deleted in any case
	State   *vault.State // restored if the profile is empty; nil means nothing
	Origins []string     // whose local storage is exported: https://host

	Pace float64 // how slow the hands are: 1 is a person, 0 is as fast as it goes
	Log  *slog.Logger
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
	if root := os.Geteuid() == 0; root && c.UID == 0 && !c.noSandbox() {
		errs = append(errs, errors.New("root cannot run Chromium with its sandbox: give the account a user of its own (UID), or set the sandbox off"))
	} else if !root && c.UID != 0 && c.UID != os.Geteuid() {
		errs = append(errs, errors.New("only root can run Chromium as another user"))
	}
	return errors.Join(errs...)
}

func (c Config) profile() string { return filepath.Join(c.Dir, profileName) }

func (c Config) temp() string { return filepath.Join(c.Dir, tempName) }

func (c Config) noSandbox() bool {
	if c.Host != nil {
		return c.Host.cfg.Sandbox == SandboxOff
	}
	return c.NoSandbox
}

// host is what the node's browsers share, or what this one has alone.
func (c Config) host(ctx context.Context) (*Host, error) {
	if c.Host != nil {
		return c.Host, nil
	}
	alone := HostConfig{Bin: c.Bin, Log: c.Log}
	if c.NoSandbox {
		alone.Sandbox = SandboxOff
	}
	return OpenHost(ctx, alone)
}

// ownUser says whether Chromium gets a user of its own.
func (c Config) ownUser() bool { return c.UID != 0 && os.Geteuid() == 0 }
