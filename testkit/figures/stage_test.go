package figures

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit/proc"
	"troupe/testkit/site"
)

// stage is one node, the site that its accounts watch, and the table that fills.
type stage struct {
	*testing.B
	table    *Table
	web      *site.Site
	node     *proc.Node
	accounts []string
	owners   map[string]site.Owner // by account
}

func newStage(b *testing.B, t *Table) *stage {
	b.Helper()
	web, err := site.Start(site.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := web.Close(); err != nil {
			b.Error(err)
		}
	})
	node := proc.Start(b, proc.Options{Dial: web.Addr(), Pins: []string{web.SPKI()}, Args: []string{"--log-level", "info"}})
	return &stage{B: b, table: t, web: web, node: node, owners: map[string]site.Owner{}}
}

// ask makes one request of the API; it answers false when the node refuses, or does not answer.
func (s *stage) ask(method, path string, body, answer any) bool {
	s.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	if body == nil {
		content = nil
	}
	r, err := http.NewRequestWithContext(s.Context(), method, "http://localhost"+api.Prefix+path, bytes.NewReader(content))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := s.node.HTTP().Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		return false
	}
	return answer == nil || json.NewDecoder(res.Body).Decode(answer) == nil
}

func (s *stage) must(method, path string, body, answer any) {
	s.Helper()
	if !s.ask(method, path, body, answer) {
		s.Fatalf("%s %s was not answered", method, path)
	}
}

func (s *stage) all() []api.Account {
	var answer struct{ Accounts []api.Account }
	s.ask("GET", "/accounts", nil, &answer)
	return answer.Accounts
}

func (s *stage) account(id string) api.Account {
	var a api.Account
	s.ask("GET", "/accounts/"+id, nil, &a)
	return a
}

// await asks every so often until ok holds, and returns what that took.
func (s *stage) await(what string, every time.Duration, ok func() bool) time.Duration {
	s.Helper()
	const limit = 2 * time.Minute
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			s.Fatalf("not within %s: %s; accounts: %+v", limit, what, s.all())
		}
		time.Sleep(every)
	}
	return time.Since(began)
}

// logIn adds an account, logs it in through the QR flow, and waits until its first complete pass is over.
func (s *stage) logIn(name string) string {
	s.Helper()
	owner, err := s.web.CreateOwner(site.NewOwner{Nickname: name})
	if err != nil {
		s.Fatal(err)
	}
	var a api.Account
	s.must("POST", "/accounts", api.NewAccount{Platform: "sandbox", Name: name}, &a)
	s.await("an account without login shows it", 100*time.Millisecond, func() bool { return s.account(a.ID).State == "logged_out" })
	var l api.Login
	s.must("POST", "/accounts/"+a.ID+"/login", nil, &l)
	s.await("the QR picture is shown", 100*time.Millisecond, func() bool {
		return s.ask("GET", "/logins/"+l.Session, nil, &l) && l.QR != ""
	})
	if err := s.web.Scan(""); err != nil {
		s.Fatal(err)
	}
	if err := s.web.Confirm("", owner.UID); err != nil {
		s.Fatal(err)
	}
	s.await("the first complete pass is over", 100*time.Millisecond, func() bool {
		a = s.account(a.ID)
		return a.State == "watching" && a.Rounds > 0
	})
	s.accounts, s.owners[a.ID] = append(s.accounts, a.ID), owner
	return a.ID
}

// round makes an account look at its pages once, and waits for the end.
func (s *stage) round(account string) {
	s.Helper()
	before := s.account(account).Rounds
	s.must("POST", "/accounts/"+account+"/collect", nil, nil)
	s.await("a round is over", 100*time.Millisecond, func() bool { return s.account(account).Rounds > before })
}

// comment writes a comment under the first work of the account's owner; a silent one is not pushed to open pages.
func (s *stage) comment(account string, n int, silent bool) site.Comment {
	s.Helper()
	work := s.web.Works(s.owners[account].UID)[0].ID
	c, err := s.web.AddComment(site.NewComment{Work: work, Author: fmt.Sprint("访客", n%20), Text: fmt.Sprint("第", n, "条评论"), Silent: silent})
	if err != nil {
		s.Fatal(err)
	}
	return c
}
