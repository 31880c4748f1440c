package master

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/messages"
)

// The login queue: accounts whose codes are shown one after the other, or some side by side, to a person with phones. It is durable, so a
// restart goes on where it was. An account leaves it when it is logged in; one that nobody scanned goes to the end, and after
// queueTries sessions it waits until it is queued again.

const (
	queueTries  = 3
	atOnceMost  = 20
	keyAtOnce   = "logins_at_once"
	atOnceUsual = 1
)

type loginQueue struct {
	atOnce  int64
	next    uint64 // place of the next that is queued
	waiting map[messages.AccountID]*messages.QueuedLogin
}

func newLoginQueue() loginQueue {
	return loginQueue{atOnce: atOnceUsual, next: 1, waiting: map[messages.AccountID]*messages.QueuedLogin{}}
}

func (q *loginQueue) load(r *messages.Put) error {
	one := &messages.QueuedLogin{}
	if err := proto.Unmarshal(r.GetValue(), one); err != nil {
		return err
	}
	q.waiting[messages.AccountID(r.GetKey())] = one
	q.next = max(q.next, one.GetPlace()+1)
	return nil
}

// put keeps an entry; it is never changed afterwards.
func (q *loginQueue) put(ch *change, one *messages.QueuedLogin) {
	q.waiting[messages.AccountID(one.GetAccount())] = one
	ch.put(tableQueue, one.GetAccount(), one)
}

func (q *loginQueue) remove(ch *change, id messages.AccountID) {
	if q.waiting[id] != nil {
		delete(q.waiting, id)
		ch.remove(tableQueue, string(id))
	}
}

// takePlace gives out the end of the queue.
func (q *loginQueue) takePlace() uint64 {
	q.next++
	return q.next - 1
}

// ended takes a logged-in account out, and puts one whose session ended otherwise at the end.
func (q *loginQueue) ended(ch *change, s *messages.LoginSession) {
	one := q.waiting[messages.AccountID(s.GetAccount())]
	switch {
	case one == nil:
	case s.GetStatus() == "success":
		q.remove(ch, messages.AccountID(s.GetAccount()))
	case one.GetSession() == s.GetSession():
		next := proto.CloneOf(one)
		next.Tries, next.Place, next.Reason = one.GetTries()+1, q.takePlace(), cmp.Or(s.GetReason(), s.GetStatus())
		next.GivenUp = next.Tries >= queueTries
		q.put(ch, next)
	}
}

func (q *loginQueue) sorted() []*messages.QueuedLogin {
	list := make([]*messages.QueuedLogin, 0, len(q.waiting))
	for _, one := range q.waiting {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b *messages.QueuedLogin) int { return cmp.Compare(a.GetPlace(), b.GetPlace()) })
	return list
}

func (q *loginQueue) shown() board.LoginQueue {
	return board.LoginQueue{AtOnce: q.atOnce, Waiting: q.sorted()}
}

func (m *master) answerQueue(c actor.Context, to *actor.PID) {
	if to != nil {
		c.Send(to, &messages.LoginsQueued{AtOnce: m.queue.atOnce, Queue: m.queue.sorted()})
	}
}

func (m *master) onQueueLogins(c actor.Context, msg *messages.QueueLogins, sender *actor.PID) {
	if n := msg.GetAtOnce(); n < 0 || n > atOnceMost {
		refuse(c, sender, "invalid", fmt.Sprintf("at_once must be 1 to %d", atOnceMost))
		return
	}
	for _, id := range msg.GetAccounts() {
		if m.find(c, id, sender) == nil {
			return
		}
	}
	var ch change
	if n := msg.GetAtOnce(); n != 0 {
		m.queue.atOnce = n
		ch.number(keyAtOnce, uint64(n))
	}
	for _, id := range msg.GetAccounts() {
		if one := m.queue.waiting[messages.AccountID(id)]; one == nil || one.GetGivenUp() {
			m.queue.put(&ch, &messages.QueuedLogin{Account: id, Place: m.queue.takePlace()})
		}
	}
	m.news.logins = true
	m.persist(c, ch, func() {
		m.answerQueue(c, sender)
		m.showQueued(c)
	})
}

func (m *master) onUnqueueLogins(c actor.Context, msg *messages.UnqueueLogins, sender *actor.PID) {
	gone := msg.GetAccounts()
	if len(gone) == 0 {
		for _, one := range m.queue.sorted() {
			gone = append(gone, one.GetAccount())
		}
	}
	var ch change
	for _, id := range gone {
		one := m.queue.waiting[messages.AccountID(id)]
		if s := m.openLogin(messages.AccountID(id)); one != nil && s != nil && s.GetSession() == one.GetSession() {
			m.onCancelLogin(c, &messages.CancelLogin{Session: s.GetSession(), Reason: "taken out of the login queue"}, nil)
		}
		m.queue.remove(&ch, messages.AccountID(id))
	}
	m.news.logins = true
	m.persist(c, ch, func() { m.answerQueue(c, sender) })
}

// showQueued begins logins until as many codes are shown as wanted. An account that cannot be logged in just now is passed over: it
// keeps its place.
func (m *master) showQueued(c actor.Context) {
	m.dropLoggedIn(c)
	queue := m.queue.sorted()
	var open int64
	for _, one := range queue {
		if m.openLogin(messages.AccountID(one.GetAccount())) != nil {
			open++
		}
	}
	for _, one := range queue {
		if open >= m.queue.atOnce {
			return
		}
		if m.showNext(c, one) {
			open++
		}
	}
}

// dropLoggedIn takes out accounts that came to their login in another way.
func (m *master) dropLoggedIn(c actor.Context) {
	var ch change
	for id := range m.queue.waiting {
		if a := m.accounts[id]; a != nil && messages.AccountState(a.status.GetState()) == messages.Watching {
			m.queue.remove(&ch, id)
		}
	}
	if len(ch.puts) > 0 {
		m.news.logins = true
		m.persist(c, ch, nil)
	}
}

// showNext begins one account's login and says whether it did.
func (m *master) showNext(c actor.Context, one *messages.QueuedLogin) bool {
	a := m.accounts[messages.AccountID(one.GetAccount())]
	if a == nil || one.GetGivenUp() || m.openLogin(a.id()) != nil || messages.AccountState(a.status.GetState()) != messages.LoggedOut {
		return false
	}
	session := "login_" + string(messages.NewTrace())
	next := proto.CloneOf(one)
	next.Session = session
	var ch change
	m.queue.put(&ch, next)
	m.news.logins = true
	m.persist(c, ch, nil)
	m.onStartLogin(c, &messages.StartLogin{Account: one.GetAccount(), Session: session, TraceId: string(messages.NewTrace())}, nil)
	return m.openLogin(a.id()) != nil
}
