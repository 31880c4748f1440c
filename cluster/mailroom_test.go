package cluster

import (
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
			root.Send(PID(MasterNode, "master"), &messages.AccountStatus{Account: "dy_1", Rounds: int64(i)})
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
		root.Send(PID(MasterNode, "master"), &messages.AccountStatus{Account: "dy_1", Rounds: 600})
		testkit.Expect(here, func(m *messages.AccountStatus) bool { return m.GetRounds() == 600 })
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
