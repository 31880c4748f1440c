package master

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/messages"
)

// Forgetting a node: it is gone for good, or somebody has its files who should not. It must be away, and nothing leased to it any more. First
// its certificates are refused, so that it cannot come back meanwhile; then its record is removed.

// nodeRefused is the end of the refusing of a node's certificates.
type nodeRefused struct {
	node  messages.NodeID
	err   error
	asker *actor.PID
}

func (m *master) onForgetNode(c actor.Context, msg *messages.ForgetNode, sender *actor.PID) {
	id := messages.NodeID(msg.GetWorker())
	if code, why := m.keepsNode(id); code != "" {
		refuse(c, sender, code, why)
		return
	}
	m.nodes[id].forgetting = true
	forget := m.Forget
	actors.Job(c, func(context.Context) any { return nodeRefused{id, forget(id), sender} })
}

// keepsNode says why a node cannot be forgotten; an empty code means that it can.
func (m *master) keepsNode(id messages.NodeID) (code, why string) {
	n := m.nodes[id]
	switch {
	case m.foreign[id] != nil:
		return "conflict", fmt.Sprintf("%s is a Node worker of another make, which has no certificate: revoke its token", id)
	case n == nil:
		return "not_found", fmt.Sprintf("there is no node %q; see: troupe node list", id)
	case m.Forget == nil:
		return "unsupported", "no other node can join this one"
	case n.forgetting:
		return "conflict", fmt.Sprintf("node %s is being forgotten", id)
	case m.online(id):
		return "conflict", fmt.Sprintf("node %s is online: drain it (troupe node drain %s) and stop it first", id, id)
	}
	held := m.leasedTo(id)
	if len(held) == 0 {
		return "", ""
	}
	until := m.Now().Add(max(m.Leases.Ends(id)-m.Clock(), 0) + 2*time.Second) // and a tick of the master
	return "conflict", fmt.Sprintf("node %s is away, but may still act for %d accounts (%s): their leases end by %s, try again then",
		id, len(held), some(held), until.Format(time.TimeOnly))
}

// leasedTo are the accounts whose epochs on a node are not over.
func (m *master) leasedTo(id messages.NodeID) (list []messages.AccountID) {
	for _, a := range m.sortedAccounts() {
		if a.record.GetWorker() == string(id) && !a.record.GetEpochOver() && a.epoch() != 0 {
			list = append(list, a.id())
		}
	}
	return list
}

// some names the first few accounts of a list.
func some(list []messages.AccountID) string {
	const few = 3
	text := ""
	for i, id := range list[:min(few, len(list))] {
		if i > 0 {
			text += ", "
		}
		text += string(id)
	}
	if len(list) > few {
		text += ", ..."
	}
	return text
}

func (m *master) onNodeRefused(c actor.Context, r nodeRefused) {
	n := m.nodes[r.node]
	if n == nil {
		return
	}
	if r.err != nil {
		n.forgetting = false
		m.Log.Error("node not forgotten", r.node.Attr(), "err", r.err)
		refuse(c, r.asker, "unavailable", "the node was not forgotten; the master's log says why")
		return
	}
	if n.drain != nil {
		m.endDrain(c, r.node, n)
	}
	delete(m.nodes, r.node)
	m.news.nodes = true
	var ch change
	ch.remove(tableNodes, string(r.node))
	for key, a := range m.alarms {
		if a.GetWorker() == string(r.node) && a.GetAccount() == "" {
			m.clearAlarm(&ch, key) // it was about the node itself
		}
	}
	m.persist(c, ch, func() {
		m.Log.Info("node forgotten", r.node.Attr())
		if r.asker != nil {
			c.Send(r.asker, &messages.NodeForgotten{Worker: string(r.node)})
		}
	})
}
