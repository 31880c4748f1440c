package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
)

// Mode is how Chromium is run.
type Mode string

// The modes.
const (
	Headless Mode = "headless" // the whole browser without windows
	Headful  Mode = "headful"  // with windows, on a display of its own unless one is given
	Shell    Mode = "shell"    // Debian's chromium-headless-shell: half the cost of a start, and another browser's surface
)

// HostConfig says how the browsers of one node are run. Zero values mean: found, headless, auto, one start a core.
type HostConfig struct {
	Bin     string // Chromium's binary; empty means what the mode's Find finds
	Mode    Mode
	Sandbox Sandbox
	Display string // the X display of a headful node; empty starts one for each screen size that is needed
	Dir     string // where such displays are noted, so that left-over ones are ended at the next start
	Starts  int    // how many browsers start at once; 0: one for two cores
	Log     *slog.Logger
}

// coresPerStart is how many cores one Chromium keeps busy while it starts (measured, 2026-11-22): more at once come up later, each of them.
const coresPerStart = 2

// Host is what the browsers of one node share: binary and version, the way they are shown, the sandbox, the start
// slots. What holds for all of them is found out once, by the first that comes up. OpenHost makes it; its maker closes
// it after the last browser is gone.
type Host struct {
	cfg      HostConfig
	slots    chan struct{}
	displays *displays
	looks    looks

	mu      sync.Mutex
	bin     program
	sandbox sandboxProof
	saving  bool // that the memory-saving switches work was looked at, for this binary
}

// OpenHost finds the binary, fixes its path, asks it for its version, and ends displays that an earlier life of the
// node left over. Its error says what to install. A binary that does not answer is asked again at the first start: the
// rest of the node needs none.
func OpenHost(ctx context.Context, cfg HostConfig) (*Host, error) {
	if cfg.Mode == "" {
		cfg.Mode = Headless
	}
	if cfg.Sandbox == "" {
		cfg.Sandbox = SandboxAuto
	}
	if cfg.Starts == 0 {
		cfg.Starts = max(1, runtime.GOMAXPROCS(0)/coresPerStart)
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Bin == "" {
		found, err := cfg.Mode.find()
		if err != nil {
			return nil, err
		}
		cfg.Bin = found
	}
	bin, err := openProgram(cfg.Bin)
	if err != nil {
		return nil, err
	}
	if known, err := bin.again(ctx); err != nil {
		cfg.Log.Error("chromium does not run", "bin", bin.path, "err", err)
	} else {
		bin = known
	}
	shown, err := newDisplays(cfg)
	if err != nil {
		return nil, err
	}
	return &Host{cfg: cfg, bin: bin, displays: shown, slots: make(chan struct{}, cfg.Starts)}, nil
}

func (c HostConfig) validate() error {
	var errs []error
	switch c.Mode {
	case Headless, Headful, Shell:
	default:
		errs = append(errs, fmt.Errorf("mode %q: headless, headful or shell", c.Mode))
	}
	switch c.Sandbox {
	case SandboxAuto, SandboxRequire, SandboxOff:
	default:
		errs = append(errs, fmt.Errorf("sandbox %q: auto, require or off", c.Sandbox))
	}
	if c.Log == nil {
		errs = append(errs, errors.New("no logger"))
	}
	return errors.Join(errs...)
}

// Close ends the displays that the host started. Browsers on them are lost.
func (h *Host) Close() error { return h.displays.close() }

// Mode is how the host's browsers are run.
func (h *Host) Mode() Mode { return h.cfg.Mode }

// Version is the full version of the binary that browsers are started from: 156.0.8078.79; empty while it did not say it.
func (h *Host) Version() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bin.version
}

// slot takes a start slot and returns what gives it back. Every start takes one, whatever its cause.
func (h *Host) slot(ctx context.Context) (release func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a start slot: %w", context.Cause(ctx))
	}
}

// current is the binary for the next start. Its path never changes; when the file behind it did (a package was
// upgraded), the node goes on with the new one, says so once, and finds out again what it knew of the old one: a Chromium
// reads files beside its binary, so the old one cannot be started any more.
func (h *Host) current(ctx context.Context) (program, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, err := h.bin.again(ctx)
	if err != nil {
		return program{}, err
	}
	if now != h.bin {
		if h.bin.version != "" {
			h.cfg.Log.Warn("chromium was changed on disk, new browsers start from the new file; restart the node to have one version",
				"bin", now.path, "version", now.version, "before", h.bin.version)
		}
		h.bin, h.sandbox, h.saving = now, sandboxProof{}, false
	}
	return h.bin, nil
}

// once says whether the caller is the first who asks whether the memory-saving switches work.
func (h *Host) once() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.saving
	h.saving = true
	return first
}
