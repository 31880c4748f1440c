package gate

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// breakLast makes the site reset its newest connection.
func breakLast(s *site) {
	all := s.all()
	_ = all[len(all)-1].SetLinger(0)
	_ = all[len(all)-1].Close()
}

func TestDuringACommitABrokenHostGetsNoSecondConnection(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, nil)
	lend(g)
	spare := mustTunnel(t, g, "www.sandbox.test:443")
	other := mustTunnel(t, g, "push.sandbox.test:443")
	conn := mustTunnel(t, g, "www.sandbox.test:443")
	g.BeginCommit()
	say(t, conn, "POST /reply")
	hear(t, conn, "POST /reply")
	breakLast(s)
	wasReset(t, conn)
	wasReset(t, spare)
	if _, status := connect(t, g, "www.sandbox.test:443"); status != http.StatusServiceUnavailable {
		t.Fatalf("status %d", status)
	}
	lastRefusal(t, g, "www.sandbox.test", Resend)
	say(t, other, "still open")
	hear(t, other, "still open")
	mustTunnel(t, g, "push.sandbox.test:443")
	if diff := cmp.Diff([]string{"www.sandbox.test"}, g.Broken()); diff != "" {
		t.Fatal(diff)
	}
	g.EndCommit()
	mustTunnel(t, g, "www.sandbox.test:443")
	if len(g.Broken()) != 1 {
		t.Fatal("forgotten before the next commit")
	}
	if g.BeginCommit(); len(g.Broken()) != 0 {
		t.Fatal("remembered into the next commit")
	}
}

func TestShutDuringACommitIsReported(t *testing.T) {
	g := open(t, newSite(t, true), nil)
	lend(g)
	conn := mustTunnel(t, g, "www.sandbox.test:443")
	g.BeginCommit()
	say(t, conn, "POST /reply")
	hear(t, conn, "POST /reply")
	g.Shut("test")
	lend(g)
	if _, status := connect(t, g, "www.sandbox.test:443"); status != http.StatusServiceUnavailable {
		t.Fatalf("status %d", status)
	}
	if diff := cmp.Diff([]string{"www.sandbox.test"}, g.Broken()); diff != "" {
		t.Fatal(diff)
	}
}

func TestOrdinaryEndsDuringACommitBreakNothing(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, nil)
	lend(g)
	before := mustTunnel(t, g, "old.sandbox.test:443")
	say(t, before, "said before the commit")
	hear(t, before, "said before the commit")
	g.BeginCommit()
	breakLast(s) // an idle connection: nothing of the commit was in it
	wasReset(t, before)
	closed := mustTunnel(t, g, "www.sandbox.test:443")
	say(t, closed, "hello")
	hear(t, closed, "hello")
	_ = closed.Close() // the browser's own decision
	eventually(t, "the tunnels' end", func() bool { return g.Stats().Tunnels == 0 })
	if broken := g.Broken(); len(broken) != 0 {
		t.Fatalf("broken: %v", broken)
	}
	mustTunnel(t, g, "old.sandbox.test:443")
}
