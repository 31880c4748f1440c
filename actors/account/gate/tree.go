package gate

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// treeHolds says whether the process root, or one below it, has the socket of that inode open. Nothing is remembered: numbers of
// processes and sockets are used again. Processes that hide their files, such as Chromium's sandboxed ones from a plain
// user, have no sockets to hide.
func treeHolds(root int, inode uint32) bool {
	if root <= 0 {
		return false
	}
	socket := fmt.Sprintf("socket:[%d]", inode)
	for waiting := []int{root}; len(waiting) > 0; {
		pid := waiting[0]
		if holds(pid, socket) {
			return true
		}
		waiting = append(waiting[1:], children(pid)...)
	}
	return false
}

// holds says whether a process has a file open, by what its link says.
func holds(pid int, file string) bool {
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	names, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, name := range names {
		if target, err := os.Readlink(filepath.Join(folder, name.Name())); err == nil && target == file {
			return true
		}
	}
	return false
}

// children lists the processes that any thread of a process started.
func children(pid int) []int {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	var all []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}
