package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
	"troupe/testkit"
)

// pair is a master and a worker in one process, with a made-up network between their links.
type pair struct {
	master, worker *end
}

type end struct {
	*Link
	t    *testing.T
	name messages.NodeID
	life int
	cut  *atomic.Bool
	over *end // the other one
}

// newPair makes two nodes that know each other.
func newPair(t *testing.T) pair {
	t.Helper()
	cut := &atomic.Bool{}
	p := pair{&end{t: t, name: MasterNode, cut: cut}, &end{t: t, name: "worker-7", cut: cut}}
	p.master.over, p.worker.over = p.worker, p.master
	p.master.start()
	p.worker.start()
	p.meet()
	return p
}

func (e *end) start() {
	e.t.Helper()
	e.life++
	link, err := openMailroom(testkit.System(e.t).Root, LinkConfig{
		Node: e.name, Incarnation: e.incarnation(), Keep: e.name != MasterNode, Log: testkit.Quiet(),
	}, defaultLimits(), e.carry)
	if err != nil {
		e.t.Fatal(err)
	}
	e.Link = link
}

func (e *end) incarnation() string { return fmt.Sprintf("%s-life-%d", e.name, e.life) }

// carry brings letters to the other node at once, or loses them.
func (e *end) carry(_ actor.Context, _ string, m *messages.Letters) {
	if e.cut.Load() {
		return
	}
	env := &actor.MessageEnvelope{Message: proto.Clone(m)}
	env.SetHeader(peerHeader, string(e.name))
	e.over.system.Root.Send(e.over.pid, env)
}

func (p pair) meet() {
	for _, e := range []*end{p.master, p.worker} {
		e.SetPeer(e.over.name, "over there", e.over.incarnation())
	}
}

func TestAnswersFindBackAcrossNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		there := testkit.Probe(t, p.worker.system, messages.WorkerActor)
		here := testkit.Probe(t, p.master.system, "master")
		here.Send(PID("worker-7", messages.WorkerActor), &messages.RevokeAccount{Account: "dy_1"})
		_, sender := testkit.ExpectFrom(there, func(m *messages.RevokeAccount) bool { return m.GetAccount() == "dy_1" })
		if sender.GetAddress() != Address(MasterNode) {
			t.Errorf("the sender is %v", sender)
		}
		there.Send(sender, &messages.AccountRevoked{Account: "dy_1"})
		testkit.Expect(here, func(m *messages.AccountRevoked) bool { return m.GetAccount() == "dy_1" })
	})
}

// TestMasterGivesUpOnAWorkerThatIsAwayForLong, and talks to it again as soon as it is heard, without a new registration.
func TestMasterGivesUpOnAWorkerThatIsAwayForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		there := testkit.Probe(t, p.worker.system, messages.WorkerActor)
		here := testkit.Probe(t, p.master.system, "master")
		p.master.cut.Store(true)
		began := time.Now()
		_, err := p.master.system.Root.RequestFuture(PID("worker-7", messages.WorkerActor), &messages.CollectNow{}, time.Hour).Result()
		if away := time.Since(began); !errors.Is(err, actor.ErrDeadLetter) || away > 40*time.Second {
			t.Errorf("a request ended after %s with %v", away, err)
		}
		began = time.Now()
		_, err = p.master.system.Root.RequestFuture(PID("worker-7", messages.WorkerActor), &messages.CollectNow{}, time.Hour).Result()
		if away := time.Since(began); !errors.Is(err, actor.ErrDeadLetter) || away > time.Second {
			t.Errorf("a further request ended after %s with %v", away, err)
		}
		p.worker.system.Root.Send(PID(MasterNode, "master"), &messages.ReplyResult{Reply: "r1"}) // waits
		p.master.cut.Store(false)
		testkit.Expect(here, func(m *messages.ReplyResult) bool { return m.GetReply() == "r1" })
		here.Send(PID("worker-7", messages.WorkerActor), &messages.RevokeAccount{Account: "dy_1"})
		testkit.Expect(there, func(m *messages.RevokeAccount) bool { return m.GetAccount() == "dy_1" })
	})
}

// TestWhatNobodyRepeatsOutlastsAnOutage of ten minutes, and what is repeated is left to its sender.
func TestWhatNobodyRepeatsOutlastsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		here := testkit.Probe(t, p.master.system, "master")
		p.master.cut.Store(true)
		root := p.worker.system.Root
		for i := range 600 {
			root.Send(PID(MasterNode, "master"), &messages.NodeStatus{Accounts: int64(i)})
			if i%100 == 0 {
				root.Send(PID(MasterNode, "master"), &messages.ReplyResult{Attempt: uint32(i)})
			}
			time.Sleep(time.Second)
		}
		p.master.cut.Store(false)
		for i := 0; i < 600; i += 100 {
			testkit.Expect(here, func(m *messages.ReplyResult) bool { return m.GetAttempt() == uint32(i) })
		}
		time.Sleep(5 * time.Second)
		if n := len(here.Letters()); n > 3 {
			t.Errorf("%d states of the outage arrived", n)
		}
		root.Send(PID(MasterNode, "master"), &messages.NodeStatus{Accounts: 600})
		testkit.Expect(here, func(m *messages.NodeStatus) bool { return m.GetAccounts() == 600 })
	})
}

func TestLettersInAnothersNameAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		here := testkit.Probe(t, p.master.system, "master")
		body, err := proto.Marshal(&messages.ReplyResult{Reply: "forged"})
		if err != nil {
			t.Fatal(err)
		}
		env := &actor.MessageEnvelope{Message: &messages.Letters{
			From: "worker-7", FromIncarnation: p.worker.incarnation(), ToIncarnation: p.master.incarnation(),
			Letters: []*messages.Letter{{N: 1, Target: "master", Type: "troupe.ReplyResult", Body: body}},
		}}
		env.SetHeader(peerHeader, "worker-8")
		p.master.system.Root.Send(p.master.pid, env)
		p.worker.system.Root.Send(PID(MasterNode, "master"), &messages.ReplyResult{Reply: "true"})
		if m := testkit.Expect[*messages.ReplyResult](here, nil); m.GetReply() != "true" {
			t.Errorf("%q was delivered", m.GetReply())
		}
	})
}

// TestStoppingMasterWaitsForNobodyWhoIsAway and for a worker in reach it does, and so does a worker for its master.
func TestStoppingMasterWaitsForNobodyWhoIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		flush := func(e *end) (time.Duration, error) {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			err := e.Flush(ctx)
			return time.Since(began), err
		}
		p.master.cut.Store(true)
		for _, e := range []*end{p.master, p.worker} {
			e.system.Root.Send(PID(e.over.name, wellKnown(e.over.name)), &messages.RevokeAccount{Account: "dy_1"})
		}
		if took, err := flush(p.worker); err == nil || took < 3*time.Second {
			t.Errorf("a worker waited %s for its master: %v", took, err)
		}
		if took, err := flush(p.master); err != nil || took > 0 {
			t.Errorf("the master waited %s for a worker that is silent: %v", took, err)
		}
		p.master.cut.Store(false)
		time.Sleep(10 * time.Second)
		p.master.cut.Store(true)
		p.master.system.Root.Send(PID("worker-7", messages.WorkerActor), &messages.RevokeAccount{Account: "dy_2"})
		time.AfterFunc(time.Second, func() { p.master.system.Root.Send(p.master.pid, hungUp{"over there"}) })
		if took, err := flush(p.master); err != nil || took != time.Second {
			t.Errorf("the master waited %s, its connection to the worker broke after a second: %v", took, err)
		}
	})
}

func TestLinkCountsWhatGoesAndWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		there := testkit.Probe(t, p.worker.system, messages.WorkerActor)
		say := func() {
			p.master.system.Root.Send(PID("worker-7", messages.WorkerActor), &messages.RevokeAccount{Account: "dy_1"})
		}
		connect := func() { p.master.system.Root.Send(p.master.pid, connected{"over there"}) }
		connect()
		say()
		testkit.Expect[*messages.RevokeAccount](there, nil)
		p.master.cut.Store(true)
		say()
		synctest.Wait()
		f := p.master.Figures()
		if len(f) != 1 || f[0].Peer != "worker-7" || !f[0].Connected || f[0].Sent != 2 || f[0].Resent != 0 || f[0].Waiting != 1 || f[0].Bytes == 0 {
			t.Errorf("while one waits: %+v", f)
		}
		p.master.system.Root.Send(p.master.pid, hungUp{"over there"})
		synctest.Wait()
		if f := p.master.Figures(); f[0].Connected {
			t.Errorf("after the connection broke: %+v", f)
		}
		p.master.cut.Store(false)
		connect()
		testkit.Expect[*messages.RevokeAccount](there, nil)
		time.Sleep(time.Second)
		if f := p.master.Figures()[0]; !f.Connected || f.Reconnects != 1 || f.Sent != 2 || f.Resent == 0 || f.Waiting != 0 || f.Bytes != 0 {
			t.Errorf("after another one: %+v", f)
		}
		if f := p.worker.Figures()[0]; f.Peer != MasterNode || f.Received != 2 {
			t.Errorf("at the other end: %+v", f)
		}
		p.master.Forget("worker-7")
		synctest.Wait()
		if f := p.master.Figures(); len(f) != 0 {
			t.Errorf("of a node that was forgotten: %+v", f)
		}
	})
}
