package master

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// Epochs. One is given out on disk before anybody is told, and it is over only by proof: its worker said so, its lease lapsed, or its
// node came back with the same folder locked and swept.
//
//	          give: epoch on disk                 AccountAssigned, or the node's inventory
//	resting ──────────────────────▶ sent ─────────────────────────────────────────────▶ running
//	   ▲                             │ refused                                              │ pause, move, drain, removal
//	   │                             ▼                                                      ▼
//	   └──────────────────── over, on disk ◀── AccountRevoked, lapse, proof ─────────── revoking
//
// What is sent and not answered is said again; a revoke that is not answered for long is followed by taking the cover away.

const (
	assignAgain  = 10 * time.Second
	revokeAgain  = 5 * time.Second
	revokeForces = 20 * time.Second // an account ends by itself within fifteen
)

func (a *account) epoch() messages.Epoch { return messages.Epoch(a.record.GetEpoch()) }

// nextEpoch is above every epoch of the account that is on record, and above every one that a worker claims to run: the records may
// have been restored from before it was given out.
func (m *master) nextEpoch(a *account) messages.Epoch {
	return max(a.epoch(), a.reported, messages.EpochOf(m.generation, 0), m.Leases.Claimed(a.id())).Next()
}

// give begins an epoch of an account on a node. It is sent once it is on disk.
func (m *master) give(ch *change, a *account, id messages.NodeID) {
	n := m.node(id)
	next := m.nextEpoch(a)
	m.edit(ch, a, func(r *messages.Account) {
		r.Epoch, r.Worker, r.WorkerLife, r.EpochOver, r.ClosedCleanly = uint64(next), string(id), n.record.GetIncarnation(), false, false
		r.Abroad = ""
	})
	a.running, a.assigned, a.revocation, a.missing, a.sent = true, false, nil, 0, m.Now()
	n.used++
}

// runs notes that an account's worker has taken it up.
func (m *master) runs(c actor.Context, a *account) {
	a.assigned, a.missing, a.refusals, a.shunned = true, 0, 0, nil
	m.news.account(a.id())
	switch {
	case a.record.GetRemoving():
		m.revoke(c, a, "removed", true)
	case a.record.GetPaused(), a.record.GetParked(), a.record.GetForeign() != "" && !a.isAbroad():
		m.revoke(c, a, "paused, or pinned elsewhere, meanwhile", false)
	default:
		m.steer(c, []*account{a}) // its proxy may have changed while it was assigned
		m.arrived(c, a)
	}
}

// epochOver notes that nobody runs the account's epoch any more.
func (m *master) epochOver(ch *change, a *account, clean bool) {
	if n := m.nodes[messages.NodeID(a.record.GetWorker())]; n != nil && !a.record.GetEpochOver() && n.used > 0 {
		n.used--
	}
	m.Leases.Ended(a.id(), a.epoch())
	m.edit(ch, a, func(r *messages.Account) { r.EpochOver, r.ClosedCleanly = true, clean })
	a.running, a.assigned, a.revocation, a.missing, a.sent = false, false, nil, 0, time.Time{}
	a.status = restingStatus(a.record)
	m.settleEpoch(ch, a)
	m.endLoginsOf(ch, a.id(), "the account's node went away")
}

// conclude makes a change durable in which epochs ended, and goes on with what waited for their end: the next epochs are part of it.
func (m *master) conclude(c actor.Context, ch change, ended []*account) {
	var given []*account
	s := m.survey()
	for _, a := range ended {
		if m.choose(&ch, a, s) {
			given = append(given, a)
		}
	}
	epochs := epochsOf(given)
	if len(ch.puts) == 0 {
		m.placeAll(c)
		return
	}
	m.persist(c, ch, func() {
		for i, a := range given {
			m.assign(c, a, epochs[i])
		}
		for _, a := range ended {
			switch {
			case a.record.GetRemoving():
				m.erase(c, a)
			case a.record.GetForeign() != "":
				m.place(c, a)
			}
		}
		m.placeAll(c)
	})
}

// releaseLapsed ends the epochs of workers whose lease is over, with its margin.
func (m *master) releaseLapsed(c actor.Context) {
	var ch change
	var ended []*account
	for _, lapsed := range m.Leases.Lapsed(m.Clock()) {
		a := m.accounts[lapsed.Account]
		if a == nil || a.epoch() != lapsed.Epoch || a.record.GetEpochOver() {
			continue
		}
		m.Log.Warn("lease lapsed", a.id().Attr(), lapsed.Worker.Attr())
		m.decided(&ch, a, "lapsed", lapsed.Worker, "its node was not heard for a lease's time, or its gate stayed shut")
		a.shun(lapsed.Worker)
		m.epochOver(&ch, a, false)
		ended = append(ended, a)
	}
	if len(ended) > 0 {
		m.conclude(c, ch, ended)
	}
}

// revocation is an epoch that its worker was asked to end.
type revocation struct {
	reason string
	erase  bool
	since  time.Time
	asked  time.Time // last
}

// revoke asks the worker to end the account's epoch; AccountRevoked answers. It is asked again until it does.
func (m *master) revoke(c actor.Context, a *account, reason string, erase bool) {
	if a.revocation == nil {
		a.revocation = &revocation{since: m.Now()}
	}
	a.revocation.reason, a.revocation.erase = reason, a.revocation.erase || erase
	m.askRevoke(c, a)
}

func (m *master) askRevoke(c actor.Context, a *account) {
	r := a.revocation
	r.asked = m.Now()
	if n := m.holder(a); n != nil && n.pid != nil {
		c.Request(n.pid, &messages.RevokeAccount{Account: a.record.GetId(), Epoch: a.record.GetEpoch(), Reason: r.reason, Erase: r.erase})
	}
}

// sayAgain repeats what a worker has not answered. Nothing of it changes what was decided.
func (m *master) sayAgain(c actor.Context) {
	now := m.Now()
	for _, a := range m.sortedAccounts() {
		switch r := a.revocation; {
		case !a.running || a.isAbroad():
		case r != nil && now.Sub(r.asked) >= revokeAgain:
			if now.Sub(r.since) >= revokeForces {
				m.Leases.Uncover(a.id(), a.epoch())
			}
			m.askRevoke(c, a)
		case r == nil && !a.assigned && !a.sent.IsZero() && now.Sub(a.sent) >= assignAgain:
			a.sent = now
			m.assign(c, a, a.record.GetEpoch())
		}
	}
}

// mayTell says whether a worker's word on the account's epoch counts: only of the life that was given it, or took it up with proof. A later
// life does not know what an earlier one left behind. Foreign workers have a connection instead.
func (a *account) mayTell(incarnation string) bool {
	return !a.record.GetEpochOver() && (a.isAbroad() || incarnation == a.record.GetWorkerLife())
}

func (m *master) onRevoked(c actor.Context, msg *messages.AccountRevoked) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() || !a.mayTell(msg.GetIncarnation()) {
		return
	}
	var ch change
	if a.move == nil {
		reason := "its node ended it"
		if a.revocation != nil {
			reason = a.revocation.reason
		}
		m.decided(&ch, a, "ended", messages.NodeID(a.record.GetWorker()), reason)
	}
	m.epochOver(&ch, a, msg.GetClean())
	m.conclude(c, ch, []*account{a})
}
