package master

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// A node on which several accounts cannot start within a short time is at fault itself: its Chromium, its memory, its disk. It is given
// nothing for a while, a person is told, and the accounts are not parked for it.

// nodeFaulty is the alarm of such a node.
const nodeFaulty = "node_faulty"

const (
	faultyAccounts = 3
	faultyWithin   = time.Minute
	faultyFor      = 5 * time.Minute
)

// nodeFaultyKey is the key of the alarm of a node that is at fault; no other begins like it.
func nodeFaultyKey(worker string) string { return "////" + worker }

// failures are the accounts that could not start on a node, and when.
type failures map[messages.AccountID]time.Time

// blame notes that an account could not start on a node, and says whether that is the node's fault.
func (n *node) blame(id messages.AccountID, now time.Time) bool {
	maps.DeleteFunc(n.failures, func(_ messages.AccountID, at time.Time) bool { return now.Sub(at) > faultyWithin })
	if n.failures == nil {
		n.failures = failures{}
	}
	n.failures[id] = now
	return len(n.failures) >= faultyAccounts || now.Before(n.faultyUntil)
}

// distrust gives a node nothing for a while, and its accounts, parked or not, their chance elsewhere or later.
func (m *master) distrust(c actor.Context, ch *change, n *node, reason string) {
	worker, count := n.record.GetId(), len(n.failures)
	for _, id := range slices.Sorted(maps.Keys(n.failures)) {
		if a := m.accounts[id]; a != nil {
			m.absolve(ch, a, messages.NodeID(worker))
		}
	}
	clear(n.failures)
	if n.fault == "" {
		n.fault = fmt.Sprintf("%d accounts could not start here within a minute: %s", count, reason)
		n.faultyUntil = m.Now().Add(faultyFor)
		n.status = n.judged(n.status)
		m.open(ch, nodeFaultyKey(worker), &messages.Alarm{Name: nodeFaulty, Worker: worker, Reason: "node " + worker + ": " + n.fault})
	}
	m.persist(c, *ch, func() { m.placeAll(c) })
}

// absolve takes it back that an account could not be started: its node was at fault.
func (m *master) absolve(ch *change, a *account, id messages.NodeID) {
	delete(a.tried, id)
	a.shun(id)
	if !a.record.GetParked() {
		return
	}
	m.edit(ch, a, func(r *messages.Account) { r.Parked, r.ParkedReason = false, "" })
	m.clearAlarm(ch, alarmKey(a.id(), string(messages.Parked)))
	if !a.running {
		a.status = restingStatus(a.record)
	}
}

// judged is what a node says of itself, and that it is full as long as it is at fault.
func (n *node) judged(said *messages.NodeStatus) *messages.NodeStatus {
	if n.fault == "" {
		return said
	}
	status := proto.CloneOf(said)
	status.Full = n.fault
	return status
}

// sweepFaults trusts nodes again after a while. One whose fault lasts is found out as before.
func (m *master) sweepFaults(c actor.Context) {
	var ch change
	for _, n := range m.nodes {
		if m.Now().Before(n.faultyUntil) {
			continue
		}
		n.fault = ""
		m.clearAlarm(&ch, nodeFaultyKey(n.record.GetId())) // also one of an earlier life of the master
	}
	if len(ch.puts) > 0 {
		m.persist(c, ch, nil)
	}
}
