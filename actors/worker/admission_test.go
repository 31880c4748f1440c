package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account"
	"troupe/actors/account/browser"
	"troupe/actors/platform"
	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
	"troupe/testkit"
)

// host is a node's browsers, of a Chromium that only knows its version.
func host(t *testing.T) *browser.Host {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\necho Chromium 156.0.0.1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	h, err := browser.OpenHost(t.Context(), browser.HostConfig{Bin: bin, Log: testkit.Quiet()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// scene is a worker between a master and a platform that only takes note.
type scene struct {
	master, platform *testkit.Mailbox
	worker           *actor.PID
}

func newScene(t *testing.T, h *browser.Host, most int, room Room) *scene {
	t.Helper()
	sys := testkit.System(t)
	s := &scene{master: testkit.Probe(t, sys), platform: testkit.Probe(t, sys)}
	definitions, err := definition.NewRegistry(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	s.worker = sys.Root.Spawn(Props(Config{
		Node: &account.Node{ID: "worker-1", Browsers: h, Now: time.Now}, MaxAccounts: most, Root: t.TempDir(), Definitions: definitions,
		Master: s.master.PID(), Store: s.master.PID(), Log: testkit.Quiet(), Room: func() Room { return room },
		Platform: func(platform.Config) *actor.Props {
			return actor.PropsFromFunc(func(c actor.Context) {
				switch m := c.Message().(type) {
				case platform.Assign, platform.Change:
					c.Send(s.platform.PID(), m)
				case *messages.RevokeAccount:
					c.Send(c.Parent(), platform.Ended{ID: messages.AccountID(m.GetAccount()), Epoch: messages.Epoch(m.GetEpoch()), Clean: true})
				}
			})
		},
	}))
	t.Cleanup(func() { _ = sys.Root.StopFuture(s.worker).Wait() })
	return s
}

// assign asks the worker to take an account, and returns why it did not.
func (s *scene) assign(id string) string {
	s.master.Send(s.worker, &messages.AssignAccount{Account: &messages.Account{Id: id, Platform: "sandbox"}, Epoch: 1})
	return testkit.Expect(s.master, func(m *messages.AccountAssigned) bool { return m.GetAccount() == id }).GetRefused()
}

func TestFullNodeRefusesAndSaysWhyBeforeItIsAskedAgain(t *testing.T) {
	h := host(t)
	for name, c := range map[string]struct {
		most   int
		room   Room
		reason string
	}{
		"by its setting": {2, Room{Memory: 8 << 30, Cores: 2}, "MAX_ACCOUNTS=2"},
		"by its memory":  {10, Room{Memory: 2*accountMemory + sharedMemory, Cores: 2}, "memory or processors"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, h, c.most, c.room)
				for _, id := range []string{"sb_1", "sb_2"} {
					if refused := s.assign(id); refused != "" {
						t.Fatalf("%s was refused: %s", id, refused)
					}
				}
				s.master.Send(s.worker, &messages.AssignAccount{Account: &messages.Account{Id: "sb_3", Platform: "sandbox"}, Epoch: 1})
				said := false
				for !said {
					switch m := (<-s.master.Letters()).Message.(type) {
					case *messages.NodeStatus:
						said = strings.Contains(m.GetFull(), c.reason)
					case *messages.AccountAssigned:
						t.Fatalf("the refusal came before the status: %s", m.GetRefused())
					}
				}
				if refused := testkit.Expect[*messages.AccountAssigned](s.master, nil).GetRefused(); !strings.Contains(refused, c.reason) {
					t.Errorf("refused with %q, want %q", refused, c.reason)
				}
				s.master.Send(s.worker, &messages.RevokeAccount{Account: "sb_1", Epoch: 1})
				testkit.Expect(s.master, func(m *messages.NodeStatus) bool { return m.GetFull() == "" })
				if refused := s.assign("sb_3"); refused != "" {
					t.Errorf("there is room again, and %q", refused)
				}
			})
		})
	}
}

func TestStatusNamesTheChromiumThatRuns(t *testing.T) {
	h := host(t)
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, h, 10, Room{Memory: 2 << 30, Cores: 2})
		m := testkit.Expect[*messages.NodeStatus](s.master, nil)
		if m.GetChromium() != "156.0.0.1" || m.GetMode() != "headless" || m.GetCarries() != 11 || m.GetMemoryAvailable() != 2<<30 || m.GetFull() != "" {
			t.Errorf("status %v", m)
		}
	})
}
