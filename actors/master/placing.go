package master

import (
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/cluster/placement"
	"troupe/messages"
)

// Placement: an account that may run and that nobody runs gets a node, a new epoch on disk, and then an
// assignment. An epoch is over only by proof: its worker said so, its lease lapsed, or its node came back
// with the same folder locked and swept.

// onNode takes in a worker's status. A new incarnation with proof ends every epoch of its earlier life.
func (m *master) onNode(c actor.Context, msg *messages.NodeStatus, sender *actor.PID) {
	id := messages.NodeID(msg.GetWorker())
	n := m.nodes[id]
	if m.foreign[id] != nil {
		m.Log.Warn("a foreign worker has the name of a node of our own", id.Attr())
	}
	reborn := n == nil || n.status.GetIncarnation() != msg.GetIncarnation()
	if n == nil {
		n = &node{}
		m.nodes[id] = n
	}
	n.pid, n.status, n.lastSeen = sender, msg, m.Now()
	if reborn && msg.GetProof() {
		m.Leases.Release(id)
		m.endEpochsOf(c, id)
	}
	if reborn {
		m.Log.Info("node is here", id.Attr(), "accounts", msg.GetAccounts(), "max_accounts", msg.GetMaxAccounts())
		m.bringUp(c, sender)
		m.placeAll(c)
	}
	m.news.nodes = true
}

// endEpochsOf marks the epochs over that a node ran before its present incarnation.
func (m *master) endEpochsOf(c actor.Context, id messages.NodeID) {
	var ch change
	for _, a := range m.sortedAccounts() {
		if a.record.GetWorker() == string(id) && !a.record.GetEpochOver() {
			m.epochOver(&ch, a, false)
		}
	}
	if len(ch.puts) > 0 {
		m.persist(c, ch, func() { m.placeAll(c) })
	}
}

// releaseLapsed ends the epochs of workers whose lease is over, with its margin.
func (m *master) releaseLapsed(c actor.Context) {
	var ch change
	for _, lapsed := range m.Leases.Lapsed(m.Clock()) {
		a := m.accounts[lapsed.Account]
		if a == nil || a.record.GetEpoch() != uint64(lapsed.Epoch) || a.record.GetEpochOver() {
			continue
		}
		m.Log.Warn("lease lapsed", a.id().Attr(), lapsed.Worker.Attr())
		m.epochOver(&ch, a, false)
	}
	if len(ch.puts) > 0 {
		m.persist(c, ch, nil)
	}
}

// epochOver notes that nobody runs the account's epoch any more.
func (m *master) epochOver(ch *change, a *account, clean bool) {
	m.Leases.Ended(a.id(), messages.Epoch(a.record.GetEpoch()))
	m.edit(ch, a, func(r *messages.Account) { r.EpochOver, r.ClosedCleanly = true, clean })
	a.running, a.assigned, a.revoking = false, false, false
	a.status = restingStatus(a.record)
	m.settleEpoch(ch, a)
	m.endLoginsOf(ch, a.id(), "the account's node went away")
}

// online says whether a node is alive: it beat, or said how it is, within a lease's time.
func (m *master) online(id messages.NodeID) bool {
	n := m.nodes[id]
	return n != nil && (m.Leases.Online(id) || m.Now().Sub(n.lastSeen) < statusFresh)
}

// statusFresh is how long a node's status proves its life; it is said every ten seconds.
const statusFresh = 15 * time.Second

func (m *master) placeAll(c actor.Context) {
	for _, a := range m.sortedAccounts() {
		m.place(c, a)
	}
}

func (a *account) mayRun() bool {
	r := a.record
	return !a.running && r.GetEpochOver() && !r.GetPaused() && !r.GetParked() && !r.GetRemoving()
}

// place finds a node for an account that may run, and assigns it there.
func (m *master) place(c actor.Context, a *account) {
	if !a.mayRun() {
		return
	}
	if why := m.waitsForOthers(); why != "" {
		m.showWaiting(a, why)
		return
	}
	if a.record.GetForeign() != "" {
		m.placeForeign(c, a)
		return
	}
	wanted := placement.Account{ID: a.id(), Platform: messages.PlatformName(a.record.GetPlatform()), FailedOn: slices.Collect(maps.Keys(a.tried))}
	if a.record.GetClosedCleanly() {
		wanted.Profile = messages.NodeID(a.record.GetWorker())
	}
	chosen, why := placement.Choose(wanted, m.candidates(), messages.NodeID(a.record.GetWorker()))
	if chosen == "" {
		m.showWaiting(a, why)
		return
	}
	usable := a.record.GetClosedCleanly() && a.record.GetWorker() == string(chosen)
	a.running, a.assigned = true, false
	var ch change
	m.edit(&ch, a, func(r *messages.Account) {
		r.Epoch, r.Worker, r.EpochOver, r.ClosedCleanly = uint64(m.nextEpoch(a)), string(chosen), false, false
		r.Abroad = ""
	})
	m.persist(c, ch, func() { m.askKnown(c, a, usable) })
}

// nextEpoch is above every epoch of the account that is on record, and above every one that a worker claims to run: the records may
// have been restored from before it was given out.
func (m *master) nextEpoch(a *account) messages.Epoch {
	return max(messages.Epoch(a.record.GetEpoch()), messages.EpochOf(m.generation, 0), m.Leases.Claimed(a.id())).Next()
}

// showWaiting says why an account that may run does not.
func (m *master) showWaiting(a *account, why string) {
	if a.status.GetReason() != why {
		a.status = restingStatus(a.record)
		a.status.Reason = why
		m.news.account(a.id())
	}
}

func (m *master) candidates() []placement.Node {
	running := map[string]int{}
	for _, a := range m.accounts {
		if a.running {
			running[a.record.GetWorker()]++
		}
	}
	var nodes []placement.Node
	for id, n := range m.nodes {
		node := placement.Node{
			ID: id, Online: m.online(id), Draining: n.status.GetDraining(), Full: n.status.GetFull() != "",
			Accounts: running[string(id)], Capacity: int(n.status.GetMaxAccounts()),
		}
		for _, p := range n.status.GetPlatforms() {
			node.Platforms = append(node.Platforms, messages.PlatformName(p))
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// askKnown fetches what the store holds, so that the new owner knows where to stop, and then assigns.
func (m *master) askKnown(c actor.Context, a *account, usable bool) {
	epoch := a.record.GetEpoch()
	f := c.RequestFuture(m.Store, &messages.KnownItems{Account: a.record.GetId(), Limit: 4000}, appendLimit)
	c.ReenterAfter(f, func(answer any, err error) {
		if !a.running || a.record.GetEpoch() != epoch || m.accounts[a.id()] != a {
			return
		}
		known, ok := answer.(*messages.ItemsKnown)
		if !ok || err != nil {
			known = nil // it looks at everything again then
		}
		n := m.nodes[messages.NodeID(a.record.GetWorker())]
		if n == nil {
			return
		}
		if err := m.Leases.Cover(messages.NodeID(a.record.GetWorker()), a.id(), messages.Epoch(epoch)); err != nil {
			m.Log.Error("account not covered by a lease", a.id().Attr(), "err", err)
			return
		}
		m.Log.Info("account assigned", a.id().Attr(), messages.Epoch(epoch).Attr(), "node", a.record.GetWorker(), "profile_usable", usable)
		a.told = m.upstream(a)
		digest, packed := m.assignedDefinition(a.record.GetPlatform())
		c.Request(n.pid, &messages.AssignAccount{
			Account: a.record, Epoch: epoch, Sealed: a.vault, ProfileUsable: usable, Upstream: a.told,
			Digest: digest, Definition: packed,
			Known: known.GetKnown(), Whole: known.GetWhole(), TraceId: string(messages.NewTrace()),
		})
	})
}

func (m *master) onAssigned(c actor.Context, msg *messages.AccountAssigned) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() {
		return
	}
	if msg.GetRefused() == "" {
		a.assigned = true
		if a.record.GetPaused() || a.record.GetRemoving() {
			m.revoke(c, a, "paused or removed meanwhile", a.record.GetRemoving())
			return
		}
		m.steer(c, []*account{a}) // its proxy may have changed while it was assigned
		return
	}
	m.Log.Warn("node refused an account", a.id().Attr(), "node", a.record.GetWorker(), "reason", msg.GetRefused())
	a.gaveUp(messages.NodeID(a.record.GetWorker()), msg.GetRefused())
	var ch change
	m.epochOver(&ch, a, false)
	m.persist(c, ch, func() { m.afterEpoch(c, a) })
}

// revoke asks the worker to end the account's epoch; AccountRevoked answers.
func (m *master) revoke(c actor.Context, a *account, reason string, erase bool) {
	n := m.holder(a)
	if n == nil || n.pid == nil {
		return
	}
	a.revoking = true
	c.Request(n.pid, &messages.RevokeAccount{Account: a.record.GetId(), Epoch: a.record.GetEpoch(), Reason: reason, Erase: erase})
}

func (m *master) onRevoked(c actor.Context, msg *messages.AccountRevoked) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() || a.record.GetEpochOver() {
		return
	}
	var ch change
	m.epochOver(&ch, a, msg.GetClean())
	m.persist(c, ch, func() { m.afterEpoch(c, a) })
}

// afterEpoch goes on with what waited for the end of an epoch.
func (m *master) afterEpoch(c actor.Context, a *account) {
	if a.record.GetRemoving() {
		m.erase(c, a)
		return
	}
	m.place(c, a)
}

func (a *account) gaveUp(id messages.NodeID, reason string) {
	if a.tried == nil {
		a.tried = map[messages.NodeID]string{}
	}
	a.tried[id] = reason
}

// onFailed parks an account that two nodes gave up, or the only node there is.
func (m *master) onFailed(c actor.Context, msg *messages.AccountFailed) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() {
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
		return // the end of its epoch places it elsewhere
	}
	var ch change
	m.edit(&ch, a, func(r *messages.Account) { r.Parked, r.ParkedReason = true, msg.GetReason() })
	m.raise(&ch, a.id(), string(messages.Parked), msg.GetReason())
	m.Log.Error("account parked", a.id().Attr(), "reason", msg.GetReason())
	m.persist(c, ch, nil)
}

// pid is the address of an account's running actor, or nil.
func (m *master) pid(a *account) *actor.PID {
	n := m.holder(a)
	if !a.running || !a.assigned || n == nil {
		return nil
	}
	if a.isAbroad() {
		return n.pid
	}
	return actor.NewPID(n.pid.Address, messages.AccountPath(messages.PlatformName(a.record.GetPlatform()), a.id(), messages.Epoch(a.record.GetEpoch())))
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

// restingStatus is the status of an account that nobody runs.
func restingStatus(r *messages.Account) *messages.AccountStatus {
	s := &messages.AccountStatus{Account: r.GetId(), Epoch: r.GetEpoch(), State: string(messages.Starting), Profile: r.GetProfile()}
	switch {
	case r.GetParked():
		s.State, s.Reason = string(messages.Parked), r.GetParkedReason()
	case r.GetPaused():
		s.State, s.Reason = string(messages.Paused), r.GetPauseReason()
	}
	return s
}

// onStatus takes in what an account says of itself; alarms follow its state.
func (m *master) onStatus(c actor.Context, msg *messages.AccountStatus) {
	a := m.accounts[messages.AccountID(msg.GetAccount())]
	if a == nil || a.record.GetEpoch() != msg.GetEpoch() || !a.running {
		return
	}
	before := messages.AccountState(a.status.GetState())
	a.status = msg
	m.news.account(a.id())
	state := messages.AccountState(msg.GetState())
	var ch change
	if state != before || (state.NeedsPerson() && !m.alarmed(a, state)) {
		m.followState(&ch, a, before, msg)
	}
	if p := msg.GetProfile(); p != nil && !sameProfile(p, a.record.GetProfile()) {
		m.edit(&ch, a, func(r *messages.Account) { takeProfile(r, p) })
	}
	if len(ch.puts) > 0 {
		m.persist(c, ch, nil)
	}
	if state == messages.Watching {
		a.tried = nil
		m.dispatch(c, a.id())
	}
}

// followState raises and clears alarms and keeps the durable login word.
func (m *master) followState(ch *change, a *account, before messages.AccountState, status *messages.AccountStatus) {
	state, reason := messages.AccountState(status.GetState()), status.GetReason()
	p := m.proxies[a.record.GetProxy()]
	switch {
	case state == messages.Watching:
		m.clearAlarms(ch, a.id())
		if before == messages.ProxyDown {
			m.clearProxyAlarm(ch, p.GetId())
		}
		m.setLogin(ch, a, isLoggedIn)
	case state == messages.LoggedOut:
		m.clearAlarmsBut(ch, a.id(), string(state))
		if a.record.GetLoggedIn() || a.record.GetLastLoginTime() > 0 {
			m.raise(ch, a.id(), string(state), reason)
		}
		m.setLogin(ch, a, notLoggedIn)
	case state == messages.LoggingIn:
		m.setLogin(ch, a, isLoggingIn)
	case state == messages.ProxyDown && p != nil: // one alarm stands for all accounts of the proxy
		m.clearAlarms(ch, a.id())
		m.raiseProxy(ch, p, reason)
	case state.NeedsPerson():
		m.clearAlarmsBut(ch, a.id(), string(state))
		m.raise(ch, a.id(), string(state), reason)
	}
}

func (m *master) setLogin(ch *change, a *account, word string) {
	if a.record.GetLoginStatus() == word {
		return
	}
	m.edit(ch, a, func(r *messages.Account) {
		r.LoginStatus = word
		if word == isLoggedIn || word == notLoggedIn {
			r.LoggedIn = word == isLoggedIn
		}
	})
}
