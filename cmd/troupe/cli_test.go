package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

// terminal collects what a command writes; it may be read while the command runs.
type terminal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(p)
}

func (t *terminal) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// waitFor waits until the terminal shows text.
func (t *terminal) waitFor(test *testing.T, text string) {
	test.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(t.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			test.Fatalf("%q is not shown within 10 s:\n%s", text, t.String())
		}
	}
}

// session is one run of the command line.
type session struct {
	out, errs terminal
	in        io.WriteCloser
	stop      context.CancelFunc
	code      chan int
}

// start runs a command line in the background.
func start(t *testing.T, env map[string]string, args ...string) *session {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	s := &session{in: typed, stop: cancel, code: make(chan int, 1)}
	go func() { s.code <- run(ctx, args, in, &s.out, &s.errs, func(name string) string { return env[name] }) }()
	t.Cleanup(func() { cancel(); typed.Close() })
	return s
}

// end waits for the exit code.
func (s *session) end(t *testing.T) int {
	t.Helper()
	select {
	case code := <-s.code:
		return code
	case <-time.After(20 * time.Second):
		t.Fatalf("the command does not end:\n%s\n%s", &s.out, &s.errs)
		return 0
	}
}

// troupe runs a command line against a node to its end.
func troupe(t *testing.T, n *apitest.Node, args ...string) (code int, out, errs string) {
	t.Helper()
	s := start(t, nil, append([]string{"--addr", n.Server.URL}, args...)...)
	s.in.Close()
	code = s.end(t)
	return code, s.out.String(), s.errs.String()
}

// must runs a command line that has to succeed and returns what it printed.
func must(t *testing.T, n *apitest.Node, args ...string) string {
	t.Helper()
	code, out, errs := troupe(t, n, args...)
	if code != exitOK {
		t.Fatalf("%v: exit %d: %s", args, code, errs)
	}
	return out
}

func TestAccountCommandsFromAddToRemove(t *testing.T) {
	n := apitest.Start(t)
	if out := must(t, n, "account", "add", "sandbox", "My shop", "--id", "my-shop"); !strings.Contains(out, "next: troupe login my-shop") {
		t.Error(out)
	}
	n.Observe("my-shop", apitest.Comment("c1", "w1", "hello"))
	if out := must(t, n, "account", "list"); !strings.Contains(out, "my-shop") || !strings.Contains(out, "watching") {
		t.Error(out)
	}
	if out := must(t, n, "account", "pause", "my-shop", "--reason", "holiday"); !strings.Contains(out, "paused") {
		t.Error(out)
	}
	if out := must(t, n, "account", "show", "my-shop"); !strings.Contains(out, "holiday") || !strings.Contains(out, "1 comments") {
		t.Error(out)
	}
	must(t, n, "account", "resume", "my-shop")
	must(t, n, "account", "collect", "my-shop")
	file := filepath.Join(t.TempDir(), "page.png")
	if out := must(t, n, "account", "screenshot", "my-shop", "-o", file); !strings.Contains(out, file) {
		t.Error(out)
	}
	if code, _, errs := troupe(t, n, "account", "remove", "my-shop"); code != exitUsage || !strings.Contains(errs, "nothing was removed") {
		t.Errorf("exit %d: %s", code, errs)
	}
	s := start(t, nil, "--addr", n.Server.URL, "account", "remove", "my-shop")
	_, _ = io.WriteString(s.in, "my-shop\n")
	if code := s.end(t); code != exitOK {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
	if code, _, _ := troupe(t, n, "account", "show", "my-shop"); code != exitNotFound {
		t.Errorf("exit %d", code)
	}
}

func TestExitCodesTellWhatHappened(t *testing.T) {
	n := apitest.Start(t)
	dead := apitest.Start(t)
	dead.Stop()
	for name, tc := range map[string]struct {
		node *apitest.Node
		args []string
		code int
		says string
	}{
		"done":             {n, []string{"status"}, exitOK, ""},
		"mistyped command": {n, []string{"acount"}, exitUsage, "did you mean account"},
		"mistyped flag":    {n, []string{"items", "--acount", "x"}, exitUsage, "--acount"},
		"missing argument": {n, []string{"reply", "x"}, exitUsage, "reply --help"},
		"bad value":        {n, []string{"account", "add", "sandbox", "x", "--interval", "1"}, exitUsage, "10 to 300"},
		"not reachable":    {dead, []string{"status"}, exitUnreachable, "connection refused"},
		"not found":        {n, []string{"login", "none"}, exitNotFound, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, _, errs := troupe(t, tc.node, tc.args...); code != tc.code || !strings.Contains(errs, tc.says) {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
	n.Update(func(m *apitest.Master) { m.Refuse = &messages.Refused{Code: "conflict", Message: "resume it first"} })
	if code, _, errs := troupe(t, n, "account", "collect", "shop"); code != exitRefused || !strings.Contains(errs, "resume it first") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestSocketInTheDataFolderIsFound(t *testing.T) {
	n := apitest.Start(t)
	dir := t.TempDir()
	env := map[string]string{"DATA_DIR": dir, "LANG": "zh_CN.UTF-8"}
	s := start(t, env, "status")
	if code := s.end(t); code != exitUnreachable || !strings.Contains(s.errs.String(), "没有运行中的节点") || !strings.Contains(s.errs.String(), dir) {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
	for _, node := range []string{"worker-1", "worker-2"} {
		serveSocket(t, n, filepath.Join(dir, node))
		s = start(t, env, "account", "list")
		code, text := s.end(t), s.out.String()+s.errs.String()
		if node == "worker-1" && (code != exitOK || !strings.Contains(text, "小店")) {
			t.Errorf("exit %d: %s", code, text)
		}
		if node == "worker-2" && (code != exitUsage || !strings.Contains(text, "--data-dir "+filepath.Join(dir, "worker-1"))) {
			t.Errorf("exit %d: %s", code, text)
		}
	}
	s = start(t, env, "--data-dir", filepath.Join(dir, "worker-2"), "version")
	if code := s.end(t); code != exitOK {
		t.Errorf("exit %d", code)
	}
}

func serveSocket(t *testing.T, n *apitest.Node, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := api.ListenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: n.Handler()}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-done })
}

func TestJSONIsPrintedWhereAsked(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", append(apitest.Chat("me:cleo", "m1", "hello"), apitest.Work("w1", "Spring"))...)
	for _, line := range []string{
		"account list", "account show shop", "account pause shop", "account resume shop", "items", "topics", "topics shop.w.w1 --read",
		"replies", "alarms", "nodes", "status", "version", "reply shop.w.w1 thanks --no-wait",
	} {
		out := must(t, n, append(strings.Fields(line), "--json")...)
		if !json.Valid([]byte(out)) || strings.Count(strings.TrimSpace(out), "\n") != 0 {
			t.Errorf("%s: %s", line, out)
		}
	}
}

func TestStrangersTextCannotCommandTheTerminal(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w1", "T\x1b]0;title\a"), apitest.Comment("c1", "w1", "\x1b[2Jgone\u202egnihton\u009b31m\nnext line"))
	for _, args := range [][]string{{"items"}, {"topics"}, {"topics", "shop.w.w1"}, {"account", "show", "shop"}} {
		out := must(t, n, args...)
		if strings.ContainsAny(out, "\x1b\u202e\u009b\a") {
			t.Errorf("%v: %q", args, out)
		}
	}
	if out := must(t, n, "items"); !strings.Contains(out, "gonegnihton31m next line") {
		t.Errorf("%q", out)
	}
}
