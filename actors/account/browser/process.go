package browser

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Exit says how a Chromium ended.
type Exit struct {
	Code   int    // its exit code, -1 when a signal ended it
	Signal string // that signal's name
	Reason string // closed, killed, hung, ...; "exited" when it went by itself
	At     time.Time
}

func (e Exit) String() string {
	if e.Signal != "" {
		return fmt.Sprintf("%s (signal %s)", e.Reason, e.Signal)
	}
	return fmt.Sprintf("%s (code %d)", e.Reason, e.Code)
}

// LogValue is how an exit is logged.
func (e Exit) LogValue() slog.Value { return slog.StringValue(e.String()) }

const (
	niceness    = 5   // below the node itself
	oomScoreAdj = 300 // sooner than the node itself
)

// process is a started Chromium: its process group and our ends of its pipes.
type process struct {
	cmd     *exec.Cmd
	rec     record
	profile string
	pipe    *pipe
	exited  chan struct{} // closed after the main process ended

	mu     sync.Mutex
	reason string // why we ended it; empty while we did not
	exit   Exit
}

// spawn starts bin in c's folder, whose lock the caller holds.
func spawn(c Config, bin program, args, env []string) (*process, error) {
	fromUs, toChromium, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromChromium, toUs, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, fromUs.Close(), toChromium.Close())
	}
	output, outputEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, fromUs.Close(), toChromium.Close(), fromChromium.Close(), toUs.Close())
	}
	cmd := exec.Command(bin.path, args...)
	cmd.Env = env
	cmd.Dir = c.temp()
	cmd.ExtraFiles = []*os.File{fromUs, toUs} // its descriptors 3 and 4
	cmd.Stdout, cmd.Stderr = outputEnd, outputEnd
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.ownUser() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(c.UID), Gid: uint32(c.GID)}
	}
	err = cmd.Start()
	fromUs.Close()
	toUs.Close()
	outputEnd.Close()
	if err != nil {
		return nil, errors.Join(err, toChromium.Close(), fromChromium.Close(), output.Close())
	}
	p := &process{
		cmd: cmd, profile: c.profile(), pipe: newPipe(fromChromium, toChromium), exited: make(chan struct{}),
		rec: record{PID: cmd.Process.Pid, Boot: bootID(), Node: c.Node, Account: c.Account, Epoch: c.Epoch},
	}
	go keepOutput(output, filepath.Join(c.Dir, outputName))
	go p.wait()
	if own, ok := readProcess(p.rec.PID); ok {
		p.rec.Start = own.start
	}
	if err := writeRecord(c.Dir, p.rec); err != nil {
		p.kill("no pid file")
		return nil, fmt.Errorf("write pid file: %w", err)
	}
	p.yield()
	return p, nil
}

// yield lets Chromium wait for the node where both want the processor. It is a courtesy: where it is forbidden, nothing breaks.
func (p *process) yield() { syscall.Setpriority(syscall.PRIO_PGRP, p.rec.PID, niceness) }

// sacrifice offers Chromium to the kernel before the node when memory is short. It is called when Chromium is up: while it
// starts it sets its own score.
func (p *process) sacrifice() {
	os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", p.rec.PID), strconv.AppendInt(nil, oomScoreAdj, 10), 0)
}

// wait is the process watcher: it notes the exit and ends the connection.
func (p *process) wait() {
	p.cmd.Wait()
	state := p.cmd.ProcessState
	p.mu.Lock()
	p.exit = Exit{Code: state.ExitCode(), Reason: p.reason, At: time.Now()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		p.exit.Signal = status.Signal().String()
	}
	if p.exit.Reason == "" {
		p.exit.Reason = "exited"
	}
	p.mu.Unlock()
	p.pipe.Close()
	close(p.exited)
}

// because notes why the process will end now; the first reason stays.
func (p *process) because(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason == "" {
		p.reason = reason
	}
}

// interrupt asks the main process to save its profile and go.
func (p *process) interrupt() { p.cmd.Process.Signal(syscall.SIGINT) }

// kill ends the whole group at once and returns when nothing of it is left.
func (p *process) kill(reason string) error {
	p.because(reason)
	left := killAll(p.rec, p.profile)
	if len(left) > 0 {
		return fmt.Errorf("kill chromium: %d processes do not end", len(left))
	}
	<-p.exited
	return nil
}

// awaitExit says whether the main process ended within limit.
func (p *process) awaitExit(limit time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(limit):
		return false
	}
}

// maxOutput bounds the file with what Chromium writes, in bytes; the one before it is kept beside it.
const maxOutput = 256 << 10

// keepOutput copies what Chromium writes to a bounded file until its last process is gone. Nobody but a person
// who looks for a cause reads it.
func keepOutput(output *os.File, path string) {
	defer output.Close()
	defer io.Copy(io.Discard, output) // a full disk must not stop Chromium
	os.Rename(path, path+".1")
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		_, err = io.CopyN(f, output, maxOutput)
		f.Close()
		if err != nil {
			return
		}
		os.Rename(path, path+".1")
	}
}
