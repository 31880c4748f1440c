package browser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// running is one process as /proc shows it.
type running struct {
	pid, parent, group int
	start              uint64 // clock ticks after boot: with pid it names one process for ever
	command            string // arguments joined by spaces
}

// statFields are the places in /proc/pid/stat, counted from the field after the name.
const (
	statState = iota
	statParent
	statGroup
	statStart = 19
)

// listProcesses reads all living processes. One that ends meanwhile is left out.
func listProcesses() ([]running, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var list []running
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if p, ok := readProcess(pid); ok {
			list = append(list, p)
		}
	}
	return list, nil
}

// readProcess reads one process; ok is false if there is none or it is a zombie.
func readProcess(pid int) (p running, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, false
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= statStart || fields[statState] == "Z" || fields[statState] == "X" {
		return p, false
	}
	p.pid = pid
	p.parent, _ = strconv.Atoi(fields[statParent])
	p.group, _ = strconv.Atoi(fields[statGroup])
	p.start, err = strconv.ParseUint(fields[statStart], 10, 64)
	if err != nil {
		return p, false
	}
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return p, false
	}
	p.command = string(bytes.TrimRight(bytes.ReplaceAll(command, []byte{0}, []byte{' '}), " "))
	return p, true
}

// uses says whether p is a Chromium process of that profile.
func (p running) uses(profile string) bool {
	return strings.Contains(p.command+" ", "--user-data-dir="+profile+" ")
}

// remains are the living processes of a browser: its main process if it is the recorded one, the group that
// that process led, every process with the profile's path, and the children of all these.
func remains(rec record, profile string) ([]running, error) {
	all, err := listProcesses()
	if err != nil {
		return nil, err
	}
	group := rec.PID
	for _, p := range all {
		if p.pid == rec.PID && p.start != rec.Start {
			group = 0 // the number was given to another process, and so perhaps to another group
		}
	}
	found := map[int]bool{}
	var left []running
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if found[p.pid] || p.pid == os.Getpid() {
				continue
			}
			if group > 0 && p.group == group || p.uses(profile) || found[p.parent] {
				found[p.pid], grown = true, true
				left = append(left, p)
			}
		}
	}
	return left, nil
}

// signal sends sig to each of them that is still the same process.
func signal(list []running, sig syscall.Signal) {
	for _, p := range list {
		if now, ok := readProcess(p.pid); ok && now.start == p.start {
			syscall.Kill(p.pid, sig) // it may be gone by now
		}
	}
}
