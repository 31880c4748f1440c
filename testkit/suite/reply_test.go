package suite

import (
	"strconv"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit"
	"troupe/testkit/faults"
	"troupe/testkit/site"
)

// TestReplyStandsOnceUnderItsTargetOrSaysWhyNot has each kind of reply, one whose connection is reset after the site took it, and one
// that the site refuses.
func TestReplyStandsOnceUnderItsTargetOrSaysWhyNot(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	s.repliesToEachKind(account)
	s.repliesThroughAReset(account)
	s.repliesTooLate(account)
}

func (s *stage) repliesToEachKind(account string) {
	t := s.t
	t.Helper()
	owner := s.owners[account]
	c := s.comment(account, "一级评论")
	d, err := s.site.AddComment(site.NewComment{ReplyTo: c.ID, Author: "楼中楼", Text: "二级评论"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.site.AddMessage(site.NewMessage{Owner: owner, Author: "私信的人", Text: "在吗"})
	if err != nil {
		t.Fatal(err)
	}
	s.eventually("all are stored", 10*time.Second, func() bool {
		return s.has(account, messages.Comments, c.ID) && s.has(account, messages.Discussions, d.ID) && s.has(account, messages.Messages, m.ID)
	})
	conversation := ""
	for _, i := range s.items(account, messages.Messages) {
		if i.ID == m.ID {
			conversation = i.ConversationID
		}
	}
	for _, r := range []struct {
		target api.Target
		on     string // what the site's audit says it answers
		text   string
	}{
		{api.Target{Kind: "comment", CommentID: c.ID}, c.ID, "答一级"},
		{api.Target{Kind: "discussion", DiscussionID: d.ID}, d.ID, "答二级"},
		{api.Target{Kind: "message", ConversationID: conversation}, m.Peer, "答私信"},
		{api.Target{Kind: "work", WorkID: c.WorkID}, c.WorkID, "自己先说一句"},
	} {
		said := api.NewReply{ID: "said-once-" + r.on, Account: account, Target: &r.target, Content: r.text}
		sent := s.reply(said)
		for range 2 { // an agent's client that heard no answer asks again
			if again := s.reply(said); again.ID != sent.ID {
				t.Errorf("%s: %s became another reply, %s", r.target.Kind, sent.ID, again.ID)
			}
		}
		if end := s.replyEnds(sent.ID, 40*time.Second); end.State != "confirmed" || end.PlatformID == "" {
			t.Errorf("%s: %s %s", r.target.Kind, end.State, end.Reason)
		}
		if s.posts(r.text) != 1 {
			t.Errorf("%s: posted %d times", r.target.Kind, s.posts(r.text))
		}
		for _, e := range s.site.Posts() {
			if e.Post.Text == r.text && e.Post.Target != r.on {
				t.Errorf("%s: answers %s, want %s", r.target.Kind, e.Post.Target, r.on)
			}
		}
	}
}

func (s *stage) repliesThroughAReset(account string) {
	s.t.Helper()
	c := s.comment(account, "网络不好的时候")
	s.eventually("the comment is stored", 10*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
	s.site.ResetAfterPost(1)
	r := s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: "只说一次"})
	s.replyEnds(r.ID, 60*time.Second)
	s.eventually("reading settles it", 30*time.Second, func() bool {
		var now api.Reply
		s.must("GET", "/replies/"+r.ID, nil, &now)
		return now.State == "confirmed"
	})
	if n := s.posts("只说一次"); n != 1 {
		s.t.Errorf("posted %d times", n)
	}
}

func (s *stage) repliesTooLate(account string) {
	t := s.t
	t.Helper()
	c := s.comment(account, "作品要关评论了")
	s.eventually("the comment is stored", 10*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
	if err := s.site.CloseComments(c.WorkID, true); err != nil {
		t.Fatal(err)
	}
	r := s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: "太迟了"})
	if end := s.replyEnds(r.ID, 40*time.Second); end.State != "failed" || end.Reason != "comments_closed" {
		t.Errorf("%s %q", end.State, end.Reason)
	}
	var again api.Reply
	if err := s.call("POST", "/replies", api.NewReply{ID: r.ID, Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: "太迟了"}, &again); err != nil || again.ID != r.ID {
		t.Errorf("the same key again: %v, %v", again, err)
	}
}

// moment is a step at which a reply is killed, by the line of the log that comes just before.
type moment struct {
	name  string
	words []string
}

var (
	beforeTicket = moment{"before its ticket", []string{"step made", "reply.comment/type"}}
	afterTicket  = moment{"after its ticket", []string{"reply may be sent now"}} // in the master's log
)

var moments = []moment{
	{"before it is typed", []string{"step made", "reply.comment/click"}},
	beforeTicket,
	afterTicket,
	{"after the click", []string{"step made", "reply.comment/commit"}},
	{"before its result", []string{"step made", "reply.comment/confirm"}},
}

func TestReplyKilledAtEachStepIsPostedAtMostOnceAndEnds(t *testing.T) {
	t.Parallel()
	for round := range testkit.Runs(t, 1, 10) {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			s := newStage(t, "--dev-pace", "0.2")
			account := s.watched("甲")
			for i, m := range moments {
				for v, victim := range []string{"browser", "node"} {
					if testkit.Full || i%2 == v { // else they take turns
						s.killsMidReply(account, victim, m)
					}
				}
			}
			s.awaitState(account, "watching", 40*time.Second)
		})
	}
}

// killsMidReply has an agent answer a visitor, kills the browser or the node at that moment, and sees the reply to its end.
func (s *stage) killsMidReply(account, victim string, m moment) {
	s.t.Helper()
	text := victim + " " + m.name
	c := s.comment(account, "给 "+text)
	s.eventually("the comment is stored", 30*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
	s.awaitState(account, "watching", 40*time.Second)
	strike := func() { faults.KillBrowser(s.t, s.node, account) }
	if victim == "node" {
		strike = func() {
			s.node.Kill()
			s.node.Restart()
		}
	}
	var r api.Reply
	faults.AtLogLine(s.t, s.node, 40*time.Second, func() {
		r = s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: text})
	}, strike, m.words...)
	end := s.replyEnds(r.ID, 60*time.Second)
	posts := s.posts(text)
	if posts > 1 || posts == 0 && end.State == "confirmed" {
		s.t.Errorf("%s: posted %d times, shown as %s", text, posts, end.State)
	}
	s.t.Logf("%s: %s, posted %d times", text, end.State, posts)
}
