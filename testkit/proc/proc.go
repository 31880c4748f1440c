// Package proc runs nodes as tests must: one operating system process per node, the real program, its own data folder.
//
// Start builds the program once per test process, starts a node on free loopback ports and registers its end with the
// test. A node dies with the test program, however that one ends. What a node leaves behind (processes, folders) is looked for when the test ends, and is a failure.
package proc

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"troupe/testkit"
)

// Options say how a node is run. The zero value is a node that reaches nothing.
type Options struct {
	Name string   // the node's name, "" = worker-1
	Dial string   // the look-alike site that every name is dialled to
	Pins []string // of its certificate
	Dir  string   // data folder; empty makes a new one that the test's end removes
	Args []string // further flags of `troupe serve`
	Env  []string // further environment

	Program string // such as Changed makes; "" = Program

	// Spawn starts the node's process, such as in a host of a made-up network; nil starts it here, by the function of that name.
	Spawn func(*exec.Cmd) error

	killed bool // at the test's end, instead of stopped
}

// Node is one running node.
type Node struct {
	URL  string // of its gateway; of a worker, its master's
	Dir  string // its data folder
	Name string // the node's
	Addr string // by which other nodes reach it, and from which its gates dial; "" when it is alone

	t       testing.TB
	options Options
	cmd     *exec.Cmd
	exited  chan struct{}
	log     string // file of its stderr
}

// usualName is that of a node which is alone.
const usualName = "worker-1"

// Start runs a node and waits until it answers.
func Start(t testing.TB, o Options) *Node {
	t.Helper()
	n := &Node{t: t, options: o, Dir: o.Dir, Name: cmp.Or(o.Name, usualName)}
	if n.Dir == "" {
		dir, err := os.MkdirTemp("", "troupe-node-")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o711); err != nil { // Chromium's own users pass through it
			t.Fatal(err)
		}
		n.Dir = dir
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("node's data kept in %s", dir)
				return
			}
			os.RemoveAll(dir)
		})
	}
	n.log = filepath.Join(n.Dir, "node.log")
	if o.Dir != "" { // which may have no room
		n.log = filepath.Join(t.TempDir(), "node.log")
	}
	t.Cleanup(n.end)
	n.Restart()
	return n
}

// end stops the node and makes sure that nothing of it is left.
func (n *Node) end() {
	if n.cmd == nil {
		return // the program was never built
	}
	switch {
	case n.Running() && n.options.killed:
		n.Kill()
	case n.Running():
		n.Stop()
	}
	if left := n.await(5*time.Second, func() bool { return len(n.Processes()) == 0 }); !left {
		n.t.Errorf("processes of the node are left: %v", n.Processes())
		for _, pid := range n.Processes() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if n.t.Failed() {
		n.t.Logf("the node's log ends with:\n%s", tail(n.log, 60))
	}
}

// ready is the line by which a node says that it runs.
var ready = regexp.MustCompile(`^(?:troupe runs|worker \S+ runs accounts for the master) at (\S+)`)

// Restart starts the node's process again, on the same data.
func (n *Node) Restart() {
	n.t.Helper()
	args := []string{"serve", "--data-dir", n.Dir, "--worker-id", n.Name, "--master-port", "0", "--log-level", "debug", "--dev-pace", "0.02", "--dev-role", "admin"}
	if n.options.Dial != "" {
		args = append(args, "--dev-dial", n.options.Dial)
	}
	for _, pin := range n.options.Pins {
		args = append(args, "--dev-pin", pin)
	}
	n.cmd = exec.Command(cmp.Or(n.options.Program, Program(n.t)), append(args, n.options.Args...)...)
	n.cmd.Env = append(os.Environ(), n.options.Env...)
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.t.Fatal(err)
	}
	defer log.Close()
	n.cmd.Stderr = log
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	spawn := n.options.Spawn
	if spawn == nil {
		spawn = Spawn
	}
	if err := spawn(n.cmd); err != nil {
		n.t.Fatal(err)
	}
	n.exited = make(chan struct{})
	url := make(chan string, 1)
	go n.watch(out, url)
	select {
	case n.URL = <-url:
	case <-n.exited:
		n.t.Fatalf("the node ended at once:\n%s", tail(n.log, 30))
	case <-time.After(30 * time.Second):
		n.t.Fatalf("the node did not start in time:\n%s", tail(n.log, 30))
	}
}

// Spawn starts a process of this machine that dies with the test program, so that a test which runs out of its time leaves no node behind; the
// node's browsers end with the node.
func Spawn(cmd *exec.Cmd) error { return testkit.StartBound(cmd, nil) }

// watch reads the node's output to its end and then reaps the process.
func (n *Node) watch(out io.Reader, url chan<- string) {
	exited, cmd := n.exited, n.cmd
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := ready.FindStringSubmatch(lines.Text()); m != nil {
			url <- m[1]
		}
	}
	_ = cmd.Wait() // how it ended is judged by the tests
	close(exited)
}

// PID is the node's process.
func (n *Node) PID() int { return n.cmd.Process.Pid }

// Running says whether the process lives.
func (n *Node) Running() bool {
	select {
	case <-n.exited:
		return false
	default:
		return true
	}
}

// Stop ends the node as a person would, and waits for it.
func (n *Node) Stop() { n.signal(syscall.SIGTERM, 40*time.Second) }

// StopTwice tells the node to end, and once more when it has been at it for longer than it takes one signal for an echo of the other; it
// waits for the end and says how long that took after the second one.
func (n *Node) StopTwice() (took time.Duration) {
	n.t.Helper()
	n.tell(syscall.SIGTERM)
	select {
	case <-n.exited:
	case <-time.After(1500 * time.Millisecond):
	}
	began := time.Now()
	n.signal(syscall.SIGTERM, 10*time.Second)
	return time.Since(began)
}

// Kill ends the node with SIGKILL, and waits for it.
func (n *Node) Kill() { n.signal(syscall.SIGKILL, 5*time.Second) }

func (n *Node) signal(s syscall.Signal, limit time.Duration) {
	n.t.Helper()
	n.tell(s)
	select {
	case <-n.exited:
	case <-time.After(limit):
		n.t.Errorf("the node did not end within %s after %s", limit, s)
		_ = n.cmd.Process.Kill() // the failure is reported already
		<-n.exited
	}
}

// tell sends a signal to a process that may have ended.
func (n *Node) tell(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		n.t.Fatal(err)
	}
}

// State is how the node's process ended; nil while it runs.
func (n *Node) State() *os.ProcessState {
	if n.Running() {
		return nil
	}
	return n.cmd.ProcessState
}

// Suspend stops the node's process (SIGSTOP); Resume lets it go on.
func (n *Node) Suspend() {
	if err := n.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		n.t.Fatal(err)
	}
}

// Resume lets a suspended node go on.
func (n *Node) Resume() {
	if err := n.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		n.t.Fatal(err)
	}
}

// AccountDir is the folder of an account on the node.
func (n *Node) AccountDir(account string) string {
	return filepath.Join(n.Dir, n.Name, "accounts", account)
}

// Processes lists the living processes that mention the node's data folder in their command line: itself and its browsers.
func (n *Node) Processes() []int {
	return processes(func(cmdline string) bool { return strings.Contains(cmdline, n.Dir) })
}

// Browsers lists the living Chromium processes of an account, or of all with "".
func (n *Node) Browsers(account string) []int {
	return processes(func(cmdline string) bool { return strings.Contains(cmdline, n.profileSwitch(account)) })
}

// BrowserMain is the account's main Chromium process, 0 when there is none.
func (n *Node) BrowserMain(account string) int {
	for _, pid := range processes(func(c string) bool {
		return strings.Contains(c, n.profileSwitch(account)) && !strings.Contains(c, "--type=")
	}) {
		return pid
	}
	return 0
}

// Renderers lists the account's renderer processes.
func (n *Node) Renderers(account string) []int {
	return processes(func(c string) bool {
		return strings.Contains(c, n.profileSwitch(account)) && strings.Contains(c, "--type=renderer")
	})
}

// profileSwitch begins the switch by which a Chromium of the account is known; with its last slash, or sb_1's would be sb_10's too.
func (n *Node) profileSwitch(account string) string {
	return "--user-data-dir=" + n.AccountDir(account) + string(filepath.Separator)
}

func processes(match func(cmdline string) bool) []int {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil
	}
	var pids []int
	for _, p := range all {
		words, err := p.CmdLine()
		if err != nil || len(words) == 0 {
			continue // it ended, or is a zombie
		}
		if stat, err := p.Stat(); err != nil || stat.State == "Z" {
			continue
		}
		if match(strings.Join(words, " ")) {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

func (n *Node) await(limit time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return ok()
}

// HTTP is a client that speaks to the node over its Unix socket.
func (n *Node) HTTP() *http.Client {
	socket := filepath.Join(n.Dir, n.Name, "troupe.sock")
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
}

// Log is the node's log so far.
func (n *Node) Log() string {
	b, err := os.ReadFile(n.log)
	if err != nil {
		n.t.Fatal(err)
	}
	return string(b)
}

// CLI runs a command of the program against the node and returns what it printed and its exit status.
func (n *Node) CLI(args ...string) (stdout, stderr string, status int) {
	n.t.Helper()
	return Run(n.t, append(args, "--data-dir", n.Dir)...)
}

// CLIWith is CLI with text on the command's standard input.
func (n *Node) CLIWith(input string, args ...string) (stdout, stderr string, status int) {
	n.t.Helper()
	return run(n.t, strings.NewReader(input), append(args, "--data-dir", n.Dir)...)
}

// Run runs the program once and returns what it printed and its exit status.
func Run(t testing.TB, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return run(t, nil, args...)
}

func run(t testing.TB, input io.Reader, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command(Program(t), args...)
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func tail(path string, lines int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
