package worker

import (
	"os"
	"path/filepath"
	"testing"
)

// kernel writes files as the kernel would show them, and returns the two folders that availableMemory reads.
func kernel(t *testing.T, files map[string]string) (proc, groups string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("7", filepath.Join(root, "proc", "self")); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "proc"), filepath.Join(root, "groups")
}

func TestAvailableMemoryIsTheLeastThatHolds(t *testing.T) {
	const machine = "MemTotal: 8192 kB\nMemAvailable: 4096 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64 // KiB
	}{
		"no groups": {map[string]string{"proc/7/cgroup": ""}, 4096},
		"v2": {map[string]string{
			"proc/7/cgroup": "0::/a/b\n", "groups/a/b/memory.max": "max\n", "groups/a/b/memory.current": "1\n",
			"groups/a/memory.max": "2097152\n", "groups/a/memory.current": "1048576\n", "groups/a/memory.stat": "anon 5\ninactive_file 524288\n",
		}, 1024 + 512},
		"v1": {map[string]string{
			"proc/7/cgroup": "4:memory:/x\n0::/\n", "groups/memory/x/memory.limit_in_bytes": "3145728\n", "groups/memory/x/memory.usage_in_bytes": "1048576\n",
		}, 2048},
		"v1 in a container": {map[string]string{
			"proc/7/cgroup": "4:memory:/docker/abc\n", "groups/memory/memory.limit_in_bytes": "2097152\n", "groups/memory/memory.usage_in_bytes": "1048576\n",
		}, 1024},
		"over the limit": {map[string]string{"proc/7/cgroup": "0::/\n", "groups/memory.max": "1024\n", "groups/memory.current": "2048\n"}, 0},
	} {
		c.files["proc/meminfo"] = machine
		if got := availableMemory(kernel(t, c.files)); got != c.want<<10 {
			t.Errorf("%s: %d KiB, want %d", name, got>>10, c.want)
		}
	}
}

func TestRoomCarriesWhatMemoryAndCoresAllow(t *testing.T) {
	for _, c := range []struct {
		room Room
		used int64
		want int
	}{
		{Room{Memory: 8 << 30, Cores: 4}, 0, 52},
		{Room{Memory: 8 << 30, Cores: 1}, 0, 40},
		{Room{Memory: 200 << 20, Cores: 4}, 0, 0},
		{Room{Memory: 600 << 20, Cores: 4}, 3 * accountMemory, 5}, // three run already, two more fit
	} {
		if got := c.room.carries(c.used); got != c.want {
			t.Errorf("%+v with %d MiB in use carries %d, want %d", c.room, c.used>>20, got, c.want)
		}
	}
	if here := Measure(); here.Memory <= 0 || here.Cores < 1 {
		t.Errorf("this machine was measured as %+v", here)
	}
}

func TestProcessesAreTheirAccounts(t *testing.T) {
	for line, want := range map[string]string{
		"--user-data-dir=/data/accounts/dy_1/profile": "dy_1", "--user-data-dir=/data/accounts2/dy_1/profile": "", "--user-data-dir=/data/accounts/dy_1/x/profile": "",
	} {
		if id, ok := accountOf([]string{"chromium", line}, "/data/accounts"); string(id) != want && ok || ok != (want != "") {
			t.Errorf("%s is of %q", line, id)
		}
	}
}
