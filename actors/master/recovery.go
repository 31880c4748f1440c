package master

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/cluster/lease"
	"troupe/messages"
)

// Recovery: what an earlier life of the master promised still holds. Its records name every epoch that is not over; those pairs are covered
// for whoever claims them, and nothing of them is given to another node before the longest promise (lease_horizon) is over. What a store that
// was restored from a backup needs beside stands in restored.go.

// recoverEpochs takes up the epochs that are not over.
func (m *master) recoverEpochs() {
	var promised []lease.Promise
	for _, a := range m.sortedAccounts() {
		if r := a.record; r.GetWorker() != "" && !r.GetEpochOver() {
			promised = append(promised, lease.Promise{Worker: messages.NodeID(r.GetWorker()), Pair: lease.Pair{Account: a.id(), Epoch: a.epoch()}})
			a.running = true
			m.node(messages.NodeID(r.GetWorker())).used++
		}
		if d := a.record.GetDecision(); d != nil {
			a.decisions = []*messages.Decision{d}
		}
	}
	m.Leases.Recover(m.horizon, promised)
}

// keepHorizon makes the longest promise known to the next life of the master, when it changed.
func (m *master) keepHorizon(c actor.Context) {
	if h := m.Leases.Horizon(); h != m.horizon && !m.parting {
		m.setHorizon(c, h, nil)
	}
}

func (m *master) setHorizon(c actor.Context, h time.Duration, then func()) {
	m.horizon = h
	var ch change
	ch.number("lease_horizon", uint64(h))
	m.persist(c, ch, then)
}

// Part asks the master to make its grants long, because it is about to restart: its absence shall shut no gate. Parted answers, once that is
// on disk; the asker then lets it answer for two beats more.
type Part struct{}

// Parted answers Part.
type Parted struct{}

func (m *master) onPart(c actor.Context, sender *actor.PID) {
	m.parting = true
	m.setHorizon(c, m.Leases.PartingHorizon(), func() {
		m.Leases.Part()
		m.Log.Info("grants are long now, the master may restart", "dur", m.Leases.PartingHorizon())
		if sender != nil {
			c.Send(sender, Parted{})
		}
	})
}
