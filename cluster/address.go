package cluster

import (
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// MasterNode is what the node with the master role is called by all others. No worker may have this name.
const MasterNode messages.NodeID = "master"

// scheme marks an address that is a node's name.
const scheme = "node:"

// Address is the address of every actor on a node, wherever that node is at present.
func Address(node messages.NodeID) string { return scheme + string(node) }

// PID names an actor of a node. It is good on every node of the cluster, that one included, and for ever.
func PID(node messages.NodeID, name string) *actor.PID { return actor.NewPID(Address(node), name) }

func nodeOf(address string) (messages.NodeID, bool) {
	node, ok := strings.CutPrefix(address, scheme)
	return messages.NodeID(node), ok
}

// away is the process behind the PIDs of another node: it hands what is sent to them to the link.
type away struct {
	system *actor.ActorSystem
	link   *actor.PID
	node   messages.NodeID
}

func (p away) SendUserMessage(pid *actor.PID, message any) {
	_, m, sender := actor.UnwrapEnvelope(message)
	p.system.Root.Send(p.link, outgoing{node: p.node, target: pid.GetId(), message: m, sender: sender})
}

// SendSystemMessage makes a dead letter: nobody watches or stops an actor of another node.
func (p away) SendSystemMessage(pid *actor.PID, message any) {
	p.system.DeadLetter.SendSystemMessage(pid, message)
}

func (p away) Stop(*actor.PID) {}

// here is the process behind the PIDs that name our own node. It looks the actor up each time: PIDs remember their process,
// and the actor may not be there yet.
type here struct{ system *actor.ActorSystem }

func (p here) SendUserMessage(pid *actor.PID, message any) {
	local, _ := p.system.ProcessRegistry.GetLocal(pid.GetId())
	local.SendUserMessage(p.system.NewLocalPID(pid.GetId()), message)
}

func (p here) SendSystemMessage(pid *actor.PID, message any) {
	local, _ := p.system.ProcessRegistry.GetLocal(pid.GetId())
	local.SendSystemMessage(p.system.NewLocalPID(pid.GetId()), message)
}

func (p here) Stop(pid *actor.PID) {
	local, _ := p.system.ProcessRegistry.GetLocal(pid.GetId())
	local.Stop(p.system.NewLocalPID(pid.GetId()))
}

var _, _ actor.Process = away{}, here{}
