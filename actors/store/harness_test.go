package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/actors/store/dataset"
	"troupe/actors/store/disk"
	"troupe/messages"
)

const acc = messages.AccountID("dy_1")

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// patience is how long a test waits for what must come; it is only ever reached by a failing one.
const patience = 20 * time.Second

// clock is a wall clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// sys is the actor system of all tests: making one costs more than opening a folder.
var sys = actors.NewSystem(slog.New(slog.DiscardHandler))

// deadLetters is where the library counts dead letters for a second after the last one.
const deadLetters = "github.com/asynkron/protoactor-go/actor.NewDeadLetter.NewThrottle.func4.1"

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}, goleak.IgnoreTopFunction(deadLetters)) }

// suite ends the actor system after the last test.
type suite struct{ *testing.M }

func (s suite) Run() int {
	defer sys.Shutdown()
	return s.M.Run()
}

// node is one store.
type node struct {
	t     testing.TB
	pid   *actor.PID
	views *dataset.Views
	clock *clock
	died  chan any // why the store panicked
}

// started counts stores, for their names.
var started atomic.Int64

// start starts a store on a folder; stop must be called.
func start(t testing.TB, fs disk.FS, c *clock) *node {
	t.Helper()
	return startIn(t, "data", fs, c)
}

func startIn(t testing.TB, dir string, fs disk.FS, c *clock) *node {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	n := &node{t: t, views: &dataset.Views{}, clock: c, died: make(chan any, 1)}
	props := Props(Config{Dir: dir, FS: fs, Views: n.views, Log: log, Now: c.Now})
	guard := actor.NewOneForOneStrategy(0, 0, func(reason any) actor.Directive {
		select {
		case n.died <- reason:
		default:
		}
		return actor.StopDirective
	})
	var err error
	if n.pid, err = sys.Root.SpawnNamed(props.Configure(actor.WithGuardian(guard)), fmt.Sprint(Name, started.Add(1))); err != nil {
		t.Fatal(err)
	}
	return n
}

// stop ends the store and waits until its folder is closed.
func (n *node) stop() {
	n.t.Helper()
	if err := sys.Root.StopFuture(n.pid).Wait(); err != nil && !strings.Contains(err.Error(), "dead letter") {
		n.t.Errorf("stop the store: %v", err)
	}
}

// ask sends a command and returns its answer.
func ask[A any](n *node, message any) A {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := actors.Ask[A](ctx, sys.Root, n.pid, message)
	if err != nil {
		n.t.Fatalf("%T: %v", message, err)
	}
	return answer
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// loaded waits until every account that is on disk is loaded.
func (n *node) loaded() {
	n.t.Helper()
	ask[*messages.ControlLoaded](n, &messages.LoadControl{}) // it is answered only when the folder is open
	until(n.t, "every account is loaded", n.views.Loaded)
}

// listener collects what the store sends to one actor.
type listener struct {
	pid  *actor.PID
	mail chan any
}

func (n *node) listen() *listener {
	l := &listener{mail: make(chan any, 1<<16)}
	l.pid = sys.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case actor.SystemMessage, actor.AutoReceiveMessage:
		default:
			l.mail <- c.Message()
		}
	}))
	n.t.Cleanup(func() { sys.Root.Stop(l.pid) })
	return l
}

// send sends as the listener.
func (n *node) send(l *listener, message any) {
	sys.Root.RequestWithCustomSender(n.pid, message, l.pid)
}

// next returns the next message of a type, passing over others.
func next[M any](t testing.TB, l *listener) M {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case m := <-l.mail:
			if m, ok := m.(M); ok {
				return m
			}
		case <-timeout:
			var none M
			t.Fatalf("no %T came", none)
			return none
		}
	}
}

func comment(id, work, text string, created time.Time) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Comment{Comment: &messages.Comment{
		Id: id, WorkId: work, Content: text, AuthorId: "fan", AuthorName: "阿芳", CreateTime: created.UnixMilli(),
	}}}
}

func observed(account messages.AccountID, n uint64, items ...*messages.Item) *messages.Observed {
	return &messages.Observed{Account: string(account), Epoch: 1, Stream: "s", N: n, Items: items, Owner: "me"}
}

// baseline is an observation that ends every collection's first pass.
func baseline(account messages.AccountID) *messages.Observed {
	return &messages.Observed{Account: string(account), Epoch: 1, Complete: messages.Collections}
}

// text is a message in a form that does not change from run to run.
func text(m proto.Message) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%q", b)
}

// state is everything that can be asked of the views, as text.
func state(views *dataset.Views) string {
	var b strings.Builder
	for _, v := range views.All() {
		fmt.Fprintf(&b, "account %s loaded %v: %s\n", v.Account, v.Loaded, text(v.Stored()))
		for _, e := range v.Items("", dataset.Filter{}) {
			fmt.Fprintf(&b, "  %s %+v %s\n", e.Collection, *e.Header, text(e.Item()))
		}
		for _, t := range v.Topics() {
			fmt.Fprintf(&b, "  topic %s: %d items, %d unread, %+v\n", t.ID(), t.Count, t.Unread, t.Last)
		}
	}
	changes, more := views.Since(0, 0)
	fmt.Fprintf(&b, "rev %d, changes %v %v\n", views.Rev(), changes, more)
	return b.String()
}
