package douyin_test

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms/engine"
	site "troupe/testkit/site/douyin"
	"troupe/testkit/site/stage"
)

func TestAccountIsWatchedWithoutATrace(t *testing.T) {
	t.Parallel()
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	fill := site.Fill{Owner: s.owner.UID, Works: 1, Comments: 16, Conversations: 52, Messages: 40, Notices: 12}
	if full() {
		fill = site.Fill{Owner: s.owner.UID, Works: 103, Comments: 350, Conversations: 220, Messages: 1780, Notices: 30}
	}
	s.must(s.site.Fill(fill))
	s.play(
		part{"without a login the account is logged out, whatever avatar a guest sees", true, guests},
		part{"an expired code is renewed, a wrong verification code asked for again", true, loginSteps},
		part{"the first passes see everything once, and nothing of others", true, firstPasses},
		part{"a quiet round yields nothing and loads no page", true, quietRounds},
		part{"what is pushed is an item at once", true, pushes},
		part{"what was not pushed is found by the next round", true, withoutPush},
		part{"a gap of the socket is filled", false, gap},
		part{"what the owner wrote elsewhere is found", false, wroteElsewhere},
		part{"a new build of the site is the same to us", false, newBuild},
		part{"the login outlives the browser", false, anotherBrowser},
		part{"a captcha or risk page is named within seconds, and left alone", true, captchas},
		part{"an answer that is not what it was is never an empty list", true, spoiledAnswers},
	)
	if n := s.audited(stage.KindRead); n != 0 {
		t.Errorf("looking marked %d conversations as read", n)
	}
	if n := s.audited(stage.KindCaptchaClick); n != 0 {
		t.Errorf("a captcha was touched %d times", n)
	}
	if entries, _ := s.site.Audit(stage.AuditQuery{Kind: stage.KindUnknown}); len(entries) != 0 {
		t.Errorf("asked for what is not there: %+v", entries)
	}
}

func firstPasses(s *stand) {
	items := newest(s.rounds(messages.Collections...))
	var all []*messages.Item
	for _, i := range items {
		all = append(all, i)
	}
	works, comments, discussions := s.site.Works(s.owner.UID), 0, 0
	for _, w := range works {
		for _, c := range s.site.Comments(w.ID) {
			if c.Level == 1 {
				comments++
			} else {
				discussions++
			}
		}
	}
	want := map[string]int{
		messages.Contents: len(works), messages.Comments: comments, messages.Discussions: discussions, messages.Conversations: len(s.site.Conversations(s.owner.UID)),
		messages.Messages: len(s.site.Messages(s.owner.UID)), messages.Notifications: len(s.site.Notices(s.owner.UID)),
	}
	got := held(all)
	for collection, n := range want {
		if got[collection] != n {
			s.t.Errorf("%s: %d of %d", collection, got[collection], n)
		}
	}
	s.belong(all)
	s.sameAsSite(all)
	s.t.Log(got)
}

// belong proves that every item stands below one that was seen, too.
func (s *stand) belong(items []*messages.Item) {
	s.t.Helper()
	there := map[string]bool{}
	for _, i := range items {
		collection, id, _ := i.Key()
		there[collection+id] = true
	}
	for _, i := range items {
		above := ""
		switch e := i.GetEntity().(type) {
		case *messages.Item_Comment:
			above = messages.Contents + e.Comment.GetWorkId()
		case *messages.Item_Discussion:
			above = messages.Comments + e.Discussion.GetCommentId()
		case *messages.Item_Message:
			above = messages.Conversations + e.Message.GetConversationId()
		}
		if above != "" && !there[above] {
			s.t.Errorf("an orphan: %v", i)
		}
	}
}

// sameAsSite compares what was read with what stands on the site.
func (s *stand) sameAsSite(items []*messages.Item) {
	s.t.Helper()
	works, chats, comments, words := map[string]site.Work{}, map[string]site.Conversation{}, map[string]site.Comment{}, map[string]site.Message{}
	for _, w := range s.site.Works(s.owner.UID) {
		works[w.ID] = w
		for _, c := range s.site.Comments(w.ID) {
			comments[c.ID] = c
		}
	}
	for _, c := range s.site.Conversations(s.owner.UID) {
		chats[s.owner.UID+":"+cmp.Or(c.PeerID, c.ID)] = c
	}
	for _, m := range s.site.Messages(s.owner.UID) {
		words[m.ID] = m
	}
	for _, i := range items {
		wrong := false
		switch e := i.GetEntity().(type) {
		case *messages.Item_Content:
			w := works[e.Content.GetId()]
			wrong = e.Content.GetTitle() != w.Title || e.Content.GetPublishTime() != w.At*1000 || e.Content.GetCommentCount() != int64(w.Comments) ||
				e.Content.GetStatistics().GetViewCount() == 0 || e.Content.GetStatistics().GetCompletionRate() == 0 || e.Content.GetCoverUrl() == ""
		case *messages.Item_Comment:
			c := comments[e.Comment.GetId()]
			wrong = c.Level != 1 || e.Comment.GetCreateTime() != c.At*1000 || e.Comment.GetAuthorId() != c.AuthorID || e.Comment.GetIsOwn() != c.Own ||
				e.Comment.GetAuthorName() != c.AuthorName || c.Text != "" && e.Comment.GetContent() != c.Text
		case *messages.Item_Discussion:
			c := comments[e.Discussion.GetId()]
			wrong = c.Level < 2 || e.Discussion.GetCommentId() != c.Root || e.Discussion.GetReplyToId() != c.Parent || e.Discussion.GetIsOwn() != c.Own ||
				e.Discussion.GetWorkId() != c.Work
		case *messages.Item_Conversation:
			c := chats[e.Conversation.GetId()]
			wrong = c.ID == "" || e.Conversation.GetParticipant().GetUserName() != c.PeerName && !c.Group || e.Conversation.GetUnreadCount() != int64(c.Unread)
		case *messages.Item_Message:
			m := words[e.Message.GetId()]
			wrong = e.Message.GetCreateTime() != m.At || e.Message.GetIsOutbound() != m.FromOwner || e.Message.GetSender().GetUserId() != m.SenderID ||
				m.Type == 7 && !strings.Contains(m.Content, e.Message.GetContent())
		}
		if wrong {
			s.t.Errorf("not as on the site: %v", i)
		}
	}
}

// quietRounds makes rounds in which nothing happens. Known items may come again; unknown ones are announced to people.
func quietRounds(s *stand) {
	before, loads := newestKeys(s), s.loads()
	for range 2 {
		for key := range newest(s.round().Items) {
			if !before[key] {
				s.t.Errorf("announced again: %s", key)
			}
		}
	}
	if n := s.loads() - loads; n != 0 {
		s.t.Errorf("%d pages were loaded", n)
	}
}

// newestKeys are the keys of everything that stands on the site.
func newestKeys(s *stand) map[string]bool {
	keys := map[string]bool{}
	add := func(collection, id string) { keys[collection+"/"+id] = true }
	for _, w := range s.site.Works(s.owner.UID) {
		add(messages.Contents, w.ID)
		for _, c := range s.site.Comments(w.ID) {
			if c.Level == 1 {
				add(messages.Comments, c.ID)
			} else {
				add(messages.Discussions, c.ID)
			}
		}
	}
	for _, c := range s.site.Conversations(s.owner.UID) {
		add(messages.Conversations, s.owner.UID+":"+cmp.Or(c.PeerID, c.ID))
	}
	for _, m := range s.site.Messages(s.owner.UID) {
		add(messages.Messages, m.ID)
	}
	for _, n := range s.site.Notices(s.owner.UID) {
		add(messages.Notifications, n.ID)
	}
	return keys
}

// arrives drains until an item is accepted, and says how long that took.
func (s *stand) arrives(what string, accept func(*messages.Item) bool) {
	s.t.Helper()
	s.arrivesWithin(2*time.Second, what, accept)
}

func (s *stand) arrivesWithin(limit time.Duration, what string, accept func(*messages.Item) bool) {
	s.t.Helper()
	began := time.Now()
	if !s.Drained(limit, accept) {
		s.t.Errorf("%s did not come in time", what)
	} else {
		s.t.Log(what, "after", time.Since(began).Round(time.Millisecond))
	}
}

func pushes(s *stand) {
	s.must(s.site.Behave(func(b *site.Behaviour) { b.PushTwice = true }))
	defer func() { s.must(s.site.Behave(func(b *site.Behaviour) { b.PushTwice = false })) }()
	work := s.site.Works(s.owner.UID)[0].ID
	c := s.comment(site.NewComment{Work: work, Author: "路人甲", Text: "好看👍"})
	s.arrives("a comment", func(i *messages.Item) bool {
		return i.GetComment().GetId() == c.ID && i.GetComment().GetContent() == "好看👍"
	})
	d := s.comment(site.NewComment{ReplyTo: c.ID, Author: "路人乙", Text: "同感"})
	s.arrives("a reply", func(i *messages.Item) bool {
		return i.GetDiscussion().GetId() == d.ID && i.GetDiscussion().GetCommentId() == c.ID && i.GetDiscussion().GetReplyToId() == c.ID
	})
	deep := s.comment(site.NewComment{ReplyTo: d.ID, Author: "路人甲", Image: true})
	s.arrives("a reply of the third level", func(i *messages.Item) bool {
		return i.GetDiscussion().GetId() == deep.ID && i.GetDiscussion().GetCommentId() == c.ID && i.GetDiscussion().GetReplyToId() == d.ID &&
			i.GetDiscussion().GetContent() == "[图片]"
	})
	like, err := s.site.AddNotice(site.NewNotice{Owner: s.owner.UID, Type: 41, Author: "路人丁", Work: work})
	s.must(err)
	s.arrives("a like", func(i *messages.Item) bool {
		return i.GetNotification().GetId() == like.ID && i.GetNotification().GetType() == "like" && i.GetNotification().GetRelatedId() == work
	})
	m := s.message(site.NewMessage{Author: "路人丙", Text: "在吗"})
	s.arrives("a message", func(i *messages.Item) bool {
		return i.GetMessage().GetId() == m.ID && i.GetMessage().GetConversationId() == s.owner.UID+":"+m.SenderID && !i.GetMessage().GetIsOutbound()
	})
	s.must(s.site.Recall(m.ID))
	s.arrives("its recall", func(i *messages.Item) bool { return i.GetMessage().GetId() == m.ID && i.GetMessage().GetIsRecalled() })
	own := s.message(site.NewMessage{Author: "路人丙", Text: "在的", FromOwner: true})
	s.arrives("an own message from the phone", func(i *messages.Item) bool {
		return i.GetMessage().GetId() == own.ID && i.GetMessage().GetIsOutbound() && i.GetMessage().GetRecipient().GetUserId() == m.SenderID
	})
	for kind, want := range map[int]string{1: "system", 5: "sticker", 8: "work", 17: "voice", 27: "image", 25: "card", 99: "unsupported"} {
		m := s.message(site.NewMessage{Author: "路人丙", Type: kind, Text: "内容"})
		s.arrives(want, func(i *messages.Item) bool {
			return i.GetMessage().GetId() == m.ID && i.GetMessage().GetMsgType() == want && i.GetMessage().GetContent() != ""
		})
	}
	command := s.message(site.NewMessage{Author: "路人丙", Type: 50001, Text: "读了"})
	followed := s.message(site.NewMessage{Author: "路人丙", Text: "你们已互相关注", Followed: true})
	s.arrives("a line of the system, and no command before it", func(i *messages.Item) bool {
		if i.GetMessage().GetId() == command.ID {
			s.t.Error("a command was taken for a message")
		}
		return i.GetMessage().GetId() == followed.ID && i.GetMessage().GetMsgType() == "system"
	})
}

// seen makes a round and says whether it brought the items.
func (s *stand) seen(ids ...string) {
	s.t.Helper()
	items := s.round().Items
	for _, id := range ids {
		found := false
		for _, i := range items {
			_, key, _ := i.Key()
			found = found || key == id
		}
		if !found {
			s.t.Errorf("the round did not bring %s", id)
		}
	}
}

func withoutPush(s *stand) {
	m := s.message(site.NewMessage{Author: "悄悄", Text: "没有推送", Silent: true})
	like, err := s.site.AddNotice(site.NewNotice{Owner: s.owner.UID, Type: 33, Author: "悄悄", Silent: true})
	s.must(err)
	s.seen(m.ID, like.ID)
}

func gap(s *stand) {
	s.must(s.site.Behave(func(b *site.Behaviour) { b.PushOff = true }))
	s.site.CloseSockets(s.owner.UID)
	var ids []string
	for range 25 { // more notices than one page holds
		n, err := s.site.AddNotice(site.NewNotice{Owner: s.owner.UID, Type: 33, Author: "一群人"})
		s.must(err)
		ids = append(ids, n.ID)
	}
	m := s.message(site.NewMessage{Author: "断线时", Text: "有人吗"})
	s.must(s.site.Behave(func(b *site.Behaviour) { b.PushOff = false }))
	s.arrivesWithin(5*time.Second, "what came while the socket was away", func(i *messages.Item) bool { return i.GetMessage().GetId() == m.ID })
	s.seen(ids...)
}

func wroteElsewhere(s *stand) {
	works := s.site.Works(s.owner.UID)
	work := works[len(works)-1].ID // of older ones it is found by the look at everything
	c := s.comment(site.NewComment{Work: work, Author: "客人", Text: "怎么卖"})
	own := s.comment(site.NewComment{ReplyTo: c.ID, AuthorID: s.owner.UID, Text: "私信你了"})
	looks := s.Definition.Collect.Looks
	every := looks[1].Every
	looks[1].Every = time.Nanosecond
	defer func() { looks[1].Every = every }()
	for _, i := range s.round().Items {
		if d := i.GetDiscussion(); d.GetId() == own.ID && d.GetIsOwn() && d.GetCommentId() == c.ID {
			return
		}
	}
	s.t.Error("the own reply was not seen")
}

func newBuild(s *stand) {
	s.site.RenameHashes()
	s.Renew(engine.Config{Owner: s.owner.UID})
	if _, err := s.Client.Probe(s.Context(time.Minute)); err != nil {
		s.t.Fatalf("%v\n%s", err, s.Story())
	}
	s.round()
	targets := s.targets()
	for _, kind := range []string{"third level", "message", "work"} {
		words := "新版也一样，" + kind
		if o, _ := s.answer(targets[kind], words); o.State != messages.ReplyConfirmedState || len(s.posts(words)) != 1 {
			s.t.Errorf("%s: %+v\n%s", kind, o, s.Story())
		}
	}
}

func anotherBrowser(s *stand) {
	s.CloseBrowser(s.Browser)
	s.StartBrowser(false)
	s.Renew(engine.Config{Owner: s.owner.UID, Whole: messages.Collections, Known: func(string) bool { return true }})
	if _, err := s.Client.Probe(s.Context(time.Minute)); err != nil {
		s.t.Fatalf("%v\n%s", err, s.Story())
	}
	if b := s.round(); len(b.Complete) != 0 {
		s.t.Errorf("read whole again: %v", b.Complete)
	}
}
