package api_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
)

// closed lets nobody in but by a token or a sign-in.
func closed(t *testing.T) *apitest.Node {
	n := apitest.Start(t, func(cfg *api.Config) {
		node := cfg.Door
		cfg.Door = people.NewDoor(people.DoorConfig{People: node.People(), Audit: node.Record})
	})
	n.Observe("shop", apitest.Work("w1", "Spring"))
	return n
}

// TestEveryRouteLetsInWhomItsRowNames asks every route as every role, and with tokens that are none, foreign, expired and revoked.
func TestEveryRouteLetsInWhomItsRowNames(t *testing.T) {
	n := closed(t)
	tokens := map[people.Role]string{}
	const soon = 300 * time.Millisecond
	expired := n.AddToken("expired", people.Admin, soon)
	revoked := n.AddToken("revoked", people.Admin, 0)
	n.RevokeToken("revoked")
	time.Sleep(soon)
	bad := map[string]string{"none": "", "foreign": people.NewToken(), "expired": expired, "revoked": revoked, "empty": " "}
	for _, role := range people.TokenRoles {
		tokens[role] = n.AddToken(string(role), role, 0)
	}
	for _, row := range api.Routes() {
		for name, token := range bad {
			var header []string
			if name != "none" {
				header = []string{"Authorization", "Bearer " + token}
			}
			a := call(t, n, row.Method, pathOf(row.Pattern)+"?nothing=1", nil, header...)
			public := row.Role == people.Public || name == "none" && row.Pattern == "/metrics" // on this machine
			if (a.status == http.StatusUnauthorized) == public {
				t.Errorf("%s %s with %s token: %d", row.Method, row.Pattern, name, a.status)
			}
		}
	}
	if got := n.Commands(); len(got) != 0 {
		t.Errorf("a stranger got through to the master: %v", got)
	}
	for _, row := range api.Routes() {
		for role := range tokens {
			a := call(t, n, row.Method, pathOf(row.Pattern)+"?nothing=1", nil, "Authorization", "Bearer "+tokens[role])
			if letIn := a.status != http.StatusForbidden && a.status != http.StatusUnauthorized; letIn != role.May(row.Role) {
				t.Errorf("%s %s as %s: %d", row.Method, row.Pattern, role, a.status)
			}
		}
	}
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	n := closed(t)
	token := n.AddToken("robot", people.Viewer, 0)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Server.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() && lines.Text() != "event: ready" {
	}
	n.RevokeToken("robot")
	began := time.Now()
	for lines.Scan() {
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the stream lived for another %v", took)
	}
	refused(t, call(t, n, "GET", "/api/v1/status", nil, "Authorization", "Bearer "+token), http.StatusUnauthorized, "unauthenticated")
}

func TestAnAgentSeesOnlyHisAccounts(t *testing.T) {
	n := closed(t)
	n.Observe("cafe", apitest.Work("w2", "Summer"), apitest.Comment("c2", "w2", "secret of the cafe"))
	n.Observe("shop", apitest.Comment("c1", "w1", "for the shop"))
	token := "Bearer " + n.AddToken("robot", people.Agent, 0, "shop")
	for path, status := range map[string]int{
		"/accounts/shop": 200, "/accounts/cafe": 404, "/topics/shop.w.w1/messages": 200, "/topics/cafe.w.w2/messages": 404,
		"/items?account=shop": 200, "/items?account=cafe": 404, "/events?account=cafe": 404, "/accounts/cafe/rounds": 404,
	} {
		if a := call(t, n, "GET", "/api/v1"+path, nil, "Authorization", token); a.status != status {
			t.Errorf("%s: %d, want %d: %s", path, a.status, status, a.body)
		}
	}
	for _, path := range []string{"/accounts", "/items", "/topics", "/replies", "/alarms", "/proxies", "/status", "/events?since=0"} {
		if a := briefly(t, n, "/api/v1"+path, token); strings.Contains(a, "cafe") || strings.Contains(a, "Summer") {
			t.Errorf("%s shows the other account: %s", path, a)
		}
	}
	for path, body := range map[string]any{"/topics/cafe.w.w2/read": nil, "/replies": map[string]any{"topic": "cafe.w.w2", "content": "hello"}} {
		if a := call(t, n, "POST", "/api/v1"+path, body, "Authorization", token); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if got := n.Commands(); len(got) != 0 {
		t.Errorf("a command reached the master: %v", got)
	}
}

// briefly reads an answer; of a stream, up to ready.
func briefly(t *testing.T, n *apitest.Node, path, token string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	text, lines := "", bufio.NewScanner(response.Body)
	for lines.Scan() && lines.Text() != "event: ready" {
		text += lines.Text()
	}
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s: %d %s", path, response.StatusCode, text)
	}
	return text
}
