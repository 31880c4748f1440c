package master

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// Nodes. Each worker has a durable record: its newest life, its data folder, whether an operator drains it. What it says every ten seconds
// (NodeStatus) names the accounts that it runs; the records are held against that inventory, and what differs is settled:
//
//	we gave it, it runs it            adopted, if nobody had said so in this life of the master
//	we gave it, it does not run it    of an earlier life, with proof: over. Else asked by a revoke, which it answers at once; one that it
//	                                  does not answer is covered by no grant any more, and lapses
//	it runs it, we gave it not        revoked; its epoch is noted, so that ours are greater

// node is one worker.
type node struct {
	record     *messages.Node // durable; replaced, never changed; nil of a foreign worker
	pid        *actor.PID     // nil while it has said nothing in this life of the master; of a foreign worker: while it is not connected
	status     *messages.NodeStatus
	lastSeen   time.Time
	used       int    // accounts whose epoch there is not over
	reserved   int    // moves on their way to it
	leaving    bool   // its present life is about to end
	forgetting bool   // its certificates are being refused; its record goes next
	undrain    bool   // it is to be told that it takes accounts again, should it drain by itself
	drain      *drain // under way, or the newest one; nil = none
	online     bool   // as it was published

	failures    failures  // lately
	fault       string    // why it is given nothing until then; empty if it is not at fault
	faultyUntil time.Time // that
}

func (n *node) draining() bool {
	return n.record.GetDraining() || n.leaving || n.forgetting || n.status.GetDraining()
}

// node returns the row of a worker, making one for a name that was not known.
func (m *master) node(id messages.NodeID) *node {
	n := m.nodes[id]
	if n == nil {
		n = &node{record: &messages.Node{Id: string(id)}, status: &messages.NodeStatus{Worker: string(id)}}
		m.nodes[id] = n
	}
	return n
}

// editNode replaces a worker's record by a changed copy.
func (m *master) editNode(ch *change, n *node, how func(*messages.Node)) {
	record := proto.CloneOf(n.record)
	how(record)
	n.record = record
	ch.put(tableNodes, record.GetId(), record)
	m.news.nodes = true
}

func (m *master) loadNode(r *messages.Put) error {
	record := &messages.Node{}
	if err := proto.Unmarshal(r.GetValue(), record); err != nil {
		return err
	}
	n := m.node(messages.NodeID(r.GetKey()))
	n.record, n.lastSeen = record, time.UnixMilli(record.GetLastSeen())
	n.status = &messages.NodeStatus{Worker: r.GetKey(), Version: record.GetVersion()}
	return nil
}

// onNode takes in a worker's status and settles what differs from the records.
func (m *master) onNode(c actor.Context, msg *messages.NodeStatus, sender *actor.PID) {
	id := messages.NodeID(msg.GetWorker())
	if m.foreign[id] != nil {
		m.Log.Warn("a foreign worker has the name of a node of our own", id.Attr())
	}
	n := m.node(id)
	before, hello := n.record, n.pid == nil
	reborn := before.GetIncarnation() != msg.GetIncarnation()
	n.pid, n.lastSeen = sender, m.Now()
	m.news.nodes = true
	var ch change
	if reborn {
		n.leaving, n.undrain, n.fault, n.faultyUntil = false, false, "", time.Time{}
		m.editNode(&ch, n, func(r *messages.Node) {
			r.Incarnation, r.Folder, r.Boot, r.Version = msg.GetIncarnation(), msg.GetFolder(), msg.GetBoot(), msg.GetVersion()
			r.FirstSeen, r.LastSeen = cmp.Or(r.GetFirstSeen(), m.now()), m.now()
		})
	}
	n.status = n.judged(msg)
	if reborn || hello {
		m.Log.Info("node is here", id.Attr(), "accounts", len(msg.GetRunning()), "max_accounts", msg.GetMaxAccounts(), "new_life", reborn)
	}
	if n.undrain = n.undrain && msg.GetDraining(); n.undrain {
		c.Request(sender, &messages.UndrainWorker{Worker: msg.GetWorker()})
	}
	var proven *string
	if reborn && msg.GetProof() && before.GetFolder() == msg.GetFolder() && before.GetBoot() == msg.GetBoot() {
		proven = &before.Incarnation
	}
	ended := m.takeInventory(c, &ch, n, proven)
	m.judgeDefinitions(c, &ch, n, reborn || hello)
	m.judgeDisk(&ch, n)
	if len(ch.puts) > 0 || reborn || hello {
		m.conclude(c, ch, ended)
	}
}

// takeInventory holds the records against what a worker says it runs, and returns the accounts whose epochs are over by proof. proven is the
// life of the worker of which the present one proves that nothing is left, nil if it proves nothing: never one before that, whose machine
// may have been another.
func (m *master) takeInventory(c actor.Context, ch *change, n *node, proven *string) (ended []*account) {
	id := messages.NodeID(n.status.GetWorker())
	running := map[messages.AccountID]messages.Epoch{}
	for _, h := range n.status.GetRunning() {
		running[messages.AccountID(h.GetAccount())] = messages.Epoch(h.GetEpoch())
	}
	if n.used > 0 {
		for _, a := range m.sortedAccounts() {
			if a.record.GetWorker() != string(id) || a.record.GetEpochOver() {
				continue
			}
			life := a.record.GetWorkerLife()
			gone := proven != nil && life == *proven
			switch epoch, has := running[a.id()]; {
			case has && epoch == a.epoch() && (gone || life == n.record.GetIncarnation()):
				m.adopt(c, ch, a, n)
			case gone:
				m.decided(ch, a, "ended", id, "its node started anew")
				m.epochOver(ch, a, false)
				ended = append(ended, a)
			case life != n.record.GetIncarnation():
				// an earlier life may have left its browser behind: only time ends it, and what this one runs is not covered
			default:
				m.settleMissing(c, a, n)
			}
		}
	}
	for _, account := range slices.Sorted(maps.Keys(running)) {
		m.endStray(c, n, account, running[account])
	}
	return ended
}

// adopt takes an account for running on its worker's word.
func (m *master) adopt(c actor.Context, ch *change, a *account, n *node) {
	a.missing = 0
	if a.record.GetWorkerLife() != n.record.GetIncarnation() {
		m.edit(ch, a, func(r *messages.Account) { r.WorkerLife = n.record.GetIncarnation() })
	}
	if a.assigned {
		return
	}
	if a.sent.IsZero() { // an earlier life of the master gave it
		m.decided(ch, a, "adopted", messages.NodeID(a.record.GetWorker()), "it ran there when the master started")
		m.Log.Info("account adopted", a.id().Attr(), a.epoch().Attr(), "node", a.record.GetWorker())
	}
	m.runs(c, a)
	m.tell(c, a, &messages.ReportStatus{Account: a.record.GetId()})
}

// settleMissing asks a worker for an account that it was given and does not run.
func (m *master) settleMissing(c actor.Context, a *account, n *node) {
	switch {
	case !a.assigned && !a.sent.IsZero(): // on its way there, or lost: it is said again in time
	case a.missing == 0 || a.revocation == nil:
		a.missing = 1
		m.revoke(c, a, "its node does not run it", false)
	default:
		a.missing++
		m.Leases.Uncover(a.id(), a.epoch())
	}
}

// endStray ends what a worker runs and was not given: it missed its end, or a restored backup does not know of it.
func (m *master) endStray(c actor.Context, n *node, id messages.AccountID, epoch messages.Epoch) {
	a := m.accounts[id]
	if a != nil && a.record.GetWorker() == n.record.GetId() && a.epoch() == epoch && !a.record.GetEpochOver() {
		return
	}
	if a != nil && epoch > a.epoch() {
		a.reported = max(a.reported, epoch)
	}
	m.Log.Warn("node runs an account that it was not given", id.Attr(), epoch.Attr(), "node", n.record.GetId())
	c.Request(n.pid, &messages.RevokeAccount{Account: string(id), Epoch: uint64(epoch), Reason: "it was given to nobody, or to another node"})
}

// online says whether a node is alive: it beat, or said how it is, within a lease's time.
func (m *master) online(id messages.NodeID) bool {
	n := m.nodes[id]
	return n != nil && n.pid != nil && (m.Leases.Online(id) || m.Now().Sub(n.lastSeen) < statusFresh)
}

// statusFresh is how long a node's status proves its life; it is said every ten seconds.
const statusFresh = 15 * time.Second

// noteOnline makes news of nodes that came or went without a word.
func (m *master) noteOnline() {
	for id, n := range m.nodes {
		if now := m.online(id); now != n.online {
			n.online = now
			m.news.nodes, m.news.presence = true, true
			if !now && n.pid != nil {
				m.Log.Warn("node is silent", id.Attr(), "accounts", n.used)
			}
		}
	}
}
