package worker

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// What accounts cost, measured: see docs/performance.md.
const (
	accountMemory   = 150 << 20 // private bytes of one Chromium with a kept page
	sharedMemory    = 300 << 20 // bytes that all Chromiums of a node share, and the node itself
	accountsPerCore = 40        // kept pages at a look every 20 s
)

// Room is what a machine has for accounts.
type Room struct {
	Memory int64 // bytes available: of the machine, or of the control group that this process is in if that is less
	Cores  int   // that this process may use
}

// Measure looks at this machine.
func Measure() Room {
	return Room{Memory: availableMemory("/proc", "/sys/fs/cgroup"), Cores: runtime.GOMAXPROCS(0)}
}

// Carries estimates how many accounts a machine that runs none yet could run.
func (r Room) Carries() int { return r.carries(0) }

// carries estimates how many accounts the machine could run in all, when its browsers take used bytes now.
func (r Room) carries(used int64) int {
	byMemory := (r.Memory + used - sharedMemory) / accountMemory
	return max(0, min(int(byMemory), r.Cores*accountsPerCore))
}

// full says why the node takes no further account, or "".
func (w *worker) full() string {
	switch n := len(w.accounts); {
	case n >= w.MaxAccounts:
		return "MAX_ACCOUNTS=" + strconv.Itoa(w.MaxAccounts)
	case n >= w.carries():
		return "its memory or processors carry no more than " + strconv.Itoa(n) + " accounts now"
	default:
		return ""
	}
}

// carries is the room's estimate with the browsers that run. A browser counts at most as much as one is expected to
// take: what it takes beyond that is not there for others. One that was assigned and has not grown yet counts in full.
func (w *worker) carries() int {
	var used int64
	for id := range w.accounts {
		used += min(w.measured.browsers[id].private, accountMemory)
	}
	return w.Room().carries(used)
}

// availableMemory is what can be had without swapping, in bytes; proc and groups are where the kernel shows it.
func availableMemory(proc, groups string) int64 {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return 0
	}
	info, err := fs.Meminfo()
	if err != nil || info.MemAvailableBytes == nil {
		return 0
	}
	available := int64(*info.MemAvailableBytes)
	self, err := fs.Self()
	if err != nil {
		return available
	}
	memberships, err := self.Cgroups()
	if err != nil {
		return available
	}
	for _, m := range memberships {
		switch {
		case m.HierarchyID == 0:
			available = min(available, left(groups, m.Path, "memory.max", "memory.current", "inactive_file"))
		case slices.Contains(m.Controllers, "memory"):
			available = min(available, left(filepath.Join(groups, "memory"), m.Path, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
		}
	}
	return max(0, available)
}

// left is what a control group and those above it still allow. In a container the group's path may not be visible; then
// the topmost folder is the container's own group.
func left(root, group, limitFile, usageFile, reclaimable string) int64 {
	least := int64(1) << 62
	for path := filepath.Join(root, group); ; path = filepath.Dir(path) {
		if limit, ok := readBytes(filepath.Join(path, limitFile)); ok {
			usage, _ := readBytes(filepath.Join(path, usageFile))
			least = min(least, limit-usage+cached(filepath.Join(path, "memory.stat"), reclaimable))
		}
		if len(path) <= len(root) {
			return least
		}
	}
}

// readBytes reads a number; "max", and a file that is not there, are no limit.
func readBytes(path string) (int64, bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
	return n, err == nil
}

// cached is a line of memory.stat.
func cached(path, name string) int64 {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return n
		}
	}
	return 0
}
