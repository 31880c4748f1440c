package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Sandbox is whether a hostile page is kept in Chromium's sandbox.
type Sandbox string

// The policies. Chromium itself takes user namespaces, else the setuid helper of package chromium-sandbox, and does
// not start when it has neither.
const (
	SandboxAuto    Sandbox = "auto"    // on; that it is cannot always be proven, and is said then
	SandboxRequire Sandbox = "require" // on, and proven before any page is opened
	SandboxOff     Sandbox = "off"     // none: only by a person's explicit wish
)

// ErrNoSandbox means that the sandbox is required and could not be proven.
var ErrNoSandbox = errors.New("the renderer's sandbox is not proven to be on")

// proofLimit is how long a new renderer has to shut itself in.
const proofLimit = 2 * time.Second

// sandboxProof is what the kernel said of the first browser's renderers.
type sandboxProof struct {
	known  bool
	reason string // why they are not proven to be shut in; empty when they are
}

// SandboxState is for people: on, or what is wrong with it.
func (h *Host) SandboxState() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.cfg.Sandbox == SandboxOff:
		return "off: by the setting"
	case h.sandbox.reason != "":
		return "not proven: " + h.sandbox.reason
	case !h.sandbox.known:
		return "on, not proven yet"
	default:
		return "on"
	}
}

// proveSandbox reads from the kernel, once for each binary, that renderers are shut in.
func (h *Host) proveSandbox(ctx context.Context, rec record, profile string) error {
	if h.cfg.Sandbox == SandboxOff {
		return nil
	}
	h.mu.Lock()
	known := h.sandbox.known && h.sandbox.reason == ""
	h.mu.Unlock()
	if known {
		return nil
	}
	reason := awaitSandbox(ctx, rec, profile)
	h.mu.Lock()
	h.sandbox = sandboxProof{known: true, reason: reason}
	h.mu.Unlock()
	if reason == "" {
		return nil
	}
	if h.cfg.Sandbox == SandboxRequire {
		return fmt.Errorf("%w: %s", ErrNoSandbox, reason)
	}
	h.cfg.Log.Warn("chromium's sandbox could not be proven to be on", "reason", reason)
	return nil
}

// awaitSandbox says what is wrong with the renderers' sandbox, or "". A renderer shuts itself in a moment after it began.
func awaitSandbox(ctx context.Context, rec record, profile string) string {
	ctx, cancel := context.WithTimeout(ctx, proofLimit)
	defer cancel()
	for {
		family, err := remains(rec, profile)
		reason := unshut(family)
		if err != nil {
			reason = err.Error()
		}
		if reason == "" {
			return ""
		}
		select {
		case <-ctx.Done():
			return reason
		case <-time.After(pollEvery):
		}
	}
}

// unshut says which renderer is not shut in: by seccomp filters, and in a process namespace of its own.
func unshut(family []running) string {
	renderers := 0
	for _, p := range family {
		if !strings.Contains(p.command, "--type=renderer") {
			continue
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
		if err != nil {
			continue // it ended meanwhile
		}
		renderers++
		if reason := judge(string(status)); reason != "" {
			return fmt.Sprintf("renderer %d %s", p.pid, reason)
		}
	}
	if renderers == 0 {
		return "no renderer is there to look at"
	}
	return ""
}

// judge reads a process's status as the kernel shows it.
func judge(status string) string {
	field := func(name string) []string {
		for line := range strings.Lines(status) {
			if rest, ok := strings.CutPrefix(line, name+":"); ok {
				return strings.Fields(rest)
			}
		}
		return nil
	}
	if mode := field("Seccomp"); len(mode) != 1 || mode[0] != "2" {
		return "runs without seccomp filters"
	}
	if len(field("NSpid")) < 2 {
		return "is in the node's own process namespace"
	}
	return ""
}
