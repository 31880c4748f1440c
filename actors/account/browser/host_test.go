package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// wrapped is a program that runs Chromium with other switches: of two, Chromium takes the last.
func wrapped(t *testing.T, switches string) string {
	t.Helper()
	bin, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(openTempDir(t), "chromium")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec "+bin+" \"$@\" "+switches+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWindowsAreShownOnAScreenOfThePersonasSize(t *testing.T) {
	host := testHost(t, HostConfig{Mode: Headful})
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Host, cfg.Persona.Width, cfg.Persona.Height = host, 1366, 768
	tab := open(t, start(t, cfg), "main", "data:text/html,<p>hello")
	if got := eval(t, tab, "() => [screen.width, screen.height].join('x')"); got != `"1366x768"` {
		t.Errorf("the page sees a screen of %s", got)
	}
	if got := eval(t, tab, "() => navigator.userAgent"); strings.Contains(got, "Headless") {
		t.Errorf("the page sees %s", got)
	}
	stranger := exec.Command(host.bin.path, "--no-sandbox", "--user-data-dir="+t.TempDir(), "about:blank")
	stranger.Env = []string{"DISPLAY=:" + host.displays.running["1366x768"].Number, "HOME=" + t.TempDir(), "TMPDIR=" + openTempDir(t)}
	if out, err := stranger.CombinedOutput(); err == nil || !strings.Contains(string(out), "uthorization") {
		t.Errorf("a browser without the key was let in: %v\n%s", err, out)
	}
}

func TestDisplayOfAnEarlierLifeIsEnded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "displays")
	cfg := HostConfig{Mode: Headful, Dir: dir, Log: testLog()}
	earlier, err := newDisplays(cfg)
	if err != nil {
		t.Fatal(err)
	}
	left, err := earlier.get(t.Context(), "1366x768")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := earlier.get(t.Context(), "1366x768"); again != left || err != nil {
		t.Errorf("another display for the same size, %v", err)
	}
	if err := syscall.Kill(left.Process.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	cfg.Mode = Headless
	if _, err := newDisplays(cfg); err != nil {
		t.Fatal(err)
	}
	within(t, "the display's end", left.gone)
	for _, path := range []string{"/tmp/.X11-unix/X" + left.Number, "/tmp/.X" + left.Number + "-lock"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	again, err := earlier.get(t.Context(), "1366x768")
	if err != nil || again == left {
		t.Errorf("a display that ended was given out: %v", err)
	}
	if err := earlier.close(); err != nil {
		t.Error(err)
	}
}

func TestShellRunsToo(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Host = testHost(t, HostConfig{Mode: Shell, Sandbox: SandboxRequire})
	cfg.State = stateOf("profile")
	i := start(t, cfg)
	tab := open(t, i, "main", "data:text/html,<p>hello")
	if text, err := find(t, tab, "p").Text(t.Context()); text != "hello" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	cfg.State = stateOf("vault")
	if again := start(t, cfg); !knows(t, again, "profile") {
		t.Error("its profile was not used again")
	}
}

func TestRequiredSandboxIsProvenOrNothingStarts(t *testing.T) {
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Host = testHost(t, HostConfig{Sandbox: SandboxRequire})
	if state := cfg.Host.SandboxState(); state != "on, not proven yet" {
		t.Errorf("before the first start: %s", state)
	}
	start(t, cfg)
	if state := cfg.Host.SandboxState(); state != "on" {
		t.Errorf("after a start: %s", state)
	}

	open := cfg
	open.Dir = filepath.Join(openTempDir(t), "acc")
	open.Host = testHost(t, HostConfig{Sandbox: SandboxRequire, Bin: wrapped(t, "--no-sandbox")})
	if i, err := Start(t.Context(), open); !errors.Is(err, ErrNoSandbox) {
		t.Errorf("a browser without sandbox: %v", err)
		i.Kill()
	}
	if n := living(t, open.Dir); n != 0 {
		t.Errorf("%d processes left", n)
	}
	if state := open.Host.SandboxState(); !strings.Contains(state, "seccomp") {
		t.Errorf("state: %s", state)
	}
	if state := testHost(t, HostConfig{Sandbox: SandboxOff}).SandboxState(); !strings.HasPrefix(state, "off") {
		t.Errorf("off is shown as %s", state)
	}
}

func TestSwitchThatSavesNothingIsNamed(t *testing.T) {
	i := start(t, testConfig(t, filepath.Join(openTempDir(t), "acc")))
	open(t, i, "main", "data:text/html,<p>hello")
	if idle, err := i.idleSwitches(t.Context()); err != nil || len(idle) > 0 {
		t.Errorf("our own switches: %v %v", idle, err)
	}
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Host = testHost(t, HostConfig{Bin: wrapped(t, "--disable-features=Translate")})
	i = start(t, cfg)
	open(t, i, "main", "data:text/html,<p>hello")
	until(t, "the features to be named", func() bool {
		idle, err := i.idleSwitches(t.Context())
		return err == nil && slices.Contains(idle, "WebUIOmniboxPopup") && slices.Contains(idle, "SpareRendererForSitePerProcess")
	})
}

func TestSurplusRenderersAreASpareOne(t *testing.T) {
	targets := []proto.TargetTargetInfo{{Type: "page"}, {Type: "tab"}, {Type: "browser"}, {Type: "service_worker"}}
	for renderers, want := range map[int][]string{1: nil, 2: nil, 3: {"SpareRendererForSitePerProcess"}} {
		if got := idleFeatures(targets, renderers); !slices.Equal(got, want) {
			t.Errorf("%d renderers: %v, want %v", renderers, got, want)
		}
	}
}

func TestChangedBinaryIsNoticedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chromium")
	link := path + "-link"
	install := func(version string) {
		if err := os.WriteFile(path+".new", []byte("#!/bin/sh\necho Chromium "+version+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	install("156.0.0.1")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	host := testHost(t, HostConfig{Bin: link})
	before, err := host.current(t.Context())
	if err != nil || before.path != path || host.Version() != "156.0.0.1" {
		t.Fatalf("%+v %v", before, err)
	}
	host.once()
	if again, err := host.current(t.Context()); again != before || err != nil || host.once() {
		t.Errorf("the same binary is another: %+v %v", again, err)
	}
	install("157.0.0.1")
	if now, err := host.current(t.Context()); err != nil || now.version != "157.0.0.1" || !host.once() {
		t.Errorf("after an upgrade: %+v %v", now, err)
	}
}

func TestEveryStartTakesASlot(t *testing.T) {
	host := testHost(t, HostConfig{Starts: 1})
	release, err := host.slot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t, filepath.Join(openTempDir(t), "acc"))
	cfg.Host = host
	done := make(chan error, 1)
	go func() {
		i, err := Start(t.Context(), cfg)
		if err == nil {
			err = i.Kill()
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("started without a slot: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	release()
	if err := within(t, "the start", done); err != nil {
		t.Error(err)
	}
}

func TestHostSaysWhatIsWrongOrMissing(t *testing.T) {
	for name, cfg := range map[string]HostConfig{
		"mode": {Mode: "window"}, "sandbox": {Sandbox: "maybe"}, "no logger": {}, "nowhere": {Bin: "/nowhere/chromium", Log: testLog()},
	} {
		if _, err := OpenHost(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for seccomp, want := range map[string]string{
		"Seccomp:\t2\nNSpid:\t7\t1\n": "", "Seccomp:\t0\nNSpid:\t7\t1\n": "seccomp", "Seccomp:\t2\nNSpid:\t7\n": "namespace", "": "seccomp",
	} {
		if got := judge(seccomp); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%q: %q, want %q", seccomp, got, want)
		}
	}
	t.Setenv("PATH", fmt.Sprint(t.TempDir()))
	if _, err := newDisplays(HostConfig{Mode: Headful, Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "apt-get install xvfb") {
		t.Errorf("no Xvfb: %v", err)
	}
}
