package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"troupe/actors/account/browser"
)

// firstUID is the lowest of the users that accounts' Chromiums run as when the node is root. They need no entry in passwd.
const firstUID = 20000

// lockFolder makes the node's folder and holds it alone for as long as the process lives. What browsers an
// earlier life of this node left over are gone before anything else starts.
func (n *node) lockFolder() error {
	dir := n.cfg.nodeDir()
	if err := os.MkdirAll(n.accountsRoot(), 0o711); err != nil {
		return fmt.Errorf("make DATA_DIR %s: %w", dir, err)
	}
	f, err := lockNode(dir)
	if err != nil {
		return err
	}
	n.lock = f
	if err := reachable(n.accountsRoot()); n.firstUID() != 0 && err != nil {
		n.unlock()
		return err
	}
	if err := browser.ReapAll(n.accountsRoot()); err != nil {
		n.unlock()
		return fmt.Errorf("end left-over browsers: %w", err)
	}
	return nil
}

// lockNode holds a node's folder alone until the file is closed.
func lockNode(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another troupe runs in %s; stop it, or choose another --data-dir or --worker-id", dir)
	}
	return f, nil
}

// reachable checks that other users may pass through every folder down to dir: each account's Chromium is one.
func reachable(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for p := abs; p != "/"; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("DATA_DIR: Chromium's own users cannot pass through %s (mode %o); choose a --data-dir such as /var/lib/troupe, or chmod o+x it",
				p, info.Mode().Perm())
		}
	}
	return nil
}

func (n *node) unlock() {
	if n.lock != nil {
		n.lock.Close() // ends the flock
		n.lock = nil
	}
}

func (n *node) accountsRoot() string { return filepath.Join(n.cfg.nodeDir(), "accounts") }

func (n *node) firstUID() int {
	if os.Geteuid() != 0 {
		return 0
	}
	return firstUID
}
