package suite

import (
	"encoding/json"
	"testing"
	"time"

	"troupe/messages"
	"troupe/testkit/imclient"
	"troupe/testkit/site"
)

// channel is what the tests read of monitor:channels.
type channel struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	IsLoggedIn bool   `json:"isLoggedIn"`
}

// shown waits until the PC client is told of an account with that status.
func shown(c *imclient.Client, account, status string, loggedIn bool) {
	imclient.Await(c, "monitor:channels", func(m struct{ Channels []channel }) bool {
		for _, ch := range m.Channels {
			if ch.ID == account && ch.Status == status && ch.IsLoggedIn == loggedIn {
				return true
			}
		}
		return false
	})
}

// trouble is what befalls an account at its site, the state that it is named, and what ends it; off = nil is a login.
type trouble struct {
	state, status string
	loggedIn      bool
	on, off       func(w *site.Site, owner string) error
}

// TestTroubleIsANamedStateAndNeverZeroMessages has the site change its layout, ask for a captcha, and log the account out.
func TestTroubleIsANamedStateAndNeverZeroMessages(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	client := imclient.Start(t, s.node.URL)
	shown(client, account, "active", true)
	for _, story := range []trouble{
		{
			"page_changed", "error", true,
			func(w *site.Site, owner string) error { return w.SetLayout(owner, true) },
			func(w *site.Site, owner string) error { return w.SetLayout(owner, false) },
		},
		{
			"challenge", "error", true,
			func(w *site.Site, owner string) error { return w.Captcha(owner, true) },
			func(w *site.Site, owner string) error { return w.Captcha(owner, false) },
		},
		{
			"logged_out", "expired", false,
			func(w *site.Site, owner string) error { return w.Logout(owner, false) },
			nil,
		},
	} {
		s.goesThrough(account, story, client)
	}
	if n := s.captchaClicks(); n != 0 {
		t.Errorf("%d clicks on the captcha", n)
	}
}

func (s *stage) goesThrough(account string, story trouble, client *imclient.Client) {
	s.t.Helper()
	held := len(s.items(account, messages.Comments))
	if err := story.on(s.site, s.owners[account]); err != nil {
		s.t.Fatal(err)
	}
	s.must("POST", "/accounts/"+account+"/collect", nil, nil)
	a := s.awaitState(account, story.state, 40*time.Second)
	if a.Reason == "" || len(a.Alarms) != 1 || a.Alarms[0].Name != story.state {
		s.t.Errorf("%s: reason %q, alarms %+v", story.state, a.Reason, a.Alarms)
	}
	shown(client, account, story.status, story.loggedIn)
	if n := len(s.items(account, messages.Comments)); n < held {
		s.t.Errorf("%s: %d comments, had %d", story.state, n, held)
	}
	if story.off == nil {
		s.logIn(account, s.owners[account])
	} else {
		if err := story.off(s.site, s.owners[account]); err != nil {
			s.t.Fatal(err)
		}
		s.must("POST", "/accounts/"+account+"/resume", nil, nil)
		s.awaitState(account, "watching", 40*time.Second)
	}
	c := s.comment(account, "之后的评论")
	s.eventually("the next comment is stored", 30*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
	if alarms := s.account(account).Alarms; len(alarms) != 0 {
		s.t.Errorf("%s: alarms are still open: %+v", story.state, alarms)
	}
}

func (s *stage) captchaClicks() int {
	entries, _ := s.site.Audit(site.AuditQuery{Kind: site.KindCaptchaClick})
	return len(entries)
}

func TestCommentOfEightDaysAgoIsNeitherStoredNorAnnounced(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	client := imclient.Start(t, s.node.URL)
	shown(client, account, "active", true)
	work := s.site.Works(s.owners[account])[0].ID
	old, err := s.site.AddComment(site.NewComment{Work: work, Author: "旧人", Text: "八天前", At: time.Now().Add(-8 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	s.round(account)
	s.round(account)
	if s.has(account, messages.Comments, old.ID) {
		t.Error("it was stored")
	}
	fresh := s.comment(account, "刚刚")
	client.Expect("monitor:new_message_hint", nil)
	s.eventually("the fresh one is stored", 5*time.Second, func() bool { return s.has(account, messages.Comments, fresh.ID) })
	hints := 0
	for _, e := range client.Events() {
		if e.Event == "monitor:new_message_hint" {
			hints++
			var h struct {
				CommentCount int `json:"commentCount"`
			}
			if err := json.Unmarshal(e.Payload, &h); err != nil || h.CommentCount != 1 {
				t.Errorf("hint %s: %v", e.Payload, err)
			}
		}
	}
	if hints != 1 {
		t.Errorf("%d hints, want 1", hints)
	}
}

// TestOneVisitorOfTwoAccountsIsTwoTopics has one person write to two accounts: two conversations, two topics, two unread counts.
func TestOneVisitorOfTwoAccountsIsTwoTopics(t *testing.T) {
	s := newStage(t)
	first, second := s.watched("甲"), s.watched("乙")
	var peer string
	for _, account := range []string{first, second} {
		m, err := s.site.AddMessage(site.NewMessage{Owner: s.owners[account], Author: "两家的客人", AuthorID: peer, Text: "给" + account})
		if err != nil {
			t.Fatal(err)
		}
		peer = m.Peer
	}
	topics := map[string]string{}
	for _, account := range []string{first, second} {
		s.eventually("the message is stored", 10*time.Second, func() bool {
			for _, i := range s.items(account, messages.Messages) {
				if i.Text == "给"+account {
					topics[i.Topic] = account
					return true
				}
			}
			return false
		})
	}
	if len(topics) != 2 {
		t.Fatalf("topics %v, want two", topics)
	}
	for topic, account := range topics {
		var got struct {
			Messages []struct{ Text string }
			Items    []struct{ Text string }
		}
		s.must("GET", "/topics/"+topic+"/messages", nil, &got)
		for _, m := range append(got.Messages, got.Items...) {
			if m.Text != "给"+account {
				t.Errorf("topic of %s shows %q", account, m.Text)
			}
		}
	}
}
