package cluster

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"troupe/messages"
)

// attached is a worker's uplink and what it was told.
type attached struct {
	*Uplink
	mu      sync.Mutex
	masters []string // incarnations that it registered with
	ended   sync.WaitGroup
	log     logged
}

func (o *office) uplink(id *Identity, ring *ring) *attached {
	o.t.Helper()
	a := &attached{}
	a.Uplink = NewUplink(UplinkConfig{
		Identity: id, Master: o.gateway.URL, Ring: ring, Life: o.life(id, "a"), Log: slog.New(slog.NewTextHandler(&a.log, nil)),
		Registered: func(r *messages.Registered) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.masters = append(a.masters, r.GetIncarnation())
		},
	})
	return a
}

// run keeps to the master until the test ends.
func (a *attached) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	a.ended.Go(func() { a.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		a.ended.Wait()
	})
}

// beats beats until ok holds.
func (a *attached) beats(t *testing.T, what string, ok func(*messages.Grant, error) bool) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		var grant *messages.Grant
		grant, err = a.Beat(ctx, &messages.Beat{Worker: "worker-2", Incarnation: "a", Seq: 1, Held: []*messages.Held{{Account: "sb_1", Epoch: 7}}})
		cancel()
		if ok(grant, err) {
			return
		}
	}
	t.Fatalf("not in time: %s (%v)\n%s", what, err, a.log.String())
}

func (a *attached) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.masters) == 0 {
		return ""
	}
	return a.masters[len(a.masters)-1]
}

func granted(g *messages.Grant, err error) bool {
	return err == nil && len(g.GetCovers()) == 1 && g.GetTtlMs() == 15000
}

func TestUplinkFindsAMasterThatRestartedElsewhere(t *testing.T) {
	o := newOffice(t)
	a := o.uplink(o.join("worker-2"), &ring{ids: []string{"k1"}})
	if _, err := a.Beat(t.Context(), &messages.Beat{}); !errors.Is(err, errNoMaster) {
		t.Errorf("before it is attached: %v", err)
	}
	if a.Attached() {
		t.Error("attached to nobody")
	}
	if err := a.Attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.run(t)
	a.beats(t, "a grant of the first master", granted)
	for _, life := range []string{"life-2", "life-3"} {
		o.close()
		a.beats(t, "the master is gone", func(_ *messages.Grant, err error) bool { return err != nil && !a.Attached() })
		o.open(life)
		a.beats(t, "a grant of the next master", func(g *messages.Grant, err error) bool { return granted(g, err) && a.last() == life })
	}
}

func TestWorkersRingFollowsTheMasters(t *testing.T) {
	o := newOffice(t)
	own := &ring{ids: []string{"k1"}}
	a := o.uplink(o.join("worker-2"), own)
	if err := a.Attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.run(t)
	for _, keys := range []string{"k1 k2", "k2"} { // rotated, then retired
		if err := o.ring.Take(messages.Secret(keys)); err != nil {
			t.Fatal(err)
		}
		a.beats(t, "the ring is "+keys, func(_ *messages.Grant, err error) bool {
			now, _ := own.Export()
			return err == nil && string(now) == keys
		})
	}
}

func TestRefusedUplinkSaysWhyAndStops(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	id := o.join("worker-2")
	refusedWith(t, o.uplink(id, &ring{ids: []string{"k9"}}).Attach(t.Context()), "key ring")
	refusedWith(t, other.uplink(id, &ring{ids: []string{"k1"}}).Attach(t.Context()), "this node belongs to cluster "+o.identity.Cluster)
	o.close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := o.uplink(id, &ring{ids: []string{"k1"}}).Attach(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no master: %v", err)
	}
	o.open("life-2")
}

func TestCertificateIsRenewedBeforeItEnds(t *testing.T) {
	o := newOffice(t)
	id, err := o.authority.IssueTo(filepath.Join(t.TempDir(), "cluster"), o.identity, "worker-2", time.Now().Add(-70*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	before := id.Until()
	a := o.uplink(id, &ring{ids: []string{"k1"}})
	if err := a.Attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer a.drop()
	if !id.Until().After(before) || id.Stale(time.Now()) {
		t.Errorf("until %s, before %s\n%s", id.Until(), before, a.log.String())
	}
	o.says("certificate renewed", "worker-2")
	a.run(t)
	a.beats(t, "a grant with the renewed certificate", granted)
}

func TestMasterIsFoundByNameAddressOrURL(t *testing.T) {
	for master, want := range map[string]string{
		"10.0.0.1": "http://10.0.0.1:3000", "host:81": "http://host:81", "[::1]": "http://[::1]:3000", "https://desk.example.org": "https://desk.example.org",
		"ftp://x": "", "a b": "", "": "",
	} {
		got, err := gateways(master)
		if want == "" && err == nil || want != "" && (err != nil || got[0] != want) {
			t.Errorf("%q: %v, %v", master, got, err)
		}
	}
}
