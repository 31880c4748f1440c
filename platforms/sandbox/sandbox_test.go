package sandbox_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/engine"
	"troupe/testkit/site"
)

func TestPeculiaritiesOfTheMadeUpSite(t *testing.T) {
	t.Parallel()
	r := newStand(t, site.NewOwner{Nickname: "小厨娘阿月"})
	r.must(r.site.Fill(site.Fill{Owner: r.owner.UID, Works: 22, Comments: 60, Conversations: 45, Messages: 60, Notifications: 24}))
	for _, part := range []struct {
		name string
		run  func(*stand)
	}{
		{"a login that is cancelled has a name", cancelledLogin},
		{"a login goes from picture to picture, code and profile", loginSteps},
		{"the batch of a first round is in the order of its items' age", inOrder},
		{"a recall is heard of", recalled},
		{"a gap is read again", gap},
		{"a deep row is found by scrolling", deepRows},
		{"closed comments are a failure with that reason", closedComments},
		{"a known page is read no further", restart},
		{"lists that are asked for too often have a name", limitedLists},
	} {
		ok := t.Run(part.name, func(t *testing.T) {
			r.t = t
			part.run(r)
		})
		if !ok {
			t.Fatal("the parts build on each other")
		}
	}
}

func cancelledLogin(r *stand) {
	ctx, cancel := context.WithCancel(r.Context(30 * time.Second))
	_, err := r.Client.Login(ctx, nil, func(platforms.Step) { cancel() })
	if platforms.KindOf(err) != platforms.Cancelled {
		r.t.Errorf("cancelled: %v", err)
	}
}

func loginSteps(r *stand) {
	r.site.RequireCode("123456")
	defer r.site.RequireCode("")
	inputs := make(chan platforms.Input, 3)
	var seen []string
	pictures := map[string]bool{}
	profile, err := r.Client.Login(r.Context(60*time.Second), inputs, func(s platforms.Step) {
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

func inOrder(r *stand) {
	b := r.collect()
	if len(b.Items) == 0 || !slices.IsSortedFunc(b.Items, func(x, y *messages.Item) int { return int(created(x) - created(y)) }) {
		r.t.Errorf("%d items, not in order", len(b.Items))
	}
}

func created(i *messages.Item) int64 {
	return max(i.GetContent().GetPublishTime(), i.GetComment().GetCreateTime(), i.GetDiscussion().GetCreateTime(),
		i.GetConversation().GetCreateTime(), i.GetMessage().GetCreateTime(), i.GetNotification().GetCreatedAt())
}

func recalled(r *stand) {
	m, err := r.site.AddMessage(site.NewMessage{Owner: r.owner.UID, Author: "路人丙", Text: "在吗"})
	r.must(err)
	r.must(r.site.Recall(m.ID))
	if !r.Drained(5*time.Second, func(i *messages.Item) bool { return i.GetMessage().GetId() == m.ID && i.GetMessage().GetIsRecalled() }) {
		r.t.Error("the recall did not come")
	}
}

func gap(r *stand) {
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

func deepRows(r *stand) {
	work := r.site.Works(r.owner.UID)[1]
	c, err := r.site.AddComment(site.NewComment{Work: work.ID, Author: "早鸟", Text: "最早的", At: time.Now().Add(-400 * 24 * time.Hour), Silent: true})
	r.must(err)
	for range 25 {
		_, err := r.site.AddComment(site.NewComment{Work: work.ID, Author: "人群", Text: "路过", Silent: true})
		r.must(err)
	}
	o, _, _ := r.Reply(&messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: work.ID, CommentId: c.ID}, "给最早的人")
	if o.State != messages.ReplyConfirmedState {
		r.t.Errorf("deep comment: %+v\n%s", o, r.Story())
	}
	m, err := r.site.AddMessage(site.NewMessage{Owner: r.owner.UID, Author: "老朋友", Text: "好久不见", At: time.Now().Add(-400 * 24 * time.Hour), Silent: true})
	r.must(err)
	o, _, _ = r.Reply(&messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: r.owner.UID + ":" + m.Peer}, "好久不见呀")
	if o.State != messages.ReplyConfirmedState {
		r.t.Errorf("deep conversation: %+v\n%s", o, r.Story())
	}
}

// restart is a new client of the same browser, which knows what was seen before it.
func restart(r *stand) {
	r.Renew(engine.Config{Whole: messages.Collections, Known: func(string) bool { return true }})
	if _, err := r.Client.Probe(r.Context(30 * time.Second)); err != nil {
		r.t.Fatal(err)
	}
	b := r.collect()
	if len(b.Complete) != 0 || slices.ContainsFunc(b.Steps, func(s platforms.StepLog) bool { return strings.Contains(s.Step, "everything") }) {
		r.t.Errorf("complete %v, steps %+v", b.Complete, b.Steps)
	}
}

func closedComments(r *stand) {
	work := r.site.Works(r.owner.UID)[0]
	r.must(r.site.CloseComments(work.ID, true))
	target := &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_WORK, WorkId: work.ID, WorkTitle: work.Title}
	if o, _, _ := r.Reply(target, "还开着吗"); o.State != messages.ReplyFailedState || o.Reason != "comments_closed" {
		r.t.Errorf("closed comments: %+v", o)
	}
}

func limitedLists(r *stand) {
	r.must(r.site.RateLimit(r.owner.UID, true, true))
	if _, err := r.Client.Collect(r.Context(time.Minute)); platforms.KindOf(err) != platforms.RateLimited {
		r.t.Errorf("%v", err)
	}
}
