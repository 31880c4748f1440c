package apitest

import (
	"fmt"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/messages"
)

// Master is the stand-in's state, in its own mailbox: only a function given to Update may touch it.
type Master struct {
	Accounts  map[string]*board.Account
	Order     []string // the accounts' ids
	Replies   []*messages.Reply
	Logins    []*messages.LoginSession
	Queue     []*messages.QueuedLogin
	Alarms    []*messages.Alarm
	Nodes     []*board.Node
	Proxies   []*board.Proxy
	Platforms []*board.Platform

	// Refuse, when set, answers every command.
	Refuse *messages.Refused
	// Ignore leaves every command unanswered.
	Ignore bool

	holder      *board.Holder
	vault       map[string]*messages.SealedState
	keys        []*messages.SealingKey
	commands    []proto.Message
	subscribers []*actor.PID
	tell        []any // what the next publication says beside Changed
}

type listCommands struct{}

func newMaster(h *board.Holder) *Master {
	keys := []*messages.SealingKey{{Id: "k1", CreatedAt: now()}, {Id: "k2", CreatedAt: now(), Newest: true, States: 3, Secrets: 1}}
	return &Master{holder: h, Platforms: []*board.Platform{sandbox()}, vault: map[string]*messages.SealedState{}, keys: keys, Accounts: map[string]*board.Account{}, Nodes: []*board.Node{{
		Status: &messages.NodeStatus{Worker: "node-1", Accounts: 2, MaxAccounts: 10, Browsers: 2, Sandbox: "on"}, Online: true, LastBeat: now(),
	}}}
}

// Add makes an account that is watching.
func (m *Master) Add(id, name string) {
	m.Sealed(id, `{"v":2,"cookies":[]}`)
	m.Accounts[id] = &board.Account{
		Record: &messages.Account{Id: id, Platform: "sandbox", Name: name, Epoch: 1, Worker: "node-1", LoggedIn: true, LoginStatus: "logged_in", CreatedAt: now()},
		Status: &messages.AccountStatus{Account: id, Epoch: 1, State: string(messages.Watching), Since: now()}, Online: true,
	}
	m.Order = append(m.Order, id)
}

// State puts an account into a state.
func (m *Master) State(id string, state messages.AccountState, reason string) {
	a := *m.Accounts[id]
	a.Status = &messages.AccountStatus{Account: id, Epoch: 1, State: string(state), Reason: reason, Since: now()}
	m.Accounts[id] = &a
}

// Pause notes on an account's record that a person paused it.
func (m *Master) Pause(id string, paused bool) {
	a := *m.Accounts[id]
	a.Record = proto.CloneOf(a.Record)
	a.Record.Paused = paused
	m.Accounts[id] = &a
}

// change carries out ChangeAccount.
func (m *Master) change(x *messages.ChangeAccount) {
	a := *m.Accounts[x.GetAccount()]
	a.Record = proto.CloneOf(a.Record)
	if x.Name != nil {
		a.Record.Name = x.GetName()
	}
	if x.MonitorInterval != nil {
		a.Record.MonitorInterval = x.GetMonitorInterval()
	}
	if x.Tags != nil {
		a.Record.Tags = x.GetTags().GetTags()
	}
	m.Accounts[x.GetAccount()] = &a
}

// Reply puts a reply into a state.
func (m *Master) Reply(id, state, reason string) {
	for i, r := range m.Replies {
		if r.GetId() == id {
			next := proto.CloneOf(r)
			next.State, next.Reason = state, reason
			if !messages.ReplyOpen(state) {
				next.EndedAt, next.Settled = now(), state == messages.ReplyUnknownState
			}
			m.Replies[i] = next
		}
	}
}

// Step shows a step of a login.
func (m *Master) Step(s *messages.LoginStep) { m.tell = append(m.tell, s) }

// End ends a login.
func (m *Master) End(session, status, reason string) {
	for i, s := range m.Logins {
		if s.GetSession() == session {
			next := proto.CloneOf(s)
			next.Status, next.Reason, next.EndedAt = status, reason, now()
			m.Logins[i] = next
			m.tell = append(m.tell, &messages.LoginEnded{Session: session, Account: s.GetAccount(), Status: status, Reason: reason, At: now()})
		}
	}
}

// Receive takes commands from the API and functions from the test.
func (m *Master) Receive(c actor.Context) {
	switch msg := c.Message().(type) {
	case board.Subscribe:
		m.subscribers = append(m.subscribers, c.Sender())
	case func(*Master):
		msg(m)
		m.publish(c)
		c.Respond(true)
	case listCommands:
		c.Respond(slices.Clone(m.commands))
	case proto.Message:
		m.commands = append(m.commands, msg)
		switch {
		case m.Refuse != nil:
			c.Respond(m.Refuse)
		case !m.Ignore:
			answer := m.carryOut(msg)
			m.publish(c)
			c.Respond(answer)
		}
	}
}

func (m *Master) carryOut(command proto.Message) proto.Message {
	switch x := command.(type) {
	case *messages.CreateAccount:
		id := x.GetId()
		if id == "" {
			id = fmt.Sprintf("%s-%d", x.GetPlatform(), len(m.Order)+1)
		}
		m.Add(id, x.GetName())
		m.Accounts[id].Record.Tags, m.Accounts[id].Record.Paused = x.GetTags(), x.GetPaused()
		return m.done(id)
	case *messages.ChangeAccount:
		m.change(x)
		return m.done(x.GetAccount())
	case *messages.DrainWorker:
		return &messages.WorkerDrained{Worker: x.GetWorker(), Accounts: 2}
	case *messages.UndrainWorker:
		return &messages.WorkerUndrained{Worker: x.GetWorker()}
	case *messages.ForgetNode:
		m.Nodes = slices.DeleteFunc(slices.Clone(m.Nodes), func(n *board.Node) bool { return n.Status.GetWorker() == x.GetWorker() })
		return &messages.NodeForgotten{Worker: x.GetWorker()}
	case *messages.MoveAccount:
		m.Accounts[x.GetAccount()].Record.Worker = x.GetWorker()
		return m.done(x.GetAccount())
	case *messages.QueueLogins, *messages.UnqueueLogins, *messages.MakeLoginLink, *messages.OpenLoginLink:
		return m.queue(x)
	case *messages.PauseAccount:
		m.Pause(x.GetAccount(), true)
		m.State(x.GetAccount(), messages.Paused, x.GetReason())
		return m.done(x.GetAccount())
	case *messages.ResumeAccount:
		m.Pause(x.GetAccount(), false)
		m.State(x.GetAccount(), messages.Starting, "")
		return m.done(x.GetAccount())
	case *messages.RemoveAccount:
		done := m.done(x.GetAccount())
		delete(m.Accounts, x.GetAccount())
		return done
	case *messages.CollectNow:
		return m.done(x.GetAccount())
	case *messages.PinAccount:
		return m.pin(x)
	case *messages.AddProxy, *messages.RemoveProxy, *messages.AssignProxy, *messages.TestProxy:
		return m.proxies(x)
	case *messages.RollBackDefinition, *messages.TryDefinition:
		return m.definitions(x)
	case *messages.ReadVault, *messages.WriteVault, *messages.RotateKeys, *messages.ListKeys, *messages.RetireKey:
		return m.seals(x)
	case *messages.ListRounds:
		return &messages.RoundsListed{Rounds: []*messages.Round{{At: 1, TookMs: 2, What: "round", Outcome: "ok"}}}
	case *messages.ReadEvidence:
		return &messages.EvidenceRead{Content: []byte("png")}
	case *messages.RecordRound:
		return &messages.RoundRecorded{Archive: []byte("PK"), Outcome: "page_changed", Step: "probe/await me"}
	case *messages.TakeScreenshot:
		return &messages.ScreenshotTaken{Png: []byte("\x89PNG picture"), At: now()}
	case *messages.SubmitReply:
		return m.accept(x)
	}
	return m.login(command)
}

// pin does as the real one: what a Node worker had stays paused.
func (m *Master) pin(x *messages.PinAccount) proto.Message {
	next := proto.CloneOf(m.Accounts[x.GetAccount()].Record)
	next.Foreign = x.GetWorker()
	if x.GetWorker() != "" {
		next.Worker, next.Abroad = "", x.GetWorker()
	}
	m.Accounts[x.GetAccount()].Record = next
	return m.done(x.GetAccount())
}

func (m *Master) login(command proto.Message) proto.Message {
	switch x := command.(type) {
	case *messages.StartLogin:
		s := &messages.LoginSession{Session: x.GetSession(), Account: x.GetAccount(), Status: "pending", CreatedAt: now(), ExpiresAt: now() + 300_000}
		if s.Session == "" {
			s.Session = fmt.Sprintf("login-%d", len(m.Logins)+1)
		}
		m.Logins = append(m.Logins, s)
		return &messages.LoginStarted{Session: s.GetSession(), Account: s.GetAccount(), ExpiresAt: s.GetExpiresAt()}
	case *messages.LoginInput:
		return &messages.LoginStarted{Session: x.GetSession()}
	case *messages.CancelLogin:
		m.End(x.GetSession(), "cancelled", x.GetReason())
		return &messages.LoginStarted{Session: x.GetSession()}
	}
	return &messages.Refused{Code: "unsupported", Message: "the stand-in does not know this command"}
}

func (m *Master) accept(x *messages.SubmitReply) proto.Message {
	for _, r := range m.Replies {
		if r.GetId() == x.GetId() && x.GetId() != "" {
			return &messages.ReplyAccepted{Reply: r, Existed: true}
		}
	}
	r := &messages.Reply{
		Id: x.GetId(), Account: x.GetAccount(), Topic: x.GetTopic(), Target: x.GetTarget(), Content: x.GetContent(),
		State: messages.ReplyAcceptedState, AcceptedAt: now(), FromName: x.GetFromName(),
	}
	if r.Id == "" {
		r.Id = fmt.Sprintf("reply-%d", len(m.Replies)+1)
	}
	m.Replies = append(m.Replies, r)
	return &messages.ReplyAccepted{Reply: r}
}

func (m *Master) done(id string) *messages.AccountDone {
	return &messages.AccountDone{Account: m.Accounts[id].Record}
}

// publish tells all subscribers of everything, changed or not.
func (m *Master) publish(c actor.Context) {
	b := &board.Board{
		Replies: append([]*messages.Reply{}, m.Replies...), Logins: append([]*messages.LoginSession{}, m.Logins...),
		Alarms: append([]*messages.Alarm{}, m.Alarms...), Nodes: m.Nodes, Queue: board.LoginQueue{AtOnce: 1, Waiting: m.Queue},
		Proxies: append([]*board.Proxy{}, m.Proxies...), Platforms: append([]*board.Platform{}, m.Platforms...),
	}
	changed := board.Changed{Board: b, Replies: b.Replies, Alarms: b.Alarms}
	for _, id := range m.Order {
		changed.Accounts = append(changed.Accounts, messages.AccountID(id))
		if a := m.Accounts[id]; a != nil {
			b.Accounts = append(b.Accounts, a)
		}
	}
	m.holder.Publish(b)
	news := append([]any{changed}, m.tell...)
	m.tell = nil
	for _, s := range m.subscribers {
		for _, one := range news {
			c.Send(s, one)
		}
	}
}
