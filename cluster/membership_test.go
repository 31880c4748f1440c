package cluster

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/messages"
)

// logged is a log that a test reads while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

type gossiper struct {
	*Membership
	log  *logged
	gone bool
}

func gossip(t *testing.T, node string, change func(*MembershipConfig)) *gossiper {
	t.Helper()
	g := &gossiper{log: &logged{}}
	cfg := MembershipConfig{
		Self: Member{
			Node: messages.NodeID(node), Incarnation: node + "-life-1", Remote: "127.0.0.1:4001", Cluster: "cluster-a", Protocol: 1,
		},
		Host: "127.0.0.1", Key: bytes.Repeat([]byte("k"), 32), Log: slog.New(slog.NewTextHandler(g.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if g.Membership, err = StartMembership(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of %s:\n%s", node, g.log)
		}
		g.vanish()
	})
	return g
}

// vanish ends a gossiper without a word, as kill -9 does.
func (g *gossiper) vanish() {
	if g.gone {
		return
	}
	g.gone = true
	g.stop()
	g.list.Shutdown()
	g.tasks.Wait()
}

// sees waits until the gossiper's members are exactly these; those that leave have a minus before their name.
func (g *gossiper) sees(t *testing.T, want ...string) {
	t.Helper()
	limit := time.After(25 * time.Second)
	for {
		var got []string
		for _, m := range g.Members() {
			name := string(m.Node)
			if m.Leaving {
				name = "-" + name
			}
			got = append(got, name)
		}
		if fmt.Sprint(got) == fmt.Sprint(want) {
			return
		}
		select {
		case <-g.Changes():
		case <-limit:
			t.Fatalf("%s sees %v, want %v", g.Self.Node, got, want)
		}
	}
}

func seeds(of ...*gossiper) func(*MembershipConfig) {
	return func(cfg *MembershipConfig) {
		for _, g := range of {
			cfg.Seeds = append(cfg.Seeds, g.Address())
		}
	}
}

func TestMembersFindEachOtherAndSayThatTheyLeave(t *testing.T) {
	t.Parallel()
	a := gossip(t, "a", nil)
	b, c := gossip(t, "b", seeds(a)), gossip(t, "c", seeds(a))
	for _, g := range []*gossiper{a, b, c} {
		g.sees(t, "a", "b", "c")
	}
	if m := a.Members()[1]; m.Remote != "127.0.0.1:4001" || m.Incarnation != "b-life-1" || m.Gossip != b.Address() {
		t.Errorf("b is known as %+v", m)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	b.gone = true
	if err := b.Leave(ctx); err != nil {
		t.Fatal(err)
	}
	a.sees(t, "a", "c")
	c.sees(t, "a", "c")
	if log := a.log.String(); !strings.Contains(log, `msg="member leaves"`) || strings.Contains(log, "not heard any more") {
		t.Errorf("a did not understand that b left on purpose:\n%s", log)
	}
}

// TestMemberThatVanishedIsCalledAgain: after a partition nobody else brings the two sides together. The one that comes back here has no seed.
func TestMemberThatVanishedIsCalledAgain(t *testing.T) {
	t.Parallel()
	a := gossip(t, "a", nil)
	b := gossip(t, "b", seeds(a))
	a.sees(t, "a", "b")
	_, port, _ := net.SplitHostPort(b.Address())
	b.vanish()
	a.sees(t, "a")
	back := gossip(t, "b", func(cfg *MembershipConfig) {
		cfg.Self.Incarnation = "b-life-2"
		cfg.Port, _ = strconv.Atoi(port)
	})
	back.sees(t, "a", "b")
	a.sees(t, "a", "b")
}

func TestStrangersAreRefusedWithALineOnBothSides(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*MembershipConfig){
		"another key":     func(cfg *MembershipConfig) { cfg.Key = bytes.Repeat([]byte("x"), 32) },
		"another cluster": func(cfg *MembershipConfig) { cfg.Self.Cluster = "cluster-b" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := gossip(t, "a", nil)
			stranger := gossip(t, "s", func(cfg *MembershipConfig) { seeds(a)(cfg); change(cfg) })
			for limit := time.Now().Add(10 * time.Second); !strings.Contains(a.log.String(), "gossip of a stranger refused") ||
				!strings.Contains(stranger.log.String(), "gossip does not reach a node, or is refused there"); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(limit) {
					t.Fatalf("a says:\n%s\nthe stranger says:\n%s", a.log, stranger.log)
				}
			}
			if len(a.Members()) != 1 || len(stranger.Members()) != 1 {
				t.Errorf("a sees %v, the stranger %v", a.Members(), stranger.Members())
			}
		})
	}
}

func TestSecondMasterIsSeen(t *testing.T) {
	t.Parallel()
	master := func(cfg *MembershipConfig) { cfg.Self.Master = true }
	a := gossip(t, "a", master)
	b := gossip(t, "b", func(cfg *MembershipConfig) { seeds(a)(cfg) })
	c := gossip(t, "c", func(cfg *MembershipConfig) { seeds(b)(cfg); master(cfg) })
	a.sees(t, "a", "b", "c")
	c.sees(t, "a", "b", "c")
	if o, ok := a.OtherMaster(); !ok || o.Node != "c" {
		t.Errorf("a sees %v, %t", o, ok)
	}
	if o, ok := c.OtherMaster(); !ok || o.Node != "a" {
		t.Errorf("c sees %v, %t", o, ok)
	}
	if o, ok := b.OtherMaster(); !ok {
		t.Errorf("b, a worker, sees %v", o)
	}
}

// TestMasterThatHasJustEndedIsNoSecondMaster, though the others still speak of it.
func TestMasterThatHasJustEndedIsNoSecondMaster(t *testing.T) {
	t.Parallel()
	master := func(life string, of ...*gossiper) func(*MembershipConfig) {
		return func(cfg *MembershipConfig) {
			cfg.Self.Master, cfg.Self.Incarnation = true, life
			seeds(of...)(cfg)
		}
	}
	a := gossip(t, "a", master("a-life-1"))
	b := gossip(t, "b", seeds(a))
	a.sees(t, "a", "b")
	a.vanish()
	next := gossip(t, "a", master("a-life-2", b))
	next.Settle(t.Context())
	next.sees(t, "a", "a", "b")
	if o, ok := next.OtherMaster(); ok {
		t.Errorf("%v is taken for a second master", o)
	}
	b.sees(t, "a", "b")
}

func TestNamesThatDoNotFitAreRefusedAtTheStart(t *testing.T) {
	_, err := StartMembership(MembershipConfig{
		Self: Member{Node: messages.NodeID(strings.Repeat("n", 600))}, Host: "127.0.0.1", Key: make([]byte, 32), Log: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v", err)
	}
}
