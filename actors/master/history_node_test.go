package master

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	accounts "troupe/actors/account"
	"troupe/actors/platform"
	"troupe/actors/worker"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/testkit"
)

// crew is one node of a history: a real worker actor and a real keeper, whose accounts are nothing but gates, behind a network that delays
// and cuts.
type crew struct {
	h      *history
	id     messages.NodeID
	root   string
	random *rand.Rand // of its relays; the history's own is the test's
	life   int
	boot   int
	cut    bool // messages wait and beats get lost; under the history's lock
	alive  bool

	worker, up, down *actor.PID
	keeper           *lease.Keeper
	stopKeeper       func()
}

// start gives the node a fresh process.
func (n *crew) start() {
	sys := n.h.sys
	n.life++
	incarnation := fmt.Sprintf("%s-%d", n.id, n.life)
	n.keeper = lease.NewKeeper(lease.KeeperOptions{
		Worker: n.id, Incarnation: incarnation, Granter: n, Figures: lease.DefaultFigures(), Clock: sinceBoot,
		Lost:      func(p lease.Pair) { n.lost(p) },
		NewMaster: func() { sys.Root.Send(n.worker, worker.SayStatus{}) },
	})
	n.down = sys.Root.Spawn(n.relay(func(l letter) {
		if l.life == n.h.lifeNow() || l.delay%2 == 0 { // what an earlier life of the master said may be lost with it
			sys.Root.RequestWithCustomSender(n.worker, l.message, n.up)
		}
	}))
	n.up = sys.Root.Spawn(n.relay(func(l letter) {
		if master := n.h.masterNow(); master != nil {
			sys.Root.RequestWithCustomSender(master, l.message, n.down)
		}
	}))
	n.worker = sys.Root.Spawn(worker.Props(worker.Config{
		Node: &accounts.Node{ID: n.id, Browsers: n.h.browsers, Now: time.Now}, Incarnation: incarnation, MaxAccounts: capacityOfCrew,
		Root: n.root, Folder: "folder of " + string(n.id), Boot: strconv.Itoa(n.boot), Definitions: n.h.definitions,
		Master: n.up, Store: n.h.nobody, Log: testkit.Quiet(), WeighEvery: 24 * time.Hour,
		Room:     func() worker.Room { return worker.Room{Memory: 64 << 30, Cores: 8} },
		Platform: n.platform,
	}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.keeper.Run(ctx)
	}()
	n.stopKeeper = func() {
		cancel()
		<-done
	}
	n.alive = true
}

// kill ends the node's process; its sockets go with it.
func (n *crew) kill() {
	if !n.alive {
		return
	}
	n.alive = false
	n.stopKeeper()
	for _, pid := range []*actor.PID{n.up, n.worker, n.down} {
		_ = n.h.sys.Root.StopFuture(pid).Wait()
	}
}

func (n *crew) lost(p lease.Pair) {
	n.h.sys.Root.Send(n.worker, &messages.RevokeAccount{Account: string(p.Account), Epoch: uint64(p.Epoch), Reason: "granted no longer"})
}

var errLost = errors.New("the network lost it")

// Beat takes a beat to the master that there is, if the network lets it.
func (n *crew) Beat(ctx context.Context, beat *messages.Beat) (*messages.Grant, error) {
	if !n.h.pass(ctx, n) {
		return nil, errLost
	}
	table := n.h.tableNow()
	if table == nil {
		return nil, errLost
	}
	grant, err := table.Beat(ctx, beat)
	if !n.h.pass(ctx, n) {
		return nil, errLost
	}
	return grant, err
}

// letter is a message under way.
type letter struct {
	message any
	life    int // of the master
	delay   time.Duration
}

type flush struct{}

// relay is one direction of the network: in order, late, and standing still while the node is cut off.
func (n *crew) relay(deliver func(letter)) *actor.Props {
	var held []letter
	var last time.Time
	seed := rand.New(rand.NewPCG(n.random.Uint64(), 1))
	return actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case actor.SystemMessage, actor.AutoReceiveMessage:
		case letter:
			held = append(held, m)
			c.Send(c.Self(), flush{})
		case flush:
			if n.h.isCut(n) {
				if len(held) > 0 {
					actors.After(c, time.Second, flush{})
				}
				return
			}
			for _, l := range held {
				deliver(l)
			}
			held = nil
		default:
			delay := time.Duration(seed.IntN(200)) * time.Millisecond
			if seed.IntN(10) == 0 {
				delay += time.Duration(seed.IntN(4000)) * time.Millisecond
			}
			due := time.Now().Add(delay)
			if !due.After(last) {
				due = last.Add(time.Nanosecond)
			}
			last = due
			actors.After(c, time.Until(due), letter{m, n.h.lifeNow(), delay / time.Millisecond})
		}
	})
}

// platform is a platform actor whose accounts are gates. An account takes a moment to end.
func (n *crew) platform(platform.Config) *actor.Props {
	keeper, releases := n.keeper, map[string]func(){}
	seed := rand.New(rand.NewPCG(n.random.Uint64(), 2))
	return actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case platform.Assign:
			pair := lease.Pair{Account: messages.AccountID(m.Message.GetAccount().GetId()), Epoch: messages.Epoch(m.Message.GetEpoch())}
			releases[messages.ActorName(pair.Account, pair.Epoch)] = keeper.Hold(pair.Account, pair.Epoch, n.h.gate(n.id, pair))
		case *messages.RevokeAccount:
			name := messages.ActorName(messages.AccountID(m.GetAccount()), messages.Epoch(m.GetEpoch()))
			if release := releases[name]; release != nil {
				delete(releases, name)
				release()
				actors.After(c, time.Duration(seed.IntN(3000))*time.Millisecond, platform.Ended{
					ID: messages.AccountID(m.GetAccount()), Epoch: messages.Epoch(m.GetEpoch()), Clean: true,
				})
			}
		case platform.Ended:
			c.Send(c.Parent(), m)
		}
	})
}
