package master

import (
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/cluster/placement"
	"troupe/messages"
)

// Placing: an account that may run and that nobody runs gets a node, a new epoch on disk, and then an assignment. Which node is said by
// placement, which is pure; what is done about it stands here.

const (
	// homecoming is how long after its start the master waits for the node that an account was on before it chooses another.
	homecoming = 15 * time.Second
	// restMost bounds the pause of an account that was refused again and again.
	restMost = time.Minute
)

// survey is what one pass of placing knows of the nodes. It counts what the pass gives out.
type survey struct {
	nodes []placement.Node
	none  map[messages.PlatformName]string // why no node takes an account of that platform
}

func (m *master) survey() *survey {
	s := &survey{none: map[messages.PlatformName]string{}}
	for id, n := range m.nodes {
		node := placement.Node{
			ID: id, Online: m.online(id), Draining: n.draining(), Full: n.status.GetFull() != "",
			Accounts: n.used + n.reserved, Capacity: int(n.status.GetMaxAccounts()),
		}
		if fresh, known := m.Leases.Fresh(id); known && !fresh {
			node.Online = false
		}
		for _, p := range n.status.GetPlatforms() {
			node.Platforms = append(node.Platforms, messages.PlatformName(p))
		}
		s.nodes = append(s.nodes, node)
	}
	return s
}

func (s *survey) add(id messages.NodeID, accounts int) {
	for i := range s.nodes {
		if s.nodes[i].ID == id {
			s.nodes[i].Accounts += accounts
		}
	}
}

func (a *account) mayRun() bool { return !a.running && a.record.GetEpochOver() && a.wanted() }

// wanted says whether somebody should run the account.
func (a *account) wanted() bool {
	return !a.record.GetPaused() && !a.record.GetParked() && !a.record.GetRemoving()
}

// placeAll places every account that may run, in one durable change.
func (m *master) placeAll(c actor.Context) {
	var ch change
	var given []*account
	s := m.survey()
	for _, a := range m.sortedAccounts() {
		switch {
		case !a.mayRun():
		case a.record.GetForeign() != "":
			m.placeForeign(c, a)
		case m.choose(&ch, a, s):
			given = append(given, a)
		}
	}
	m.hand(c, ch, given)
}

// place finds a node for an account that may run, and assigns it there.
func (m *master) place(c actor.Context, a *account) {
	if !a.mayRun() {
		return
	}
	if a.record.GetForeign() != "" {
		m.placeForeign(c, a)
		return
	}
	var ch change
	if m.choose(&ch, a, m.survey()) {
		m.hand(c, ch, []*account{a})
	}
}

// hand makes epochs durable and then sends the accounts to their nodes.
func (m *master) hand(c actor.Context, ch change, given []*account) {
	if len(given) == 0 {
		return
	}
	epochs := epochsOf(given)
	m.persist(c, ch, func() {
		for i, a := range given {
			m.assign(c, a, epochs[i])
		}
	})
}

// choose gives an account that may run to a node, and says whether there was one.
func (m *master) choose(ch *change, a *account, s *survey) bool {
	if !a.mayRun() || a.record.GetForeign() != "" {
		return false
	}
	platform := messages.PlatformName(a.record.GetPlatform())
	why := s.none[platform]
	if held := m.notYet(a); held != "" {
		why = held
	}
	if why != "" {
		m.waits(a, why)
		return false
	}
	m.unreserve(a, s)
	chosen, why := placement.Choose(m.placeable(a), s.nodes, messages.NodeID(a.record.GetWorker()))
	if chosen == "" {
		s.none[platform] = why
		m.waits(a, why)
		return false
	}
	a.usable = a.record.GetClosedCleanly() && a.record.GetWorker() == string(chosen)
	m.give(ch, a, chosen)
	m.decided(ch, a, "assigned", chosen, why)
	s.add(chosen, 1)
	return true
}

// placeable is what placement must know of an account.
func (m *master) placeable(a *account) placement.Account {
	w := placement.Account{ID: a.id(), Platform: messages.PlatformName(a.record.GetPlatform()), FailedOn: slices.Collect(maps.Keys(a.tried))}
	w.FailedOn = slices.AppendSeq(w.FailedOn, maps.Keys(a.shunned))
	if a.move != nil {
		w.Chosen = a.move.to
	}
	if a.record.GetClosedCleanly() {
		w.Profile = messages.NodeID(a.record.GetWorker())
	}
	return w
}

// notYet says what an account waits for although there may be room for it; empty = nothing.
func (m *master) notYet(a *account) string {
	switch {
	case m.restored:
		return m.waitsForOthers()
	case m.Now().Before(a.restUntil):
		return "nodes refused it; it is tried again in a moment"
	case m.Clock()-m.began < homecoming && m.comesHome(a):
		return "the master has just started: waiting for node " + a.record.GetWorker()
	}
	return ""
}

// comesHome says whether an account's last node is known and has not come yet.
func (m *master) comesHome(a *account) bool {
	n := m.nodes[messages.NodeID(a.record.GetWorker())]
	return n != nil && n.pid == nil && !n.draining()
}

// waits says of an account that nobody runs why that is so.
func (m *master) waits(a *account, why string) {
	if a.status.GetReason() == why {
		return
	}
	a.status = restingStatus(a.record)
	a.status.Reason = why
	m.news.account(a.id())
	m.noted(a, &messages.Decision{At: m.now(), What: "waiting", Epoch: a.record.GetEpoch(), Reason: why})
}

// assign fetches what the store holds, so that the new owner knows where to stop, covers the pair by a lease and sends it. Said again, it is
// the same assignment.
func (m *master) assign(c actor.Context, a *account, epoch uint64) {
	f := c.RequestFuture(m.Store, &messages.KnownItems{Account: a.record.GetId(), Limit: 4000}, appendLimit)
	c.ReenterAfter(f, func(answer any, err error) {
		if !a.running || a.record.GetEpoch() != epoch || m.accounts[a.id()] != a || a.revocation != nil {
			return
		}
		known, ok := answer.(*messages.ItemsKnown)
		if !ok || err != nil {
			known = nil // it looks at everything again then
		}
		n := m.nodes[messages.NodeID(a.record.GetWorker())]
		if n == nil || n.pid == nil {
			return
		}
		if err := m.Leases.Cover(messages.NodeID(a.record.GetWorker()), a.id(), messages.Epoch(epoch)); err != nil {
			m.Log.Error("account not covered by a lease", a.id().Attr(), "err", err)
			return
		}
		m.Log.Info("account assigned", a.id().Attr(), messages.Epoch(epoch).Attr(), "node", a.record.GetWorker(), "profile_usable", a.usable)
		a.told, a.steered = m.upstream(a), m.Now()
		digest, packed := m.assignedDefinition(a.record.GetPlatform())
		c.Request(n.pid, &messages.AssignAccount{
			Account: a.record, Epoch: epoch, Sealed: a.vault, ProfileUsable: a.usable, Upstream: a.told,
			Digest: digest, Definition: packed,
			Known: known.GetKnown(), Whole: known.GetWhole(), TraceId: string(messages.NewTrace()),
		})
	})
}

func (m *master) onAssigned(c actor.Context, msg *messages.AccountAssigned) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() || !a.mayTell(msg.GetIncarnation()) {
		return
	}
	if msg.GetRefused() == "" {
		m.loginGiven(c, a)
		m.runs(c, a)
		return
	}
	worker := messages.NodeID(a.record.GetWorker())
	m.Log.Warn("node refused an account", a.id().Attr(), "node", string(worker), "reason", msg.GetRefused())
	a.shun(worker)
	if a.refusals++; a.refusals > 1 {
		a.restUntil = m.Now().Add(min(restMost, time.Second<<min(a.refusals, 6)))
	}
	var ch change
	m.decided(&ch, a, "refused", worker, msg.GetRefused())
	m.epochOver(&ch, a, false)
	m.conclude(c, ch, []*account{a})
}

// shun makes every other node that can take the account come before this one, until it runs somewhere.
func (a *account) shun(id messages.NodeID) {
	if a.shunned == nil {
		a.shunned = map[messages.NodeID]bool{}
	}
	a.shunned[id] = true
}

func (a *account) gaveUp(id messages.NodeID, reason string) {
	if a.tried == nil {
		a.tried = map[messages.NodeID]string{}
	}
	a.tried[id] = reason
}

// onFailed parks an account that two nodes gave up, or the only node there is, unless the node is at fault.
func (m *master) onFailed(c actor.Context, msg *messages.AccountFailed) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() || a.record.GetEpochOver() {
		return
	}
	var ch change
	m.decided(&ch, a, "failed", messages.NodeID(a.record.GetWorker()), msg.GetReason())
	if n := m.node(messages.NodeID(a.record.GetWorker())); n.blame(a.id(), m.Now()) {
		m.distrust(c, &ch, n, msg.GetReason())
		return
	}
	a.gaveUp(messages.NodeID(a.record.GetWorker()), msg.GetReason())
	others := 0
	for id := range m.nodes {
		if _, tried := a.tried[id]; !tried && m.online(id) {
			others++
		}
	}
	if len(a.tried) < 2 && others > 0 {
		m.persist(c, ch, nil) // the end of its epoch places it elsewhere
		return
	}
	m.edit(&ch, a, func(r *messages.Account) { r.Parked, r.ParkedReason = true, msg.GetReason() })
	m.raise(&ch, a.id(), string(messages.Parked), msg.GetReason())
	m.Log.Error("account parked", a.id().Attr(), "reason", msg.GetReason())
	m.persist(c, ch, nil)
}

// pid is the address of an account's running actor, or nil.
func (m *master) pid(a *account) *actor.PID {
	n := m.holder(a)
	if !a.running || !a.assigned || n == nil || n.pid == nil {
		return nil
	}
	if a.isAbroad() {
		return n.pid
	}
	return actor.NewPID(n.pid.Address, messages.AccountPath(messages.PlatformName(a.record.GetPlatform()), a.id(), a.epoch()))
}

// tell sends to an account's running actor, if there is one.
func (m *master) tell(c actor.Context, a *account, message any) bool {
	pid := m.pid(a)
	if pid == nil {
		return false
	}
	c.Send(pid, message)
	return true
}
