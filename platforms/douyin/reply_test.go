package douyin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	site "troupe/testkit/site/douyin"
	"troupe/testkit/site/stage"
)

func TestRepliesReachTheirTargetOnceOrSayWhyNot(t *testing.T) {
	if !inFull(t) {
		return
	}
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	s.must(s.site.Fill(site.Fill{Owner: s.owner.UID, Conversations: 60}))
	s.logIn()
	s.play(
		part{"each kind is posted once", true, eachKind},
		part{"rows far down are found", false, farDown},
		part{"a refusal of the site has its reason", false, refusals},
		part{"an answer that comes late is waited for", false, lateAnswer},
		part{"a connection that breaks after the post is unknown, and settled by reading", true, brokenConnection},
		part{"without permission nothing is sent", false, withoutTicket},
		part{"lines become one message", true, lineBreaks},
	)
}

// answer makes a reply and reports how it went.
func (s *stand) answer(target *messages.ReplyTarget, words string) (platforms.Outcome, *messages.Reply) {
	s.t.Helper()
	o, reply, asked := s.Reply(target, words)
	if asked > 1 {
		s.t.Errorf("permission was asked for %d times", asked)
	}
	if o.State != messages.ReplyConfirmedState {
		s.t.Logf("%s %s: %v", o.State, o.Reason, o.Err)
	}
	return o, reply
}

func (s *stand) comment(n site.NewComment) site.Comment {
	s.t.Helper()
	c, err := s.site.AddComment(n)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *stand) message(n site.NewMessage) site.Message {
	s.t.Helper()
	n.Owner = s.owner.UID
	m, err := s.site.AddMessage(n)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func toComment(c site.Comment) *messages.ReplyTarget {
	if c.Level == 1 {
		return &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: c.Work, CommentId: c.ID, PersonId: c.AuthorID, PersonName: c.AuthorName}
	}
	return &messages.ReplyTarget{
		Kind: messages.ReplyKind_REPLY_DISCUSSION, WorkId: c.Work, CommentId: c.Root, DiscussionId: c.ID, PersonId: c.AuthorID, PersonName: c.AuthorName,
	}
}

func (s *stand) toPerson(uid, name string) *messages.ReplyTarget {
	return &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: s.owner.UID + ":" + uid, PersonName: name}
}

func (s *stand) targets() map[string]*messages.ReplyTarget {
	s.t.Helper()
	work, err := s.site.AddWork(site.NewWork{Owner: s.owner.UID, Title: "新作品"})
	if err != nil {
		s.t.Fatal(err)
	}
	c := s.comment(site.NewComment{Work: work.ID, Author: "小明", Text: "怎么做的？"})
	d := s.comment(site.NewComment{ReplyTo: c.ID, Author: "小红", Text: "我也想知道"})
	deeper := s.comment(site.NewComment{ReplyTo: d.ID, Author: "小兰", Text: "加一"})
	m := s.message(site.NewMessage{Author: "小刚", Text: "你好"})
	return map[string]*messages.ReplyTarget{
		"comment": toComment(c), "discussion": toComment(d), "third level": toComment(deeper), "message": s.toPerson(m.SenderID, "小刚"),
		"work": {Kind: messages.ReplyKind_REPLY_WORK, WorkId: work.ID, WorkTitle: work.Title},
	}
}

// targetOf is what the site's audit says a reply to the target answered.
func targetOf(t *messages.ReplyTarget, owner string) string {
	switch t.GetKind() {
	case messages.ReplyKind_REPLY_COMMENT:
		return t.GetCommentId()
	case messages.ReplyKind_REPLY_DISCUSSION:
		return t.GetDiscussionId()
	case messages.ReplyKind_REPLY_WORK:
		return t.GetWorkId()
	}
	return t.GetConversationId()[len(owner)+1:]
}

func eachKind(s *stand) {
	var known []string
	targets := s.targets()
	for _, kind := range []string{"comment", "discussion", "third level", "message", "work"} {
		words := "谢谢，这是给" + kind + "的回答 😊"
		o, reply := s.answer(targets[kind], words)
		if o.State != messages.ReplyConfirmedState {
			s.t.Fatalf("%s: %+v\n%s", kind, o, s.Story())
		}
		posts := s.posts(words)
		if len(posts) != 1 || posts[0].Target != targetOf(targets[kind], s.owner.UID) || posts[0].ID != o.PlatformID {
			s.t.Fatalf("%s %s: posted %+v", kind, o.PlatformID, posts)
		}
		if !full() {
			continue
		}
		id, found, err := s.Client.FindReply(s.Context(time.Minute), reply, known)
		if err != nil || !found || id != o.PlatformID {
			s.t.Errorf("%s: found %q %v %v, want %q\n%s", kind, id, found, err, o.PlatformID, s.Story())
		}
		known = append(known, o.PlatformID)
	}
	for _, e := range s.site.Posts() {
		if strings.Contains(e.Detail, "untrusted=0") != strings.Contains(e.Detail, "events=") {
			s.t.Errorf("typed by a script: %s", e.Detail)
		}
	}
}

func farDown(s *stand) {
	work := s.site.Works(s.owner.UID)[1]
	old := s.comment(site.NewComment{Work: work.ID, Author: "早鸟", Text: "最早的", At: time.Now().Add(-400 * 24 * time.Hour), Silent: true})
	for range 25 {
		s.comment(site.NewComment{Work: work.ID, Author: "人群", Text: "路过", Silent: true})
	}
	var last site.Comment
	for range 14 { // more than the list shows before it is asked for more
		last = s.comment(site.NewComment{ReplyTo: old.ID, Author: "跟帖", Text: "顶", Silent: true})
	}
	first := s.site.Conversations(s.owner.UID)
	peer := first[len(first)-1]
	for words, target := range map[string]*messages.ReplyTarget{
		"给最早的人": toComment(old), "给最后的人": toComment(last), "好久不见": s.toPerson(peer.PeerID, peer.PeerName),
	} {
		o, _ := s.answer(target, words)
		if posts := s.posts(words); o.State != messages.ReplyConfirmedState || len(posts) != 1 || posts[0].Target != targetOf(target, s.owner.UID) {
			s.t.Errorf("%s: %+v %+v\n%s", words, o, posts, s.Story())
		}
	}
}

func refusals(s *stand) {
	targets := s.targets()
	expect := func(kind, words, reason string) {
		s.t.Helper()
		if o, _ := s.answer(targets[kind], words); o.State != messages.ReplyFailedState || o.Reason != reason {
			s.t.Errorf("%s: %+v, want %s\n%s", words, o, reason, s.Story())
		}
	}
	work, yes, no := targets["comment"].GetWorkId(), true, false
	expect("message", "这是违规的", "content_refused")
	expect("comment", "这也是违规的", "content_refused")
	s.must(s.site.EditWork(site.EditWork{Work: work, Closed: &yes}))
	expect("comment", "还开着吗", "comments_closed")
	s.must(s.site.EditWork(site.EditWork{Work: work, Closed: &no, Private: &yes}))
	expect("work", "私密", "work_private")
	s.must(s.site.EditWork(site.EditWork{Work: work, Private: &no}))
	s.must(s.site.Delete(targets["discussion"].GetDiscussionId()))
	expect("discussion", "还在吗", "target_gone")
	for what, reason := range map[string]string{"stranger": "stranger_limit", "risk": "on_phone_only", "message": "rate_limited"} {
		s.must(s.site.Limit(s.owner.UID, what, true))
		expect("message", "被限制"+what, reason)
		s.must(s.site.Limit(s.owner.UID, what, false))
	}
	s.must(s.site.Limit(s.owner.UID, "comment", true))
	if o, _ := s.answer(targets["work"], "太快了"); o.Reason != "rate_limited" || platforms.KindOf(o.Err) != platforms.RateLimited {
		s.t.Errorf("rate limit: %+v", o)
	}
	s.must(s.site.Limit(s.owner.UID, "comment", false))
	targets["nobody"] = s.toPerson("999", "谁")
	expect("nobody", "你是谁", "target_gone")
	targets["nameless"] = &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE}
	expect("nameless", "没有人", "target_gone")
}

func lateAnswer(s *stand) {
	s.must(s.site.Tamper(stage.Tamper{Route: "creator.douyin.com/web/api/third_party/aweme/api/comment/publish/aweme/v1/web/comment/publish", Do: "late", MS: 8000, N: 1}))
	if o, _ := s.answer(s.targets()["comment"], "慢慢来"); o.State != messages.ReplyConfirmedState || len(s.posts("慢慢来")) != 1 {
		s.t.Errorf("%+v\n%s", o, s.Story())
	}
}

func brokenConnection(s *stand) {
	targets := s.targets()
	kinds := []string{"comment"}
	if full() {
		kinds = append(kinds, "message")
	}
	for _, kind := range kinds {
		words := "只发一次" + kind
		s.site.ResetAfterPost(1)
		o, reply := s.answer(targets[kind], words)
		if o.State != messages.ReplyUnknownState {
			s.t.Errorf("%s: %+v", kind, o)
		}
		id, found, err := s.Client.FindReply(s.Context(time.Minute), reply, nil)
		if posts := s.posts(words); err != nil || !found || len(posts) != 1 || posts[0].ID != id {
			s.t.Errorf("%s: settled %q %v %v; posted %+v", kind, id, found, err, posts)
		}
	}
}

func withoutTicket(s *stand) {
	target := s.targets()["message"]
	reply := &messages.Reply{Id: "r2", Target: target, Content: "不该发出去"}
	o := s.Client.Reply(s.Context(time.Minute), reply, func(context.Context) error { return errors.New("the epoch is over") })
	if o.State != messages.ReplyReturned || len(s.posts("不该发出去")) != 0 {
		s.t.Errorf("%+v, posted %+v", o, s.posts("不该发出去"))
	}
}

func lineBreaks(s *stand) {
	target := s.targets()["message"]
	o, _ := s.answer(target, "第一行\n第二行\r\n第三行")
	posts := s.posts("第一行 第二行 第三行")
	if o.State != messages.ReplyConfirmedState || len(posts) != 1 {
		s.t.Errorf("%+v %+v", o, s.site.Posts())
	}
	if slices.ContainsFunc(s.site.Posts(), func(e stage.Entry) bool { return e.Post.Text == "第一行" }) {
		s.t.Error("only the first line was sent")
	}
}
