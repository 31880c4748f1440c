package xiaohongshu_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	site "troupe/testkit/site/xiaohongshu"
)

func TestRepliesReachTheirTargetOnceOrSayWhyNot(t *testing.T) {
	if !inFull(t) {
		return
	}
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	s.logIn()
	s.play(
		part{"each kind is posted once", true, eachKind},
		part{"lines become one message", true, lineBreaks},
		part{"a stranger gets one message", false, strangerLimit},
		part{"a message that nobody answers is unknown, and settled by reading", false, silentSocket},
		part{"a connection that breaks after the post is unknown, and settled by reading", false, brokenConnection},
		part{"a refusal of the site has its reason", false, refusals},
		part{"an answer that comes late is waited for", false, lateAnswer},
		part{"rows far down are found", false, farDown},
		part{"without permission nothing is sent", false, withoutTicket},
	)
}

func (s *stand) comment(n site.NewComment) site.Comment {
	s.t.Helper()
	n.Silent = true
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
		return &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: c.Note, CommentId: c.ID, PersonId: c.AuthorID, PersonName: c.AuthorName}
	}
	return &messages.ReplyTarget{
		Kind: messages.ReplyKind_REPLY_DISCUSSION, WorkId: c.Note, CommentId: c.Root, DiscussionId: c.ID, PersonId: c.AuthorID, PersonName: c.AuthorName,
	}
}

func (s *stand) toPerson(uid, name string) *messages.ReplyTarget {
	return &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: s.owner.UID + ":" + uid, PersonName: name}
}

// targetOf is what the site's audit says a reply to the target answered.
func targetOf(t *messages.ReplyTarget) string {
	switch t.GetKind() {
	case messages.ReplyKind_REPLY_COMMENT:
		return t.GetCommentId()
	case messages.ReplyKind_REPLY_DISCUSSION:
		return t.GetDiscussionId()
	case messages.ReplyKind_REPLY_WORK:
		return t.GetWorkId()
	}
	_, peer, _ := strings.Cut(t.GetConversationId(), ":")
	return peer
}

func (s *stand) note() string { return s.site.Notes(s.owner.UID)[0].ID }

func eachKind(s *stand) {
	c := s.comment(site.NewComment{Note: s.note(), Author: "小明", Text: "怎么做的？"})
	d := s.comment(site.NewComment{ReplyTo: c.ID, Author: "小红", Text: "我也想知道"})
	deeper := s.comment(site.NewComment{ReplyTo: d.ID, Author: "小兰", Text: "加一"})
	m := s.message(site.NewMessage{Author: "小刚", Text: "你好"})
	targets := map[string]*messages.ReplyTarget{
		"comment": toComment(c), "third level": toComment(deeper), "message": s.toPerson(m.SenderID, "小刚"),
		"work": {Kind: messages.ReplyKind_REPLY_WORK, WorkId: s.note()},
	}
	for _, kind := range []string{"third level", "message", "work", "comment"} {
		words := "谢谢，给" + kind + " 😊"
		o, reply, asked := s.Reply(targets[kind], words)
		if o.State != messages.ReplyConfirmedState || asked != 1 {
			s.t.Fatalf("%s: %+v after asking %d times\n%s", kind, o, asked, s.Story())
		}
		posts := s.posts(words)
		if len(posts) != 1 || posts[0].Target != targetOf(targets[kind]) || posts[0].ID != o.PlatformID {
			s.t.Fatalf("%s %s: posted %+v", kind, o.PlatformID, posts)
		}
		if id, found, err := s.Client.FindReply(s.Context(time.Minute), reply, nil); err != nil || !found || id != o.PlatformID {
			s.t.Errorf("%s: found %q %v %v, want %q\n%s", kind, id, found, err, o.PlatformID, s.Story())
		}
	}
	for _, e := range s.site.Posts() {
		if !strings.Contains(e.Detail, "untrusted=0") {
			s.t.Errorf("typed by a script: %s", e.Detail)
		}
	}
}

func lineBreaks(s *stand) {
	m := s.message(site.NewMessage{Author: "多行", Text: "在吗"})
	o, _, _ := s.Reply(s.toPerson(m.SenderID, "多行"), "第一行\n第二行\n第三行")
	if posts := s.posts("第一行\n第二行\n第三行"); o.State != messages.ReplyConfirmedState || len(posts) != 1 {
		s.t.Errorf("%+v, posted %+v\n%s", o, s.site.Posts(), s.Story())
	}
}

func strangerLimit(s *stand) {
	stranger := true
	m := s.message(site.NewMessage{Author: "生人", Text: "你好", Stranger: &stranger, At: time.Now().Add(-2 * time.Minute)})
	s.message(site.NewMessage{AuthorID: m.SenderID, Text: "一条", FromOwner: true})
	o, _, _ := s.Reply(s.toPerson(m.SenderID, "生人"), "第二条")
	if o.State != messages.ReplyFailedState || o.Reason != "stranger_limit" || len(s.posts("第二条")) != 0 {
		s.t.Errorf("%+v\n%s", o, s.Story())
	}
}

func silentSocket(s *stand) {
	m := s.message(site.NewMessage{Author: "静静", Text: "在吗"})
	s.must(s.site.Behave(func(b *site.Behaviour) { b.SendLost = true }))
	o, reply, _ := s.Reply(s.toPerson(m.SenderID, "静静"), "听得到吗")
	s.must(s.site.Behave(func(b *site.Behaviour) { b.SendLost = false }))
	if o.State != messages.ReplyUnknownState {
		s.t.Errorf("%+v", o)
	}
	if _, found, err := s.Client.FindReply(s.Context(time.Minute), reply, nil); err != nil || found {
		s.t.Errorf("found %v, %v", found, err)
	}
}

func brokenConnection(s *stand) {
	c := s.comment(site.NewComment{Note: s.note(), Author: "断线", Text: "在吗"})
	s.site.ResetAfterPost(1)
	o, reply, _ := s.Reply(toComment(c), "连接会断")
	posts := s.posts("连接会断")
	if o.State != messages.ReplyUnknownState || len(posts) != 1 {
		s.t.Fatalf("%+v, posted %+v\n%s", o, posts, s.Story())
	}
	if id, found, err := s.Client.FindReply(s.Context(time.Minute), reply, nil); err != nil || !found || id != posts[0].ID {
		s.t.Errorf("found %q %v %v\n%s", id, found, err, s.Story())
	}
}

func refusals(s *stand) {
	c := s.comment(site.NewComment{Note: s.note(), Author: "小明", Text: "问一下"})
	gone := s.comment(site.NewComment{Note: s.note(), Author: "小明", Text: "删了"})
	s.must(s.site.HideComment(gone.ID, "DELETED"))
	for _, try := range []struct {
		limit, words, reason string
		target               *messages.ReplyTarget
	}{
		{"", "这是违规的话", "content_refused", toComment(c)},
		{"forbidden", "禁言", "comments_forbidden", toComment(c)},
		{"", "来晚了", "target_gone", toComment(gone)},
		{"comment", "太快", "rate_limited", toComment(c)},
	} {
		if try.limit != "" {
			s.must(s.site.Limit(s.owner.UID, try.limit, true))
		}
		o, _, _ := s.Reply(try.target, try.words)
		if o.State != messages.ReplyFailedState || o.Reason != try.reason || len(s.posts(try.words)) != 0 {
			s.t.Errorf("%s: %+v\n%s", try.reason, o, s.Story())
		}
		if (platforms.KindOf(o.Err) == platforms.RateLimited) != (try.reason == "rate_limited") {
			s.t.Errorf("%s: the account hears %v", try.reason, o.Err)
		}
		if try.limit != "" {
			s.must(s.site.Limit(s.owner.UID, try.limit, false))
		}
	}
}

func lateAnswer(s *stand) {
	c := s.comment(site.NewComment{Note: s.note(), Author: "慢慢", Text: "不急"})
	s.site.Delay("/api/sns/web/v1/comment/post", 8*time.Second)
	defer s.site.Delay("/api/sns/web/v1/comment/post", 0)
	if o, _, _ := s.Reply(toComment(c), "慢慢回"); o.State != messages.ReplyConfirmedState || len(s.posts("慢慢回")) != 1 {
		s.t.Errorf("%+v", o)
	}
}

func farDown(s *stand) {
	note := s.site.Notes(s.owner.UID)[1].ID
	old := s.comment(site.NewComment{Note: note, Author: "早鸟", Text: "最早的", At: time.Now().Add(-400 * 24 * time.Hour)})
	for range 25 {
		s.comment(site.NewComment{Note: note, Author: "人群", Text: "路过"})
	}
	var last site.Comment
	for range 14 {
		last = s.comment(site.NewComment{ReplyTo: old.ID, Author: "跟帖", Text: "顶"})
	}
	s.must(s.site.Fill(site.Fill{Owner: s.owner.UID, Conversations: 60}))
	chats := s.site.Conversations(s.owner.UID)
	peer := chats[len(chats)/2]
	for words, target := range map[string]*messages.ReplyTarget{
		"给最早的人": toComment(old), "给最后的人": toComment(last), "好久不见": s.toPerson(peer.PeerID, peer.PeerName),
	} {
		o, _, _ := s.Reply(target, words)
		if posts := s.posts(words); o.State != messages.ReplyConfirmedState || len(posts) != 1 || posts[0].Target != targetOf(target) {
			s.t.Errorf("%s: %+v, posted %+v\n%s", words, o, posts, s.Story())
		}
	}
}

func withoutTicket(s *stand) {
	c := s.comment(site.NewComment{Note: s.note(), Author: "小明", Text: "再问一下"})
	o := s.Client.Reply(s.Context(time.Minute), &messages.Reply{Id: "r", Target: toComment(c), Content: "不该发出"}, func(context.Context) error {
		return context.DeadlineExceeded
	})
	if o.State != messages.ReplyReturned || len(s.posts("不该发出")) != 0 {
		s.t.Errorf("%+v", o)
	}
}
