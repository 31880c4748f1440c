package im

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

func TestChannelsHaveTheContractsShape(t *testing.T) {
	d := data("dy_1")
	fresh := &board.Account{
		Record: &messages.Account{Id: "dy_2", Platform: "douyin", CreatedAt: start - 60*minute},
		Status: &messages.AccountStatus{State: string(messages.Starting)},
	}
	golden(t, "channels", listed(t, &board.Board{Accounts: []*board.Account{fresh, account("dy_1")}}, d.View))
	golden(t, "channel_status", ChannelStatusOf(account("dy_1"), d.View("dy_1")))
}

func TestTopicsHaveTheContractsShape(t *testing.T) {
	golden(t, "topics", Topics("dy_1", data("dy_1").View("dy_1")))
}

func TestMessagesHaveTheContractsShape(t *testing.T) {
	d := data("dy_1")
	b := &board.Board{Accounts: []*board.Account{account("dy_1")}}
	golden(t, "messages_comments", Messages("dy_1.w.w1", b, d.View("dy_1"), now))
	golden(t, "messages_private", Messages("dy_1.c.own_1:u_li", b, d.View("dy_1"), now))
}

func TestHintsHaveTheContractsShape(t *testing.T) {
	d := data("dy_1")
	fresh := now.UnixMilli() - minute
	delta := d.Merge(observed("dy_1",
		comment(&messages.Comment{Id: "n1", WorkId: "w1", Content: "一", AuthorId: "u_1", CreateTime: fresh}),
		comment(&messages.Comment{Id: "n2", WorkId: "w1", Content: "二", AuthorId: "u_2", CreateTime: fresh}),
		comment(&messages.Comment{Id: "n3", WorkId: "w1", Content: "旧", AuthorId: "u_2", CreateTime: now.UnixMilli() - 11*minute}),
		comment(&messages.Comment{Id: "n4", WorkId: "w1", Content: "自己", AuthorId: "own_1", CreateTime: fresh}),
		comment(&messages.Comment{Id: "n5", WorkId: "w9", Content: "新作品", AuthorId: "u_2", CreateTime: fresh}),
		direct(&messages.DirectMessage{Id: "n6", ConversationId: "own_1:u_li", Sender: xiaoLi, Recipient: shop, Content: "喂", CreateTime: fresh}),
	), now)
	p := &dataset.Published{View: d.View("dy_1"), Changes: delta.Changes, Announce: delta.Announce}
	golden(t, "hints", Hints(account("dy_1"), p, now))
}

func TestFirstLookAnnouncesNothing(t *testing.T) {
	d := dataset.New(0, 0)
	delta := d.Merge(observed("dy_1", items()...), time.UnixMilli(start+9*minute))
	p := &dataset.Published{View: d.View("dy_1"), Changes: delta.Changes, Announce: delta.Announce}
	if hints := Hints(account("dy_1"), p, time.UnixMilli(start+9*minute)); len(hints) != 0 {
		t.Errorf("got %d hints", len(hints))
	}
}

func TestSmallAnswersHaveTheContractsShape(t *testing.T) {
	d := data("dy_1", "dy_2")
	b := &board.Board{
		Accounts: []*board.Account{account("dy_1"), account("dy_2")},
		Nodes: []*board.Node{
			{Status: &messages.NodeStatus{Worker: "node-1", Accounts: 2}, Online: true},
			{Status: &messages.NodeStatus{Worker: "node-2"}},
		},
	}
	golden(t, "answers", map[string]any{
		PlatformsEvent:      Platforms([]Platform{{"douyin", "抖音"}}),
		WorkersEvent:        Workers(b),
		UnreadEvent:         UnreadCountOf("", b, d.View),
		UnreadEvent + " 1":  UnreadCountOf("dy_1", b, d.View),
		AccountCreatedEvent: AccountCreated{Success: true, Data: SafeAccountOf(account("dy_1").Record)},
		AccountDeletedEvent: AccountDeleted{Error: "no such account"},
		RegisteredEvent:     Registered{Success: true, ChannelCount: 2, ClientID: "monitor_1_a", ClientType: "monitor"},
	})
}

func TestChannelsBadgeIsTheSumOfItsTopics(t *testing.T) {
	d := data("dy_1")
	// Items whose work or conversation was never seen itself count too, in a topic of their own.
	d.Merge(observed("dy_1",
		comment(&messages.Comment{Id: "x1", WorkId: "unseen", Content: "?", AuthorId: "u", CreateTime: start}),
		direct(&messages.DirectMessage{Id: "x2", ConversationId: "own_1:u_new", Sender: &messages.Person{UserId: "u_new"}, Content: "?", CreateTime: start}),
	), now)
	v := d.View("dy_1")
	sum := 0
	for _, topic := range Topics("dy_1", v).Topics {
		sum += topic.UnreadCount
	}
	if badge := ChannelOf(account("dy_1"), v).UnreadCount; badge != sum || sum == 0 {
		t.Errorf("badge %d, topics %d", badge, sum)
	}
}

func TestOneVisitorWithTwoAccountsIsTwoTopics(t *testing.T) {
	d := data("dy_1", "dy_2")
	b := &board.Board{Accounts: []*board.Account{account("dy_1"), account("dy_2")}}
	one, two := messages.TopicID("dy_1.c.own_1:u_li"), messages.TopicID("dy_2.c.own_1:u_li")
	for topic, account := range map[messages.TopicID]messages.AccountID{one: "dy_1", two: "dy_2"} {
		for _, m := range Messages(topic, b, d.View(account), now).Messages {
			if m.ChannelID != string(account) || m.TopicID != string(topic) {
				t.Errorf("%s holds a message of %s in %s", topic, m.ChannelID, m.TopicID)
			}
		}
	}
	if wrong := Messages(one, b, d.View("dy_2"), now); len(wrong.Messages) != 0 {
		t.Error("a topic was shown from another account's view")
	}
}

func TestUnknownTopicIsAnEmptyListNotNull(t *testing.T) {
	b := &board.Board{}
	for _, topic := range []messages.TopicID{"", "nonsense", "dy_9.w.w1", "dy_9.c.x"} {
		text, err := json.Marshal([]any{Messages(topic, b, nil, now).Messages, SendingQueueOf(topic, b, now).SendingMessages})
		if err != nil || string(text) != "[[],[]]" {
			t.Errorf("%s: %s, %v", topic, text, err)
		}
	}
	if text, _ := json.Marshal(Topics("dy_9", nil)); string(text) != `{"channelId":"dy_9","topics":[]}` {
		t.Errorf("topics: %s", text)
	}
}

func TestNumbersThatJSONCannotSayBecomeZero(t *testing.T) {
	d := dataset.New(0, 0)
	d.Merge(observed("dy_1", content(&messages.Content{
		Id: "w1", PublishTime: start, Statistics: &messages.Statistics{LikeRate: new(math.NaN()), AvgViewSecond: new(math.Inf(1))},
	})), now)
	if _, err := json.Marshal(Topics("dy_1", d.View("dy_1"))); err != nil {
		t.Error(err)
	}
}

func TestStatesInTheClientsWords(t *testing.T) {
	for name, test := range map[string]struct {
		state   messages.AccountState
		record  *messages.Account
		offline bool
		status  string
		login   string
		worker  string
		opens   bool
	}{
		"new":                    {state: messages.Starting, record: &messages.Account{}, status: "active", login: "not_logged_in", worker: "online"},
		"new, no node":           {state: messages.Starting, record: &messages.Account{}, offline: true, status: "active", login: "not_logged_in", worker: "offline"},
		"watching":               {state: messages.Watching, record: &messages.Account{LoggedIn: true}, status: "active", login: "logged_in", worker: "online", opens: true},
		"moving between nodes":   {state: messages.Starting, record: &messages.Account{LoggedIn: true}, offline: true, status: "active", login: "logged_in", worker: "online", opens: true},
		"captcha":                {state: messages.Challenge, record: &messages.Account{LoggedIn: true}, status: "error", login: "logged_in", worker: "online", opens: true},
		"page changed":           {state: messages.PageChanged, record: &messages.Account{LoggedIn: true}, status: "error", login: "logged_in", worker: "online", opens: true},
		"proxy down":             {state: messages.ProxyDown, record: &messages.Account{LoggedIn: true}, status: "error", login: "logged_in", worker: "online", opens: true},
		"parked":                 {state: messages.Parked, record: &messages.Account{LoggedIn: true}, offline: true, status: "error", login: "logged_in", worker: "online", opens: true},
		"slowed down":            {state: messages.RateLimited, record: &messages.Account{LoggedIn: true}, status: "active", login: "logged_in", worker: "online", opens: true},
		"paused":                 {state: messages.Paused, record: &messages.Account{LoggedIn: true, Paused: true}, offline: true, status: "paused", login: "logged_in", worker: "online", opens: true},
		"login began":            {state: messages.LoggingIn, record: &messages.Account{LoginStatus: "pending_login"}, status: "active", login: "pending_login", worker: "online"},
		"login under way":        {state: messages.LoggingIn, record: &messages.Account{}, status: "active", login: "logging_in", worker: "online"},
		"login failed":           {state: messages.LoggedOut, record: &messages.Account{LoginStatus: "login_failed"}, status: "active", login: "login_failed", worker: "online"},
		"logged out by the site": {state: messages.LoggedOut, record: &messages.Account{LoginStatus: "logged_in", LastLoginTime: 1}, status: "expired", login: "not_logged_in", worker: "online"},
	} {
		t.Run(name, func(t *testing.T) {
			test.record.Id = "dy_1"
			c := ChannelOf(&board.Account{Record: test.record, Status: &messages.AccountStatus{State: string(test.state)}, Online: !test.offline}, nil)
			if c.Status != test.status || c.LoginStatus != test.login || c.WorkerStatus != test.worker || c.IsLoggedIn != test.opens {
				t.Errorf("got %s %s %s %v", c.Status, c.LoginStatus, c.WorkerStatus, c.IsLoggedIn)
			}
			if c.IsLoggedIn != (c.LoginStatus == "logged_in" && c.WorkerStatus == "online") {
				t.Error("isLoggedIn is not what the client computes by itself")
			}
			if c.Name != "dy_1" {
				t.Errorf("name %q", c.Name)
			}
		})
	}
}

func TestStatusIsTheSameWhileOnlyItemsChange(t *testing.T) {
	d := data("dy_1")
	before := ChannelStatusOf(account("dy_1"), nil)
	if !before.Same(ChannelStatusOf(account("dy_1"), d.View("dy_1"))) {
		t.Error("new items alone would be broadcast as a status")
	}
	out := account("dy_1")
	out.Status.State = string(messages.LoggedOut)
	if before.Same(ChannelStatusOf(out, nil)) {
		t.Error("a logout would not be broadcast")
	}
}

func TestEveryEventStandsOnceInTheTable(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Events {
		if seen[e.Namespace+e.Name] || e.About == "" || e.Role == "" || (e.Direction != In && e.Direction != Out) {
			t.Errorf("row %+v", e)
		}
		if e.PerSecond > 0 && e.Burst < 1 {
			t.Errorf("%s can never be sent", e.Name)
		}
		seen[e.Namespace+e.Name] = true
	}
}
