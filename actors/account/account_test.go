package account

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/persona"
	"troupe/actors/account/turns"
	"troupe/actors/account/vault"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
	"troupe/testkit"
)

// scene is one account among stand-ins: a platform that is scripted, a Chromium that can be killed, a gate that opens on command.
type scene struct {
	t       *testing.T
	sys     *actor.ActorSystem
	queue   *testkit.Mailbox
	master  *testkit.Mailbox
	parent  *testkit.Mailbox
	account *actor.PID
	gate    *fakeGate
	client  *fakeClient
	present *fakeClient // of a trial, on the version that runs
	tried   *fakeClient // of a trial, on the other one

	mu       sync.Mutex
	browsers []*fakeBrowser
	fresh    []bool // whether each was to begin with an empty profile
	failures int    // how many browsers still die at their start

	recycling Recycling

	ring     *vault.KeyRing
	upstream *messages.Upstream    // of the assignment
	sealed   *messages.SealedState // of the assignment

	definition *definition.Definition // nil: an empty one
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, sys: testkit.System(t), gate: &fakeGate{}, client: &fakeClient{received: make(chan struct{}, 1)}}
	s.queue, s.master, s.parent = testkit.Probe(t, s.sys), testkit.Probe(t, s.sys), testkit.Probe(t, s.sys)
	var err error
	if s.ring, err = vault.CreateKeyRing(t.TempDir() + "/keys"); err != nil {
		t.Fatal(err)
	}
	return s
}

// begin starts the account with its gate open.
func (s *scene) begin() {
	began := time.Now()
	cfg := Config{
		Node: &Node{
			ID: "worker-1", Leases: s.gate, Ring: s.ring, Clock: func() time.Duration { return time.Since(began) }, Now: time.Now,
			Rounds: turns.New(1), Recycling: s.recycling, Client: s.clientOf,
		},
		ID: "sb_1", Epoch: 7, Record: &messages.Account{Id: "sb_1", MonitorInterval: 20}, Definition: cmp.Or(s.definition, &definition.Definition{}), Dir: s.t.TempDir(),
		Upstream: s.upstream, Sealed: s.sealed, Queue: s.queue.PID(), Master: s.master.PID(), Log: testkit.Quiet(),
		Gate: func(o gate.Options) (Gate, error) {
			s.gate.changed, s.gate.failed = o.Changed, o.UpstreamFailed
			if o.Upstream != nil {
				s.gate.SetUpstream(o.Upstream)
			}
			return s.gate, nil
		},
		Browser: func(cfg browser.Config) *actor.Props {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.fresh = append(s.fresh, cfg.Fresh)
			return s.browser()
		},
	}
	// The account's parent passes its last word on.
	root := s.sys.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *actor.Started:
			s.account = c.Spawn(Props(cfg))
		case *messages.AccountRevoked:
			c.Send(s.parent.PID(), m)
		}
	}))
	s.t.Cleanup(func() { _ = s.sys.Root.StopFuture(root).Wait() }) // a scene that failed may not stop in order
	synctest.Wait()
}

// clientOf is the account's client, or that of a trial.
func (s *scene) clientOf(cfg ClientConfig) platforms.Client {
	switch {
	case !cfg.ReadOnly:
		return s.client
	case cfg.Definition == s.definition && s.present != nil:
		return s.present
	default:
		return s.tried
	}
}

// browser is the recipe of one incarnation.
func (s *scene) browser() *actor.Props {
	b := &fakeBrowser{exited: make(chan struct{})}
	return actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case *actor.Started:
			b.stop = func() { s.sys.Root.Stop(c.Self()) }
			s.started(b)
			c.Send(c.Parent(), browser.Ready{Instance: b})
		case *actor.Stopping:
			b.once.Do(func() { close(b.exited) })
		}
	})
}

func (s *scene) started(b *fakeBrowser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures > 0 {
		s.failures--
		panic(browser.Gone{Err: errors.New("no Chromium")})
	}
	s.browsers = append(s.browsers, b)
}

func (s *scene) newest() *fakeBrowser {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.browsers[len(s.browsers)-1]
}

func (s *scene) state(want messages.AccountState) {
	s.t.Helper()
	testkit.Expect(s.master, func(m *messages.AccountStatus) bool { return m.GetState() == string(want) })
}

type fakeBrowser struct {
	page.Browser
	once   sync.Once
	exited chan struct{}
	stop   func()
}

func (b *fakeBrowser) Exited() <-chan struct{}     { return b.exited }
func (b *fakeBrowser) PID() int                    { return 1 }
func (b *fakeBrowser) SetReach([]string, []string) {}
func (b *fakeBrowser) Kill() error {
	b.once.Do(func() { close(b.exited) })
	b.stop()
	return nil
}

func (b *fakeBrowser) Export(context.Context) (*vault.State, error) {
	return &vault.State{Version: 1, ExportedAt: time.Now()}, nil
}

func (b *fakeBrowser) Persona(context.Context) (persona.Report, error) {
	return persona.Report{UserAgent: "Chrome"}, nil
}

type fakeGate struct {
	open    atomic.Bool
	commits atomic.Int32
	changed func(bool)

	mu        sync.Mutex
	upstreams []*gate.Upstream // as they were set
	checks    int
	class     gate.Class // of the next checks; empty = OK
	failed    func(gate.Class)
}

// SetUpstream notes the way out that was set.
func (g *fakeGate) SetUpstream(u *gate.Upstream) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upstreams = append(g.upstreams, u)
}

// Check answers as it was told to.
func (g *fakeGate) Check(context.Context, string, string) gate.Check {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.checks++
	return gate.Check{Class: cmp.Or(g.class, gate.OK), Reason: "as scripted", ExitAddress: "198.51.100.7"}
}

func (g *fakeGate) script(class gate.Class) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.class = class
}

func (g *fakeGate) Stats() gate.Stats { return gate.Stats{} }

func (g *fakeGate) Refusals() []gate.Refusal { return nil }

func (g *fakeGate) SetHosts([]string, []string) error { return nil }

func (g *fakeGate) Extend(time.Duration) { g.set(true) }
func (g *fakeGate) Shut(string)          { g.set(false) }
func (g *fakeGate) set(open bool) {
	if g.open.Swap(open) != open {
		g.changed(open)
	}
}
func (g *fakeGate) Addr() string { return "127.1.2.3:1" }
func (g *fakeGate) Open() bool   { return g.open.Load() }
func (g *fakeGate) BeginCommit() { g.commits.Add(1) }
func (g *fakeGate) EndCommit()   {}
func (g *fakeGate) Close() error { return nil }

// Hold is the lease: it is granted at once.
func (g *fakeGate) Hold(messages.AccountID, messages.Epoch, lease.Fence) func() {
	g.set(true)
	return func() {}
}
func (g *fakeGate) MayBegin(messages.AccountID, messages.Epoch) bool { return g.open.Load() }

// fakeClient is a platform whose next answers are scripted.
type fakeClient struct {
	platforms.Client
	received chan struct{}
	rounds   atomic.Int32
	hang     atomic.Bool  // rounds last until they are put off
	again    atomic.Int32 // times that everything was to be read again

	mu    sync.Mutex
	ran   []string // digests of the versions that were taken up
	items []string // ids of the comments that a round reads; nil: c1
	probe error
	round error
	reply func(ctx context.Context, commit func(context.Context) error) platforms.Outcome
}

func (f *fakeClient) script(probe, round error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.probe, f.round = probe, round
}

func (f *fakeClient) Probe(context.Context) (*messages.Profile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &messages.Profile{PlatformUserId: "u1"}, f.probe
}

func (f *fakeClient) Collect(ctx context.Context) (platforms.Batch, error) {
	if f.hang.Load() {
		<-ctx.Done()
		return platforms.Batch{}, &platforms.Error{Op: "collect.desk", Kind: platforms.Cancelled, Err: ctx.Err()}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rounds.Add(1)
	batch := platforms.Batch{Round: f.round == nil, Steps: []platforms.StepLog{{Step: "collect.desk/await list", Matched: "list"}}}
	ids := f.items
	if ids == nil {
		ids = []string{"c1"}
	}
	for _, id := range ids {
		batch.Items = append(batch.Items, &messages.Item{Entity: &messages.Item_Comment{Comment: &messages.Comment{Id: id}}})
	}
	return batch, f.round
}

// Reload notes the version.
func (f *fakeClient) Reload(d *definition.Definition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ran = append(f.ran, d.Digest)
}

func (f *fakeClient) Reread() { f.again.Add(1) }

func (f *fakeClient) versions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ran)
}

func (f *fakeClient) Received() <-chan struct{}                      { return f.received }
func (f *fakeClient) Drain(context.Context) (platforms.Batch, error) { return platforms.Batch{}, nil }
func (f *fakeClient) CanReply(messages.ReplyKind) bool               { return true }
func (f *fakeClient) Reply(ctx context.Context, _ *messages.Reply, commit func(context.Context) error) platforms.Outcome {
	return f.reply(ctx, commit)
}

func TestBrowserLossRestartsAndStillCollects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		testkit.Expect(s.queue, func(m *messages.Observed) bool { return len(m.GetItems()) == 1 })
		for range 3 {
			before := s.newest()
			if err := before.Kill(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			if s.newest() == before {
				t.Fatal("no other browser")
			}
		}
		rounds := s.client.rounds.Load()
		time.Sleep(time.Minute)
		if n := s.client.rounds.Load() - rounds; n < 2 {
			t.Errorf("%d rounds in a minute", n)
		}
	})
}

func TestItemsThatWereGivenUpAreReadAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		s.state(messages.Watching)
		rounds := s.client.rounds.Load()
		s.master.Send(s.account, Reread{})
		time.Sleep(time.Second)
		synctest.Wait()
		if n := s.client.again.Load(); n != 1 || s.client.rounds.Load() == rounds {
			t.Errorf("asked %d times, %d rounds since", n, s.client.rounds.Load()-rounds)
		}
	})
}

func TestBrowserThatNeverStartsGivesTheAccountUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.failures = 100
		s.begin()
		failed := testkit.Expect[*messages.AccountFailed](s.master, nil)
		if failed.GetEpoch() != 7 || failed.GetReason() == "" {
			t.Errorf("%v", failed)
		}
		if revoked := testkit.Expect[*messages.AccountRevoked](s.parent, nil); revoked.GetClean() {
			t.Error("a profile that never closed well was called clean")
		}
	})
}

func TestEachTroubleIsAStateAndOnlyAPersonEndsACaptcha(t *testing.T) {
	for kind, state := range map[platforms.Kind]messages.AccountState{
		platforms.LoggedOut: messages.LoggedOut, platforms.Challenge: messages.Challenge, platforms.PageChanged: messages.PageChanged,
		platforms.RateLimited: messages.RateLimited,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.begin()
			s.state(messages.Watching)
			trouble := &platforms.Error{Op: "collect.desk", Kind: kind, Err: errors.New("trouble")}
			s.client.script(trouble, trouble)
			s.state(state)
			rounds := s.client.rounds.Load()
			time.Sleep(time.Hour)
			if n := s.client.rounds.Load(); n != rounds {
				t.Errorf("%s: %d rounds were made all the same", state, n-rounds)
			}
			s.client.script(nil, nil)
			s.master.Send(s.account, &messages.ResumeAccount{Account: "sb_1"})
			s.state(messages.Watching)
		})
	}
}

func TestPageThatLetsNoLookFinishIsNotCalledWatching(t *testing.T) {
	for _, kind := range []platforms.Kind{platforms.BrowserGone, platforms.Timeout} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.begin()
			s.state(messages.Watching)
			s.client.script(nil, &platforms.Error{Op: "collect.desk", Kind: kind, Err: errors.New("it hung")})
			s.state(messages.PageChanged)
			for enough := time.After(10 * time.Minute); enough != nil; {
				select {
				case l := <-s.master.Letters():
					if status, ok := l.Message.(*messages.AccountStatus); ok && status.GetState() == string(messages.Watching) {
						t.Fatalf("%s: a page that only begins well counts as watched", kind)
					}
				case <-enough:
					enough = nil
				}
			}
			s.client.script(nil, nil)
			s.master.Send(s.account, &messages.ResumeAccount{Account: "sb_1"})
			s.state(messages.Watching)
		})
	}
}

func TestShutGateStopsLookingAndAnOpenOneLooksWithinSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		testkit.Expect(s.queue, func(m *messages.Observed) bool { return m.GetRound() })
		s.gate.Shut("lapsed")
		synctest.Wait()
		rounds := s.client.rounds.Load()
		time.Sleep(10 * time.Minute)
		if n := s.client.rounds.Load(); n != rounds {
			t.Errorf("%d rounds behind a shut gate", n-rounds)
		}
		s.gate.Extend(0)
		time.Sleep(reopening)
		if s.client.rounds.Load() == rounds {
			t.Error("no look after the gate opened again")
		}
	})
}

func TestReplyIsTypedOnlyWithATicket(t *testing.T) {
	for _, refusal := range []string{"", "the reply is confirmed"} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.client.reply = func(ctx context.Context, commit func(context.Context) error) platforms.Outcome {
				if err := commit(ctx); err != nil {
					return platforms.Outcome{State: messages.ReplyReturned, Reason: err.Error()}
				}
				return platforms.Outcome{State: messages.ReplyConfirmedState, PlatformID: "p1"}
			}
			s.begin()
			s.state(messages.Watching)
			s.master.Send(s.account, &messages.ExecuteReply{Reply: &messages.Reply{Id: "r1", Attempt: 1}})
			_, asker := testkit.ExpectFrom[*messages.BeginCommit](s.master, nil)
			s.master.Send(asker, &messages.CommitTicket{Reply: "r1", Attempt: 1, ValidMs: 5000, Refused: refusal})
			result := testkit.Expect[*messages.ReplyResult](s.master, nil)
			if committed := s.gate.commits.Load() == 1; committed != (refusal == "") || (result.GetOutcome() == messages.ReplyConfirmedState) != committed {
				t.Errorf("refusal %q: committed %v, outcome %s", refusal, committed, result.GetOutcome())
			}
		})
	}
}
