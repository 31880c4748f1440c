package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/im"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit"
	"troupe/testkit/imclient"
)

func TestNothingIsServedBeforeTheFirstBoard(t *testing.T) {
	h := build(t)
	res, err := http.Get(h.url + "/socket.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d: a client would take the node for one without accounts", res.StatusCode)
	}
}

// TestTheClientsDay is the main way of the unmodified client: it registers, reads, sees something new, answers and marks as read.
func TestTheClientsDay(t *testing.T) {
	h := open(t)
	h.observe("sb_2", direct("m1", "own_sb_2:u_1", "在吗"))
	h.observe("sb_1", work("w1", "春天"), comment("c1", "w1", "好看"))
	c := imclient.Start(t, h.url)

	c.Expect("monitor:channels", holds("sb_1", "channels", 0, "id"))
	registered := c.Expect("monitor:registered", nil)
	if at(registered, "channelCount") != 2.0 || at(registered, "clientId") != "monitor_1700000000000_test" {
		t.Errorf("registered %s", registered)
	}
	c.Expect("monitor:channels", nil) // the client asks by itself once more

	c.Emit("monitor:request_topics", map[string]string{"channelId": "sb_1"})
	topics := c.Expect("monitor:topics", holds("sb_1", "channelId"))
	if at(topics, "topics", 0, "id") != "sb_1.w.w1" || at(topics, "topics", 0, "unreadCount") != 1.0 {
		t.Errorf("topics %s", topics)
	}
	c.Emit("monitor:request_messages", map[string]string{"topicId": "sb_1.w.w1"})
	c.Expect("monitor:messages", holds("好看", "messages", 0, "content"))
	c.Expect("monitor:sending_queue", holds("sb_1.w.w1", "topicId"))

	h.observe("sb_1", comment("c2", "w1", "多少钱"))
	hint := c.Expect("monitor:new_message_hint", nil)
	if at(hint, "topicId") != "sb_1.w.w1" || at(hint, "commentCount") != 1.0 || at(hint, "totalUnreadCount") != 2.0 {
		t.Errorf("hint %s", hint)
	}
	c.Expect("monitor:topics", holds(2.0, "topics", 0, "unreadCount"))
	c.Expect("monitor:messages", holds("多少钱", "messages", 1, "content"))
	c.Expect("monitor:channels", func(p json.RawMessage) bool {
		return at(p, "channels", 0, "unreadCount") == 2.0 || at(p, "channels", 1, "unreadCount") == 2.0
	})
	inOrder(t, c, "monitor:new_message_hint", "monitor:topics", "monitor:messages", "monitor:channels")

	c.Emit("monitor:mark_topic_as_read", map[string]string{"channelId": "sb_1", "topicId": "sb_1.w.w1"})
	if mark := h.markRead(); mark.GetAccount() != "sb_1" || mark.GetWorkId() != "w1" {
		t.Errorf("marked %v", mark)
	}
	answer := c.Expect("monitor:mark_topic_as_read_response", nil)
	if at(answer, "count") != 2.0 || at(answer, "success") != true || at(answer, "read_at").(float64) > 1e11 {
		t.Errorf("answer %s", answer)
	}
	c.Expect("monitor:topic_read", holds("sb_1.w.w1", "topicId"))
	c.Expect("monitor:topics", holds(0.0, "topics", 0, "unreadCount"))
}

// inOrder checks that, of the last of each, every event came after the one before it.
func inOrder(t *testing.T, c *imclient.Client, events ...string) {
	t.Helper()
	last := map[string]int{}
	for i, e := range c.Events() {
		last[e.Event] = i
	}
	for i := 1; i < len(events); i++ {
		if last[events[i-1]] > last[events[i]] {
			t.Errorf("%s came after %s", events[i-1], events[i])
		}
	}
}

func TestReplyShowsUntilItEnds(t *testing.T) {
	h := open(t)
	h.observe("sb_1", work("w1", "春天"), comment("c1", "w1", "好看"))
	c, other := imclient.Start(t, h.url), imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	other.Expect("monitor:registered", nil)

	c.Emit("monitor:reply", map[string]any{
		"channelId": "sb_1", "topicId": "sb_1.w.w1", "type": "comment", "messageCategory": "comment", "replyToId": "c1",
		"replyToContent": "好看", "content": "谢谢", "fromName": "阿明", "fromId": "monitor_1", "authorAvatar": nil,
	})
	submit, session := testkit.ExpectFrom[*messages.SubmitReply](h.master, nil)
	if submit.GetAccount() != "sb_1" || submit.GetTarget().GetCommentId() != "c1" || submit.GetTarget().GetPersonId() != "u_1" || submit.GetContent() != "谢谢" {
		t.Errorf("submitted %v", submit)
	}
	r := &messages.Reply{
		Id: submit.GetId(), RequestId: "req_1", Account: "sb_1", Topic: submit.GetTopic(), Target: submit.GetTarget(), Content: "谢谢",
		State: messages.ReplyAcceptedState, AcceptedAt: h.gw.Now().UnixMilli(),
	}
	h.master.Send(session, &messages.ReplyAccepted{Reply: r})
	h.replyIs(r)
	success := c.Expect("reply:success", nil)
	if at(success, "messageId") != submit.GetId() || at(success, "requestId") != "req_1" || at(success, "status") != "submitted" {
		t.Errorf("success %s", success)
	}
	for _, client := range []*imclient.Client{c, other} {
		client.Expect("monitor:sending_queue", holds("谢谢", "sendingMessages", 0, "content"))
	}

	done := proto.CloneOf(r)
	done.State, done.EndedAt, done.PlatformId = messages.ReplyConfirmedState, h.gw.Now().UnixMilli(), "d9"
	h.replyIs(done)
	for _, client := range []*imclient.Client{c, other} {
		client.Expect("monitor:sending_queue", holds(nil, "sendingMessages", 0))
		client.Expect("monitor:messages", holds("d9", "messages", 1, "id"))
	}
}

func TestFailedReplyFreesTheButtonAndIsSeen(t *testing.T) {
	h := open(t)
	h.observe("sb_1", direct("m1", "own_sb_1:u_1", "在吗"))
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	topic := "sb_1.c.own_sb_1:u_1"

	// Refused before it was accepted.
	ask := map[string]any{"channelId": "sb_1", "topicId": topic, "content": "在的", "replyToId": nil}
	c.Emit("monitor:reply", ask)
	submit, session := testkit.ExpectFrom[*messages.SubmitReply](h.master, nil)
	h.master.Send(session, &messages.Refused{Code: "unsupported", Message: "this platform cannot answer messages"})
	refused := c.Expect("reply:error", nil)
	if at(refused, "error") != "this platform cannot answer messages" || at(refused, "messageId") != submit.GetId() {
		t.Errorf("error %s", refused)
	}
	c.Expect("channel:message:status", holds("failed", "status"))
	c.Expect("monitor:sending_queue", holds(topic, "topicId"))

	// Failed afterwards.
	h.replyIs(&messages.Reply{
		Id: "r2", Account: "sb_1", Topic: topic, Content: "在的", State: messages.ReplyFailedState, Reason: "blocked", EndedAt: h.gw.Now().UnixMilli(),
		Target: &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE},
	})
	c.Expect("monitor:sending_queue", holds(topic, "topicId"))
	c.Expect("monitor:messages", holds("[发送失败: blocked] 在的", "messages", 1, "content"))
	c.Expect("channel:message:status", holds("r2", "messageId"))

	// Not understood at all: the button is freed too.
	for _, bad := range []map[string]any{{"topicId": topic, "content": " "}, {"topicId": "sb_9.c.x", "content": "x"}, {"topicId": topic, "content": 7}} {
		c.Emit("monitor:reply", bad)
		c.Expect("reply:error", nil)
		c.Expect("monitor:sending_queue", nil)
	}
}

func TestAccountsAreAddedAndRemoved(t *testing.T) {
	h := open(t)
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	c.Emit("monitor:request_platforms", nil)
	c.Expect("monitor:platforms", holds("沙盒", "data", 0, "label"))

	c.Emit("monitor:create_account", map[string]any{
		"platform": "sandbox", "account_name": "新店", "monitor_interval": "30", "status": "active", "assigned_worker_id": nil,
	})
	create, session := testkit.ExpectFrom[*messages.CreateAccount](h.master, nil)
	if create.GetName() != "新店" || create.GetMonitorInterval() != 30 {
		t.Errorf("create %v", create)
	}
	added := loggedIn("sb_3")
	h.master.Send(session, &messages.AccountDone{Account: added.Record})
	h.state.Accounts = append(h.state.Accounts, added)
	h.publishBoard(board.Changed{Accounts: []messages.AccountID{"sb_3"}})
	c.Expect("monitor:create_account_result", holds("sb_3", "data", "id"))
	c.Expect("channel:status_update", holds("sb_3", "channel", "id"))
	c.Expect("monitor:channels", holds("sb_3", "channels", 2, "id"))

	c.Emit("monitor:create_account", map[string]any{"platform": "sandbox"})
	c.Expect("monitor:create_account_result", holds(false, "success"))

	c.Emit("monitor:delete_account", map[string]any{"accountId": "sb_3"})
	_, session = testkit.ExpectFrom(h.master, func(m *messages.RemoveAccount) bool { return m.GetAccount() == "sb_3" })
	h.master.Send(session, &messages.AccountDone{Account: added.Record})
	h.state.Accounts = h.state.Accounts[:2]
	h.publishBoard(board.Changed{Accounts: []messages.AccountID{"sb_3"}})
	c.Expect("monitor:delete_account_result", holds("sb_3", "accountId"))
	c.Expect("monitor:channels", holds(nil, "channels", 2))
}

func TestTroubleIsShownAndTheAccountStaysOpen(t *testing.T) {
	h := open(t)
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	for _, test := range []struct {
		state         messages.AccountState
		login, status string
		opens         bool
	}{
		{messages.Challenge, "logged_in", "error", true},
		{messages.LoggedOut, "not_logged_in", "active", false},
		{messages.Watching, "logged_in", "active", true},
	} {
		a := loggedIn("sb_1")
		a.Status = &messages.AccountStatus{Account: "sb_1", State: string(test.state)}
		h.state.Accounts = []*board.Account{a, loggedIn("sb_2")}
		h.publishBoard(board.Changed{Accounts: []messages.AccountID{"sb_1"}})
		c.Expect("monitor:channels", func(p json.RawMessage) bool {
			return at(p, "channels", 0, "status") == test.status && at(p, "channels", 0, "login_status") == test.login && at(p, "channels", 0, "isLoggedIn") == test.opens
		})
	}
	c.Expect("channel:status_update", holds("not_logged_in", "channel", "loginStatus"))
	c.Expect("channel:status_update", holds("logged_in", "channel", "loginStatus"))
}

func TestReconnectedClientIsServedWithoutRegistering(t *testing.T) {
	h := open(t)
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	h.wire.cut()
	c.Expect("$disconnect", nil)
	c.Expect("$connect", nil) // the first
	c.Expect("$connect", nil) // the second; it does not register again
	h.observe("sb_1", work("w1", "春天"), comment("c1", "w1", "好看"))
	c.Expect("monitor:topics", holds("sb_1.w.w1", "topics", 0, "id"))
	before := len(channels(c))
	c.Emit("monitor:sync", map[string]any{})
	c.Expect("monitor:channels", func(json.RawMessage) bool { return len(channels(c)) > before })
}

// TestOneSyncBringsWhatAnAbsentClientMissed cuts a client off while 200 items come, and lets it ask once.
func TestOneSyncBringsWhatAnAbsentClientMissed(t *testing.T) {
	h := open(t)
	h.observe("sb_1", work("w1", "春天"))
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	h.wire.hold(true)
	h.wire.cut()
	c.Expect("$disconnect", nil)
	for i := range 200 {
		if i%2 == 0 {
			h.observe("sb_1", comment(fmt.Sprint("c", i), "w1", "在吗"))
		} else {
			h.observe("sb_1", direct(fmt.Sprint("m", i), "own_sb_1:u_1", "在吗"))
		}
	}
	h.wire.hold(false)
	c.Expect("$connect", nil) // the first
	c.Expect("$connect", nil)
	from := len(c.Events())
	c.Emit("monitor:sync", map[string]any{})
	await(t, c, from, []string{"monitor:channels"})
	missed := c.Events()[from:]
	if i := slices.IndexFunc(missed, func(e imclient.Event) bool { return e.Event == "monitor:channels" }); at(missed[i].Payload, "channels", 0, "unreadCount") != 200.0 {
		t.Errorf("%s", missed[i].Payload)
	}
	c.Emit("monitor:request_topics", map[string]string{"channelId": "sb_1"}) // as the client does after each list of channels
	c.Expect("monitor:topics", func(p json.RawMessage) bool {
		return at(p, "topics", 0, "unreadCount") == 100.0 && at(p, "topics", 1, "unreadCount") == 100.0
	})
	for _, topic := range []string{"sb_1.w.w1", "sb_1.c.own_sb_1:u_1"} {
		c.Emit("monitor:request_messages", map[string]string{"topicId": topic})
		c.Expect("monitor:messages", func(p json.RawMessage) bool {
			return at(p, "topicId") == topic && at(p, "messages", 99) != nil && at(p, "messages", 100) == nil
		})
	}
}

func channels(c *imclient.Client) []json.RawMessage {
	var lists []json.RawMessage
	for _, e := range c.Events() {
		if e.Event == "monitor:channels" {
			lists = append(lists, e.Payload)
		}
	}
	return lists
}

func TestPollingClientIsServedAndUpgraded(t *testing.T) {
	h := open(t)
	c := imclient.Start(t, h.url, "polling", "websocket")
	c.Expect("$upgrade", holds("websocket", "transport"))
	h.observe("sb_1", work("w1", "春天"), comment("c1", "w1", "好看"))
	c.Expect("monitor:topics", holds("sb_1.w.w1", "topics", 0, "id"))

	only := imclient.Start(t, h.url, "polling")
	only.Expect("monitor:registered", nil)
	h.observe("sb_1", comment("c2", "w1", "多少钱"))
	only.Expect("monitor:new_message_hint", holds("sb_1.w.w1", "topicId"))
}

func TestMalformedPayloadsAreAnsweredAndForgiven(t *testing.T) {
	h := open(t)
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	for event, payload := range map[string]any{
		"monitor:request_topics":            nil,
		"monitor:request_messages":          "a text",
		"monitor:mark_topic_as_read":        []int{1},
		"monitor:mark_conversation_as_read": map[string]any{"channelId": 7},
		"monitor:mark_as_read":              map[string]any{"type": "comment", "id": "nobody has it"},
		"monitor:mark_batch_as_read":        map[string]any{"type": "other", "ids": []string{"x"}},
	} {
		c.Emit(event, payload)
		c.Expect("error", nil)
	}
	c.Emit("monitor:request_channels", nil)
	c.Expect("monitor:channels", nil)
	if slices.ContainsFunc(c.Events(), func(e imclient.Event) bool { return e.Event == "$disconnect" }) {
		t.Error("the connection was lost")
	}
}

func TestUnchangedChannelsAreNotBroadcastAgain(t *testing.T) {
	h := open(t)
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	c.Expect("monitor:channels", nil)
	c.Expect("monitor:channels", nil)
	for range 5 { // news that changes nothing a client sees
		h.publishBoard(board.Changed{Accounts: []messages.AccountID{"sb_1"}})
	}
	h.observe("sb_1", work("w1", "春天"), comment("c1", "w1", "好看"))
	c.Expect("monitor:channels", func(p json.RawMessage) bool { return bytes.Contains(p, []byte("好看")) })
	if n := len(channels(c)); n > 4 { // two on request, at most one before and one after the news
		t.Errorf("%d lists of channels", n)
	}
}

func TestAccountThatIsStillLoadingIsNotShownEmpty(t *testing.T) {
	h := open(t)
	h.data.Merge(&messages.Observed{Account: "sb_1", Items: []*messages.Item{work("w1", "春天"), comment("c1", "w1", "好看")}}, time.Now())
	full := h.data.View("sb_1")
	summary := dataset.Summarized("sb_1", full.Stored())
	h.views.Publish(dataset.Publication{Views: []*dataset.View{summary}})
	h.store.Send(h.gateway, &dataset.Published{View: summary})
	c := imclient.Start(t, h.url)
	c.Expect("monitor:channels", holds("好看", "channels", 0, "lastMessage"))
	c.Emit("monitor:request_topics", map[string]string{"channelId": "sb_1"})
	c.Emit("monitor:request_messages", map[string]string{"topicId": "sb_1.w.w1"})
	c.Expect("monitor:sending_queue", nil) // of the second request, so the first was answered, or not
	if slices.ContainsFunc(c.Events(), func(e imclient.Event) bool { return e.Event == "monitor:topics" || e.Event == "monitor:messages" }) {
		t.Error("a list that is not loaded was sent")
	}
	h.views.Publish(dataset.Publication{Views: []*dataset.View{full}})
	h.store.Send(h.gateway, &dataset.Published{View: full})
	c.Expect("monitor:topics", holds("sb_1.w.w1", "topics", 0, "id"))
}

func TestReplyThatTakesTooLongLeavesTheQueue(t *testing.T) {
	h := open(t)
	h.observe("sb_1", work("w1", "春天"), comment("c1", "w1", "好看"))
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	h.replyIs(&messages.Reply{
		Id: "r1", Account: "sb_1", Topic: "sb_1.w.w1", Content: "谢谢", State: messages.ReplyAcceptedState,
		AcceptedAt: time.Now().Add(-im.QueueTime + time.Second).UnixMilli(),
	})
	c.Expect("monitor:sending_queue", holds("r1", "sendingMessages", 0, "id"))
	c.Expect("monitor:sending_queue", holds(nil, "sendingMessages", 0))
	c.Expect("monitor:messages", holds("[等待发送] 谢谢", "messages", 0, "content")) // older than the comment
}

func TestReadMarksOfOneClientReachAllOthers(t *testing.T) {
	h := open(t)
	h.observe("sb_1", direct("m1", "own_sb_1:u_1", "在吗"), direct("m2", "own_sb_1:u_1", "你好"))
	c, other := imclient.Start(t, h.url), imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	other.Expect("monitor:registered", nil)

	c.Emit("monitor:mark_as_read", map[string]string{"type": "message", "id": "m1"})
	h.markRead()
	c.Expect("monitor:mark_as_read_response", holds("m1", "id"))
	other.Expect("monitor:message_read", holds("sb_1", "channelId"))
	other.Expect("monitor:topics", holds(1.0, "topics", 0, "unreadCount"))

	c.Emit("monitor:mark_conversation_as_read", map[string]string{"channelId": "sb_1", "conversationId": "sb_1.c.own_sb_1:u_1"})
	h.markRead()
	c.Expect("monitor:mark_conversation_as_read_response", holds(1.0, "count"))
	other.Expect("monitor:conversation_read", holds("sb_1.c.own_sb_1:u_1", "conversationId"))

	// Again: nothing is left to tell the others.
	c.Emit("monitor:mark_batch_as_read", map[string]any{"type": "message", "ids": []string{"m1", "m2"}, "channelId": "sb_1"})
	h.markRead()
	c.Expect("monitor:mark_batch_as_read_response", holds(0.0, "count"))
	c.Emit("monitor:get_unread_count", nil)
	c.Expect("monitor:unread_count_response", holds(0.0, "unread", "total"))
	if slices.ContainsFunc(other.Events(), func(e imclient.Event) bool { return e.Event == "monitor:messages_read" }) {
		t.Error("marking what is read already was broadcast")
	}
}
