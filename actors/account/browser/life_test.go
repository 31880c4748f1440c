package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"troupe/testkit"
)

// In the environment these make the test binary a node that starts browsers below helperRoot and waits to be killed.
const (
	helperRoot  = "TROUPE_TEST_BROWSER_ROOT"
	helperCount = "TROUPE_TEST_BROWSER_COUNT"
)

func TestMain(m *testing.M) {
	if root := os.Getenv(helperRoot); root != "" {
		beNode(root)
	}
	goleak.VerifyTestMain(m)
}

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

func TestForeignClaimOnTheProfileDoesNotKeepItFromStarting(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	pristine(t, cfg)
	if err := os.Symlink("another-host-4711", filepath.Join(cfg.profile(), "SingletonLock")); err != nil {
		t.Fatal(err)
	}
	if i := start(t, cfg); !knows(t, i, "profile") {
		t.Error("the profile was not used")
	}
}

func TestBrowserIsSandboxedAndListensNowhere(t *testing.T) {
	i := start(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	open(t, i, "main", "data:text/html,<p>hello")
	family, err := remains(i.proc.rec, i.proc.profile)
	if err != nil {
		t.Fatal(err)
	}
	renderers := 0
	for _, p := range family {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
		if err != nil {
			continue
		}
		if strings.Contains(p.command, "--type=renderer") {
			renderers++
			if !strings.Contains(string(status), "Seccomp:\t2") {
				t.Errorf("renderer %d runs without seccomp", p.pid)
			}
		}
		if uid := fmt.Sprintf("Uid:\t%d\t", i.cfg.UID); i.cfg.UID != 0 && !strings.Contains(string(status), uid) {
			t.Errorf("process %d has another user", p.pid)
		}
		if listens(t, p.pid) {
			t.Errorf("process %d listens", p.pid)
		}
	}
	if renderers == 0 {
		t.Error("no renderer found")
	}
	score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", i.PID()))
	if err != nil || strings.TrimSpace(string(score)) < "300" {
		t.Errorf("oom_score_adj %s %v", score, err)
	}
}

// listens says whether a process has a listening TCP socket.
func listens(t *testing.T, pid int) bool {
	t.Helper()
	inodes := map[string]bool{}
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if link, err := os.Readlink(fd); err == nil && strings.HasPrefix(link, "socket:[") {
			inodes[strings.Trim(link[7:], "[]")] = true
		}
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" && inodes[f[9]] {
				return true
			}
		}
	}
	return false
}

func TestKilledBrowserIsNoticed(t *testing.T) {
	i := start(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	tab := open(t, i, "main", "data:text/html,<p>hello")
	pending := make(chan error, 1)
	go func() {
		_, err := tab.Eval(t.Context(), "() => new Promise(() => {})", nil)
		pending <- err
	}()
	syscall.Kill(i.PID(), syscall.SIGKILL)
	select {
	case <-i.Exited():
	case <-time.After(5 * time.Second):
		t.Fatal("nobody noticed")
	}
	if exit := i.ExitReason(); exit.Signal != "killed" || exit.Reason != "exited" {
		t.Errorf("exit is %v", exit)
	}
	if err := <-pending; !isGone(err) {
		t.Errorf("pending call: %v", err)
	}
	if _, err := i.Tab(t.Context(), "main"); !isGone(err) {
		t.Errorf("later call: %v", err)
	}
	if err := i.Close(t.Context()); !errors.Is(err, ErrUnclean) {
		t.Errorf("close: %v", err)
	}
}

func TestCrashedTabIsGoneAndComesBack(t *testing.T) {
	i := start(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	tab := open(t, i, "main", "data:text/html,<p>hello")
	pending := make(chan error, 1)
	go func() {
		_, err := tab.Eval(t.Context(), "() => new Promise(() => {})", nil)
		pending <- err
	}()
	killRenderers(t, i)
	if err := <-pending; !isGone(err) {
		t.Errorf("pending call: %v", err)
	}
	if err := tab.Navigate(t.Context(), "about:blank"); !isGone(err) {
		t.Errorf("later call: %v", err)
	}
	again := open(t, i, "main", "data:text/html,<p>again")
	if text, err := find(t, again, "p").Text(t.Context()); text != "again" || err != nil {
		t.Errorf("after the crash: %q %v", text, err)
	}
}

func killRenderers(t *testing.T, i *Instance) {
	t.Helper()
	family, err := remains(i.proc.rec, i.proc.profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range family {
		if strings.Contains(p.command, "--type=renderer") {
			syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
}

func TestStoppedBrowserIsClosedByForce(t *testing.T) {
	i := start(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	if err := syscall.Kill(-i.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := i.Close(ctx); !errors.Is(err, ErrUnclean) {
		t.Errorf("close: %v", err)
	}
}

func TestHungBrowserIsKilled(t *testing.T) {
	i := start(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	if err := syscall.Kill(-i.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	i.probe(10*time.Millisecond, 50*time.Millisecond)
	<-i.Exited()
	if exit := i.ExitReason(); exit.Reason != "hung" {
		t.Errorf("exit is %v", exit)
	}
}

func TestCleanCloseKeepsFreshCookies(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/set", func(w http.ResponseWriter, _ *http.Request) {
		for n := range 50 {
			http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("c%d", n), Value: "v", MaxAge: 3600})
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "v"})
		io.WriteString(w, "set")
	})
	r := newRig(t, mux)
	cfg := r.config(t)
	i := start(t, cfg)
	open(t, i, "main", "https://site.test/set")
	if err := i.CloseTab(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(cfg.profile(), "SingletonLock")); err == nil {
		t.Error("the profile is still claimed")
	}
	again := start(t, cfg)
	cookies, err := again.cookies(t.Context())
	if err != nil || len(cookies) != 51 {
		t.Errorf("%d cookies, %v", len(cookies), err)
	}
	if has, err := again.HasCookie(t.Context(), "https://site.test/", "c7"); !has || err != nil {
		t.Errorf("cookie c7: %v %v", has, err)
	}
	if has, err := again.HasCookie(t.Context(), "https://other.test/", "c7"); has || err != nil {
		t.Errorf("cookie c7 elsewhere: %v %v", has, err)
	}
}

func TestStartThatIsCancelledOrFailsLeavesNothing(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Host = testHost(t, HostConfig{Starts: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if i, err := Start(ctx, cfg); err == nil {
		i.Kill()
		t.Error("started in no time")
	}
	if _, err := cfg.Host.slot(t.Context()); err != nil {
		t.Errorf("the cancelled start kept its slot: %v", err)
	}
	if n := living(t, cfg.Dir); n != 0 {
		t.Errorf("%d processes left", n)
	}
	broken := filepath.Join(openTempDir(t), "chromium")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\ntest \"$1\" = --version && echo Chromium 156.0.0.1 || { echo no display >&2; exit 3; }\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cfg.Host = testHost(t, HostConfig{Bin: broken, Starts: 1})
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "code 3") {
		t.Errorf("a Chromium that exits: %v", err)
	}
	if _, err := cfg.Host.slot(t.Context()); err != nil {
		t.Errorf("the failed start kept its slot: %v", err)
	}
	output, err := os.ReadFile(filepath.Join(cfg.Dir, outputName))
	if !strings.Contains(string(output), "no display") {
		t.Errorf("its words were not kept: %q %v", output, err)
	}
}
