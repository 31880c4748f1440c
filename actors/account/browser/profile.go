package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"troupe/actors/account/persona"
	"troupe/messages"
)

// closedName is the mark of a profile that was closed cleanly. It is gone while a browser runs, so a profile without it
// was not closed by us: its node was killed, or it crashed.
const closedName = "closed.json"

// closed says who closed a profile, and how the files that matter looked then. A profile is used again only if the mark
// fits: else its newest cookies may be missing, or its files are damaged, and the vault knows better.
type closed struct {
	Account messages.AccountID `json:"account"`
	Epoch   messages.Epoch     `json:"epoch"`
	Mode    Mode               `json:"mode"`
	Version string             `json:"version"` // of the Chromium that closed it
	At      time.Time          `json:"at"`
	Files   map[string]string  `json:"files"` // sums, by path below the profile
}

// weighty are the files whose damage a mark reveals: settings, keys, cookies and what sites store. Caches are not
// among them; Chromium checks those itself.
var weighty = []string{
	"Local State", "Default/*", "Default/Network/*", "Default/Sessions/*",
	"Default/Local Storage/leveldb/*", "Default/Session Storage/*", "Default/IndexedDB/*/*", "Default/Service Worker/Database/*",
}

// sumProfile sums the weighty files.
func sumProfile(profile string) (map[string]string, error) {
	sums := map[string]string{}
	for _, pattern := range weighty {
		paths, err := filepath.Glob(filepath.Join(profile, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
				continue
			}
			sum, err := sumFile(path)
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(profile, path)
			if err != nil {
				return nil, err
			}
			sums[name] = sum
		}
	}
	return sums, nil
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// markClosed notes that c's profile was closed cleanly. Nothing may use it any more.
func markClosed(c Config, mode Mode, version string) error {
	sums, err := sumProfile(c.profile())
	if err != nil {
		return fmt.Errorf("mark the profile as closed: %w", err)
	}
	return writeJSON(filepath.Join(c.Dir, closedName), closed{
		Account: c.Account, Epoch: c.Epoch, Mode: mode, Version: version, At: time.Now().UTC(), Files: sums,
	})
}

// unfit says why c's profile may not be used, or "". The master's word (Config.Fresh) comes before it.
func unfit(c Config, mode Mode, version string) string {
	raw, err := os.ReadFile(filepath.Join(c.Dir, closedName))
	if errors.Is(err, fs.ErrNotExist) {
		return "it was not closed cleanly"
	}
	var mark closed
	if err == nil {
		err = json.Unmarshal(raw, &mark)
	}
	if err != nil {
		return "its mark cannot be read"
	}
	switch {
	case mark.Account != c.Account:
		return fmt.Sprintf("it is of account %s", mark.Account)
	case mark.Epoch != c.Epoch && mark.Epoch.Next() != c.Epoch:
		return fmt.Sprintf("it was closed under epoch %s", mark.Epoch)
	case (mark.Mode == Shell) != (mode == Shell):
		return fmt.Sprintf("it was closed in mode %s", mark.Mode)
	case persona.Major(mark.Version) > persona.Major(version):
		return fmt.Sprintf("it is of the newer version %s", mark.Version)
	}
	sums, err := sumProfile(c.profile())
	if err != nil {
		return "its files cannot be read"
	}
	if name := difference(mark.Files, sums); name != "" {
		return fmt.Sprintf("%q is not as it was closed", name)
	}
	return ""
}

// difference names a file that was changed, is missing or was added.
func difference(a, b map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if a[name] != b[name] {
			return name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[name]; !ok {
			return name
		}
	}
	return ""
}

// prepare makes the account's folder, its profile and its folder for temporary files, gives both to Chromium's user, and
// says whether the profile is empty. One that may not be used is deleted; from here on it counts as not closed.
func prepare(c Config, mode Mode, version string) (empty bool, err error) {
	profile := c.profile()
	why := "the account was closed elsewhere, or not cleanly"
	if !c.Fresh {
		why = unfit(c, mode, version)
	}
	if err := os.Remove(filepath.Join(c.Dir, closedName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("take the profile: %w", err)
	}
	if why != "" {
		if _, err := os.Stat(filepath.Join(profile, "Default")); err == nil {
			c.Log.Info("profile not used, beginning with an empty one", "reason", why)
		}
		if err := os.RemoveAll(profile); err != nil {
			return false, fmt.Errorf("delete profile: %w", err)
		}
	}
	if err := os.RemoveAll(c.temp()); err != nil {
		return false, fmt.Errorf("delete temporary files: %w", err)
	}
	for _, dir := range []string{profile, c.temp()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return false, fmt.Errorf("make profile: %w", err)
		}
		if c.ownUser() {
			if err := giveAway(c, dir); err != nil {
				return false, err
			}
		}
	}
	_, err = os.Stat(filepath.Join(profile, "Default"))
	return errors.Is(err, fs.ErrNotExist), nil
}

// giveAway makes Chromium's user the owner of dir and checks that this user can reach it.
func giveAway(c Config, dir string) error {
	if err := os.Chmod(c.Dir, 0o711); err != nil {
		return fmt.Errorf("open account folder: %w", err)
	}
	for above := c.Dir; above != "/"; above = filepath.Dir(above) {
		info, err := os.Stat(above)
		if err != nil {
			return fmt.Errorf("reach profile: %w", err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("reach profile: user %d cannot pass through %s: run chmod o+x %s", c.UID, above, above)
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("make profile: %w", err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == c.UID && int(stat.Gid) == c.GID {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("give profile away: %w", err)
		}
		return os.Lchown(path, c.UID, c.GID)
	})
}
