package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"troupe/messages"
)

// What lies in an account's folder.
const (
	profileName = "profile"
	recordName  = "chromium.json" // the pid file
	lockName    = "chromium.lock"
	outputName  = "chromium.log" // what Chromium writes to its stderr
	tempName    = "temp"         // Chromium's temporary files
)

// ErrInUse means that a living process holds the account's folder.
var ErrInUse = errors.New("the account's folder is in use by another process")

const (
	reapGrace = 5 * time.Second // for a leftover that was asked to go
	reapLimit = 5 * time.Second // for killed ones to disappear
	pollEvery = 20 * time.Millisecond
)

// record is the pid file: which process was started, by whom.
type record struct {
	PID     int                `json:"pid"`
	Start   uint64             `json:"start"` // clock ticks after boot
	Boot    string             `json:"boot"`  // kernel's boot id; of another boot nothing can be left
	Node    messages.NodeID    `json:"node"`
	Account messages.AccountID `json:"account"`
	Epoch   messages.Epoch     `json:"epoch"`
}

// ReapAll reaps every account folder below root. All left-overs are asked to go before the first is waited for, so that they end side by
// side. The node calls it before it starts any browser.
func ReapAll(root string) error {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reap browsers: %w", err)
	}
	var dirs []string
	for _, e := range entries {
		if e.IsDir() {
			dirs = append(dirs, filepath.Join(root, e.Name()))
		}
	}
	return reapDirs(dirs)
}

// Reap ends what is left of an earlier Chromium of that account folder: asked first, so that it saves its
// profile, then killed; stopped ones too. It returns when no process is left. It fails with ErrInUse when a
// living process owns the folder.
func Reap(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return reapDirs([]string{dir})
}

func reapDirs(dirs []string) error {
	var errs []error
	var asked []string
	for _, dir := range dirs {
		lock, err := lockDir(dir)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		defer unlock(lock)
		if err := askToGo(dir); err != nil {
			errs = append(errs, err)
			continue
		}
		asked = append(asked, dir)
	}
	deadline := time.Now().Add(reapGrace)
	for _, dir := range asked {
		errs = append(errs, awaitAndSweep(dir, deadline))
	}
	return errors.Join(errs...)
}

// reap does Reap's work for the owner of the lock.
func reap(dir string) error {
	if err := askToGo(dir); err != nil {
		return err
	}
	return awaitAndSweep(dir, time.Now().Add(reapGrace))
}

// askToGo asks what is left of a folder's Chromium to end, once: a second order would end it before it saved its profile. The folder's lock is held.
func askToGo(dir string) error {
	rec := readRecord(dir)
	left, err := remains(rec, filepath.Join(dir, profileName))
	if err != nil {
		return fmt.Errorf("reap %s: %w", dir, err)
	}
	for _, p := range left {
		if p.pid == rec.PID || !strings.Contains(p.command, "--type=") {
			syscall.Kill(p.pid, syscall.SIGINT)
		}
	}
	signal(left, syscall.SIGCONT)
	return nil
}

// awaitAndSweep waits until deadline for what was asked to go, kills the rest, and sweeps the folder.
func awaitAndSweep(dir string, deadline time.Time) error {
	rec, profile := readRecord(dir), filepath.Join(dir, profileName)
	left := awaitGone(rec, profile, time.Until(deadline))
	if len(left) > 0 {
		left = killAll(rec, profile)
	}
	if len(left) > 0 {
		return fmt.Errorf("reap %s: %d processes do not end", dir, len(left))
	}
	if err := sweep(dir); err != nil {
		return fmt.Errorf("reap %s: %w", dir, err)
	}
	return nil
}

// killAll kills until none is left or reapLimit passed, and returns what is left.
func killAll(rec record, profile string) []running {
	deadline := time.Now().Add(reapLimit)
	for {
		left, err := remains(rec, profile)
		if err == nil && len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		signal(left, syscall.SIGKILL)
		<-time.After(pollEvery)
	}
}

// awaitGone waits until none is left or limit passed, and returns what is left.
func awaitGone(rec record, profile string, limit time.Duration) []running {
	deadline := time.Now().Add(limit)
	for {
		left, err := remains(rec, profile)
		if err == nil && len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		<-time.After(pollEvery)
	}
}

// sweep removes what a browser that is gone left in the account's folder: its temporary files, the pid file, and the marks
// by which a Chromium claims its profile; one of another host, or of a dead process whose number was given away, would
// keep the next from starting.
func sweep(dir string) error {
	errs := []error{os.RemoveAll(filepath.Join(dir, tempName))}
	for _, name := range []string{"profile/SingletonLock", "profile/SingletonCookie", "profile/SingletonSocket", recordName} {
		if err := os.Remove(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// lockDir takes the account's folder for this process, or fails with ErrInUse. The lock ends with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock account folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", dir, ErrInUse)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}

// unlock gives the folder back. It unlocks before it closes: a child that is just being started may still
// hold the descriptor.
func unlock(f *os.File) {
	syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	f.Close()
}

// readRecord reads the pid file. One that is missing, broken or of another boot is the zero record.
func readRecord(dir string) record {
	var rec record
	b, err := os.ReadFile(filepath.Join(dir, recordName))
	if err != nil || json.Unmarshal(b, &rec) != nil || rec.Boot != bootID() {
		return record{}
	}
	return rec
}

func writeRecord(dir string, rec record) error { return writeJSON(filepath.Join(dir, recordName), rec) }

// writeJSON replaces a file whole.
func writeJSON(path string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
