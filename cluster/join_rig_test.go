package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/cluster/lease"
	"troupe/messages"
)

// office is a master's cluster port and the gateway that says where it is, both of them real; its leases are granted by a stand-in.
type office struct {
	t         *testing.T
	dir       string
	identity  *Identity
	authority *Authority
	tokens    *Tokens
	forgotten *Forgotten
	ring      *ring
	log       logged
	gateway   *httptest.Server

	mu        sync.Mutex
	registrar *Registrar
	address   string
	served    sync.WaitGroup
	peers     []string // incarnations that registered
	clock     time.Duration
}

// ring stands in for a key ring: its file is its keys' names.
type ring struct {
	mu  sync.Mutex
	ids []string
}

func (r *ring) Export() (messages.Secret, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return messages.Secret(strings.Join(r.ids, " ")), nil
}

func (r *ring) Keys() (list []*messages.SealingKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range r.ids {
		list = append(list, &messages.SealingKey{Id: id})
	}
	return list
}

func (r *ring) Take(exported messages.Secret) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids = strings.Fields(string(exported))
	return nil
}

// granter grants what is asked for.
type granter struct{}

func (granter) Beat(_ context.Context, b *messages.Beat) (*messages.Grant, error) {
	return &messages.Grant{Seq: b.GetSeq(), TtlMs: 15000, Covers: b.GetHeld()}, nil
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), ring: &ring{ids: []string{"k1"}}, clock: time.Hour}
	var err error
	if o.identity, o.authority, err = Found(filepath.Join(o.dir, "cluster"), "first", time.Now()); err != nil {
		t.Fatal(err)
	}
	if o.tokens, err = OpenTokens(filepath.Join(o.dir, "tokens"), o.identity.Fingerprint(), time.Now); err != nil {
		t.Fatal(err)
	}
	o.gateway = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		_ = json.NewEncoder(w).Encode(Place{o.identity.Cluster, o.identity.Fingerprint(), o.address})
	}))
	t.Cleanup(o.gateway.Close)
	t.Cleanup(o.close)
	o.open("life-1")
	return o
}

// open starts a life of the master, at a port of its own.
func (o *office) open(incarnation string) {
	o.t.Helper()
	var err error
	if o.forgotten, err = OpenForgotten(filepath.Join(o.dir, "cluster")); err != nil {
		o.t.Fatal(err)
	}
	r, err := NewRegistrar(RegistrarConfig{
		Identity: o.identity, Authority: o.authority, Tokens: o.tokens, Forgotten: o.forgotten, Ring: o.ring, Known: filepath.Join(o.dir, "nodes"),
		Leases: granter{}, Figures: lease.DefaultFigures(), Incarnation: incarnation, Version: "v1", Remote: "127.0.0.1:1",
		Registered: func(q *messages.Registration) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.peers = append(o.peers, q.GetIncarnation())
		},
		Clock: func() time.Duration { o.mu.Lock(); defer o.mu.Unlock(); return o.clock },
		Log:   slog.New(slog.NewTextHandler(&o.log, nil)),
	})
	if err != nil {
		o.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		o.t.Fatal(err)
	}
	o.mu.Lock()
	o.registrar, o.address = r, l.Addr().String()
	o.mu.Unlock()
	o.served.Go(func() {
		if err := r.Serve(o.t.Context(), l); err != nil {
			o.t.Error(err)
		}
	})
}

// close ends the master's present life.
func (o *office) close() {
	o.registrar.Close()
	o.served.Wait()
}

func (o *office) at() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.address
}

// later lets time pass for the registrar.
func (o *office) later(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock += d
}

func (o *office) token(ttl time.Duration, uses int) Token {
	o.t.Helper()
	token, err := o.tokens.New(ttl, uses)
	if err != nil {
		o.t.Fatal(err)
	}
	return token
}

// join brings a worker in, which keeps its files in a folder of its own.
func (o *office) join(name messages.NodeID) *Identity {
	o.t.Helper()
	id, err := o.tryJoin(name, o.token(time.Minute, 1))
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

func (o *office) tryJoin(name messages.NodeID, token Token) (*Identity, error) {
	return Join(o.t.Context(), o.at(), token, name, filepath.Join(o.t.TempDir(), "cluster"), func(messages.Secret) error { return nil })
}

// life is what a worker registers.
func (o *office) life(id *Identity, incarnation string, change ...func(*messages.Registration)) *messages.Registration {
	q := &messages.Registration{
		Cluster: id.Cluster, Node: string(id.Node), Incarnation: incarnation, Version: "v1", OldestProtocol: OldestProtocol, NewestProtocol: Protocol,
		Folder: "folder of " + string(id.Node), Keys: []string{"k1"}, Remote: "127.0.0.1:2",
	}
	for _, f := range change {
		f(q)
	}
	return q
}

// says asserts that the master's log has a line with all words, or soon will.
func (o *office) says(words ...string) {
	o.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for line := range strings.SplitSeq(o.log.String(), "\n") {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return
			}
		}
	}
	o.t.Errorf("the master's log has no line with %q:\n%s", words, o.log.String())
}

// hides asserts that the log does not show a secret.
func (o *office) hides(secret []byte) {
	o.t.Helper()
	if bytes.Contains([]byte(o.log.String()), secret) {
		o.t.Error("the log shows a secret")
	}
}
