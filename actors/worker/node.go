package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"troupe/messages"
)

// folder gives an account its folder and the user that its Chromium runs as. The user is the folder's owner, so it
// stays the same for as long as the folder does.
func (w *worker) folder(id messages.AccountID) (dir string, uid int, err error) {
	dir = filepath.Join(w.Root, string(id))
	if w.FirstUID == 0 {
		return dir, 0, os.MkdirAll(dir, 0o700)
	}
	if owner, ok := ownerOf(dir); ok && owner >= w.FirstUID {
		return dir, owner, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", 0, fmt.Errorf("make the account's folder: %w", err)
	}
	uid = w.freeUID()
	if err := os.Chown(dir, uid, uid); err != nil {
		return "", 0, fmt.Errorf("give the account's folder its owner: %w", err)
	}
	return dir, uid, nil
}

// freeUID is the lowest user of our range that owns no account folder.
func (w *worker) freeUID() int {
	taken := map[int]bool{}
	entries, err := os.ReadDir(w.Root)
	if err != nil {
		w.Log.Warn("account folders not listed", "err", err)
	}
	for _, e := range entries {
		if owner, ok := ownerOf(filepath.Join(w.Root, e.Name())); ok {
			taken[owner] = true
		}
	}
	uid := w.FirstUID
	for taken[uid] {
		uid++
	}
	return uid
}

func ownerOf(path string) (int, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}

// sayStatus tells the master how the node is and what runs here, apart from the beats. It may be lost: it is said every ten seconds.
func (w *worker) sayStatus(c actor.Context) {
	s := &messages.NodeStatus{
		Worker: string(w.Node.ID), Incarnation: w.Incarnation, Version: w.Version, Proof: true, Accounts: int64(len(w.accounts)),
		MaxAccounts: int64(w.MaxAccounts), Draining: w.draining, Load1: loadAverage(), MemoryRss: residentMemory(),
		Sandbox: w.Node.Browsers.SandboxState(), Mode: string(w.Node.Browsers.Mode()), Chromium: w.Node.Browsers.Version(),
		Folder: w.Folder, Boot: w.Boot, Definitions: map[string]string{}, Refused: map[string]string{},
	}
	for _, d := range w.Definitions.All() {
		s.Platforms = append(s.Platforms, string(d.Platform))
		s.Definitions[string(d.Platform)] = d.Digest
	}
	for name, reason := range w.refused {
		s.Refused[string(name)] = reason
	}
	for id, a := range w.accounts {
		s.Running = append(s.Running, &messages.Held{Account: string(id), Epoch: uint64(a.epoch)})
		s.PendingItems += int64(len(a.queue.waiting))
	}
	entries, err := os.ReadDir(w.Root)
	if err != nil {
		w.Log.Warn("profiles not listed", "err", err)
	}
	for _, e := range entries {
		s.Profiles = append(s.Profiles, e.Name())
	}
	s.Browsers = int64(len(w.measured.browsers))
	for _, b := range w.measured.browsers {
		s.BrowserMemory += b.private
	}
	s.MemoryAvailable, s.Carries, s.Full = w.Room().Memory, int64(w.carries()), w.full()
	s.DiskFree, s.DiskSize = disk(w.Root)
	if w.Said != nil {
		w.Said(s)
	}
	c.Request(w.Master, s)
}

// disk is how much of a folder's file system is free for its user, and its size, in bytes; zero is not known.
func disk(dir string) (free, size int64) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize
}

func loadAverage() float64 {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0
	}
	l, err := fs.LoadAvg()
	if err != nil {
		return 0
	}
	return l.Load1
}

func residentMemory() int64 {
	p, err := procfs.Self()
	if err != nil {
		return 0
	}
	stat, err := p.Stat()
	if err != nil {
		return 0
	}
	return int64(stat.ResidentMemory())
}
