package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if root := os.Getenv(helperRoot); root != "" {
		beNode(root)
	}
	goleak.VerifyTestMain(m)
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
