package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sys/unix"
)

// folderFile holds a data folder's id, and its own inode: a copy of the folder is another one.
const folderFile = "folder"

// FolderID is the id of a data folder, made at the first call; a copy of a folder has another. The caller holds the folder's lock.
func FolderID(dir string) (string, error) {
	path := filepath.Join(dir, folderFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		if id, inode, ok := strings.Cut(strings.TrimSpace(string(raw)), " "); ok && inode == inodeOf(path) {
			return id, nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the data folder's id: %w", err)
	}
	id := ulid.Make().String()
	if err := replaceFile(path, nil); err != nil {
		return "", fmt.Errorf("make the data folder's id: %w", err)
	}
	if err := os.WriteFile(path, []byte(id+" "+inodeOf(path)+"\n"), 0o600); err != nil { // in place: the inode stays
		return "", fmt.Errorf("make the data folder's id: %w", err)
	}
	return id, nil
}

func inodeOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprint(stat.Ino)
}

// BootID names this boot of this machine's kernel.
func BootID() (string, error) {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the kernel's boot id: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// local are the file systems whose locks hold for the whole machine, and for no other machine.
var local = map[int64]bool{
	unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.BTRFS_SUPER_MAGIC: true, unix.F2FS_SUPER_MAGIC: true,
	unix.TMPFS_MAGIC: true, unix.OVERLAYFS_SUPER_MAGIC: true, 0x2fc12fc1: true, // the last is ZFS
}

// LocalFolder says whether a lock in dir excludes every other process that could have the folder.
func LocalFolder(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && local[int64(s.Type)]
}
