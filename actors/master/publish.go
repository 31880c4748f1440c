package master

import (
	"cmp"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/messages"
)

// news is what changed since the last publication.
type news struct {
	everything bool
	nodes      bool
	presence   bool // a node came or went: who is online
	logins     bool
	proxies    bool
	platforms  bool
	accounts   map[messages.AccountID]bool // whose record or status changed
	statuses   map[messages.AccountID]bool // of which nothing but what it says of itself changed
	replies    map[string]*messages.Reply
	alarms     []*messages.Alarm
	ended      []*messages.LoginEnded
}

func (n *news) account(id messages.AccountID) {
	if n.accounts == nil {
		n.accounts = map[messages.AccountID]bool{}
	}
	n.accounts[id] = true
}

func (n *news) status(id messages.AccountID) {
	if n.statuses == nil {
		n.statuses = map[messages.AccountID]bool{}
	}
	n.statuses[id] = true
}

func (n *news) reply(r *messages.Reply) {
	if n.replies == nil {
		n.replies = map[string]*messages.Reply{}
	}
	n.replies[r.GetId()] = r
	n.account(messages.AccountID(r.GetAccount()))
}

func (n *news) empty() bool {
	return n.small() && len(n.statuses) == 0
}

// small says that there is no news but of what accounts say of themselves.
func (n *news) small() bool {
	return !n.everything && !n.nodes && !n.presence && !n.logins && !n.proxies && !n.platforms && len(n.accounts) == 0 && len(n.replies) == 0 && len(n.alarms) == 0 && len(n.ended) == 0
}

// publish puts a new board up and tells the subscribers, if anything changed.
func (m *master) publish(c actor.Context) {
	if !m.loaded || m.news.empty() {
		return
	}
	n := m.news
	m.news = news{}
	b := m.board(&n)
	m.shown = b
	m.Board.Publish(b)
	changed := board.Changed{Board: b, Alarms: n.alarms}
	for id := range n.statuses {
		n.account(id)
	}
	changed.Accounts = sortedKeys(n.accounts)
	for _, r := range n.replies {
		changed.Replies = append(changed.Replies, r)
	}
	slices.SortFunc(changed.Replies, func(a, b *messages.Reply) int { return cmp.Compare(a.GetId(), b.GetId()) })
	for _, s := range m.subscribers {
		c.Send(s, changed)
		for _, ended := range n.ended {
			c.Send(s, ended)
		}
	}
}

// forward sends a message as it is to every subscriber.
func (m *master) forward(c actor.Context, message any) {
	for _, s := range m.subscribers {
		c.Send(s, message)
	}
}

func (m *master) subscribe(c actor.Context, sender *actor.PID) {
	if sender == nil {
		return
	}
	m.subscribers = append(m.subscribers, sender)
	b := m.board(&news{everything: true})
	all := board.Changed{Board: b, Replies: b.Replies, Alarms: b.Alarms}
	for _, a := range b.Accounts {
		all.Accounts = append(all.Accounts, a.ID())
	}
	c.Send(sender, all)
}

// board makes the picture after news. What accounts say of themselves comes often: then the other parts are those of before.
func (m *master) board(n *news) *board.Board {
	b := &board.Board{}
	if m.shown != nil && n.small() {
		*b = *m.shown
		b.Accounts = m.rows(n, nil)
		return b
	}
	queues := map[string][]*messages.Reply{}
	for _, r := range m.replies {
		b.Replies = append(b.Replies, r)
		if messages.ReplyOpen(r.GetState()) {
			queues[r.GetAccount()] = append(queues[r.GetAccount()], r)
		}
	}
	slices.SortFunc(b.Replies, byAcceptance)
	b.Accounts = m.rows(n, queues)
	for _, s := range m.logins {
		b.Logins = append(b.Logins, s)
	}
	slices.SortFunc(b.Logins, func(a, b *messages.LoginSession) int {
		return cmp.Or(cmp.Compare(a.GetCreatedAt(), b.GetCreatedAt()), cmp.Compare(a.GetSession(), b.GetSession()))
	})
	b.Queue = m.queue.shown()
	for _, p := range m.sortedProxies() {
		b.Proxies = append(b.Proxies, m.shownProxy(p))
	}
	b.Platforms = m.shownPlatforms()
	b.Alarms = slices.Clone(m.oldAlarms)
	for _, a := range m.alarms {
		b.Alarms = append(b.Alarms, a)
	}
	slices.SortFunc(b.Alarms, func(a, b *messages.Alarm) int { return cmp.Compare(a.GetId(), b.GetId()) })
	b.Nodes, b.Capacity = m.shownNodes(), m.capacity
	return b
}

// rows are the accounts as they are published; those without news are shared with the picture before. queues are the open replies, nil when
// they did not change.
func (m *master) rows(n *news, queues map[string][]*messages.Reply) []*board.Account {
	rows := make([]*board.Account, 0, len(m.accounts))
	for _, a := range m.sortedAccounts() {
		if a.record.GetPlatform() == "" || a.record.GetRemoving() {
			continue
		}
		id := a.id()
		if a.row == nil || n.everything || n.presence || n.accounts[id] || n.statuses[id] {
			row := &board.Account{Record: a.record, Status: a.status, Decisions: a.decisions, Online: a.running && a.assigned && m.held(a)}
			switch {
			case queues != nil:
				row.Queue = queues[a.record.GetId()]
				slices.SortFunc(row.Queue, byAcceptance)
			case a.row != nil:
				row.Queue = a.row.Queue
			}
			a.row = row
		}
		rows = append(rows, a.row)
	}
	return rows
}

// shownNodes are all nodes by name.
func (m *master) shownNodes() []*board.Node {
	var nodes []*board.Node
	for id, n := range m.nodes {
		nodes = append(nodes, &board.Node{
			Status: n.status, Record: n.record, Online: m.online(id), LastBeat: n.lastSeen.UnixMilli(), Given: n.used, Draining: n.draining(),
			Drain: n.drain.shown(), Behind: m.behind(n),
		})
	}
	for id, n := range m.foreign {
		nodes = append(nodes, &board.Node{Status: n.status, Online: m.foreignOnline(id), LastBeat: n.lastSeen.UnixMilli()})
	}
	slices.SortFunc(nodes, func(a, b *board.Node) int { return cmp.Compare(a.Status.GetWorker(), b.Status.GetWorker()) })
	return nodes
}

// shownProxy is a proxy without its password, and who uses it.
func (m *master) shownProxy(p *messages.Proxy) *board.Proxy {
	shown := proto.CloneOf(p)
	shown.Password = nil
	one := &board.Proxy{Record: shown, HasPassword: p.GetPassword() != nil}
	for _, a := range m.users(p.GetId()) {
		one.Accounts = append(one.Accounts, a.id())
	}
	return one
}

func byAcceptance(a, b *messages.Reply) int {
	return cmp.Or(cmp.Compare(a.GetAcceptedAt(), b.GetAcceptedAt()), cmp.Compare(a.GetId(), b.GetId()))
}
