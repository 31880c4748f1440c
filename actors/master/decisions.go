package master

import (
	"slices"

	"troupe/messages"
)

// decisionsKept is how many decisions of an account are remembered; the newest one is in its record, too.
const decisionsKept = 20

// decided notes a decision about where an account runs, durably.
func (m *master) decided(ch *change, a *account, what string, worker messages.NodeID, reason string) {
	d := &messages.Decision{At: m.now(), What: what, Worker: string(worker), Epoch: a.record.GetEpoch(), Reason: reason}
	m.edit(ch, a, func(r *messages.Account) { r.Decision = d })
	m.noted(a, d)
}

// noted remembers a decision. The list is shared with the board: it is replaced, never changed.
func (m *master) noted(a *account, d *messages.Decision) {
	m.Log.Debug("placement decided", a.id().Attr(), "what", d.GetWhat(), "node", d.GetWorker(), "reason", d.GetReason())
	kept := a.decisions[max(0, len(a.decisions)+1-decisionsKept):]
	a.decisions = append(slices.Clone(kept), d)
	m.news.account(a.id())
}
