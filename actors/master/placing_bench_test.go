package master

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/actors/store"
	"troupe/actors/store/dataset"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/testkit"
)

// The size of the simulated cluster.
const (
	benchNodes    = 100
	benchAccounts = 10_000
	benchMost     = 220 // accounts of one node
)

// BenchmarkCluster runs the real master on the real store, on Pebble, with 100 beating workers and 10,000 accounts, and measures how long a
// decision takes, how long the master plans when a node fails, and how long half of the nodes take to be drained.
func BenchmarkCluster(b *testing.B) {
	for b.Loop() {
		s := newSimulation(b)
		s.run(s.allPlaced)
		typical, late := s.decisions()
		b.ReportMetric(typical, "ms/decision-p50")
		b.ReportMetric(late, "ms/decision-p99")
		typical, late = s.statuses()
		b.ReportMetric(typical, "ms/status-p50")
		b.ReportMetric(late, "ms/status-p99")
		planned, elsewhere := s.failover()
		b.ReportMetric(planned, "ms/failover-planned")
		b.ReportMetric(elsewhere, "ms/failover-assigned")
		b.ReportMetric(s.drainHalf(), "s/drain-half")
		s.end()
	}
	b.ReportMetric(0, "ns/op")
}

// simulation is the cluster without its browsers.
type simulation struct {
	b      *testing.B
	sys    *actor.ActorSystem
	m      *master // looked into by do alone
	master *actor.PID
	store  *actor.PID
	leases *lease.Table
	crew   []*hand
	stop   context.CancelFunc
	beats  sync.WaitGroup

	slowest atomic.Int64 // tick since it was reset, ns
}

// hand is a worker that takes everything, at once.
type hand struct {
	id    string
	pid   *actor.PID
	dead  atomic.Bool
	most  int64        // accounts
	given atomic.Int64 // assignments
	ended atomic.Int64 // revocations of what it had
	slow  atomic.Bool  // it ends nothing now

	mu   sync.Mutex
	held map[string]uint64
}

// do runs in the master's mailbox.
type do func(*master, actor.Context)

func newSimulation(b *testing.B) *simulation {
	sys := actors.NewSystem(testkit.Quiet())
	s := &simulation{b: b, sys: sys, leases: lease.NewTable(lease.DefaultFigures(), lease.BootTime, "m")}
	s.store = sys.Root.Spawn(store.Props(store.Config{Dir: b.TempDir(), Views: &dataset.Views{}, Log: testkit.Quiet(), Now: time.Now}))
	s.fill()
	s.m = newMaster(Config{
		Store: s.store, Leases: s.leases, Board: &board.Holder{}, Platforms: []Platform{{Name: "sandbox", Prefix: "sb"}},
		Clock: lease.BootTime, Now: time.Now, Log: testkit.Quiet(), ReplyExpiry: time.Hour, FindPauses: DefaultFindPauses,
	})
	s.master = sys.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return s.m }, actor.WithReceiverMiddleware(s.timed)))
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	for i := range benchNodes {
		h := &hand{id: nodeName(i), most: benchMost, held: map[string]uint64{}}
		h.pid = sys.Root.Spawn(actor.PropsFromFunc(h.receive(s.master)))
		s.crew = append(s.crew, h)
		s.beats.Go(func() { s.beat(ctx, h) })
	}
	for _, h := range s.crew {
		h.say(sys.Root, s.master)
	}
	return s
}

func nodeName(i int) string { return fmt.Sprintf("node-%03d", i) }

// fill writes the accounts' records, as a cluster leaves them that was stopped in order.
func (s *simulation) fill() {
	var puts []*messages.Put
	for i := range benchAccounts {
		record := &messages.Account{
			Id: "sb_" + strconv.Itoa(i), Platform: "sandbox", Name: "店", Epoch: 1, EpochOver: true, ClosedCleanly: true,
			Worker: nodeName(i % benchNodes), LoggedIn: true, LoginStatus: isLoggedIn,
		}
		raw, err := proto.Marshal(record)
		if err != nil {
			s.b.Fatal(err)
		}
		puts = append(puts, &messages.Put{Table: tableAccounts, Key: record.GetId(), Value: raw})
	}
	ctx, cancel := context.WithTimeout(s.b.Context(), time.Minute)
	defer cancel()
	if _, err := actors.Ask[*messages.Appended](ctx, s.sys.Root, s.store, &messages.Append{Puts: puts, At: time.Now().UnixMilli()}); err != nil {
		s.b.Fatal(err)
	}
}

// timed notes how long the master takes for a tick, and lets a measurement look into it.
func (s *simulation) timed(next actor.ReceiverFunc) actor.ReceiverFunc {
	return func(c actor.ReceiverContext, env *actor.MessageEnvelope) {
		if f, ok := env.Message.(do); ok {
			f(s.m, c.(actor.Context))
			return
		}
		began := time.Now()
		next(c, env)
		if _, ok := env.Message.(tick); ok {
			s.slowest.Store(max(s.slowest.Load(), int64(time.Since(began))))
		}
	}
}

func (h *hand) receive(master *actor.PID) actor.ReceiveFunc {
	return func(c actor.Context) {
		h.mu.Lock()
		defer h.mu.Unlock()
		switch m := c.Message().(type) {
		case *messages.AssignAccount:
			id := m.GetAccount().GetId()
			h.held[id] = m.GetEpoch()
			h.given.Add(1)
			c.Send(master, &messages.AccountAssigned{Account: id, Epoch: m.GetEpoch(), Incarnation: h.id})
			c.Send(master, &messages.AccountStatus{Account: id, Epoch: m.GetEpoch(), State: string(messages.Watching)})
		case *messages.RevokeAccount:
			if h.slow.Load() {
				return
			}
			if _, had := h.held[m.GetAccount()]; had {
				h.ended.Add(1)
			}
			delete(h.held, m.GetAccount())
			c.Send(master, &messages.AccountRevoked{Account: m.GetAccount(), Epoch: m.GetEpoch(), Clean: true, Incarnation: h.id})
		}
	}
}

func (h *hand) say(root *actor.RootContext, master *actor.PID) {
	root.RequestWithCustomSender(master, &messages.NodeStatus{
		Worker: h.id, Incarnation: h.id, Proof: true, MaxAccounts: h.most, Platforms: []string{"sandbox"}, Running: h.pairs(false),
	}, h.pid)
}

func (h *hand) pairs(open bool) []*messages.Held {
	h.mu.Lock()
	defer h.mu.Unlock()
	var held []*messages.Held
	for id, epoch := range h.held {
		held = append(held, &messages.Held{Account: id, Epoch: epoch, Open: open})
	}
	return held
}

// beat is a worker's beats, every two seconds, and its status every ten.
func (s *simulation) beat(ctx context.Context, h *hand) {
	for seq := uint64(1); ; seq++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		if h.dead.Load() {
			return
		}
		_, _ = s.leases.Beat(ctx, &messages.Beat{Worker: h.id, Incarnation: h.id, Seq: seq, Held: h.pairs(true)})
		if seq%5 == 0 {
			h.say(s.sys.Root, s.master)
		}
	}
}

// do runs f in the master's mailbox and waits for it.
func (s *simulation) do(f do) {
	done := make(chan struct{})
	s.sys.Root.Send(s.master, do(func(m *master, c actor.Context) {
		defer close(done)
		f(m, c)
	}))
	<-done
}

// run waits until something is true of the master.
func (s *simulation) run(until func(*master) bool) {
	deadline := time.Now().Add(2 * time.Minute)
	for ok := false; !ok; {
		if time.Now().After(deadline) {
			s.b.Fatal("the simulation did not get there")
		}
		time.Sleep(20 * time.Millisecond)
		s.do(func(m *master, _ actor.Context) { ok = m.loaded && until(m) })
	}
}

func (s *simulation) allPlaced(m *master) bool {
	for _, a := range m.accounts {
		if !a.assigned {
			return false
		}
	}
	return len(m.accounts) == benchAccounts
}

// decisions is how long one takes: a look at all nodes, and the choice.
func (s *simulation) decisions() (p50, p99 float64) {
	var took []time.Duration
	s.do(func(m *master, _ actor.Context) {
		for _, a := range m.sortedAccounts()[:2000] {
			began := time.Now()
			if to, why := m.elsewhere(a, ""); to == "" {
				s.b.Error(why)
			}
			took = append(took, time.Since(began))
		}
	})
	return percentiles(took)
}

// statuses is how long the master takes for what an account says of itself, published.
func (s *simulation) statuses() (p50, p99 float64) {
	var took []time.Duration
	s.do(func(m *master, c actor.Context) {
		for i, a := range m.sortedAccounts()[:2000] {
			began := time.Now()
			m.onStatus(c, &messages.AccountStatus{Account: a.record.GetId(), Epoch: a.record.GetEpoch(), State: string(messages.Watching), Rounds: int64(i)})
			m.publish(c)
			took = append(took, time.Since(began))
		}
	})
	return percentiles(took)
}

func percentiles(took []time.Duration) (p50, p99 float64) {
	slices.Sort(took)
	return ms(took[len(took)/2]), ms(took[len(took)*99/100])
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// failover kills a node: how long the master plans where its accounts go, and how long until each is assigned there.
func (s *simulation) failover() (planned, elsewhere float64) {
	victim := s.crew[7]
	victim.dead.Store(true)
	s.slowest.Store(0)
	s.run(func(m *master) bool { return m.node(messages.NodeID(victim.id)).used == 0 })
	began := time.Now()
	planned = ms(time.Duration(s.slowest.Load()))
	s.run(s.allPlaced)
	return planned, ms(time.Since(began))
}

// drainHalf drains every other node at once.
func (s *simulation) drainHalf() float64 {
	began := time.Now()
	asked := make(chan error, benchNodes)
	n := 0
	for i := 0; i < benchNodes; i += 2 {
		n++
		go func() {
			ctx, cancel := context.WithTimeout(s.b.Context(), 5*time.Minute)
			defer cancel()
			done, err := actors.Ask[*messages.WorkerDrained](ctx, s.sys.Root, s.master, &messages.DrainWorker{Worker: nodeName(i)})
			if err == nil && len(done.GetLeft()) > 0 {
				err = fmt.Errorf("%s keeps %d accounts: %s", nodeName(i), len(done.GetLeft()), done.GetLeft()[0].GetReason())
			}
			asked <- err
		}()
	}
	for range n {
		if err := <-asked; err != nil {
			s.b.Fatal(err)
		}
	}
	return time.Since(began).Seconds()
}

func (s *simulation) end() {
	s.stop()
	s.beats.Wait()
	for _, pid := range []*actor.PID{s.master, s.store} {
		if err := s.sys.Root.StopFuture(pid).Wait(); err != nil {
			s.b.Error(err)
		}
	}
	s.sys.Shutdown()
}
