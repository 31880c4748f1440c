package master

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/master/board"
	"troupe/messages"
)

// Drains: a node's accounts are moved to other nodes, two at a time, each with its place kept free before it is ended. What no other node
// can take stays and is named. An operator's drain is durable, on the node's record: it goes on after a restart of the master, and the node
// takes nothing until it is undrained. That of a node which is about to stop (leaving) is over with its life. Where there is no other
// node at all, the worker ends its accounts by itself, as it does when it stops.

const (
	drainAtOnce = 2
	drainUsual  = 10 * time.Minute // for drains without a deadline of their own
)

// drain is the emptying of one node.
type drain struct {
	askers []*actor.PID
	until  time.Time // no move is begun after
	moving map[messages.AccountID]bool
	moved  int64
	left   map[messages.AccountID]string // why it stays
	over   bool
}

// onDrainWorker begins to empty a node; WorkerDrained answers when that is over.
func (m *master) onDrainWorker(c actor.Context, msg *messages.DrainWorker, sender *actor.PID) {
	id := messages.NodeID(msg.GetWorker())
	n := m.nodes[id]
	if n == nil {
		refuse(c, sender, "not_found", fmt.Sprintf("there is no node %q; see: troupe node list", id))
		return
	}
	m.Log.Info("node is drained", "worker", msg.GetWorker(), "reason", msg.GetReason(), "leaving", msg.GetLeaving(), "accounts", n.used)
	if !msg.GetLeaving() && !m.hasOthers(id) && n.pid != nil {
		c.RequestWithCustomSender(n.pid, msg, sender) // the last node ends them itself
		return
	}
	wait := drainUsual
	if ms := msg.GetDeadlineMs(); ms > 0 {
		wait = time.Duration(ms) * time.Millisecond
	}
	d := n.drain
	if d == nil || d.over {
		d = newDrain()
		n.drain = d
	}
	d.until = m.Now().Add(wait)
	if sender != nil {
		d.askers = append(d.askers, sender)
	}
	m.news.nodes = true
	if msg.GetLeaving() {
		n.leaving = true
		m.drainOn(c, id, n)
		return
	}
	var ch change
	m.editNode(&ch, n, func(r *messages.Node) { r.Draining, r.DrainUntil = true, d.until.UnixMilli() })
	m.persist(c, ch, func() { m.drainOn(c, id, n) })
}

func newDrain() *drain {
	return &drain{moving: map[messages.AccountID]bool{}, left: map[messages.AccountID]string{}}
}

// onUndrain lets a node take accounts again.
func (m *master) onUndrain(c actor.Context, msg *messages.UndrainWorker, sender *actor.PID) {
	id := messages.NodeID(msg.GetWorker())
	n := m.nodes[id]
	if n == nil {
		refuse(c, sender, "not_found", fmt.Sprintf("there is no node %q; see: troupe node list", id))
		return
	}
	m.Log.Info("node is undrained", id.Attr())
	n.leaving = false
	if n.drain != nil {
		m.endDrain(c, id, n)
		n.drain = nil
	}
	var ch change
	m.editNode(&ch, n, func(r *messages.Node) { r.Draining, r.DrainUntil = false, 0 })
	m.persist(c, ch, func() {
		n.undrain = true // it may drain by itself; a status that was said before may still come
		if n.pid != nil {
			c.Request(n.pid, msg)
		}
		if sender != nil {
			c.Send(sender, &messages.WorkerUndrained{Worker: string(id)})
		}
		m.placeAll(c)
	})
}

// hasOthers says whether another node than this one is there to take accounts.
func (m *master) hasOthers(id messages.NodeID) bool {
	for other, n := range m.nodes {
		if other != id && m.online(other) && !n.draining() && n.status.GetMaxAccounts() > 0 {
			return true
		}
	}
	return false
}

// resumeDrains takes up, after a restart of the master, what its records say of drains.
func (m *master) resumeDrains() {
	for _, n := range m.nodes {
		if n.record.GetDraining() {
			n.drain = newDrain()
			n.drain.until = time.UnixMilli(n.record.GetDrainUntil())
		}
	}
}

// sweepDrains goes on with every drain.
func (m *master) sweepDrains(c actor.Context) {
	for id, n := range m.nodes {
		if n.drain != nil {
			m.drainOn(c, id, n)
		}
	}
}

// drainOn begins the next moves of a drain, and ends it when none is under way and none can be begun. Should there be room later, before
// the deadline, it goes on. After a restart of the master the other nodes are given the time to come.
func (m *master) drainOn(c actor.Context, id messages.NodeID, n *node) {
	d := n.drain
	before, waiting := len(d.moving)+len(d.left), 0
	clear(d.left)
	if n.used > 0 {
		for _, a := range m.sortedAccounts() {
			if a.record.GetWorker() != string(id) || a.record.GetEpochOver() || d.moving[a.id()] {
				continue
			}
			if why := m.drainOne(c, a, d); why != "" {
				d.left[a.id()] = why
			} else if !d.moving[a.id()] {
				waiting++
			}
		}
	}
	if before != len(d.moving)+len(d.left) {
		m.news.nodes = true
	}
	switch settled := m.Clock()-m.began >= homecoming; {
	case len(d.moving) > 0:
		d.over = false
	case waiting == 0 && (settled || len(d.askers) > 0):
		m.endDrain(c, id, n)
	}
}

// drainOne moves one account off its node if it is its turn, and says why it cannot be moved, if that is so.
func (m *master) drainOne(c actor.Context, a *account, d *drain) (left string) {
	switch {
	case !m.Now().Before(d.until):
		return "the drain's deadline came first"
	case !a.assigned || a.revocation != nil || a.move != nil:
		return "" // it is about to come or to go
	case len(d.moving) >= drainAtOnce:
		return ""
	}
	to, why := m.elsewhere(a, "")
	if why != "" {
		return why
	}
	d.moving[a.id()] = true
	m.beginMove(c, a, to, "its node is drained", d)
	return ""
}

// endDrain answers those who wait for a drain.
func (m *master) endDrain(c actor.Context, id messages.NodeID, n *node) {
	d := n.drain
	if d.over {
		return
	}
	d.over = true
	m.news.nodes = true
	m.Log.Info("node was drained", id.Attr(), "moved", d.moved, "left", len(d.left))
	answer := &messages.WorkerDrained{Worker: string(id), Accounts: d.moved, Left: d.unmoved()}
	for _, asker := range d.askers {
		c.Send(asker, answer)
	}
	d.askers = nil
}

func (d *drain) unmoved() []*messages.Unmoved {
	var left []*messages.Unmoved
	for _, id := range sortedKeys(d.left) {
		left = append(left, &messages.Unmoved{Account: string(id), Reason: d.left[id]})
	}
	return left
}

// shown is a drain for people; nil when there is none.
func (d *drain) shown() *board.Drain {
	if d == nil {
		return nil
	}
	return &board.Drain{Over: d.over, Until: d.until.UnixMilli(), Moved: d.moved, Moving: sortedKeys(d.moving), Left: d.unmoved()}
}
