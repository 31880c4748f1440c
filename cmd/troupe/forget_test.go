package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"troupe/actors/gateway/api/apitest"
	"troupe/actors/master/board"
	"troupe/messages"
)

func TestForgettingANodeAsksForItsNameAndSaysWhyNot(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) {
		m.Nodes = append(m.Nodes, &board.Node{Status: &messages.NodeStatus{Worker: "worker-7"}})
	})
	n.Update(func(m *apitest.Master) {
		m.Refuse = &messages.Refused{Code: "conflict", Message: "node node-1 is online"}
	})
	if code, _, errs := troupe(t, n, "node", "forget", "node-1", "--yes"); code != exitRefused || !strings.Contains(errs, "online") {
		t.Errorf("one that is online: exit %d: %s", code, errs)
	}
	n.Update(func(m *apitest.Master) { m.Refuse = nil })
	if code, _, errs := troupe(t, n, "node", "forget", "worker-7"); code != exitUsage || !strings.Contains(errs, "nothing was removed") {
		t.Errorf("not confirmed: exit %d: %s", code, errs)
	}
	s := start(t, nil, "--addr", n.Server.URL, "node", "forget", "worker-7")
	_, _ = io.WriteString(s.in, "worker-7\n")
	if code := s.end(t); code != exitOK || !strings.Contains(s.out.String(), "node worker-7 is forgotten") {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
	if code, _, _ := troupe(t, n, "node", "forget", "worker-7", "--yes"); code != exitNotFound {
		t.Errorf("a second time: exit %d", code)
	}
}

// TestNodeThatFindsNoMasterSaysSoAndCanBeStopped starts a worker for a master where nobody listens, for the first time.
func TestNodeThatFindsNoMasterSaysSoAndCanBeStopped(t *testing.T) {
	const nobody = "127.0.0.1:1"
	token := "troupe-join-1." + strings.Repeat("ab", 32) + "." + strings.Repeat("x", 42) + "A"
	dir, err := os.MkdirTemp("", "troupe-early-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // Chromium's own users would pass through it
		t.Fatal(err)
	}
	s := start(t, nil, "serve", "--worker-id", "worker-9", "--data-dir", dir, "--join", nobody, "--token", token)
	s.errs.waitFor(t, "waiting for the master at "+nobody)
	select {
	case code := <-s.code:
		t.Fatalf("it ended: exit %d: %s", code, s.errs.String())
	default:
	}
	s.stop()
	if code := s.end(t); code != exitOK {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
	if code := start(t, nil, "serve", "--worker-id", "worker-9", "--data-dir", dir, "--join", nobody, "--token", "x").end(t); code == exitOK {
		t.Error("it waits with a token that is none")
	}
}
