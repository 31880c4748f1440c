package nodeworker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit/nodeworker"
	"troupe/testkit/proc"
)

func TestMain(m *testing.M) {
	code := m.Run()
	proc.Clean()
	os.Exit(code)
}

// node is the real program, and what a person sees of it.
type node struct {
	*proc.Node
	t *testing.T
}

func (n node) call(method, path string, body, answer any) {
	n.t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		n.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(n.t.Context(), method, "http://localhost/api/v1"+path, bytes.NewReader(content))
	if err != nil {
		n.t.Fatal(err)
	}
	if body == nil {
		r.Body, r.ContentLength = http.NoBody, 0
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := n.HTTP().Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	var got bytes.Buffer
	if _, err := got.ReadFrom(res.Body); err != nil {
		n.t.Fatal(err)
	}
	if res.StatusCode >= 300 {
		n.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, got.Bytes())
	}
	if answer != nil {
		if err := json.Unmarshal(got.Bytes(), answer); err != nil {
			n.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

// await asks again and again until what comes is what is wanted.
func await[T any](n node, path string, want func(T) bool) T {
	n.t.Helper()
	var last T
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var got T
		n.call("GET", path, nil, &got)
		if want(got) {
			return got
		}
		last = got
	}
	n.t.Fatalf("%s: not what is wanted: %+v", path, last)
	return last
}

func (n node) reply(id, target string, state string) api.Reply {
	n.t.Helper()
	n.call("POST", "/replies", api.NewReply{ID: id, Topic: "shop.w.w1", InReplyTo: target, Content: "谢谢 " + id}, nil)
	return await(n, "/replies/"+id, func(r api.Reply) bool { return r.State == state })
}

func work() map[string]any {
	return map[string]any{"contentId": "w1", "title": "春天", "publishTime": time.Now().UnixMilli()}
}

func comment(id string) map[string]any {
	return map[string]any{
		"commentId": id, "contentId": "w1", "content": "你好 " + id, "authorId": "u1", "authorName": "路人", "createdAt": time.Now().Unix(),
		"direction": "incoming",
	}
}

// TestNodeWorkerWatchesLogsInAndReplies is the day of a Node worker with the real program, on each wire.
func TestNodeWorkerWatchesLogsInAndReplies(t *testing.T) {
	n := node{proc.Start(t, proc.Options{}), t}
	for _, wire := range []nodeworker.Wire{nodeworker.Events, nodeworker.Envelopes} {
		t.Run(string(wire), func(t *testing.T) {
			n := node{n.Node, t}
			name := "worker-of-" + string(wire)
			n.call("POST", "/accounts", api.NewAccount{ID: "shop", Platform: "sandbox", Name: "小店", Worker: name}, nil)
			w := nodeworker.Start(t, n.URL, wire, name)
			registers(t, w, wire)
			logsIn(n, w)
			watches(n, w, wire)
			takesLogin(n, w)
			repliesOnce(n, w, wire)
			comesBack(n, w, wire)
			n.call("DELETE", "/accounts/shop?confirm=shop", nil, nil)
		})
	}
	if log := n.Log(); strings.Contains(log, "topsecret") || strings.Contains(log, "你好") {
		t.Error("the log holds what a worker sent")
	}
}

type accounts struct {
	Success  bool
	Accounts []struct{ ID string } `json:"assigned_accounts"`
}

// registers proves that the worker gets the accounts that were pinned to it, on its wire.
func registers(t *testing.T, w *nodeworker.Worker, wire nodeworker.Wire) {
	t.Helper()
	var answer accounts
	if wire == nodeworker.Envelopes {
		if !nodeworker.Expect[bool](w, "$joined") {
			t.Error("the room was not joined")
		}
		answer = nodeworker.Expect[accounts](w, "worker:register:ack")
	} else {
		answer = nodeworker.Expect[accounts](w, "$registered")
		if task := nodeworker.Expect[struct{ Accounts []struct{ ID string } }](w, "master:task:assign"); len(task.Accounts) != 1 {
			t.Errorf("the task has accounts %v", task.Accounts)
		}
	}
	if !answer.Success || len(answer.Accounts) != 1 || answer.Accounts[0].ID != "shop" {
		t.Fatalf("registered: %+v", answer)
	}
}

// logsIn proves that a login shows its code, ends, and that no cookie of it is ever shown.
func logsIn(n node, w *nodeworker.Worker) {
	n.t.Helper()
	var login api.Login
	n.call("POST", "/accounts/shop/login", api.NewLogin{}, &login)
	await(n, "/logins/"+login.Session, func(l api.Login) bool { return strings.HasPrefix(l.QR, "data:image/png;base64,") })
	if end := await(n, "/logins/"+login.Session, func(l api.Login) bool { return l.Final }); end.Status != "success" {
		n.t.Fatalf("the login ended as %s: %s", end.Status, end.Reason)
	}
	a := await(n, "/accounts/shop", func(a api.Account) bool { return a.State == string(messages.Watching) })
	if !a.LoggedIn || a.Profile == nil || a.Profile.Nickname != "阿月" || *a.Profile.Followers != 12 {
		n.t.Errorf("after the login: %+v", a)
	}
	if !a.Unfenced || a.GateOpen || a.BrowserPID != 0 || !a.Online {
		n.t.Errorf("it is not shown as unfenced and without a browser of ours: %+v", a)
	}
	if start := nodeworker.Expect[map[string]any](w, "master:login:start"); start["account_id"] != "shop" || start["platform"] != "sandbox" {
		n.t.Errorf("login started with %v", start)
	}
	if text := fmt.Sprintf("%+v", a); strings.Contains(text, "topsecret") {
		n.t.Error("the account shows a secret")
	}
}

// watches proves that what the worker holds is stored, and that only what comes later is new.
func watches(n node, w *nodeworker.Worker, wire nodeworker.Wire) {
	n.t.Helper()
	if wire == nodeworker.Envelopes {
		w.Do("hold", map[string]any{"account": "shop", "data": map[string]any{"contents": []any{work()}, "comments": []any{comment("c1")}}})
		type ack struct {
			Success bool
			Stats   struct{ Contents, Comments int }
		}
		if a := nodeworker.Expect[ack](w, "worker:data:sync:ack"); !a.Success || a.Stats.Contents != 1 || a.Stats.Comments != 1 {
			n.t.Errorf("sync acknowledged as %+v", a)
		}
		w.Do("hold", map[string]any{"account": "shop", "data": map[string]any{
			"contents": []any{work()}, "comments": []any{comment("c1"), comment("c2")},
		}})
	} else {
		for _, id := range []string{"c1", "c2"} {
			one := comment(id)
			one["post_title"] = "春天"
			w.Do("detect", map[string]any{"payload": map[string]any{"type": "comment", "account_id": "shop", "messages": []any{one}}})
		}
	}
	await(n, "/accounts/shop", func(a api.Account) bool {
		return a.Counts.Comments == 2 && a.Counts.Contents == 1 && a.Unread.Comments == 2
	})
	w.Do("heartbeat", nil)
	await(n, "/nodes", func(list struct{ Nodes []api.Node }) bool {
		for _, one := range list.Nodes {
			if one.Foreign && one.Online && one.Accounts == 1 && one.MemoryRSS == 100<<20 {
				return true
			}
		}
		return false
	})
}

// takesLogin proves that a login that a person imports reaches the worker, once, and after the account itself.
func takesLogin(n node, w *nodeworker.Worker) {
	n.t.Helper()
	n.call("POST", "/accounts/shop/pause", map[string]any{"reason": "a new login"}, nil)
	nodeworker.Expect[map[string]any](w, "master:task:revoke")
	state := map[string]any{"cookies": []any{map[string]any{
		"name": "sessionid", "value": "topsecretimport", "domain": "site.test", "path": "/", "expires": -1, "httpOnly": true, "secure": true, "sameSite": "Lax",
	}}, "origins": []any{}}
	await(n, "/accounts/shop", func(a api.Account) bool { return a.State == string(messages.Paused) })
	n.call("PUT", "/accounts/shop/state", map[string]any{"state": state}, nil)
	n.call("POST", "/accounts/shop/resume", nil, nil)
	nodeworker.Expect[map[string]any](w, "master:task:assign")
	type update struct {
		AccountID, Platform string
		StorageState        struct {
			Cookies []struct{ Name, Value string }
		}
		Timestamp int64
	}
	got := nodeworker.Expect[update](w, "master:update-account-storage")
	if got.AccountID != "shop" || got.Platform != "sandbox" || got.Timestamp == 0 || len(got.StorageState.Cookies) != 1 || got.StorageState.Cookies[0].Value != "topsecretimport" {
		n.t.Errorf("the worker got the login %+v", got)
	}
	n.call("POST", "/accounts/shop/pause", map[string]any{}, nil)
	nodeworker.Expect[map[string]any](w, "master:task:revoke")
	n.call("POST", "/accounts/shop/resume", nil, nil)
	nodeworker.Expect[map[string]any](w, "master:task:assign")
	w.Do("heartbeat", nil)
	await(n, "/accounts/shop", func(a api.Account) bool { return a.Online })
	if w.Received("master:update-account-storage") != 0 {
		n.t.Error("the worker was given the old login again")
	}
}

// repliesOnce proves that a reply reaches the worker once and ends as the worker says; and that one of which nobody knows is not repeated.
func repliesOnce(n node, w *nodeworker.Worker, wire nodeworker.Wire) {
	n.t.Helper()
	event := "master:reply:execute"
	if wire == nodeworker.Envelopes {
		event = "master:reply:request"
	}
	if r := n.reply(string(wire)+"-1", "c1", messages.ReplyConfirmedState); r.PlatformID != "p-"+r.ID {
		n.t.Errorf("confirmed as %s", r.PlatformID)
	}
	got := nodeworker.Expect[map[string]any](w, event)
	if wire == nodeworker.Events && (got["comment_id"] != "c1" || got["target_id"] != "w1" || got["reply_type"] != "comment") ||
		wire == nodeworker.Envelopes && (got["target_id"] != "c1" || got["target_type"] != "comment" || got["reply_content"] == "") {
		n.t.Errorf("the worker was asked for %v", got)
	}
	w.Do("answer", map[string]any{"payload": map[string]any{"status": "blocked", "error_code": "QUOTA_EXCEEDED", "error_message": "too many"}})
	if r := n.reply(string(wire)+"-2", "c2", messages.ReplyFailedState); r.Reason != "QUOTA_EXCEEDED: too many" {
		n.t.Errorf("failed because of %q", r.Reason)
	}
	nodeworker.Expect[map[string]any](w, event)
	w.Do("answer", map[string]any{"payload": map[string]any{}})
	n.reply(string(wire)+"-3", "c2", messages.ReplyDispatchingState)
	nodeworker.Expect[map[string]any](w, event)
}

// comesBack proves that a worker that died gets its account again, and the reply that it was given is not given out again.
func comesBack(n node, w *nodeworker.Worker, wire nodeworker.Wire) {
	n.t.Helper()
	w.Kill()
	id := string(wire) + "-3"
	await(n, "/replies/"+id, func(r api.Reply) bool { return r.State == messages.ReplyUnknownState })
	await(n, "/accounts/shop", func(a api.Account) bool {
		return !a.Online && strings.Contains(a.Reason, "not connected") && a.Unfenced
	})

	again := nodeworker.Start(n.t, n.URL, wire, "worker-of-"+string(wire))
	registers(n.t, again, wire)
	await(n, "/accounts/shop", func(a api.Account) bool { return a.Online && a.State == string(messages.Watching) })
	again.Do("emit", map[string]any{"event": "worker:reply:result", "payload": map[string]any{
		"reply_id": id, "status": "success", "success": true, "platform_reply_id": "late",
	}})
	r := await(n, "/replies/"+id, func(r api.Reply) bool { return r.State == messages.ReplyConfirmedState })
	if r.Attempt != 1 || again.Received("master:reply:execute")+again.Received("master:reply:request") != 0 {
		n.t.Errorf("the reply was given out again: %+v", r)
	}

	n.call("PUT", "/accounts/shop/pin", map[string]any{"worker": ""}, nil)
	if task := nodeworker.Expect[struct{ AccountIds []string }](again, "master:task:revoke"); len(task.AccountIds) != 1 || task.AccountIds[0] != "shop" {
		n.t.Errorf("taken away: %v", task)
	}
	a := await(n, "/accounts/shop", func(a api.Account) bool { return a.State == string(messages.Paused) })
	if !a.Unfenced || a.Pinned != "" || !strings.Contains(a.Reason, "make sure that it has stopped") {
		n.t.Errorf("taken back: %+v", a)
	}
}
