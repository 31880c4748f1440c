package figures

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"testing"
	"time"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/vault"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/platforms/sandbox"
	"troupe/testkit/site"
)

// fakeRig is one account with a fake browser before the made-up site.
type fakeRig struct {
	*testing.T
	web    *site.Site
	owner  site.Owner
	gate   *gate.Gate
	client platforms.Client
}

func newFakeRig(t *testing.T) *fakeRig {
	t.Helper()
	web, err := site.Start(site.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &fakeRig{T: t, web: web}
	if r.owner, err = web.CreateOwner(site.NewOwner{Nickname: "小店", Empty: true}); err != nil {
		t.Fatal(err)
	}
	if r.gate, err = gate.Listen(gate.Options{
		Account: benchAccount, Listen: gate.Address(benchAccount), Sites: []string{"*.sandbox.test"}, PeerUID: -1, Clock: lease.BootTime,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, web.Addr())
		},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.gate.Close(); err != nil {
			t.Error(err)
		}
	})
	r.open()
	return r
}

func (r *fakeRig) open() { r.gate.Extend(lease.BootTime() + time.Hour) }

// start starts a browser that is logged in, and its client.
func (r *fakeRig) start() {
	r.Helper()
	cookie, err := json.Marshal(map[string]any{
		"name": "sb_session", "value": r.web.LoggedInElsewhere(r.owner.UID), "domain": ".sandbox.test", "path": "/",
	})
	if err != nil {
		r.Fatal(err)
	}
	b, err := newFakeBrowser(browser.Config{Proxy: r.gate.Addr(), State: &vault.State{Version: vault.StateVersion, Cookies: []json.RawMessage{cookie}}})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(b.close)
	definitions, err := definition.NewRegistry(sandbox.FS)
	if err != nil {
		r.Fatal(err)
	}
	r.client = engine.New(engine.Config{Definition: definitions.Get("sandbox"), Browser: b, Account: benchAccount})
}

// holds waits until a comment was drained, or collected.
func (r *fakeRig) holds(id string, more func(context.Context) (platforms.Batch, error)) {
	r.Helper()
	for {
		batch, err := more(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		if slices.ContainsFunc(batch.Items, func(i *messages.Item) bool { return i.GetComment().GetId() == id }) {
			return
		}
		select {
		case <-r.client.Received():
		case <-time.After(10 * time.Second):
			r.Fatal("a comment did not come")
		}
	}
}

// TestFakeBrowserSeesWhatAPageSees: all that is there with the first look, what is pushed at once, and what was written while the gate was shut
// when it is open again.
func TestFakeBrowserSeesWhatAPageSees(t *testing.T) {
	r := newFakeRig(t)
	if err := r.web.Fill(site.Fill{Owner: r.owner.UID, Works: 2, Comments: 50, Conversations: 3, Messages: 30}); err != nil {
		t.Fatal(err)
	}
	r.start()
	if profile, err := r.client.Probe(t.Context()); err != nil || profile.GetPlatformUserId() != r.owner.UID {
		t.Fatalf("%v, %v", profile, err)
	}
	batch, err := r.client.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, i := range batch.Items {
		collection, _, _ := i.Key()
		seen[collection]++
	}
	if seen[messages.Contents] != 2 || seen[messages.Comments]+seen[messages.Discussions] != 50 || seen[messages.Messages] != 33 || !batch.Round {
		t.Errorf("the first round saw %v", seen)
	}
	write := func(text string) string {
		t.Helper()
		c, err := r.web.AddComment(site.NewComment{Work: r.web.Works(r.owner.UID)[0].ID, Author: "路人甲", Text: text})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	r.holds(write("现在"), r.client.Drain)
	r.gate.Shut("the test says so")
	missed := write("门关着")
	r.open()
	r.holds(missed, r.client.Drain) // the page comes back by itself
}
