// Package suite tests the whole: the real program in a process of its own, real Chromium, and the made-up site under
// its real host names. Each test is a story of a promise; the checkers of P1 to P3 run at the end of every one.
package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"troupe/actors/account/browser"
	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
	"troupe/testkit/check"
	"troupe/testkit/proc"
	"troupe/testkit/rig"
	"troupe/testkit/site"
)

// atOnce is how many stories are told at once: most of each is waiting.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	code := m.Run()
	proc.Clean()
	os.Exit(code)
}

// stage is a site and a node that can reach nothing else.
type stage struct {
	t    *testing.T
	site *site.Site
	node *proc.Node

	injected []check.Item
	owners   map[string]string // account to the owner's uid
	ends     []check.End       // of connections whose end nobody told the site
}

// wholeBrowser are the arguments of a story that only the whole Chromium can tell.
var wholeBrowser = []string{"--mode", string(browser.Headless)}

// newStage starts both. Stages share nothing, so their tests run beside each other. Where args do not name a mode, the node's Chromiums are
// those of rig.Host: a story of the browser itself asks for the whole one (wholeBrowser).
func newStage(t *testing.T, args ...string) *stage {
	t.Helper()
	t.Parallel()
	s := openStage(t, site.Options{Seed: 1})
	s.node = proc.Start(t, proc.Options{Dial: s.site.Addr(), Pins: []string{s.site.SPKI()}, Args: append([]string{"--mode", string(rig.Mode())}, args...)})
	t.Cleanup(s.judge)
	return s
}

// openStage starts the site alone.
func openStage(t *testing.T, o site.Options) *stage {
	t.Helper()
	web, err := site.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	})
	return &stage{t: t, site: web, owners: map[string]string{}}
}

// judge runs the checkers of P1 to P3 over the whole run, if the node still answers at its end.
func (s *stage) judge() {
	if s.t.Failed() || !s.node.Running() {
		return
	}
	entries, _ := s.site.Audit(site.AuditQuery{})
	var listed []check.Item
	for account := range s.owners {
		for _, collection := range messages.Collections {
			for _, i := range s.items(account, collection) {
				listed = append(listed, check.Item{Account: account, Collection: collection, ID: i.ID, Text: i.Text})
			}
		}
	}
	check.None(s.t, check.OneNode(s.site.Tunnels(), s.ends...), check.NothingLost(s.injected, listed), check.NothingDoubled(listed),
		check.SentOnce(entries, s.replies()))
}

// replies lists what became of every reply, as the API tells it.
func (s *stage) replies() []check.Reply {
	var answer struct{ Replies []api.Reply }
	s.must("GET", "/replies?limit=500", nil, &answer)
	list := make([]check.Reply, 0, len(answer.Replies))
	for _, r := range answer.Replies {
		list = append(list, check.Reply{
			ID: r.ID, Owner: s.owners[r.Account], Text: r.Content, State: r.State, PlatformID: r.PlatformID,
			ShownSent: r.State == messages.ReplyConfirmedState,
		})
	}
	return list
}

// call makes one request of the API and decodes the answer; a refusal comes back as *api.Problem.
func (s *stage) call(method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, "http://localhost/api/v1"+path, content)
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := s.node.HTTP().Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if err := promised(s.t).Check(method, "/api/v1"+path, res.StatusCode, res.Header.Get("Content-Type"), raw); err != nil {
		s.t.Error(err)
	}
	if res.StatusCode >= 400 {
		var problem api.ProblemBody
		if err := json.Unmarshal(raw, &problem); err != nil || problem.Error == nil {
			return fmt.Errorf("%s %s: %s", method, path, res.Status)
		}
		return fmt.Errorf("%s %s: %w", method, path, problem.Error)
	}
	if answer == nil || res.StatusCode == http.StatusNoContent {
		return nil
	}
	return json.Unmarshal(raw, answer)
}

// promised is the OpenAPI document that the node serves: every answer that a story gets is held against it.
func promised(t *testing.T) *apitest.Document {
	t.Helper()
	document, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

var readDocument = sync.OnceValues(func() (*apitest.Document, error) {
	raw, err := os.ReadFile("../../actors/gateway/api/openapi.json")
	if err != nil {
		return nil, err
	}
	return apitest.ReadDocument(raw)
})

func (s *stage) must(method, path string, body, answer any) {
	s.t.Helper()
	if err := s.call(method, path, body, answer); err != nil {
		s.t.Fatal(err)
	}
}

// patience is how many times longer than on a quiet machine a thing may take before its test fails: how fast troupe is belongs to the
// bench, and a busy machine is no fault of it.
const patience = 4

// eventually waits until ok holds, which takes less than limit on a quiet machine.
func (s *stage) eventually(what string, limit time.Duration, ok func() bool) {
	s.t.Helper()
	began := time.Now()
	for ; time.Since(began) < patience*limit; time.Sleep(50 * time.Millisecond) {
		if !ok() {
			continue
		}
		if took := time.Since(began); took > limit {
			s.t.Logf("after %s, %s on a quiet machine: %s", took.Round(time.Second), limit, what)
		}
		return
	}
	if !ok() {
		s.t.Fatalf("not within %s: %s\naccounts: %s", patience*limit, what, s.states())
	}
}

func (s *stage) states() string {
	var all struct{ Accounts []api.Account }
	if !s.node.Running() {
		return "the node does not run"
	}
	if err := s.call("GET", "/accounts", nil, &all); err != nil {
		return err.Error()
	}
	text := ""
	for _, a := range all.Accounts {
		text += fmt.Sprintf("%s %s (%s; %s) rounds %d, browser starts %d, gate %v; ", a.ID, a.State, a.Step, a.Reason, a.Rounds, a.BrowserStarts, a.GateOpen)
	}
	return text
}

func (s *stage) account(id string) api.Account {
	var a api.Account
	if err := s.call("GET", "/accounts/"+id, nil, &a); err != nil {
		return api.Account{State: err.Error()}
	}
	return a
}

// awaitState waits until an account is in a state.
func (s *stage) awaitState(id, state string, limit time.Duration) api.Account {
	s.t.Helper()
	var a api.Account
	s.eventually(id+" becomes "+state, limit, func() bool {
		a = s.account(id)
		return a.State == state
	})
	return a
}

func (s *stage) addAccount(name string) string {
	s.t.Helper()
	var a api.Account
	s.must("POST", "/accounts", map[string]any{"platform": "sandbox", "name": name}, &a)
	return a.ID
}

// loggedIn makes an account and logs it in as an owner of the site, pressing the phone's buttons.
func (s *stage) loggedIn(name string) (account string, owner site.Owner) {
	s.t.Helper()
	owner, err := s.site.CreateOwner(site.NewOwner{Nickname: name})
	if err != nil {
		s.t.Fatal(err)
	}
	account = s.addAccount(name)
	s.owners[account] = owner.UID
	s.awaitState(account, "logged_out", 30*time.Second)
	s.logIn(account, owner.UID)
	return account, owner
}

func (s *stage) logIn(account, owner string) {
	s.t.Helper()
	var login api.Login
	s.must("POST", "/accounts/"+account+"/login", nil, &login)
	s.scan(login.Session)
	if err := s.site.Confirm("", owner); err != nil {
		s.t.Fatal(err)
	}
	s.loginEnds(login.Session, "success")
	s.awaitState(account, "watching", 40*time.Second)
}

// scan waits for the QR picture of a login and scans the newest code of the site.
func (s *stage) scan(session string) {
	s.t.Helper()
	s.eventually("the QR picture is shown", 20*time.Second, func() bool {
		var l api.Login
		return s.call("GET", "/logins/"+session, nil, &l) == nil && l.QR != ""
	})
	if err := s.site.Scan(""); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) loginEnds(session, status string) {
	s.t.Helper()
	var l api.Login
	s.eventually("the login ends", 30*time.Second, func() bool {
		return s.call("GET", "/logins/"+session, nil, &l) == nil && l.Final
	})
	if l.Status != status {
		s.t.Fatalf("the login ended as %s (%s), want %s", l.Status, l.Reason, status)
	}
}

// items lists an account's items of a collection.
func (s *stage) items(account, collection string) []api.Item {
	s.t.Helper()
	var all []api.Item
	for page := ""; ; {
		q := url.Values{"account": {account}, "collection": {collection}, "limit": {"200"}}
		if page != "" {
			q.Set("page", page)
		}
		var answer struct {
			Items []api.Item
			Next  string
		}
		s.must("GET", "/items?"+q.Encode(), nil, &answer)
		all = append(all, answer.Items...)
		if page = answer.Next; page == "" {
			return all
		}
	}
}

func (s *stage) has(account, collection, id string) bool {
	return slices.ContainsFunc(s.items(account, collection), func(i api.Item) bool { return i.ID == id })
}

// comment injects a comment on the owner's first work.
func (s *stage) comment(account string, text string) site.Comment {
	s.t.Helper()
	owner := s.owners[account]
	c, err := s.site.AddComment(site.NewComment{Work: s.site.Works(owner)[0].ID, Author: "路人甲", Text: text})
	if err != nil {
		s.t.Fatal(err)
	}
	s.injected = append(s.injected, check.Item{Account: account, Collection: messages.Comments, ID: c.ID, Text: text})
	return c
}

func (s *stage) reply(r api.NewReply) api.Reply {
	s.t.Helper()
	var answer api.Reply
	s.must("POST", "/replies", r, &answer)
	return answer
}

// replyEnds waits for a reply's end and returns it.
func (s *stage) replyEnds(id string, limit time.Duration) api.Reply {
	s.t.Helper()
	var r api.Reply
	s.eventually("reply "+id+" ends", limit, func() bool {
		if s.call("GET", "/replies/"+id, nil, &r) != nil {
			return false
		}
		return r.State == "confirmed" || r.State == "failed" || r.State == "unknown"
	})
	return r
}

// posts counts what stands on the site with that text.
func (s *stage) posts(text string) int {
	n := 0
	for _, e := range s.site.Posts() {
		if e.Post != nil && e.Post.Text == text && e.Post.Code == 0 {
			n++
		}
	}
	return n
}

// watched is an account whose first complete pass is over, so that what comes from now on is news.
func (s *stage) watched(name string) string {
	s.t.Helper()
	account, _ := s.loggedIn(name)
	s.round(account)
	return account
}

// round waits until another round of looking is over.
func (s *stage) round(account string) {
	s.t.Helper()
	before := s.account(account).Rounds
	s.must("POST", "/accounts/"+account+"/collect", nil, nil)
	s.eventually("a round of "+account+" is over", 60*time.Second, func() bool { return s.account(account).Rounds > before })
}
