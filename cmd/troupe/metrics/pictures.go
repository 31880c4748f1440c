package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"troupe/actors/master/board"
	"troupe/messages"
)

// pictures are the numbers that the master's and the store's pictures hold.
type pictures struct {
	Office

	mu   sync.Mutex // of tally
	runs map[messages.AccountID]run
	done run // of all accounts since the node's start
}

// run is how far an account has come under one epoch.
type run struct {
	epoch         uint64
	rounds, items int64
}

func newPictures(o Office) *pictures { return &pictures{Office: o, runs: map[messages.AccountID]run{}} }

var (
	nodes        = gauge("troupe_nodes", "Nodes that the master knows.", "state")
	nodeOnline   = gauge("troupe_node_online", "1 while the node beats.", "node")
	nodeBeat     = gauge("troupe_node_last_beat_timestamp_seconds", "When the master heard of the node last.", "node")
	nodeAccounts = gauge("troupe_node_accounts", "Accounts that run on the node.", "node")
	nodeSlots    = gauge("troupe_node_account_slots", "Accounts that the node takes at most.", "node")
	nodeBrowsers = gauge("troupe_node_browsers", "Chromiums that run on the node.", "node")
	nodeMemory   = gauge("troupe_node_browser_memory_bytes", "Memory that the node's Chromiums have for themselves (USS).", "node")
	nodePending  = gauge("troupe_node_observations_pending", "Observations of the node that the store has not acknowledged yet.", "node")

	accounts   = gauge("troupe_accounts", "Accounts, by what they do.", "state")
	leased     = gauge("troupe_accounts_leased", "Accounts whose worker holds a lease.")
	gatesOpen  = gauge("troupe_accounts_gate_open", "Accounts whose gate lets traffic out.")
	rounds     = counter("troupe_rounds_total", "Collecting rounds that ended, of all accounts, as far as this node saw them.")
	changed    = counter("troupe_items_observed_total", "New and changed items that accounts sent to the store, as far as this node saw them.")
	items      = gauge("troupe_items", "Items that the store holds.", "collection")
	unread     = gauge("troupe_unread", "Items that nobody has read yet.", "kind")
	loading    = gauge("troupe_store_loading_accounts", "Accounts whose items are still being read from disk.")
	replies    = gauge("troupe_replies", "Replies of the last seven days, by how they stand or ended.", "state")
	alarms     = gauge("troupe_alarms_open", "Alarms that a person should look at, by name.", "alarm")
	loginQueue = gauge("troupe_logins_waiting", "Accounts in the login queue.")
)

var all = []number{
	nodes, nodeOnline, nodeBeat, nodeAccounts, nodeSlots, nodeBrowsers, nodeMemory, nodePending,
	accounts, leased, gatesOpen, rounds, changed, items, unread, loading, replies, alarms, loginQueue,
}

// accountStates and replyStates are told even where there is none, so that an alert can rest on them.
var (
	accountStates = []messages.AccountState{
		messages.Starting, messages.Watching, messages.LoggingIn, messages.LoggedOut, messages.Challenge, messages.PageChanged,
		messages.RateLimited, messages.ProxyDown, messages.Paused, messages.Draining, messages.Parked,
	}
	replyStates = []string{
		messages.ReplyAcceptedState, messages.ReplyAssignedState, messages.ReplyDispatchingState,
		messages.ReplyConfirmedState, messages.ReplyFailedState, messages.ReplyUnknownState,
	}
)

// Describe implements prometheus.Collector.
func (c *pictures) Describe(out chan<- *prometheus.Desc) {
	for _, n := range all {
		out <- n.desc
	}
}

// Collect implements prometheus.Collector.
func (c *pictures) Collect(out chan<- prometheus.Metric) {
	b := c.Board.Load()
	c.collectNodes(b, out)
	c.collectAccounts(b, out)
	c.collectHeld(out)
	states := map[string]int{}
	for _, r := range b.Replies {
		states[r.GetState()]++
	}
	for _, state := range replyStates {
		out <- replies.of(float64(states[state]), state)
	}
	open := map[string]int{}
	for _, a := range b.Alarms {
		if a.GetClearedAt() == 0 {
			open[a.GetName()]++
		}
	}
	for name, n := range open {
		out <- alarms.of(float64(n), name)
	}
	out <- loginQueue.of(float64(len(b.Queue.Waiting)))
}

func (c *pictures) collectNodes(b *board.Board, out chan<- prometheus.Metric) {
	online := 0
	for _, n := range b.Nodes {
		s := n.Status
		if n.Online {
			online++
		}
		out <- nodeOnline.of(yes(n.Online), s.GetWorker())
		out <- nodeBeat.of(float64(n.LastBeat)/1000, s.GetWorker())
		out <- nodeAccounts.of(float64(s.GetAccounts()), s.GetWorker())
		out <- nodeSlots.of(float64(s.GetMaxAccounts()), s.GetWorker())
		out <- nodeBrowsers.of(float64(s.GetBrowsers()), s.GetWorker())
		out <- nodeMemory.of(float64(s.GetBrowserMemory()), s.GetWorker())
		out <- nodePending.of(float64(s.GetPendingItems()), s.GetWorker())
	}
	out <- nodes.of(float64(online), "online")
	out <- nodes.of(float64(len(b.Nodes)-online), "offline")
}

func (c *pictures) collectAccounts(b *board.Board, out chan<- prometheus.Metric) {
	states, held, open := map[messages.AccountState]int{}, 0, 0
	for _, a := range b.Accounts {
		states[messages.AccountState(a.Status.GetState())]++
		if a.Online {
			held++
		}
		if a.Status.GetGateOpen() {
			open++
		}
	}
	for _, state := range accountStates {
		out <- accounts.of(float64(states[state]), string(state))
	}
	done := c.tally(b)
	out <- leased.of(float64(held))
	out <- gatesOpen.of(float64(open))
	out <- rounds.of(float64(done.rounds))
	out <- changed.of(float64(done.items))
}

// tally adds what accounts did since the last look: they count anew with each epoch.
func (c *pictures) tally(b *board.Board) run {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := make(map[messages.AccountID]run, len(b.Accounts))
	for _, a := range b.Accounts {
		r := run{a.Status.GetEpoch(), a.Status.GetRounds(), a.Status.GetItems()}
		before := c.runs[a.ID()]
		if before.epoch != r.epoch {
			before = run{}
		}
		c.done.rounds += max(r.rounds-before.rounds, 0)
		c.done.items += max(r.items-before.items, 0)
		now[a.ID()] = r
	}
	c.runs = now
	return c.done
}

func (c *pictures) collectHeld(out chan<- prometheus.Metric) {
	held := c.Views.Stats()
	for name, n := range map[string]int64{
		messages.Contents: held.Counts.GetContents(), messages.Comments: held.Counts.GetComments(), messages.Discussions: held.Counts.GetDiscussions(),
		messages.Conversations: held.Counts.GetConversations(), messages.Messages: held.Counts.GetMessages(), messages.Notifications: held.Counts.GetNotifications(),
	} {
		out <- items.of(float64(n), name)
	}
	out <- unread.of(float64(held.Unread.Comments), "comments")
	out <- unread.of(float64(held.Unread.Messages), "messages")
	waiting := 0
	for _, v := range c.Views.All() {
		if !v.Loaded {
			waiting++
		}
	}
	out <- loading.of(float64(waiting))
}
