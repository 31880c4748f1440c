package cluster

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/messages"
)

// refusedWith asserts that the master refused, with these words.
func refusedWith(t *testing.T, err error, words string) {
	t.Helper()
	var refused *RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, words) {
		t.Errorf("%v, want a refusal with %q", err, words)
	}
}

func TestNodeThatJoinedKeepsItsFilesAndNeedsNoTokenAgain(t *testing.T) {
	o := newOffice(t)
	token := o.token(time.Minute, 1)
	read, err := ParseToken(token.Text() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	dir, ring := filepath.Join(t.TempDir(), "cluster"), ""
	joined, err := Join(t.Context(), o.at(), read, "worker-2", dir, func(s messages.Secret) error { ring = string(s); return nil })
	if err != nil {
		t.Fatal(err)
	}
	opened, err := OpenIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []*Identity{joined, opened} {
		if id.Cluster != o.identity.Cluster || id.Node != "worker-2" || id.Role != Worker || id.Fingerprint() != o.identity.Fingerprint() ||
			string(id.GossipKey()) != string(o.identity.GossipKey()) || id.Stale(time.Now()) || !id.Stale(time.Now().Add(nodeLife-nodeLife/4)) {
			t.Errorf("%+v", id)
		}
	}
	if ring != "k1" {
		t.Errorf("the ring came as %q", ring)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := callOnce[messages.Registered](t.Context(), o.at(), opened.ClientTLS(Master), "Register", o.life(opened, "a")); err != nil {
		t.Error(err)
	}
	o.hides([]byte(token.Text()))
	o.hides([]byte(base64.RawURLEncoding.EncodeToString(token.Secret)))
}

func TestTokenLetsInWhomItWasMadeForAndNobodyElse(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	now := time.Now()
	o.tokens.now = func() time.Time { return now }
	twice, short, foreign := o.token(time.Hour, 2), o.token(time.Minute, 1), other.token(time.Hour, 1)
	for _, name := range []messages.NodeID{"w1", "w2"} {
		if _, err := o.tryJoin(name, twice); err != nil {
			t.Fatal(err)
		}
	}
	_, err := o.tryJoin("w3", twice)
	refusedWith(t, err, "used up")
	o.says("node refused", "w3", "used up")
	if _, err = o.tryJoin("w3", foreign); err == nil || !strings.Contains(err.Error(), "authority") {
		t.Errorf("a token of another cluster: %v", err)
	}
	_, err = o.tryJoin("w3", Token{o.identity.Fingerprint(), foreign.Secret})
	refusedWith(t, err, "not one of this cluster")
	now = now.Add(2 * time.Minute)
	_, err = o.tryJoin("w3", short)
	refusedWith(t, err, "expired")
	for _, name := range []messages.NodeID{"first", MasterNode} {
		_, err = o.tryJoin(name, o.token(time.Hour, 1))
		refusedWith(t, err, "the master's own")
	}
	_, err = o.tryJoin("../x", o.token(time.Hour, 1))
	refusedWith(t, err, "no name for a node")
	again, err := OpenTokens(o.tokens.path, o.identity.Fingerprint(), o.tokens.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.use(twice.Secret); !errors.Is(err, ErrTokenUnknown) {
		t.Errorf("used up before the restart, and now: %v", err)
	}
}

func TestTokenThatWasMistypedIsRefusedWithoutBeingQuoted(t *testing.T) {
	secret := strings.Repeat("ab", 32)
	for _, text := range []string{"", "x", "troupe-join-1." + secret, "troupe-join-2." + secret + "." + strings.Repeat("x", 43)} {
		if _, err := ParseToken(text); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRegistrationsThatDoNotFitAreRefusedWithALineOnBothSides(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	id := o.join("worker-2")
	register := func(q *messages.Registration) error {
		_, err := callOnce[messages.Registered](t.Context(), o.at(), id.ClientTLS(Master), "Register", q)
		return err
	}
	for _, c := range []struct {
		name, words string
		change      func(*messages.Registration)
	}{
		{"an older protocol", "upgrade the node", func(q *messages.Registration) { q.OldestProtocol, q.NewestProtocol = 0, OldestProtocol-1 }},
		{"a newer protocol only", "upgrade the master first", func(q *messages.Registration) { q.OldestProtocol, q.NewestProtocol = Protocol+1, Protocol+2 }},
		{"another gossip key", "gossip key of node worker-2 is not", func(q *messages.Registration) { q.GossipKey = other.identity.gossipDigest() }},
		{"another cluster", "belongs to cluster", func(q *messages.Registration) { q.Cluster = other.identity.Cluster }},
		{"another key ring", "key ring (k9) is not the cluster's (k1)", func(q *messages.Registration) { q.Keys = []string{"k9"} }},
		{"another's name", "shows the certificate of worker-2", func(q *messages.Registration) { q.Node = "worker-3" }},
		{"no folder", "names the node's incarnation, folder and address", func(q *messages.Registration) { q.Folder = "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusedWith(t, register(o.life(id, "a", c.change)), c.words)
			o.says("node refused", c.words)
		})
	}
	if err := register(o.life(id, "a")); err != nil {
		t.Fatal(err)
	}
	elsewhere := func(q *messages.Registration) { q.Folder = "another folder" }
	refusedWith(t, register(o.life(id, "b", elsewhere)), "another worker named worker-2")
	_, err := o.tryJoin("worker-2", o.token(time.Hour, 1))
	refusedWith(t, err, "is alive")
	if err := register(o.life(id, "c")); err != nil {
		t.Errorf("its own next life: %v", err)
	}
	o.later(20 * time.Second) // nobody can act for the first one any more
	if err := register(o.life(id, "d", elsewhere)); err != nil {
		t.Errorf("after the first one's end: %v", err)
	}
	o.close()
	o.open("life-2") // of which it knows only the folder; grants of the earlier one may be long
	refusedWith(t, register(o.life(id, "e")), "another worker named worker-2")
	if err := register(o.life(id, "f", elsewhere)); err != nil {
		t.Errorf("the newest folder, after the master's restart: %v", err)
	}
}

func TestCallsWithoutAGoodCertificateAreRefused(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	id, foreign := o.join("worker-2"), other.join("worker-2")
	anonymous := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: o.identity.pool(), ServerName: hostOf(Master)}
	stranger := foreign.ClientTLS(Master)
	stranger.RootCAs = o.identity.pool()
	expired := &Identity{Cluster: o.identity.Cluster, Node: "worker-2", Role: Worker, dir: t.TempDir(), authority: o.identity.authority}
	if err := o.authority.Renew(expired, time.Now().Add(-nodeLife-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, words string
		config      *tls.Config
	}{
		{"none", "needs a certificate", anonymous},
		{"of another cluster", "of another authority", stranger},
		{"expired", "ended on", expired.ClientTLS(Master)},
		{"the master's", "not a worker of this cluster", o.identity.ClientTLS(Master)},
	} {
		for method, question := range map[string]any{"Register": o.life(id, "a"), "Beat": &messages.Beat{Worker: "worker-2"}, "Renew": &messages.RenewRequest{}} {
			_, err := callOnce[messages.Registered](t.Context(), o.at(), c.config, method, question)
			refusedWith(t, err, c.words)
		}
		o.says("node refused", c.words)
	}
	if _, err := callOnce[messages.Registered](t.Context(), o.at(), foreign.ClientTLS(Master), "Register", o.life(id, "a")); err == nil {
		t.Error("a node of another cluster took this master for its own")
	}
	o.says("node refused", "takes this master for a stranger")
	_, err := callOnce[messages.BeatAnswer](t.Context(), o.at(), id.ClientTLS(Master), "Beat", &messages.Beat{Worker: "worker-3"})
	refusedWith(t, err, "with the certificate of worker-2")
	_, err = callOnce[messages.BeatAnswer](t.Context(), o.at(), id.ClientTLS(Master), "Beat", &messages.Beat{Worker: "worker-2", Incarnation: "a"})
	refusedWith(t, err, "not registered")
}

// TestServerTakesCallsOfItsRolesOnly is about actors' connections: a worker is called by a master, a master by workers.
func TestServerTakesCallsOfItsRolesOnly(t *testing.T) {
	o := newOffice(t)
	one, two := o.join("worker-1"), o.join("worker-2")
	for _, c := range []struct {
		name           string
		server, client *tls.Config
		good           bool
	}{
		{"master calls worker", one.ServerTLS(Master), o.identity.ClientTLS(Worker), true},
		{"worker calls master", o.identity.ServerTLS(Worker), one.ClientTLS(Master), true},
		{"worker calls worker", one.ServerTLS(Master), two.ClientTLS(Worker), false},
		{"worker stands in for the master", one.ServerTLS(Master, Worker), two.ClientTLS(Master), false},
	} {
		if good := shakeHands(t, c.server, c.client); good != c.good {
			t.Errorf("%s: %t", c.name, good)
		}
	}
}

// shakeHands says whether both sides of a connection take each other.
func shakeHands(t *testing.T, server, client *tls.Config) bool {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	done := make(chan error, 1)
	go func() {
		s := tls.Server(far, server)
		err := s.Handshake()
		far.SetDeadline(time.Now().Add(time.Second))
		if err == nil {
			_, err = s.Write([]byte("x"))
		} else {
			far.Close()
		}
		done <- err
	}()
	c := tls.Client(near, client)
	err := c.Handshake()
	if err == nil {
		near.SetDeadline(time.Now().Add(time.Second))
		_, err = c.Read(make([]byte, 1))
	} else {
		near.Close()
	}
	return errors.Join(err, <-done) == nil
}
