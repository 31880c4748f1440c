package sandbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/engine"
	"troupe/testkit/site"
)

func TestAccountIsLoggedInWatchedAndAnswered(t *testing.T) {
	r := newRig(t, site.NewOwner{Nickname: "小厨娘阿月"})
	r.must(r.site.Fill(site.Fill{Owner: r.owner.UID, Works: 22, Comments: 60, Conversations: 45, Messages: 60, Notifications: 24}))
	for _, part := range []struct {
		name string
		run  func(*rig)
	}{
		{"without a login the account is logged out", loggedOut},
		{"a login that is refused or cancelled has a name", loginsThatEnd},
		{"a login goes from picture to picture, code and profile", loginSteps},
		{"the first round sees every list to its end", firstRound},
		{"a quiet round yields nothing and loads no page", quietRound},
		{"pushes become items at once", pushes},
		{"a gap is read again", gap},
		{"each kind of reply is posted once and found again", repliesOfEachKind},
		{"a deep row is found by scrolling", deepRows},
		{"a refusal of the site is a failure with its reason", refusals},
		{"a reply without permission leaves nothing behind", withoutTicket},
		{"a connection that breaks after the post is unknown, and settled by reading", brokenConnection},
		{"a known page is read no further", restart},
		{"captcha, layout and logout have names", troubles},
	} {
		ok := t.Run(part.name, func(t *testing.T) {
			inner := *r
			inner.t = t
			part.run(&inner)
			r.client = inner.client
		})
		if !ok {
			t.Fatal("the parts build on each other")
		}
	}
}

func loggedOut(r *rig) {
	if _, err := r.client.Probe(r.ctx(30 * time.Second)); platforms.KindOf(err) != platforms.LoggedOut {
		r.t.Errorf("%v", err)
	}
}

func loginsThatEnd(r *rig) {
	_, err := r.client.Login(r.ctx(30*time.Second), nil, func(s platforms.Step) {
		if s.Status == "qrcode_ready" {
			r.must(r.site.Refuse(""))
		}
	})
	if platforms.KindOf(err) != platforms.LoginRefused {
		r.t.Errorf("refused: %v", err)
	}
	ctx, cancel := context.WithCancel(r.ctx(30 * time.Second))
	_, err = r.client.Login(ctx, nil, func(platforms.Step) { cancel() })
	if platforms.KindOf(err) != platforms.Cancelled {
		r.t.Errorf("cancelled: %v", err)
	}
}

func loginSteps(r *rig) {
	r.site.RequireCode("123456")
	defer r.site.RequireCode("")
	inputs := make(chan platforms.Input, 3)
	var seen []string
	pictures := map[string]bool{}
	profile, err := r.client.Login(r.ctx(60*time.Second), inputs, func(s platforms.Step) {
		seen = append(seen, s.Status+s.Message)
		switch s.Status {
		case "qrcode_ready":
			r.must(r.site.Expire(""))
		case "qrcode_refreshed":
			if len(pictures) == 1 {
				inputs <- platforms.Input{Kind: "refresh"}
			} else {
				r.must(r.site.Scan(""))
			}
		case "scanning":
			r.must(r.site.Confirm("", r.owner.UID))
		case "sms_input_required":
			code := "123456"
			if s.Message == "" {
				code = "000000"
			}
			inputs <- platforms.Input{Kind: s.Ask, Value: messages.Secret(code)}
		}
		if s.QR != nil {
			pictures[string(s.QR)] = true
			if s.ExpiresAt.Before(time.Now()) {
				r.t.Error("the picture is said to be over already")
			}
		}
	})
	if err != nil {
		r.t.Fatalf("%v after %v", err, seen)
	}
	want := []string{"qrcode_ready", "qrcode_refreshed", "qrcode_refreshed", "scanning", "sms_input_required", "sms_input_requiredthe code was wrong"}
	if !slices.Equal(seen, want) || len(pictures) != 3 {
		r.t.Errorf("%d pictures, steps %v", len(pictures), seen)
	}
	if profile.GetPlatformUserId() != r.owner.UID || profile.GetNickname() != r.owner.Nickname || profile.GetFollowers() < r.owner.Followers {
		r.t.Errorf("profile %v of owner %+v", profile, r.owner)
	}
}

// held counts the distinct items per collection.
func held(items []*messages.Item) map[string]int {
	seen, n := map[string]bool{}, map[string]int{}
	for _, i := range items {
		key, _ := i.KnownKey()
		if collection, _, _ := i.Key(); !seen[key] {
			seen[key] = true
			n[collection]++
		}
	}
	return n
}

func firstRound(r *rig) {
	b := r.collect()
	works := r.site.Works(r.owner.UID)
	comments, discussions := 0, 0
	for _, w := range works {
		for _, c := range r.site.Comments(w.ID) {
			if c.Level == 1 {
				comments++
			} else {
				discussions++
			}
		}
	}
	peers := map[string]bool{}
	for _, m := range r.site.Messages(r.owner.UID) {
		peers[m.Peer] = true
	}
	want := map[string]int{
		messages.Contents: len(works), messages.Comments: comments, messages.Discussions: discussions,
		messages.Messages: len(r.site.Messages(r.owner.UID)), messages.Notifications: len(r.site.Notifications(r.owner.UID)),
	}
	got := held(b.Items)
	for collection, n := range want {
		if got[collection] != n {
			r.t.Errorf("%s: %d of %d", collection, got[collection], n)
		}
	}
	if got[messages.Conversations] < len(peers) {
		r.t.Errorf("conversations: %d of at least %d", got[messages.Conversations], len(peers))
	}
	if !b.Round || len(b.Complete) != len(messages.Collections) {
		r.t.Errorf("round %v, complete %v", b.Round, b.Complete)
	}
	if !slices.IsSortedFunc(b.Items, func(x, y *messages.Item) int { return int(created(x) - created(y)) }) {
		r.t.Error("the batch is not in the order of its items' age")
	}
}

func created(i *messages.Item) int64 {
	return max(i.GetContent().GetPublishTime(), i.GetComment().GetCreateTime(), i.GetDiscussion().GetCreateTime(),
		i.GetConversation().GetCreateTime(), i.GetMessage().GetCreateTime(), i.GetNotification().GetCreatedAt())
}

func quietRound(r *rig) {
	pages := r.pageLoads()
	if b := r.collect(); len(b.Items) != 0 || !b.Round {
		r.t.Errorf("a quiet round yielded %v", held(b.Items))
	}
	if n := r.pageLoads() - pages; n != 0 {
		r.t.Errorf("%d pages were loaded", n)
	}
}

func (r *rig) pageLoads() int {
	entries, _ := r.site.Audit(site.AuditQuery{})
	n := 0
	for _, e := range entries {
		if e.Kind == "request" && e.Method == "GET" && !strings.HasPrefix(e.Path, "/api") && !strings.Contains(e.Path, ".") && e.Path != "/push" {
			n++
		}
	}
	return n
}

func pushes(r *rig) {
	work := r.site.Works(r.owner.UID)[0]
	began := time.Now()
	c, err := r.site.AddComment(site.NewComment{Work: work.ID, Author: "路人甲", Text: "好看👍"})
	r.must(err)
	if !r.drained(5*time.Second, func(i *messages.Item) bool {
		return i.GetComment().GetId() == c.ID && i.GetComment().GetContent() == "好看👍" && !i.GetComment().GetIsOwn()
	}) {
		r.t.Fatal("the pushed comment did not come")
	}
	r.t.Log("comment seen after", time.Since(began))
	d, err := r.site.AddComment(site.NewComment{ReplyTo: c.ID, Author: "路人乙", Text: "同感"})
	r.must(err)
	if !r.drained(5*time.Second, func(i *messages.Item) bool {
		return i.GetDiscussion().GetId() == d.ID && i.GetDiscussion().GetCommentId() == c.ID
	}) {
		r.t.Error("the pushed discussion did not come")
	}
	m, err := r.site.AddMessage(site.NewMessage{Owner: r.owner.UID, Author: "路人丙", Text: "在吗"})
	r.must(err)
	if !r.drained(5*time.Second, func(i *messages.Item) bool {
		return i.GetMessage().GetId() == m.ID && i.GetMessage().GetConversationId() == r.owner.UID+":"+m.Peer && !i.GetMessage().GetIsOutbound()
	}) {
		r.t.Error("the pushed message did not come")
	}
	r.must(r.site.Recall(m.ID))
	if !r.drained(5*time.Second, func(i *messages.Item) bool { return i.GetMessage().GetId() == m.ID && i.GetMessage().GetIsRecalled() }) {
		r.t.Error("the recall did not come")
	}
}

func gap(r *rig) {
	work := r.site.Works(r.owner.UID)[0]
	var last site.Comment
	for range 45 { // more than the site says at once
		var err error
		last, err = r.site.AddComment(site.NewComment{Work: work.ID, Author: "路人丁", Text: "悄悄的", Silent: true})
		r.must(err)
	}
	n := 0
	for _, i := range r.collect().Items {
		if i.GetComment().GetContent() == "悄悄的" {
			n++
		}
	}
	if n != 45 {
		r.t.Errorf("%d of 45 comments after a gap; the last is %s", n, last.ID)
	}
}

// reply sends one reply and returns its outcome.
func (r *rig) reply(target *messages.ReplyTarget, words string) (platforms.Outcome, *messages.Reply) {
	r.t.Helper()
	reply := &messages.Reply{Id: "r1", Target: target, Content: words, DispatchedAt: time.Now().UnixMilli()}
	commits := 0
	o := r.client.Reply(r.ctx(60*time.Second), reply, func(context.Context) error {
		commits++
		r.gate.BeginCommit() // Chromium sends a request again by itself when its connection breaks
		return nil
	})
	r.gate.EndCommit()
	if commits > 1 {
		r.t.Errorf("%d commits", commits)
	}
	if o.Err != nil {
		r.t.Logf("%s %s: %v", o.State, o.Reason, o.Err)
	}
	return o, reply
}

// posts counts what was posted with these words.
func (r *rig) posts(words string) (n int) {
	for _, e := range r.site.Posts() {
		if e.Post != nil && e.Post.Text == words && e.Post.Code == 0 {
			n++
		}
	}
	return n
}

func (r *rig) targets() map[string]*messages.ReplyTarget {
	work, err := r.site.AddWork(site.NewWork{Owner: r.owner.UID, Title: "新作品"})
	r.must(err)
	c, err := r.site.AddComment(site.NewComment{Work: work.ID, Author: "小明", Text: "怎么做的？"})
	r.must(err)
	d, err := r.site.AddComment(site.NewComment{ReplyTo: c.ID, Author: "小红", Text: "我也想知道"})
	r.must(err)
	m, err := r.site.AddMessage(site.NewMessage{Owner: r.owner.UID, Author: "小刚", Text: "你好"})
	r.must(err)
	return map[string]*messages.ReplyTarget{
		"comment":    {Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: work.ID, CommentId: c.ID, PersonId: c.User.UID, PersonName: "小明"},
		"discussion": {Kind: messages.ReplyKind_REPLY_DISCUSSION, WorkId: work.ID, CommentId: c.ID, DiscussionId: d.ID, PersonId: d.User.UID, PersonName: "小红"},
		"message":    {Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: r.owner.UID + ":" + m.Peer, PersonName: "小刚"},
		"work":       {Kind: messages.ReplyKind_REPLY_WORK, WorkId: work.ID, WorkTitle: work.Title},
	}
}

func repliesOfEachKind(r *rig) {
	var known []string
	for kind, target := range r.targets() {
		words := "谢谢，这是给" + kind + "的回答 😊"
		o, reply := r.reply(target, words)
		if o.State != messages.ReplyConfirmedState || o.PlatformID == "" {
			r.t.Fatalf("%s: %+v\n%+v", kind, o, r.steps())
		}
		if n := r.posts(words); n != 1 {
			r.t.Errorf("%s was posted %d times", kind, n)
		}
		id, found, err := r.client.FindReply(r.ctx(30*time.Second), reply, known)
		if err != nil || !found || id != o.PlatformID {
			r.t.Errorf("%s: found %q %v %v, want %q", kind, id, found, err, o.PlatformID)
		}
		if known = append(known, o.PlatformID); kind == "comment" {
			if id, found, _ := r.client.FindReply(r.ctx(30*time.Second), reply, known); found {
				r.t.Errorf("%q was found again although it is another reply's", id)
			}
		}
	}
}

func deepRows(r *rig) {
	work := r.site.Works(r.owner.UID)[1]
	c, err := r.site.AddComment(site.NewComment{Work: work.ID, Author: "早鸟", Text: "最早的", At: time.Now().Add(-400 * 24 * time.Hour), Silent: true})
	r.must(err)
	for range 25 {
		_, err := r.site.AddComment(site.NewComment{Work: work.ID, Author: "人群", Text: "路过", Silent: true})
		r.must(err)
	}
	o, _ := r.reply(&messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: work.ID, CommentId: c.ID}, "给最早的人")
	if o.State != messages.ReplyConfirmedState {
		r.t.Errorf("deep comment: %+v\n%+v", o, r.steps())
	}
	m, err := r.site.AddMessage(site.NewMessage{Owner: r.owner.UID, Author: "老朋友", Text: "好久不见", At: time.Now().Add(-400 * 24 * time.Hour), Silent: true})
	r.must(err)
	o, _ = r.reply(&messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: r.owner.UID + ":" + m.Peer}, "好久不见呀")
	if o.State != messages.ReplyConfirmedState {
		r.t.Errorf("deep conversation: %+v\n%+v", o, r.steps())
	}
}

func refusals(r *rig) {
	targets := r.targets()
	if o, _ := r.reply(targets["message"], "这是违规的"); o.State != messages.ReplyFailedState || o.Reason != "content_refused" {
		r.t.Errorf("forbidden words: %+v", o)
	}
	r.must(r.site.CloseComments(targets["comment"].GetWorkId(), true))
	if o, _ := r.reply(targets["comment"], "还开着吗"); o.State != messages.ReplyFailedState || o.Reason != "comments_closed" {
		r.t.Errorf("closed comments: %+v", o)
	}
	r.must(r.site.CloseComments(targets["comment"].GetWorkId(), false))
	r.must(r.site.Delete(targets["comment"].GetCommentId()))
	if o, _ := r.reply(targets["comment"], "还在吗"); o.State != messages.ReplyFailedState || o.Reason != "target_gone" {
		r.t.Errorf("deleted comment: %+v", o)
	}
	r.must(r.site.RateLimit(r.owner.UID, true, false))
	if o, _ := r.reply(targets["work"], "太快了"); o.State != messages.ReplyFailedState || platforms.KindOf(o.Err) != platforms.RateLimited {
		r.t.Errorf("rate limit: %+v", o)
	}
	r.must(r.site.RateLimit(r.owner.UID, false, false))
	stranger := &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: r.owner.UID + ":999", PersonName: "谁"}
	if o, _ := r.reply(stranger, "你是谁"); o.State != messages.ReplyFailedState || o.Reason != "target_gone" {
		r.t.Errorf("nobody: %+v", o)
	}
}

func withoutTicket(r *rig) {
	target := r.targets()["message"]
	reply := &messages.Reply{Id: "r2", Target: target, Content: "不该发出去"}
	o := r.client.Reply(r.ctx(30*time.Second), reply, func(context.Context) error { return errors.New("the epoch is over") })
	if o.State != messages.ReplyReturned || r.posts("不该发出去") != 0 {
		r.t.Errorf("%+v, posted %d times", o, r.posts("不该发出去"))
	}
}

func brokenConnection(r *rig) {
	target := r.targets()["comment"]
	r.site.ResetAfterPost(1)
	o, reply := r.reply(target, "只发一次")
	if o.State != messages.ReplyUnknownState {
		r.t.Errorf("%+v", o)
	}
	if id, found, err := r.client.FindReply(r.ctx(30*time.Second), reply, nil); err != nil || !found {
		r.t.Errorf("settling: %q %v %v", id, found, err)
	}
	if n := r.posts("只发一次"); n != 1 {
		r.t.Errorf("posted %d times", n)
	}
}

// restart is a new client of the same browser, which knows what was seen before it.
func restart(r *rig) {
	r.client = r.newClient(engine.Config{Whole: messages.Collections, Known: func(string) bool { return true }})
	if _, err := r.client.Probe(r.ctx(30 * time.Second)); err != nil {
		r.t.Fatal(err)
	}
	b := r.collect()
	if len(b.Complete) != 0 || slices.ContainsFunc(b.Steps, func(s platforms.StepLog) bool { return strings.Contains(s.Step, "everything") }) {
		r.t.Errorf("complete %v, steps %+v", b.Complete, b.Steps)
	}
}

func troubles(r *rig) {
	expect := func(name string, want platforms.Kind) {
		r.t.Helper()
		_, err := r.client.Collect(r.ctx(60 * time.Second))
		if got := platforms.KindOf(err); got != want {
			r.t.Errorf("%s: %v (%v), want %v", name, got, err, want)
		}
	}
	r.must(r.site.Captcha(r.owner.UID, true))
	expect("captcha", platforms.Challenge)
	if o, _ := r.reply(r.targets()["work"], "有验证码"); o.State != messages.ReplyReturned || platforms.KindOf(o.Err) != platforms.Challenge {
		r.t.Errorf("reply before a captcha: %+v", o)
	}
	r.must(r.site.Captcha(r.owner.UID, false))
	r.collect()
	r.must(r.site.SetLayout(r.owner.UID, true))
	expect("layout", platforms.PageChanged)
	r.must(r.site.SetLayout(r.owner.UID, false))
	r.collect()
	r.must(r.site.RateLimit(r.owner.UID, true, true))
	expect("rate limit", platforms.RateLimited)
	r.must(r.site.RateLimit(r.owner.UID, false, false))
	r.must(r.site.Logout(r.owner.UID, true))
	expect("silent logout", platforms.LoggedOut)
	for _, e := range r.evil {
		if e.Kind == platforms.Internal && strings.HasPrefix(e.Flow, "collect") {
			r.t.Errorf("%s ended without a kind: %+v", e.Flow, e.Steps)
		}
	}
}
