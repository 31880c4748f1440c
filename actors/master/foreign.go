package master

import (
	"fmt"
	"regexp"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// Foreign workers: programs of another make (Node workers) that the gateway speaks for. They beat no lease and have no gate, so
// nothing fences what they do: P1 does not cover them. Hence the two rules of this file:
//
//   - A foreign worker gets an account only where an operator pinned it, and only after the epoch on our own nodes is over by proof. It
//     is never moved: while its worker is away it waits.
//   - Nobody can prove that a foreign worker let an account go. So one that is taken away from it is paused, until a person says, by
//     resuming it, that it has stopped there.
//
// An epoch of a foreign worker lasts as long as its connection. It orders observations and tells what becomes of replies: one that was
// handed out is unknown when the connection ends, and is never handed out again; the worker's word, whenever it comes, is evidence.

// strandedFor is how long an account waits for its foreign worker before a person is told.
const strandedFor = time.Minute

// alarmWorkerGone is the alarm of an account whose foreign worker does not come back.
const alarmWorkerGone = "worker_gone"

var workerForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// isAbroad says whether a foreign worker has the account's running epoch.
func (a *account) isAbroad() bool {
	return a.running && a.record.GetWorker() == "" && a.record.GetAbroad() != ""
}

// holder is the worker that has the account's newest epoch, ours or foreign; nil when it is not known any more.
func (m *master) holder(a *account) *node {
	if a.isAbroad() {
		return m.foreign[messages.NodeID(a.record.GetAbroad())]
	}
	return m.nodes[messages.NodeID(a.record.GetWorker())]
}

// held says whether the worker that has the account is alive.
func (m *master) held(a *account) bool {
	if a.isAbroad() {
		return m.foreignOnline(messages.NodeID(a.record.GetAbroad()))
	}
	return m.online(messages.NodeID(a.record.GetWorker()))
}

func (m *master) foreignOnline(id messages.NodeID) bool {
	n := m.foreign[id]
	return n != nil && n.pid != nil && m.Now().Sub(n.lastSeen) < statusFresh
}

// canReply says whether the account's worker has a way to send such a reply. A foreign worker says so itself, when it is asked.
func (a *account) canReply(p *Platform, kind messages.ReplyKind) bool {
	if a.record.GetForeign() != "" {
		return kind != messages.ReplyKind_REPLY_UNKNOWN
	}
	return p != nil && p.CanReply[kind]
}

// unfitForeign says why no account can be pinned to a worker of that name; empty = it can.
func (m *master) unfitForeign(worker string) string {
	switch {
	case !workerForm.MatchString(worker):
		return "the name of a Node worker has 1 to 64 letters, digits, dots, _ or -"
	case m.nodes[messages.NodeID(worker)] != nil:
		return fmt.Sprintf("%s is a node of troupe's own, which gets its accounts by itself; only Node workers are pinned to", worker)
	}
	return ""
}

// onPin hands an account to a foreign worker, or takes it back.
func (m *master) onPin(c actor.Context, msg *messages.PinAccount, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	worker := msg.GetWorker()
	if worker == a.record.GetForeign() {
		answerDone(c, sender, a)
		return
	}
	if worker != "" {
		if why := m.unfitForeign(worker); why != "" {
			refuse(c, sender, "invalid", why)
			return
		}
	}
	var ch change
	before, ran := a.epoch(), a.running
	m.edit(&ch, a, func(r *messages.Account) {
		r.Foreign = worker
		if had := r.GetAbroad(); had != "" && had != worker {
			r.Paused = true
			r.PauseReason = fmt.Sprintf("Node worker %s had it: make sure that it has stopped there, then resume", had)
		}
	})
	m.clearAlarms(&ch, a.id())
	a.tried, a.stranded = nil, time.Time{}
	m.persist(c, ch, func() {
		m.Log.Info("account pinned", a.id().Attr(), "node", worker)
		switch {
		case a.running && ran && a.epoch() == before:
			m.revoke(c, a, "pinned elsewhere", false)
		case a.running: // it was given out meanwhile, to where it is pinned now
		default:
			a.status = restingStatus(a.record)
			m.news.account(a.id())
			m.place(c, a)
		}
		answerDone(c, sender, a)
	})
}

// onRegisterForeign takes in a foreign worker's new connection. What it had under an earlier one is over.
func (m *master) onRegisterForeign(c actor.Context, msg *messages.RegisterForeign, sender *actor.PID) {
	id := messages.NodeID(msg.GetStatus().GetWorker())
	if why := m.unfitForeign(string(id)); why != "" {
		refuse(c, sender, "conflict", why)
		return
	}
	m.foreign[id] = &node{pid: sender, status: msg.GetStatus(), lastSeen: m.Now()}
	m.news.nodes = true
	var ch change
	var given []*account
	for _, a := range m.sortedAccounts() {
		if a.isAbroad() && a.record.GetAbroad() == string(id) {
			m.epochOver(&ch, a, false)
		}
		if a.record.GetForeign() == string(id) && a.mayRun() {
			m.handOut(&ch, a)
			given = append(given, a)
		}
	}
	epochs := epochsOf(given)
	m.persist(c, ch, func() {
		m.Log.Info("foreign worker is here, it is not fenced", id.Attr(), "accounts", len(given))
		answer := &messages.ForeignRegistered{}
		for i, a := range given {
			if a.running && a.record.GetEpoch() == epochs[i] {
				answer.Assignments = append(answer.Assignments, m.foreignAssignment(a))
			}
		}
		c.Request(sender, answer)
	})
}

func epochsOf(accounts []*account) []uint64 {
	epochs := make([]uint64, len(accounts))
	for i, a := range accounts {
		epochs[i] = a.record.GetEpoch()
	}
	return epochs
}

// onForeignStatus is a foreign worker's sign of life; one of an earlier connection says nothing.
func (m *master) onForeignStatus(msg *messages.NodeStatus) {
	n := m.foreign[messages.NodeID(msg.GetWorker())]
	if n == nil || n.status.GetIncarnation() != msg.GetIncarnation() {
		return
	}
	n.status, n.lastSeen = msg, m.Now()
	m.news.nodes = true
}

// onForeignGone ends the epochs of a foreign worker's connection. The worker may well go on: nothing fences it.
func (m *master) onForeignGone(c actor.Context, msg *messages.ForeignGone) {
	id := messages.NodeID(msg.GetWorker())
	n := m.foreign[id]
	if n == nil || n.status.GetIncarnation() != msg.GetIncarnation() {
		return
	}
	m.Log.Warn("foreign worker is gone", id.Attr())
	n.pid = nil
	m.news.nodes = true
	var ch change
	var ended []*account
	pinned := false
	for _, a := range m.sortedAccounts() {
		pinned = pinned || a.record.GetForeign() == string(id)
		if a.isAbroad() && a.record.GetAbroad() == string(id) {
			m.epochOver(&ch, a, false)
			ended = append(ended, a)
		}
	}
	if !pinned {
		delete(m.foreign, id)
	}
	if len(ended) == 0 {
		return
	}
	m.conclude(c, ch, ended)
}

// placeForeign gives an account to the worker that it is pinned to, if that is connected.
func (m *master) placeForeign(c actor.Context, a *account) {
	if why := m.waitsForOthers(); why != "" {
		m.waits(a, why)
		return
	}
	id := messages.NodeID(a.record.GetForeign())
	n := m.foreign[id]
	if n == nil || n.pid == nil {
		m.strand(c, a, fmt.Sprintf("Node worker %s, which it is pinned to, is not connected", id))
		return
	}
	var ch change
	m.handOut(&ch, a)
	epoch, to := a.record.GetEpoch(), n.pid
	m.persist(c, ch, func() {
		if a.running && a.record.GetEpoch() == epoch {
			c.Request(to, m.foreignAssignment(a))
		}
	})
}

// strand says of an account that its foreign worker is away, and after a while tells a person.
func (m *master) strand(c actor.Context, a *account, why string) {
	if a.status.GetReason() != why {
		a.status = restingStatus(a.record)
		a.status.Reason = why
		m.news.account(a.id())
	}
	switch now := m.Now(); {
	case a.stranded.IsZero():
		a.stranded = now
	case now.Sub(a.stranded) >= strandedFor && m.alarms[alarmKey(a.id(), alarmWorkerGone)] == nil:
		var ch change
		m.raise(&ch, a.id(), alarmWorkerGone, why)
		m.persist(c, ch, nil)
	}
}

// handOut begins a foreign worker's epoch of an account. From now on it counts as abroad.
func (m *master) handOut(ch *change, a *account) {
	a.running, a.assigned, a.stranded = true, false, time.Time{}
	m.edit(ch, a, func(r *messages.Account) {
		r.Epoch, r.Worker, r.EpochOver, r.ClosedCleanly = uint64(m.nextEpoch(a)), "", false, false
		r.Abroad = r.GetForeign()
	})
	a.status = restingStatus(a.record)
	m.clearAlarm(ch, alarmKey(a.id(), alarmWorkerGone))
}

func (m *master) foreignAssignment(a *account) *messages.AssignAccount {
	a.told = m.upstream(a)
	given := &messages.AssignAccount{
		Account: a.record, Epoch: a.record.GetEpoch(), Upstream: a.told, TraceId: string(messages.NewTrace()),
	}
	if a.record.GetLoginBrought() {
		given.Sealed = a.vault
	}
	return given
}

// loginGiven notes that a foreign worker was given an imported login: it keeps it by itself from now on, and must not fall back to it.
func (m *master) loginGiven(c actor.Context, a *account) {
	if !a.isAbroad() || !a.record.GetLoginBrought() {
		return
	}
	var ch change
	m.edit(&ch, a, func(r *messages.Account) { r.LoginBrought = false })
	m.persist(c, ch, nil)
}

// endForeignEpochs ends, at the start, what foreign workers had: their connections ended with the process.
func (m *master) endForeignEpochs(ch *change) {
	for _, a := range m.sortedAccounts() {
		if a.record.GetAbroad() != "" && a.record.GetWorker() == "" && !a.record.GetEpochOver() {
			m.edit(ch, a, func(r *messages.Account) { r.EpochOver = true })
			a.status = restingStatus(a.record)
		}
	}
}
