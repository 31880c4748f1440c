package gateway

import (
	"encoding/json"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit"
)

func TestMain(m *testing.M) {
	if isFleet() {
		return
	}
	goleak.VerifyTestMain(m)
}

// house is a gateway between two probes that stand for the store and the master. What the two publish is said by
// the test, from its own goroutine.
type house struct {
	t             testing.TB
	gw            *Gateway
	url           string
	wire          *wire
	store, master *testkit.Mailbox
	gateway       *actor.PID // as the two know it, from its subscriptions
	data          *dataset.Dataset
	views         *dataset.Views
	board         *board.Holder
	state         board.Board // of the last publication
	people        people.Holder
	audit         log
}

// noted keeps what the audit log is told.
func (h *house) noted(e *messages.AuditEntry) {
	h.audit.mu.Lock()
	defer h.audit.mu.Unlock()
	h.audit.entries = append(h.audit.entries, e)
}

// log is what the audit log was told.
type log struct {
	mu      sync.Mutex
	entries []*messages.AuditEntry
}

// has says whether somebody's deed was told, with that outcome.
func (l *log) has(who, what, outcome string) bool { return l.count(who, what, outcome) > 0 }

// count is how often it was told.
func (l *log) count(who, what, outcome string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.GetWho() == who && e.GetWhat() == what && e.GetOutcome() == outcome {
			n++
		}
	}
	return n
}

// build makes a house whose master has not shown a board yet.
func build(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	sys := testkit.System(t)
	h := &house{
		t: t, store: testkit.Probe(t, sys, "store"), master: testkit.Probe(t, sys, "master"),
		data: dataset.New(0, 0), views: &dataset.Views{}, board: &board.Holder{},
		state: board.Board{Platforms: []*board.Platform{{Name: "sandbox", Digest: "d1", Title: map[string]string{"zh": "沙盒"}}}},
	}
	cfg := Config{
		Views: h.views, Board: h.board, Door: people.NewDoor(people.DoorConfig{People: &h.people, Audit: h.noted, IMRole: people.Operator}), Master: h.master.PID(), Store: h.store.PID(),
		Log: testkit.Quiet(), Now: time.Now,
	}
	for _, f := range change {
		f(&cfg)
	}
	gw, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.gw = gw
	pid, err := sys.Root.SpawnNamed(gw.Props(), Name)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(gw.Handler())
	h.wire = &wire{Listener: server.Listener}
	server.Listener = h.wire
	server.Start()
	t.Cleanup(func() {
		gw.Close()
		server.Close()
		if err := sys.Root.PoisonFuture(pid).Wait(); err != nil {
			t.Error(err)
		}
	})
	h.url = server.URL
	_, h.gateway = testkit.ExpectFrom[board.Subscribe](h.store, nil)
	testkit.Expect[board.Subscribe](h.master, nil)
	return h
}

// open makes a house with the two accounts sb_1 and sb_2, which are logged in.
func open(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	h := build(t, change...)
	h.state.Accounts = []*board.Account{loggedIn("sb_1"), loggedIn("sb_2")}
	h.publishBoard(board.Changed{Accounts: []messages.AccountID{"sb_1", "sb_2"}})
	for end := time.Now().Add(10 * time.Second); h.gw.ready.Load() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the gateway did not open")
		}
	}
	return h
}

func loggedIn(id string) *board.Account {
	return &board.Account{
		Record: &messages.Account{Id: id, Platform: "sandbox", Name: "店 " + id, LoggedIn: true, LoginStatus: "logged_in", CreatedAt: 1_700_000_000_000},
		Status: &messages.AccountStatus{Account: id, State: string(messages.Watching)},
		Online: true,
	}
}

// publishBoard does what the master does: a new board, then the news of it.
func (h *house) publishBoard(news board.Changed) {
	b := h.state
	b.Accounts, b.Replies = slices.Clone(b.Accounts), slices.Clone(b.Replies)
	h.board.Publish(&b)
	news.Board = &b
	h.master.Send(h.gateway, news)
}

// replyIs makes a reply's new state known.
func (h *house) replyIs(r *messages.Reply) {
	h.state.Replies = append(slices.DeleteFunc(h.state.Replies, func(old *messages.Reply) bool { return old.GetId() == r.GetId() }), r)
	for i, a := range h.state.Accounts {
		if a.Record.GetId() != r.GetAccount() {
			continue
		}
		n := *a
		n.Queue = slices.DeleteFunc(slices.Clone(a.Queue), func(old *messages.Reply) bool { return old.GetId() == r.GetId() })
		if messages.ReplyOpen(r.GetState()) {
			n.Queue = append(n.Queue, r)
		}
		h.state.Accounts[i] = &n
	}
	h.publishBoard(board.Changed{Accounts: []messages.AccountID{messages.AccountID(r.GetAccount())}, Replies: []*messages.Reply{r}})
}

// observe does what the store does with what a page showed.
func (h *house) observe(account string, items ...*messages.Item) {
	now := time.Now()
	d := h.data.Merge(&messages.Observed{Account: account, Epoch: 1, Owner: "own_" + account, Items: items, Complete: messages.Collections}, now)
	h.commit(d)
}

func (h *house) commit(d *dataset.Delta) {
	v := h.data.View(d.Account)
	h.views.Publish(dataset.Publication{Rev: d.Rev, Views: []*dataset.View{v}, Changes: d.Changes})
	h.store.Send(h.gateway, &dataset.Published{View: v, Changes: d.Changes, Announce: d.Announce})
}

// markRead answers the next MarkRead as the store would.
func (h *house) markRead() *messages.MarkRead {
	h.t.Helper()
	mark, from := testkit.ExpectFrom[*messages.MarkRead](h.store, nil)
	d, count := h.data.MarkRead(mark, time.Now())
	h.store.Send(from, &messages.MarkedRead{Count: count, Rev: uint64(d.Rev), At: mark.GetAt()})
	h.commit(d)
	return mark
}

func work(id, title string) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Content{Content: &messages.Content{Id: id, WorkId: id, Title: title, PublishTime: 1_700_000_000_000}}}
}

var moments atomic.Int64

// moment is now, and later than every moment before: lists are ordered by time.
func moment() int64 {
	for {
		last, now := moments.Load(), time.Now().UnixMilli()
		if next := max(now, last+1); moments.CompareAndSwap(last, next) {
			return next
		}
	}
}

func comment(id, work, text string) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Comment{Comment: &messages.Comment{
		Id: id, WorkId: work, Content: text, AuthorId: "u_1", AuthorName: "小王", CreateTime: moment(),
	}}}
}

func direct(id, conversation, text string) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Message{Message: &messages.DirectMessage{
		Id: id, ConversationId: conversation, Sender: &messages.Person{UserId: "u_1", UserName: "小王"}, Content: text, CreateTime: moment(),
	}}}
}

// wire is a listener that can cut all of its connections, as a network does.
type wire struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
	held  bool
}

func (w *wire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && w.held {
		c.Close()
	} else if err == nil {
		w.conns = append(w.conns, c)
	}
	return c, err
}

// hold closes every new connection at once, until it is told otherwise.
func (w *wire) hold(held bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = held
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

// holds is a matcher for payloads that contain a value at a path of keys; numbers index lists.
func holds(want any, path ...any) func(json.RawMessage) bool {
	return func(payload json.RawMessage) bool { return at(payload, path...) == want }
}

// at walks a payload; nil when there is nothing.
func at(payload json.RawMessage, path ...any) any {
	var v any
	if json.Unmarshal(payload, &v) != nil {
		return nil
	}
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return nil
			}
			v = list[key]
		}
	}
	return v
}
