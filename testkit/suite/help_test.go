package suite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit/check"
	"troupe/testkit/proc"
	"troupe/testkit/rig"
	"troupe/testkit/site"
)

// prepared is the stage that the documents speak of, which is the demo's: sb_1 is logged in and was looked at, sb_2 waits for
// its login.
func prepared(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	if account := s.watched("小厨娘阿月"); account != "sb_1" {
		t.Fatalf("the first account is %s", account)
	}
	s.addAccount("木匠老周")
	s.awaitState("sb_2", "logged_out", 30*time.Second)
	return s
}

// thumb scans and confirms each login that shows its code, each account as an owner of its own, until the test ends.
func (s *stage) thumb() {
	ctx, done := s.t.Context(), make(chan struct{})
	go func() {
		defer close(done)
		h := hand{seen: map[string]time.Time{}, pressed: map[string]string{}, owners: map[string]string{}}
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
				s.press(h)
			}
		}
	}()
	s.t.Cleanup(func() { <-done })
}

// hand is what the thumb remembers.
type hand struct {
	seen    map[string]time.Time // session to when its code was seen first
	pressed map[string]string    // session to the picture of the code that was scanned
	owners  map[string]string    // account to the owner's uid
}

// reach is how long a person needs to take up the phone: a document can show the code in the meantime.
const reach = 2500 * time.Millisecond

func (s *stage) press(h hand) {
	var list struct{ Logins []api.Login }
	if s.call("GET", "/logins", nil, &list) != nil {
		return // the node is busy, or gone
	}
	for _, l := range list.Logins {
		if l.Final || s.call("GET", "/logins/"+l.Session, nil, &l) != nil || l.QR == "" || l.QR == h.pressed[l.Session] {
			continue
		}
		if h.seen[l.Session].IsZero() {
			h.seen[l.Session] = time.Now()
		}
		if time.Since(h.seen[l.Session]) < reach {
			continue
		}
		h.seen[l.Session], h.pressed[l.Session] = time.Now(), l.QR
		if h.owners[l.Account] == "" {
			owner, err := s.site.CreateOwner(site.NewOwner{Nickname: l.Account})
			if err != nil {
				s.t.Error(err)
			}
			h.owners[l.Account] = owner.UID
		}
		if err := errors.Join(s.site.Scan(""), s.site.Confirm("", h.owners[l.Account])); err != nil {
			s.t.Errorf("press the phone for %s: %v", l.Account, err)
		}
	}
}

// desk is a shell in a folder of its own, in which `troupe` is the program and its node is the stage's.
type desk struct {
	*stage
	dir    string
	env    []string
	second *proc.Node // nil until an example needs it
}

func (s *stage) desk() *desk {
	s.t.Helper()
	dir := openFolder(s.t)
	return &desk{stage: s, dir: dir, env: []string{
		"PATH=" + filepath.Dir(proc.Program(s.t)) + ":" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "LC_ALL=C",
		"DATA_DIR=" + s.node.Dir, "MASTER_PORT=0", "MODE=" + string(rig.Mode()),
	}}
}

// openFolder is a temporary folder that Chromium's own users can pass through, as t.TempDir is not.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "troupe-desk-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// screen collects what a running line prints.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// lineLimit is how long one line of a document may take.
const lineLimit = 90 * time.Second

// run executes a line as a shell does. With until it is interrupted (Ctrl-C) once it printed that text; else it has to
// end by itself, and well.
func (d *desk) run(line, typed, until string) (out, errs string, err error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), lineLimit)
	defer cancel()
	var stdout, stderr screen
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = d.dir, append(os.Environ(), d.env...), strings.NewReader(typed), &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for tick := time.NewTicker(20 * time.Millisecond); until != ""; {
		select {
		case err := <-ended:
			return stdout.String(), stderr.String(), err
		case <-tick.C:
		}
		if strings.Contains(stdout.String(), until) {
			tick.Stop()
			until = ""
			if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) { // it may have ended by itself
				d.t.Error(err)
			}
		}
	}
	err = <-ended
	return stdout.String(), stderr.String(), err
}

// section is the indented block below a heading of a help text.
func section(help, heading string) []string {
	_, rest, _ := strings.Cut(help, "\n"+heading+"\n")
	block, _, _ := strings.Cut(rest, "\n\n")
	var lines []string
	for line := range strings.Lines(block) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// examples collects the example lines of every command that does something, as its help shows them.
func (d *desk) examples(path ...string) (lines []string) {
	d.t.Helper()
	help, errs, err := d.run(strings.Join(append([]string{"troupe"}, path...), " ")+" --help", "", "")
	if err != nil {
		d.t.Fatalf("help of %v: %v\n%s", path, err, errs)
	}
	below := section(help, "Available Commands:")
	for _, line := range below {
		if name, _, _ := strings.Cut(line, " "); name != "help" {
			lines = append(lines, d.examples(append(slices.Clone(path), name)...)...)
		}
	}
	if len(below) == 0 {
		lines = section(help, "Examples:")
		if len(lines) == 0 {
			d.t.Errorf("troupe %s has no example", strings.Join(path, " "))
		}
	}
	return lines
}

// endless are the lines that go on until they are interrupted, with what they show before.
var endless = []struct{ words, shows string }{
	{"items --follow", "sb_1"},
	{"--join", "runs accounts for the master"},
	{"troupe serve", "troupe runs at http://127.0.0.1:"},
	{"troupe demo --manual", "scan the code of sb_1"},
	{"troupe demo", "both accounts are logged in"},
	{"troupe site", "phone"},
	{"proxy test office", "cannot be reached"}, // the examples' proxy does not exist
}

// TestEveryExampleInTheHelpRunsAsWritten runs each line that a person may copy from a --help.
func TestEveryExampleInTheHelpRunsAsWritten(t *testing.T) {
	s := prepared(t)
	s.thumb()
	d := s.desk()
	if err := os.WriteFile(filepath.Join(d.dir, "troupe.yaml"), []byte("max-accounts: 5\nlog-level: warn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "accounts.csv"), []byte("platform,name\nsandbox,木匠老周\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.leaveState(filepath.Join(d.dir, "data", "browser", "worker-1"), "old-shop")
	putDefinition(t, filepath.Join(d.dir, "definitions"))
	lines := d.examples()
	if len(lines) < 30 {
		t.Fatalf("only %d examples found: %q", len(lines), lines)
	}
	// A proxy is there before anything goes out through it.
	slices.SortStableFunc(lines, func(x, y string) int {
		return cmp.Compare(first(x), first(y))
	})
	for _, line := range lines {
		d.example(line)
	}
	s.repliesEnd()
}

// repliesEnd waits for the replies that an example only sent off.
func (s *stage) repliesEnd() {
	s.t.Helper()
	s.eventually("every reply has ended", 60*time.Second, func() bool {
		return !slices.ContainsFunc(s.replies(), func(r check.Reply) bool { return messages.ReplyOpen(r.State) })
	})
}

// first orders the lines: what makes a proxy goes first, then what one node can do alone; what erases goes last, and nodes after all else.
func first(line string) int {
	switch {
	case strings.Contains(line, "node forget"):
		return 4
	case strings.Contains(line, "proxy add"):
		return 0
	case strings.Contains(line, "remove"):
		return 3
	case strings.Contains(line, "worker-2"):
		return 2
	}
	return 1
}

// places are those of the examples that only a person's machine has.
var places = []string{"/var/backups", "/mnt/usb", "/media/stick"}

// startSecond starts the other node that the examples speak of, once.
func (d *desk) startSecond() {
	d.t.Helper()
	if d.second != nil {
		return
	}
	d.second = proc.Start(d.t, proc.Options{
		Name: "worker-2", Dial: d.site.Addr(), Pins: []string{d.site.SPKI()},
		Args: []string{"--mode", string(rig.Mode()), "--join", d.gateway(), "--token", d.joinToken()},
	})
}

// away waits until a node of the examples, which was stopped, is taken for gone.
func (d *desk) away(name string) {
	d.t.Helper()
	if d.second != nil && d.second.Name == name && d.second.Running() {
		d.second.Stop()
	}
	d.eventually(name+" is away", 40*time.Second, func() bool {
		var list api.Nodes
		d.must("GET", "/nodes", nil, &list)
		return !slices.ContainsFunc(list.Nodes, func(n api.Node) bool { return n.Name == name && n.Online })
	})
}

// gateway is the host and port that a worker is told.
func (d *desk) gateway() string {
	_, address, _ := strings.Cut(d.node.URL, "://")
	return address
}

func (d *desk) joinToken() string {
	return regexp.MustCompile(`troupe-join-1\.\S+`).FindString(d.cli("", "keys", "token"))
}

// arranged brings about what a line needs that no line before it did, and says what a person types when asked for a name.
func (d *desk) arranged(line string) (runs, typed string) {
	d.t.Helper()
	for _, p := range places {
		line = strings.ReplaceAll(line, p, d.dir)
	}
	switch {
	case strings.Contains(line, "store restore"):
		return "troupe store restore " + filepath.Join(d.dir, "troupe") + " --replace", "" // what the example of backup left
	case strings.Contains(line, "--join"):
		return fmt.Sprintf("troupe serve --worker-id worker-3 --join %s --token %s", d.gateway(), d.joinToken()), ""
	case strings.Contains(line, "node forget"):
		name := regexp.MustCompile(`worker-\d`).FindString(line)
		d.away(name)
		return line, name + "\n"
	case strings.Contains(line, "worker-2"):
		d.startSecond()
		return line, ""
	case strings.Contains(line, "proxy remove"):
		for _, a := range d.accountsOf("office") {
			d.must("PUT", "/accounts/"+a+"/proxy", map[string]string{"proxy": ""}, nil)
		}
		return line, "office\n"
	case strings.Contains(line, "account import sb_1"):
		d.pauseWhole("sb_1") // the files are from the examples of export
		return line, "sb_1\n"
	case strings.Contains(line, "account import ./data"):
		return line, "yes\n"
	case strings.Contains(line, "user remove"):
		return line, "anna\n"
	case strings.Contains(line, "troupe user"):
		return line, "a password of some length\n"
	case strings.Contains(line, "platform rollback"):
		d.runsTwo(line)
	case strings.Contains(line, "keys retire"):
		old := d.keys()[0].ID
		d.must("POST", "/keys/rotate", nil, nil)
		return strings.Replace(line, "k1f2e3d4c", old, 1), old + "\n"
	}
	return line, "my-shop\n"
}

// runsTwo lets two versions of the sandbox run, one after the other; a comment makes them others than those of the line before.
func (d *desk) runsTwo(line string) {
	d.t.Helper()
	for version := 3; version <= 4; version++ {
		putDefinition(d.t, d.definitions(), "\nversion: 1\n", fmt.Sprintf("\nversion: %d # %s\n", version, line))
		d.eventually("another version runs", 10*time.Second, func() bool { p := d.platform(); return p.Version == int64(version) && !p.RolledBack })
	}
}

// accountsOf are the accounts that go out through a proxy.
func (d *desk) accountsOf(proxy string) []string {
	d.t.Helper()
	var p api.Proxy
	d.must("GET", "/proxies/"+proxy, nil, &p)
	return p.Accounts
}

func (d *desk) example(line string) {
	d.t.Helper()
	d.eventually("sb_1 watches", 30*time.Second, func() bool {
		state := d.account("sb_1").State
		if state == "paused" { // by the line before
			d.must("POST", "/accounts/sb_1/resume", nil, nil)
		}
		if d.account("sb_1").Pinned != "" { // likewise, to nobody
			d.must("PUT", "/accounts/sb_1/pin", map[string]string{"worker": ""}, nil)
		}
		if d.account("sb_1").Proxy != "" { // likewise, and it leads nowhere
			d.must("PUT", "/accounts/sb_1/proxy", map[string]string{"proxy": ""}, nil)
		}
		return state == "watching"
	})
	on, until := *d, ""
	for _, e := range endless {
		if until == "" && strings.Contains(line, e.words) {
			until = e.shows
		}
	}
	if strings.Contains(line, "troupe serve") || strings.Contains(line, "store restore") { // a node of its own
		on.env = append(slices.Clone(d.env), "DATA_DIR="+openFolder(d.t))
	}
	line, typed := d.arranged(line)
	began := time.Now()
	out, errs, err := on.run(line, typed, until)
	d.t.Logf("%5.1fs  %s", time.Since(began).Seconds(), line)
	switch {
	case until == "" && err != nil:
		d.t.Errorf("%s: %v\n%s%s", line, err, out, errs)
	case until != "" && !strings.Contains(out, until):
		d.t.Errorf("%s: never showed %q (%v)\n%s%s", line, until, err, out, errs)
	}
}
