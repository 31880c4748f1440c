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
	logins     bool
	proxies    bool
	platforms  bool
	accounts   map[messages.AccountID]bool
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

func (n *news) reply(r *messages.Reply) {
	if n.replies == nil {
		n.replies = map[string]*messages.Reply{}
	}
	n.replies[r.GetId()] = r
	n.account(messages.AccountID(r.GetAccount()))
}

func (n *news) empty() bool {
	return !n.everything && !n.nodes && !n.logins && !n.proxies && !n.platforms && len(n.accounts) == 0 && len(n.replies) == 0 && len(n.alarms) == 0 && len(n.ended) == 0
}

// publish puts a new board up and tells the subscribers, if anything changed.
func (m *master) publish(c actor.Context) {
	if !m.loaded || m.news.empty() {
		return
	}
	n := m.news
	m.news = news{}
	b := m.board()
	m.Board.Publish(b)
	changed := board.Changed{Board: b, Alarms: n.alarms}
	for id := range n.accounts {
		changed.Accounts = append(changed.Accounts, id)
	}
	slices.Sort(changed.Accounts)
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
	b := m.board()
	all := board.Changed{Board: b, Replies: b.Replies, Alarms: b.Alarms}
	for _, a := range b.Accounts {
		all.Accounts = append(all.Accounts, a.ID())
	}
	c.Send(sender, all)
}

func (m *master) board() *board.Board {
	b := &board.Board{}
	queues := map[string][]*messages.Reply{}
	for _, r := range m.replies {
		b.Replies = append(b.Replies, r)
		if messages.ReplyOpen(r.GetState()) {
			queues[r.GetAccount()] = append(queues[r.GetAccount()], r)
		}
	}
	slices.SortFunc(b.Replies, byAcceptance)
	for _, a := range m.sortedAccounts() {
		if a.record.GetPlatform() == "" || a.record.GetRemoving() {
			continue
		}
		queue := queues[a.record.GetId()]
		slices.SortFunc(queue, byAcceptance)
		b.Accounts = append(b.Accounts, &board.Account{
			Record: a.record, Status: a.status, Queue: queue,
			Online: a.running && a.assigned && m.held(a),
		})
	}
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
	for id, n := range m.nodes {
		b.Nodes = append(b.Nodes, &board.Node{Status: n.status, Online: m.online(id), LastBeat: n.lastSeen.UnixMilli()})
	}
	for id, n := range m.foreign {
		b.Nodes = append(b.Nodes, &board.Node{Status: n.status, Online: m.foreignOnline(id), LastBeat: n.lastSeen.UnixMilli()})
	}
	slices.SortFunc(b.Nodes, func(a, b *board.Node) int { return cmp.Compare(a.Status.GetWorker(), b.Status.GetWorker()) })
	return b
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
