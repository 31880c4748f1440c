package master

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/cluster/placement"
	"troupe/messages"
)

// Moves: an account that runs ends on its node and begins on another one, which was chosen, and its place there kept free, before anything
// was ended. The end of the one epoch and the beginning of the next are one durable change. Should the chosen node be lost meanwhile, the
// account is placed like any other. A move is not durable: a master that restarts in the middle of one finds the account where it is.

type move struct {
	to       messages.NodeID
	from     messages.NodeID
	reserved bool // a place is kept free
	began    time.Time
	askers   []*actor.PID // get AccountDone when it runs again
	drain    *drain       // that it is part of; nil = none
}

// onMove moves an account to the node that an operator names, or to the best one.
func (m *master) onMove(c actor.Context, msg *messages.MoveAccount, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	to, code, why := m.destination(a, messages.NodeID(msg.GetWorker()))
	if why != "" {
		refuse(c, sender, code, why)
		return
	}
	mv := m.beginMove(c, a, to, "an operator moves it", nil)
	if sender != nil {
		mv.askers = append(mv.askers, sender)
	}
}

// destination says where a running account may be moved to, or why it cannot be moved.
func (m *master) destination(a *account, to messages.NodeID) (_ messages.NodeID, code, why string) {
	id, from := a.id(), messages.NodeID(a.record.GetWorker())
	switch {
	case a.record.GetForeign() != "" || a.isAbroad():
		return "", "unsupported", fmt.Sprintf("account %s is pinned to Node worker %s; see: troupe account unpin", id, a.record.GetForeign())
	case !a.running:
		return "", "conflict", fmt.Sprintf("account %s is %s: nobody runs it, so there is nothing to move", id, a.status.GetState())
	case a.move != nil:
		return "", "conflict", fmt.Sprintf("account %s is being moved to node %s already", id, a.move.to)
	case a.revocation != nil:
		return "", "conflict", fmt.Sprintf("account %s is being ended on its node: try again in a few seconds", id)
	case to == from:
		return "", "conflict", fmt.Sprintf("account %s runs on node %s already", id, to)
	case to != "" && m.nodes[to] == nil:
		return "", "not_found", fmt.Sprintf("there is no node %q; see: troupe node list", to)
	}
	chosen, why := m.elsewhere(a, to)
	if why != "" {
		return "", "unavailable", why
	}
	return chosen, "", ""
}

// elsewhere chooses another node for an account than the one that it is on: only, unless that is empty.
func (m *master) elsewhere(a *account, only messages.NodeID) (to messages.NodeID, why string) {
	s := m.survey()
	var nodes []placement.Node
	for _, n := range s.nodes {
		if string(n.ID) != a.record.GetWorker() && (only == "" || n.ID == only) {
			nodes = append(nodes, n)
		}
	}
	wanted := m.placeable(a)
	wanted.Profile = "" // it will be closed where it is
	to, why = placement.Choose(wanted, nodes, "")
	switch {
	case to != "":
		return to, ""
	case only != "":
		return "", fmt.Sprintf("node %s cannot take account %s: it is %s", only, a.id(), m.unable(only))
	case len(nodes) == 0:
		return "", "there is no other node"
	}
	return "", "no other node can take it: " + why
}

// unable says in a word or two why a node takes nothing.
func (m *master) unable(id messages.NodeID) string {
	switch n := m.nodes[id]; {
	case !m.online(id):
		return "not online"
	case n.draining():
		return "being drained"
	case n.status.GetFull() != "":
		return "full: " + n.status.GetFull()
	case n.used+n.reserved >= int(n.status.GetMaxAccounts()):
		return "full"
	default:
		return "not able to run its platform, or was silent a moment ago"
	}
}

// beginMove keeps a place free and ends the account where it is.
func (m *master) beginMove(c actor.Context, a *account, to messages.NodeID, reason string, d *drain) *move {
	from := messages.NodeID(a.record.GetWorker())
	a.move = &move{to: to, from: from, reserved: true, began: m.Now(), drain: d}
	m.node(to).reserved++
	m.Log.Info("account is moved", a.id().Attr(), "from", string(from), "node", string(to), "reason", reason)
	m.noted(a, &messages.Decision{At: m.now(), What: "moving", Worker: string(to), Epoch: a.record.GetEpoch(), Reason: reason})
	m.revoke(c, a, "it is moved to node "+string(to), false)
	return a.move
}

// unreserve gives back the place that is kept free for an account.
func (m *master) unreserve(a *account, s *survey) {
	if a.move == nil || !a.move.reserved {
		return
	}
	a.move.reserved = false
	m.node(a.move.to).reserved--
	if s != nil {
		s.add(a.move.to, -1)
	}
}

// arrived ends an account's move: it runs again, at best where it was to.
func (m *master) arrived(c actor.Context, a *account) {
	mv := a.move
	if mv == nil || a.record.GetWorker() == string(mv.from) && mv.reserved {
		return // it has not left yet
	}
	if a.record.GetWorker() == string(mv.from) {
		m.giveUpMove(c, a, fmt.Sprintf("node %s could not take it any more; it runs where it was", mv.to))
		return
	}
	m.Log.Info("account was moved", a.id().Attr(), "from", string(mv.from), "node", a.record.GetWorker(), "dur", m.Now().Sub(mv.began))
	for _, asker := range mv.askers {
		answerDone(c, asker, a)
	}
	if mv.drain != nil {
		mv.drain.moved++
	}
	m.dropMove(c, a)
}

// dropMove forgets an account's move; the drain that it is part of goes on.
func (m *master) dropMove(c actor.Context, a *account) {
	mv := a.move
	m.unreserve(a, nil)
	a.move = nil
	m.news.nodes = true
	if mv.drain == nil {
		return
	}
	delete(mv.drain.moving, a.id())
	if n := m.nodes[mv.from]; n != nil && n.drain == mv.drain {
		m.drainOn(c, mv.from, n)
	}
}

// sweepMoves gives up moves of accounts that must not run any more, or that found no place for long.
func (m *master) sweepMoves(c actor.Context) {
	for _, a := range m.sortedAccounts() {
		if a.move == nil {
			continue
		}
		switch late := m.Now().Sub(a.move.began) > moveLimit; {
		case a.record.GetPaused(), a.record.GetParked(), a.record.GetRemoving(), a.record.GetForeign() != "":
			m.giveUpMove(c, a, "it was paused, parked or removed meanwhile")
		case late && !a.running:
			m.giveUpMove(c, a, "no node took it up: "+a.status.GetReason())
		}
	}
}

// moveLimit is how long an account may be on its way before the one who asked is told that it is not.
const moveLimit = time.Minute

func (m *master) giveUpMove(c actor.Context, a *account, why string) {
	for _, asker := range a.move.askers {
		refuse(c, asker, "conflict", fmt.Sprintf("account %s was not moved: %s", a.id(), why))
	}
	m.dropMove(c, a)
}
