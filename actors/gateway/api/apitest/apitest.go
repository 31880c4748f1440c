// Package apitest runs a node's API over stand-ins for master and store, for tests of the API and of what speaks to it.
//
// The dataset and the people are the real ones, in memory; nothing is on disk and no browser runs. Requests from this machine may do
// everything, unless a test brings its own door. The stand-in master does what a test
// tells it (Update) and answers every command at once; it keeps the commands for the test to look at.
package apitest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit"
)

// Node is a running API. It ends with the test.
type Node struct {
	Server *httptest.Server
	Views  *dataset.Views
	Board  *board.Holder
	People people.Holder

	codes  chan string
	t      testing.TB
	root   *actor.RootContext
	master *actor.PID
	store  *actor.PID
	events *actor.PID
	people *actor.PID
}

// Start runs a node with two accounts, shop and cafe, of the platform sandbox. change may alter the configuration.
func Start(t testing.TB, change ...func(*api.Config)) *Node {
	t.Helper()
	sys := testkit.System(t)
	n := &Node{t: t, root: sys.Root, Views: &dataset.Views{}, Board: &board.Holder{}, codes: make(chan string, 2)}
	n.master = sys.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return newMaster(n.Board) }))
	n.store = sys.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &store{data: dataset.New(0, 0), views: n.Views} }))
	n.events = sys.Root.Spawn(api.Props(api.EventsConfig{Store: n.store, Master: n.master, Log: testkit.Quiet()}))
	n.people = sys.Root.Spawn(people.Props(people.Config{Store: n.store, People: &n.People, Now: time.Now, Log: testkit.Quiet(), Code: func(code string) { n.codes <- code }}))
	cfg := api.Config{
		Root: sys.Root, Master: n.master, Store: n.store, Events: n.events, People: n.people, Board: n.Board, Views: n.Views,
		Door:   people.NewDoor(people.DoorConfig{People: &n.People, DevelopmentRole: people.Admin, Audit: n.Audit}),
		States: states{}, Backups: backups{}, Cluster: cluster{},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/plain") }),
		Version: "test", Log: testkit.Quiet(),
	}
	for _, f := range change {
		f(&cfg)
	}
	n.Update(func(m *Master) {
		m.Add("shop", "小店")
		m.Add("cafe", "Café")
	})
	n.Server = httptest.NewServer(cfg.Door.Edge(api.New(cfg)))
	t.Cleanup(n.Stop)
	return n
}

// Stop ends every stream and then the server, as a node does.
func (n *Node) Stop() {
	_ = n.root.StopFuture(n.events).Wait() // an error means that it was stopped before
	n.Server.Close()
	_ = n.root.StopFuture(n.people).Wait() // the same
}

// Audit writes an entry into the audit log, as a node's door does.
func (n *Node) Audit(e *messages.AuditEntry) { n.root.Send(n.people, e) }

// Code is the first admin's one-time code, as a node is told it at its start.
func (n *Node) Code() string {
	n.t.Helper()
	select {
	case code := <-n.codes:
		return code
	case <-time.After(10 * time.Second):
		n.t.Fatal("nobody was told a code")
		return ""
	}
}

// Password is the password of every user that AddUser makes.
const Password = "correct horse battery"

// hash is kept of it: to make one anew takes long.
const hash = "$argon2id$v=19$m=65536,t=3,p=4$fIkMo1g6UlDqKU87YQxyWQ$dKR0MCUyqDAwEUz/PRA++IHidTzQQRtZdeKMrTGBfUI"

// AddUser makes a user, limited to some accounts if any are named.
func (n *Node) AddUser(name string, role people.Role, accounts ...string) {
	n.t.Helper()
	n.done(people.SetUser{New: true, Password: hash, User: &messages.User{Name: name, Role: string(role), Accounts: accounts}})
}

// SignIn opens a session of a user and returns its id and its cookie's value.
func (n *Node) SignIn(user string) (id, cookie string) {
	n.t.Helper()
	cookie = people.NewCookie()
	return n.done(people.SignIn{User: user, Cookie: people.Hash(cookie)}).Session.GetId(), cookie
}

// AddToken makes a token and returns its secret. One that expires does so after a moment.
func (n *Node) AddToken(name string, role people.Role, expires time.Duration, accounts ...string) string {
	n.t.Helper()
	secret, at := people.NewToken(), int64(0)
	if expires > 0 {
		at = time.Now().Add(expires).UnixMilli()
	}
	n.done(people.CreateToken{Token: &messages.AccessToken{Name: name, Role: string(role), Accounts: accounts, Hash: people.Hash(secret), ExpiresAt: at}})
	return secret
}

// RevokeToken ends a token.
func (n *Node) RevokeToken(name string) { n.done(people.RevokeToken{ID: name}) }

func (n *Node) done(command any) people.Done {
	n.t.Helper()
	done, ok := n.ask(n.people, command).(people.Done)
	if !ok {
		n.t.Fatalf("%T was refused", command)
	}
	return done
}

// Handler is the API itself, for a test that brings its own listener.
func (n *Node) Handler() http.Handler { return n.Server.Config.Handler }

// Update lets the stand-in master change its state and publishes it.
func (n *Node) Update(f func(*Master)) { n.ask(n.master, f) }

// Commands are what the master and the store were asked so far, in order for each of them.
func (n *Node) Commands() []proto.Message {
	n.t.Helper()
	return append(n.ask(n.master, listCommands{}).([]proto.Message), n.ask(n.store, listCommands{}).([]proto.Message)...)
}

// Observe merges items that an account received, as one look at its page.
func (n *Node) Observe(account string, items ...*messages.Item) {
	n.ask(n.store, &messages.Observed{Account: account, Epoch: 1, Items: items, Complete: messages.Collections, Round: true})
}

// Expire erases an account's items from the dataset.
func (n *Node) Expire(account string) { n.ask(n.store, &messages.EraseAccount{Account: account}) }

func (n *Node) ask(pid *actor.PID, message any) any {
	n.t.Helper()
	answer, err := n.root.RequestFuture(pid, message, 10*time.Second).Result()
	if err != nil {
		n.t.Fatalf("ask a stand-in: %v", err)
	}
	return answer
}

// Comment is a comment of a visitor below a work.
func Comment(id, work, text string) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Comment{Comment: &messages.Comment{
		Id: id, PlatformCommentId: id, WorkId: work, Content: text, AuthorId: "u-anna", AuthorName: "Anna", CreateTime: now(),
	}}}
}

// Discussion is an answer of a visitor below a comment.
func Discussion(id, comment, work, text string) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Discussion{Discussion: &messages.Discussion{
		Id: id, PlatformDiscussionId: id, CommentId: comment, WorkId: work, Content: text, AuthorId: "u-ben", AuthorName: "Ben", CreateTime: now(),
	}}}
}

// Work is one of the account's own works.
func Work(id, title string) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Content{Content: &messages.Content{
		Id: id, WorkId: id, Title: title, PublishTime: now(), LikeCount: proto.Int64(7),
		Statistics: &messages.Statistics{ViewCount: proto.Int64(1 << 40), LikeRate: proto.Float64(0.25)},
	}}}
}

// Chat is a conversation with a visitor, and one message of it.
func Chat(conversation, message, text string) []*messages.Item {
	visitor := &messages.Person{UserId: "u-cleo", UserName: "Cleo"}
	return []*messages.Item{
		{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Conversation{Conversation: &messages.Conversation{
			Id: conversation, ConversationId: conversation, Participant: visitor, LastMessage: text, LastMessageTime: now(), CreateTime: now(),
		}}},
		{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Message{Message: &messages.DirectMessage{
			Id: message, MsgId: message, ConversationId: conversation, Sender: visitor, Content: text, MsgType: "text", CreateTime: now(),
		}}},
	}
}

// Notice is a notification.
func Notice(id, text string) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Notification{Notification: &messages.Notification{
		Id: id, Type: "like", Title: "new like", Content: text, RelatedKind: "work", RelatedId: "w1", CreatedAt: now(),
	}}}
}

func now() int64 { return time.Now().UnixMilli() }
