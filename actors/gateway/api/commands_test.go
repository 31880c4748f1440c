package api_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

// only returns the single command that the node was asked.
func only[M proto.Message](t *testing.T, n *apitest.Node) M {
	t.Helper()
	list := n.Commands()
	if len(list) != 1 {
		t.Fatalf("%d commands: %v", len(list), list)
	}
	m, ok := list[0].(M)
	if !ok {
		t.Fatalf("the command is %T", list[0])
	}
	return m
}

func TestAccountLifeByAPI(t *testing.T) {
	n := apitest.Start(t)
	made := read[api.Account](t, call(t, n, "POST", "/api/v1/accounts", api.NewAccount{Platform: "sandbox", Name: "小店二", ID: "shop2", MonitorInterval: 20}), 201)
	if made.ID != "shop2" || made.Name != "小店二" || made.State != string(messages.Watching) {
		t.Errorf("%+v", made)
	}
	paused := read[api.Account](t, call(t, n, "POST", "/api/v1/accounts/shop2/pause", api.Pause{Reason: "holiday"}), 200)
	if paused.State != "paused" || paused.Reason != "holiday" {
		t.Errorf("%+v", paused)
	}
	if list := read[struct{ Accounts []api.Account }](t, call(t, n, "GET", "/api/v1/accounts?state=paused", nil), 200); len(list.Accounts) != 1 {
		t.Errorf("%+v", list)
	}
	read[api.Account](t, call(t, n, "POST", "/api/v1/accounts/shop2/resume", nil), 200)
	read[api.Account](t, call(t, n, "POST", "/api/v1/accounts/shop2/collect", nil), 202)
	picture := call(t, n, "POST", "/api/v1/accounts/shop2/screenshot", nil)
	if picture.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(string(picture.body), "\x89PNG") {
		t.Errorf("%v %q", picture.header, picture.body)
	}
	before := len(n.Commands())
	refused(t, call(t, n, "DELETE", "/api/v1/accounts/shop2", nil), 400, "confirm")
	refused(t, call(t, n, "DELETE", "/api/v1/accounts/shop2?confirm=shop", nil), 400, "confirm")
	if len(n.Commands()) != before {
		t.Fatal("an account is removed without a confirmation")
	}
	if a := call(t, n, "DELETE", "/api/v1/accounts/shop2?confirm=shop2", nil); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	refused(t, call(t, n, "GET", "/api/v1/accounts/shop2", nil), 404, "not_found")
}

func TestRefusalsKeepTheirMeaning(t *testing.T) {
	n := apitest.Start(t)
	for code, status := range map[string]int{"not_found": 404, "invalid": 400, "conflict": 409, "unsupported": 422, "unavailable": 503, "new_word": 409} {
		n.Update(func(m *apitest.Master) { m.Refuse = &messages.Refused{Code: code, Message: "do this instead"} })
		if got := refused(t, call(t, n, "POST", "/api/v1/accounts/shop/try", bodies["POST /api/v1/accounts/{account}/try"]), status, code); got != "do this instead" {
			t.Errorf("%s: %s", code, got)
		}
	}
}

func TestAccountShowsItsAlarmsCountsAndProfile(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Comment("c1", "w1", "hello"))
	n.Update(func(m *apitest.Master) {
		m.State("shop", messages.Challenge, "a captcha is shown")
		m.Alarms = append(m.Alarms, &messages.Alarm{Id: "a1", Name: "challenge", Account: "shop", RaisedAt: 5}, &messages.Alarm{Id: "a2", Name: "clock", Worker: "node-1", RaisedAt: 6, ClearedAt: 7})
		m.Accounts["shop"].Record.Profile = &messages.Profile{PlatformUserId: "u1", Nickname: "小店", Followers: proto.Int64(3)}
		m.Accounts["shop"].Record.Epoch = 1<<40 + 7
	})
	a := read[api.Account](t, call(t, n, "GET", "/api/v1/accounts/shop", nil), 200)
	if a.State != "challenge" || len(a.Alarms) != 1 || a.Counts.Comments != 1 || a.Unread.Total != 1 || a.Last.Text != "hello" || *a.Profile.Followers != 3 || a.Epoch != "g256.7" {
		t.Errorf("%+v", a)
	}
	open := read[struct{ Alarms []api.Alarm }](t, call(t, n, "GET", "/api/v1/alarms?open=true", nil), 200)
	all := read[struct{ Alarms []api.Alarm }](t, call(t, n, "GET", "/api/v1/alarms", nil), 200)
	if len(open.Alarms) != 1 || len(all.Alarms) != 2 || all.Alarms[0].ID != "a2" {
		t.Errorf("%+v %+v", open, all)
	}
	s := read[api.Status](t, call(t, n, "GET", "/api/v1/status", nil), 200)
	if s.Accounts != 2 || s.NeedPerson != 1 || s.OpenAlarms != 1 || s.ByState["watching"] != 1 || s.Counts.Comments != 1 || s.NodesOnline != 1 || s.Cursor == "" {
		t.Errorf("%+v", s)
	}
	p := read[struct{ Platforms []api.Platform }](t, call(t, n, "GET", "/api/v1/platforms", nil), 200)
	if len(p.Platforms) != 1 || p.Platforms[0].Accounts != 2 {
		t.Errorf("%+v", p)
	}
	p = read[struct{ Platforms []api.Platform }](t, call(t, n, "GET", "/api/v1/platforms", nil), 200)
	if p.Platforms[0].Accounts != 2 {
		t.Error("counting accounts changes the configuration")
	}
}

func TestLoginInputReachesTheLogin(t *testing.T) {
	n := apitest.Start(t)
	if a := call(t, n, "POST", "/api/v1/logins/s1/input", api.Input{Kind: "verification_code", Value: "123456"}); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if in := only[*messages.LoginInput](t, n); in.GetSession() != "s1" || string(in.GetValue()) != "123456" {
		t.Errorf("session %s", in.GetSession())
	}
	refused(t, call(t, n, "POST", "/api/v1/logins/s1/input", api.Input{Kind: "pin", Value: "1"}), 400, "invalid")
	refused(t, call(t, n, "POST", "/api/v1/logins/s1/input", api.Input{Kind: "password"}), 400, "invalid")
	refused(t, call(t, n, "POST", "/api/v1/accounts/shop/login", api.NewLogin{Session: "a b"}), 400, "invalid")
}

func TestReplyNamesWhomItAnswers(t *testing.T) {
	items := []*messages.Item{apitest.Work("w1", "Spring"), apitest.Comment("c1", "w1", "how much?"), apitest.Discussion("d1", "c1", "w1", "me too")}
	items = append(items, apitest.Chat("me:cleo", "m1", "hello")...)
	for name, tc := range map[string]struct {
		body api.NewReply
		want *messages.ReplyTarget
	}{
		"a comment": {api.NewReply{Topic: "shop.w.w1", InReplyTo: "c1"}, &messages.ReplyTarget{
			Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: "w1", WorkTitle: "Spring", CommentId: "c1", PersonId: "u-anna", PersonName: "Anna", Text: "how much?",
		}},
		"a discussion": {api.NewReply{Topic: "shop.w.w1", InReplyTo: "d1", Account: "shop"}, &messages.ReplyTarget{
			Kind: messages.ReplyKind_REPLY_DISCUSSION, WorkId: "w1", WorkTitle: "Spring", CommentId: "c1", DiscussionId: "d1", PersonId: "u-ben", PersonName: "Ben", Text: "me too",
		}},
		"the work": {api.NewReply{Topic: "shop.w.w1"}, &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_WORK, WorkId: "w1", WorkTitle: "Spring"}},
		"a conversation": {api.NewReply{Topic: "shop.c.me:cleo"}, &messages.ReplyTarget{
			Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: "me:cleo", PersonId: "u-cleo", PersonName: "Cleo", Text: "hello",
		}},
		"a comment by target": {api.NewReply{Account: "shop", Target: &api.Target{Kind: "comment", CommentID: "c1"}}, &messages.ReplyTarget{
			Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: "w1", WorkTitle: "Spring", CommentId: "c1", PersonId: "u-anna", PersonName: "Anna", Text: "how much?",
		}},
		"a conversation by target": {api.NewReply{Account: "shop", Target: &api.Target{Kind: "message", ConversationID: "me:cleo"}}, &messages.ReplyTarget{
			Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: "me:cleo", PersonId: "u-cleo", PersonName: "Cleo", Text: "hello",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			n := apitest.Start(t)
			n.Observe("shop", items...)
			tc.body.Content = "  thank you \n"
			r := read[api.Reply](t, call(t, n, "POST", "/api/v1/replies", tc.body), 202)
			if r.State != messages.ReplyAcceptedState || r.Final || r.Account != "shop" || r.Content != "thank you" {
				t.Errorf("%+v", r)
			}
			m := only[*messages.SubmitReply](t, n)
			if !proto.Equal(m.GetTarget(), tc.want) || m.GetTraceId() == "" || !strings.HasPrefix(m.GetTopic(), "shop.") {
				t.Errorf("got %v, want %v", m, tc.want)
			}
		})
	}
}

func TestRepliesThatCannotBeMeantAreRefused(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w1", "Spring"), apitest.Work("w2", "Summer"), apitest.Comment("c1", "w1", "hi"))
	for name, tc := range map[string]struct {
		body   api.NewReply
		status int
	}{
		"empty":                       {api.NewReply{Topic: "shop.w.w1", Content: " \n"}, 400},
		"no target":                   {api.NewReply{Content: "x"}, 400},
		"two targets":                 {api.NewReply{Topic: "shop.w.w1", Target: &api.Target{Kind: "work"}, Content: "x"}, 400},
		"in_reply_to without topic":   {api.NewReply{InReplyTo: "c1", Target: &api.Target{Kind: "work"}, Content: "x"}, 400},
		"target without account":      {api.NewReply{Target: &api.Target{Kind: "comment", CommentID: "c1"}, Content: "x"}, 400},
		"unknown kind":                {api.NewReply{Account: "shop", Target: &api.Target{Kind: "story"}, Content: "x"}, 400},
		"another account's topic":     {api.NewReply{Account: "cafe", Topic: "shop.w.w1", Content: "x"}, 400},
		"too long":                    {api.NewReply{Topic: "shop.w.w1", Content: strings.Repeat("字", 4001)}, 400},
		"bad id":                      {api.NewReply{Topic: "shop.w.w1", Content: "x", ID: "a b"}, 400},
		"unknown topic":               {api.NewReply{Topic: "shop.w.none", Content: "x"}, 404},
		"comment of another topic":    {api.NewReply{Topic: "shop.w.w2", InReplyTo: "c1", Content: "x"}, 404},
		"unknown comment by target":   {api.NewReply{Account: "shop", Target: &api.Target{Kind: "comment", CommentID: "none"}, Content: "x"}, 404},
		"account that holds nothing":  {api.NewReply{Account: "cafe", Target: &api.Target{Kind: "comment", CommentID: "c1"}, Content: "x"}, 404},
		"account that does not exist": {api.NewReply{Account: "none", Target: &api.Target{Kind: "comment", CommentID: "c1"}, Content: "x"}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			if a := call(t, n, "POST", "/api/v1/replies", tc.body); a.status != tc.status {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	if got := n.Commands(); len(got) != 0 {
		t.Errorf("the master was asked: %v", got)
	}
}

func TestSameReplyIDIsAnsweredWithTheFirstReply(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w1", "Spring"))
	body := api.NewReply{ID: "key-1", Topic: "shop.w.w1", Content: "thank you"}
	read[api.Reply](t, call(t, n, "POST", "/api/v1/replies", body), 202)
	n.Update(func(m *apitest.Master) { m.Reply("key-1", messages.ReplyUnknownState, "reset") })
	n.Expire("shop") // what was answered is gone by now; the answer must not depend on it
	again := read[api.Reply](t, call(t, n, "POST", "/api/v1/replies", body), 200)
	if again.State != messages.ReplyUnknownState || !again.Final {
		t.Errorf("%+v", again)
	}
	body.Content = "something else"
	refused(t, call(t, n, "POST", "/api/v1/replies", body), 409, "conflict")
	if got := n.Commands(); len(got) != 1 {
		t.Errorf("%d commands", len(got))
	}
	list := read[struct{ Replies []api.Reply }](t, call(t, n, "GET", "/api/v1/replies?account=shop&state=unknown", nil), 200)
	if len(list.Replies) != 1 || list.Replies[0].Kind != "work" {
		t.Errorf("%+v", list)
	}
	refused(t, call(t, n, "GET", "/api/v1/replies?state=lost", nil), 400, "invalid")
}
