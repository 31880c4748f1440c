package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"troupe/messages"
)

// Whom a node calls to gossip with: its seeds, and those who vanished.
const (
	rejoinEvery = 3 * time.Second
	rejoinFor   = 10 * time.Minute // how long a node that vanished without leaving is still called
)

// SetSeeds replaces the addresses that are called until they answer.
func (m *Membership) SetSeeds(seeds ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Equal(m.seeds, seeds) {
		return
	}
	m.seeds = slices.Clone(seeds)
	select {
	case m.hurry <- struct{}{}:
	default:
	}
}

// Settle returns when one of those that were to be called answered, when all were called, or when ctx ends. Then Members is what there
// is, as far as can be known so soon.
func (m *Membership) Settle(ctx context.Context) {
	select {
	case <-m.called:
		m.look()
	case <-ctx.Done():
	}
}

// rejoin calls seeds that are not members, and members that vanished without a word: after a partition nobody else does.
func (m *Membership) rejoin(ctx context.Context) {
	vanished := map[string]sighting{}
	silent := map[string]*rate.Sometimes{}
	settled := sync.OnceFunc(func() { close(m.called) })
	tick := time.NewTicker(rejoinEvery)
	defer tick.Stop()
	for {
		for _, address := range m.missing(vanished, time.Now()) {
			if ctx.Err() != nil {
				return
			}
			_, err := m.list.Join([]string{address})
			if err == nil {
				settled()
				continue
			}
			if silent[address] == nil {
				silent[address] = &rate.Sometimes{First: 1, Interval: time.Minute}
			}
			silent[address].Do(func() {
				m.Log.Warn("gossip does not reach a node, or is refused there", "address", address, "err", err)
			})
		}
		settled()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.hurry:
		}
	}
}

// sighting is when a member was last there.
type sighting struct {
	node messages.NodeID
	at   time.Time
}

// missing says whom to call, and keeps vanished up to date.
func (m *Membership) missing(vanished map[string]sighting, now time.Time) []string {
	present, nodes := map[string]bool{}, map[messages.NodeID]bool{}
	for _, o := range m.Members() {
		present[o.Gossip], nodes[o.Node] = true, true
		if !o.Leaving {
			vanished[o.Gossip] = sighting{o.Node, now}
		}
	}
	m.mu.Lock()
	for _, address := range m.left {
		delete(vanished, address)
		m.seeds = slices.DeleteFunc(m.seeds, func(seed string) bool { return seed == address })
	}
	m.left = nil
	list := slices.Clone(m.seeds)
	m.mu.Unlock()
	for address, seen := range vanished {
		if now.Sub(seen.at) > rejoinFor || nodes[seen.node] && !present[address] { // it is elsewhere now
			delete(vanished, address)
		} else if !slices.Contains(list, address) {
			list = append(list, address)
		}
	}
	return slices.DeleteFunc(list, func(address string) bool { return present[address] })
}
