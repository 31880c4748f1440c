package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sync/errgroup"

	"troupe/testkit"
)

// In the environment these make the test binary a node that starts browsers below helperRoot and waits to be killed.
const (
	helperRoot  = "TROUPE_TEST_BROWSER_ROOT"
	helperCount = "TROUPE_TEST_BROWSER_COUNT"
)

// beNode starts browsers below root, says their pids, and ends only by force.
func beNode(root string) {
	count, err := strconv.Atoi(os.Getenv(helperCount))
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	pids := make([]int, count)
	var all errgroup.Group
	for n := range count {
		all.Go(func() error {
			i, err := Start(context.Background(), testConfig(&testing.T{}, filepath.Join(root, fmt.Sprintf("acc_%d", n))))
			if err == nil {
				pids[n] = i.PID()
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(pids)
	select {}
}

// startNode starts such a node and returns it with its browsers' pids.
func startNode(t *testing.T, root string, count int) (*exec.Cmd, []int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command(self)
	node.Env = append(os.Environ(), helperRoot+"="+root, helperCount+"="+strconv.Itoa(count))
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		node.Process.Kill()
		node.Wait()
		ReapAll(root)
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for word := range strings.FieldsSeq(strings.Trim(line, "[]\n")) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatalf("node says %q", line)
		}
		pids = append(pids, pid)
	}
	return node, pids
}

// living counts the processes of a profile.
func living(t *testing.T, dir string) int {
	t.Helper()
	left, err := remains(readRecord(dir), filepath.Join(dir, profileName))
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}

// inTemp counts what the tests' Chromiums left among the machine's temporary files instead of in their accounts' folders.
func inTemp(t *testing.T) int {
	t.Helper()
	user := uint32(os.Geteuid())
	if user == 0 {
		user = testUser
	}
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range entries {
		if !strings.Contains(e.Name(), "org.chromium.") {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it belonged to somebody else and is gone
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid == user {
			found++
		}
	}
	return found
}

// lockCount counts claims on profiles below root.
func lockCount(t *testing.T, root string) int {
	t.Helper()
	locks, err := filepath.Glob(filepath.Join(root, "*", profileName, "Singleton*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(locks)
}

// patience is how long the browsers of a killed node may take: two seconds, and longer where others wait for the processors too.
func patience(t *testing.T) time.Duration {
	t.Helper()
	kernel, err := procfs.NewDefaultFS()
	if err != nil {
		t.Fatal(err)
	}
	load, err := kernel.LoadAvg()
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(2 * max(1, load.Load1/float64(runtime.NumCPU())) * float64(time.Second))
}

func TestKilledNodeLeavesNoBrowser(t *testing.T) {
	const count = 5
	before := inTemp(t)
	for range testkit.Runs(t, 1, 10) {
		root := openTempDir(t)
		node, pids := startNode(t, root, count)
		dir := filepath.Join(root, "acc_0")
		if err := Reap(dir); !errors.Is(err, ErrInUse) {
			t.Errorf("a living node's browser was reaped: %v", err)
		}
		if _, err := Start(t.Context(), testConfig(t, dir)); !errors.Is(err, ErrInUse) {
			t.Errorf("two browsers on one folder: %v", err)
		}
		node.Process.Kill()
		killed := time.Now()
		until(t, "the browsers to go", func() bool {
			left := 0
			for n := range pids {
				left += living(t, filepath.Join(root, fmt.Sprintf("acc_%d", n)))
			}
			return left == 0
		})
		if took := time.Since(killed); took > patience(t) {
			t.Errorf("%d browsers took %v", count, took)
		}
		if n := lockCount(t, root); n != 0 {
			t.Errorf("%d claims on profiles are left", n)
		}
		if err := ReapAll(root); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(root, "*", tempName)); len(left) > 0 {
			t.Errorf("temporary files are left: %v", left)
		}
	}
	if after := inTemp(t); after > before {
		t.Errorf("%d temporary files were left outside the accounts' folders", after-before)
	}
}

func TestStoppedLeftoversAreReaped(t *testing.T) {
	root := openTempDir(t)
	dir := filepath.Join(root, "acc_0")
	node, pids := startNode(t, root, 1)
	if err := syscall.Kill(-pids[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	node.Process.Kill()
	node.Wait()
	if living(t, dir) == 0 {
		t.Fatal("nothing was left to reap")
	}
	if err := ReapAll(root); err != nil {
		t.Fatal(err)
	}
	if n := living(t, dir); n != 0 {
		t.Errorf("%d processes left", n)
	}
	if n := lockCount(t, root); n != 0 {
		t.Errorf("%d claims on its profile are left", n)
	}
	if err := ReapAll(filepath.Join(root, "none")); err != nil {
		t.Errorf("missing root: %v", err)
	}
}

func TestReusedNumberIsNotReaped(t *testing.T) {
	dir := filepath.Join(openTempDir(t), "acc")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command("sleep", "60")
	stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()
	defer stranger.Process.Kill()
	if err := writeRecord(dir, record{PID: stranger.Process.Pid, Start: 1, Boot: bootID()}); err != nil {
		t.Fatal(err)
	}
	if err := Reap(dir); err != nil {
		t.Fatal(err)
	}
	if _, ok := readProcess(stranger.Process.Pid); !ok {
		t.Error("a stranger was killed")
	}
}
