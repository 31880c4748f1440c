package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/messages"
)

// others is a node with an account cafe beside shop, with something of each kind.
func others(t *testing.T) *apitest.Node {
	n := closed(t)
	n.Observe("cafe", apitest.Work("w2", "hush-hush"), apitest.Comment("c2", "w2", "hush-hush"))
	n.Update(func(m *apitest.Master) {
		m.Replies = append(m.Replies, &messages.Reply{Id: "r2", Account: "cafe", Content: "hush-hush", State: messages.ReplyConfirmedState, AcceptedAt: 5})
		m.Logins = append(m.Logins, &messages.LoginSession{Session: "s2", Account: "cafe", Status: "pending", Reason: "hush-hush"})
		m.Alarms = append(m.Alarms, &messages.Alarm{Id: "a2", Name: "challenge", Account: "cafe", Reason: "hush-hush", RaisedAt: 9})
		m.Queue = append(m.Queue, &messages.QueuedLogin{Account: "cafe", Reason: "hush-hush"})
		m.Proxy("office")
		emptied := *m.Nodes[0]
		emptied.Drain = &board.Drain{Moving: []messages.AccountID{"hush-hush"}, Left: []*messages.Unmoved{{Account: "cafe", Reason: "hush-hush"}}}
		m.Nodes = []*board.Node{&emptied}
	})
	return n
}

// TestNoRouteReachesAnAccountThatIsNotSeen calls every route about another's account, as every role that can be limited.
func TestNoRouteReachesAnAccountThatIsNotSeen(t *testing.T) {
	n := others(t)
	path := strings.NewReplacer("{account}", "cafe", "{session}", "s2", "{topic}", "cafe.w.w2", "{reply}", "r2", "{name}", "x", "{proxy}", "office",
		"{key}", "k1", "{platform}", "sandbox", "{worker}", "node-1", "{user}", "anna", "{token}", "backup", "{signin}", "ss")
	about := map[string]any{
		"POST /api/v1/replies":         map[string]any{"topic": "cafe.w.w2", "content": "thanks"},
		"POST /api/v1/login-queue":     map[string]any{"accounts": []string{"shop", "cafe"}},
		"POST /api/v1/accounts/import": map[string]any{"csv": "platform,name,id\nsandbox,New,cafe\nsandbox,Other,\n"},
		"POST /compat/v1/accounts":     map[string]any{"platform": "sandbox", "account_name": "New"},
	}
	for _, role := range []people.Role{people.Viewer, people.Agent, people.Operator} {
		header := []string{"Authorization", "Bearer " + n.AddToken(string(role), role, 0, "shop")}
		for _, row := range api.Routes() {
			name := row.Method + " " + row.Pattern
			if row.Pattern == api.Prefix+"/events" || row.Role == people.Public {
				continue // a stream has a test of its own; what is for everybody is about nobody
			}
			var body any
			if row.Limit > 0 {
				if body = about[name]; body == nil {
					body = bodies[name]
				}
			}
			at := path.Replace(row.Pattern)
			if slices.Contains(row.Query, "confirm") {
				at += "?confirm=" + at[strings.LastIndex(at, "/")+1:]
			}
			a := call(t, n, row.Method, at, body, header...)
			if strings.Contains(string(a.body), "hush-hush") {
				t.Errorf("%s as %s shows it: %s", name, role, a.body)
			}
			if strings.Contains(row.Pattern, "{account}") && role.May(row.Role) && a.status != http.StatusNotFound {
				t.Errorf("%s as %s: %d %s", name, role, a.status, a.body)
			}
		}
	}
	if got := n.Commands(); len(got) != 0 {
		t.Errorf("commands reached the master: %v", got)
	}
}

// TestALimitedOperatorRunsHisAccountsAndNoOthers imports, queues and takes out of the queue.
func TestALimitedOperatorRunsHisAccountsAndNoOthers(t *testing.T) {
	n := others(t)
	header := []string{"Authorization", "Bearer " + n.AddToken("desk", people.Operator, 0, "shop", "new")}
	body := api.NewImport{CSV: "platform,name,id\nsandbox,New,new\nsandbox,Cafe,cafe\nsandbox,Without,\n"}
	done := read[api.Import](t, call(t, n, "POST", "/api/v1/accounts/import", body, header...), 200)
	if done.Added != 1 || done.Rows[0].Outcome != "added" || done.Rows[1].Outcome != "refused" || done.Rows[2].Outcome != "refused" {
		t.Errorf("imported %+v", done.Rows)
	}
	withProxy := api.NewImport{CSV: "platform,name,id,proxy\nsandbox,Shop,shop,http://u:p@127.0.0.1:3128\n", DryRun: true}
	if dry := read[api.Import](t, call(t, n, "POST", "/api/v1/accounts/import", withProxy, header...), 200); dry.Rows[0].Outcome != "refused" {
		t.Errorf("a proxy of his own: %+v", dry.Rows)
	}
	for _, tc := range []struct {
		body   any
		status int
	}{
		{api.NewLogins{Accounts: []string{"cafe"}}, http.StatusNotFound},
		{api.NewLogins{Accounts: []string{"shop"}, AtOnce: 5}, http.StatusForbidden},
		{api.NewLogins{Accounts: []string{"shop"}}, http.StatusOK},
	} {
		if a := call(t, n, "POST", "/api/v1/login-queue", tc.body, header...); a.status != tc.status {
			t.Errorf("%+v: %d %s", tc.body, a.status, a.body)
		}
	}
	queue := read[api.LoginQueue](t, call(t, n, "GET", "/api/v1/login-queue", nil, header...), 200)
	if len(queue.Waiting) != 1 || queue.Waiting[0].Account != "shop" {
		t.Errorf("the queue shows %+v", queue.Waiting)
	}
	if a := call(t, n, "DELETE", "/api/v1/login-queue", nil, header...); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	var last *messages.UnqueueLogins
	for _, c := range n.Commands() {
		if strings.Contains(fmt.Sprint(c), "cafe") {
			t.Errorf("a command about the other account: %v", c)
		}
		last, _ = c.(*messages.UnqueueLogins)
	}
	if !slices.Equal(last.GetAccounts(), []string{"shop"}) {
		t.Errorf("all of them were to leave the queue: %v", last)
	}
}
