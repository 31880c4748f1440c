package conformance

import (
	"context"
	"errors"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/testkit/site/stage"
)

// kinds are all kinds of reply, in the order that they are tried in.
var kinds = []messages.ReplyKind{
	messages.ReplyKind_REPLY_COMMENT, messages.ReplyKind_REPLY_DISCUSSION, messages.ReplyKind_REPLY_MESSAGE, messages.ReplyKind_REPLY_WORK,
}

// some is a kind of reply that the definition has: the first of those.
func (r *run) some(of ...messages.ReplyKind) (messages.ReplyKind, bool) {
	for _, kind := range of {
		if r.Client.CanReply(kind) {
			return kind, true
		}
	}
	return 0, false
}

// say lets somebody say what can be answered.
func (r *run) say(kind messages.ReplyKind, name, text string) *messages.ReplyTarget {
	r.t.Helper()
	target, err := r.site.Say(kind, name, text)
	r.must(err)
	return target
}

// posts are those with these words that stand on the site.
func (r *run) posts(words string) (list []stage.Post) {
	for _, e := range r.site.Posts() {
		if e.Post != nil && e.Post.Text == words && e.Post.Code == 0 {
			list = append(list, *e.Post)
		}
	}
	return list
}

// answered is the id of what a target answers, as the look-alike's log names it.
func answered(t *messages.ReplyTarget) string {
	switch t.GetKind() {
	case messages.ReplyKind_REPLY_COMMENT:
		return t.GetCommentId()
	case messages.ReplyKind_REPLY_DISCUSSION:
		return t.GetDiscussionId()
	case messages.ReplyKind_REPLY_WORK:
		return t.GetWorkId()
	}
	return t.GetPersonId()
}

func replies(r *run) {
	var known []string
	for _, kind := range kinds {
		if !r.Client.CanReply(kind) {
			continue
		}
		target := r.say(kind, "小明", "怎么做的？")
		r.say(kind, "小明", "怎么做的？") // of the same name, and newer
		words := "谢谢，这是给" + kind.String() + "的回答 😊"
		o, reply, asked := r.Reply(target, words)
		if o.State != messages.ReplyConfirmedState || o.PlatformID == "" || asked != 1 {
			r.t.Fatalf("%s: %+v, permission was asked for %d times", kind, o, asked)
		}
		if p := r.posts(words); len(p) != 1 || p[0].Target != answered(target) {
			r.t.Fatalf("%s: posted %+v", kind, p)
		}
		if len(known) > 0 && !r.full {
			continue
		}
		id, found, err := r.Client.FindReply(r.Context(time.Minute), reply, known)
		if err != nil || !found || id != o.PlatformID {
			r.t.Errorf("%s: found %q %v %v, want %q", kind, id, found, err, o.PlatformID)
		}
		known = append(known, o.PlatformID)
		if kind != messages.ReplyKind_REPLY_COMMENT {
			continue
		}
		if id, found, _ := r.Client.FindReply(r.Context(time.Minute), reply, known); found {
			r.t.Errorf("%q was found again although it is another reply's", id)
		}
	}
}

func misled(r *run) {
	site, ok := r.site.(Misleader)
	kind, can := r.some(messages.ReplyKind_REPLY_COMMENT, messages.ReplyKind_REPLY_DISCUSSION)
	if !ok || !can {
		r.t.Log("this look-alike cannot mislead; the platform's own tests prove it another way")
		return
	}
	target := r.say(kind, "小红", "在吗")
	r.say(kind, "小绿", "在的") // somebody to be misled to
	r.must(site.Mislead(true))
	o, _, asked := r.Reply(target, "给错了人")
	for again := 0; again < 2 && o.State == messages.ReplyReturned; again++ { // nothing was sent: a master hands it out again, too
		o, _, asked = r.Reply(target, "给错了人")
	}
	r.must(site.Mislead(false))
	if o.State != messages.ReplyFailedState || o.Reason != "recipient_mismatch" || asked != 0 || len(r.posts("给错了人")) != 0 {
		r.t.Errorf("%+v, permission was asked for %d times", o, asked)
	}
}

func refusals(r *run) {
	kind, ok := r.some(kinds...)
	if !ok {
		return
	}
	target := r.say(kind, "小刚", "你好")
	if o, _, _ := r.Reply(target, "这是"+RefusedText+"的"); o.State != messages.ReplyFailedState || o.Reason != "content_refused" {
		r.t.Errorf("bad words: %+v", o)
	}
	r.must(r.site.RateLimit(true))
	if o, _, _ := r.Reply(target, "太快了"); o.State != messages.ReplyFailedState || platforms.KindOf(o.Err) != platforms.RateLimited {
		r.t.Errorf("too often: %+v", o)
	}
	r.must(r.site.RateLimit(false))
	if kind, ok = r.some(messages.ReplyKind_REPLY_COMMENT, messages.ReplyKind_REPLY_DISCUSSION, messages.ReplyKind_REPLY_WORK); ok {
		target = r.say(kind, "小刚", "我先走了")
		r.must(r.site.Delete(target))
		if o, _, asked := r.Reply(target, "还在吗"); o.State != messages.ReplyFailedState || o.Reason != "target_gone" || asked > 1 {
			r.t.Errorf("a deleted target: %+v", o)
		}
	}
	if r.Client.CanReply(messages.ReplyKind_REPLY_MESSAGE) {
		nobody := &messages.ReplyTarget{
			Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: r.site.OwnerID() + ":999", PersonId: "999", PersonName: "谁",
		}
		if o, _, asked := r.Reply(nobody, "你是谁"); o.State != messages.ReplyFailedState || o.Reason != "target_gone" || asked != 0 {
			r.t.Errorf("nobody: %+v", o)
		}
	}
}

func withoutPermission(r *run) {
	kind, ok := r.some(kinds...)
	if !ok {
		return
	}
	reply := &messages.Reply{Id: "r2", Target: r.say(kind, "小强", "可以吗"), Content: "不该发出去"}
	o := r.Client.Reply(r.Context(time.Minute), reply, func(context.Context) error { return errors.New("the epoch is over") })
	if o.State != messages.ReplyReturned || len(r.posts("不该发出去")) != 0 {
		r.t.Errorf("%+v, posted %+v", o, r.posts("不该发出去"))
	}
}

func brokenConnection(r *run) {
	kind, ok := r.some(kinds...)
	if !ok {
		return
	}
	target := r.say(kind, "小丽", "收到了吗")
	r.site.ResetAfterPost(1)
	o, reply, _ := r.Reply(target, "只发一次")
	if o.State != messages.ReplyUnknownState {
		r.t.Errorf("%+v", o)
	}
	if id, found, err := r.Client.FindReply(r.Context(time.Minute), reply, nil); err != nil || !found {
		r.t.Errorf("settling: %q %v %v", id, found, err)
	}
	if p := r.posts("只发一次"); len(p) != 1 {
		r.t.Errorf("posted %+v", p)
	}
}

// troubles come and go; each has a name while it lasts.
func troubles(r *run) {
	expect := func(name string, want platforms.Kind) {
		r.t.Helper()
		var err error
		for range 4 { // the page tells of it when it asks next
			if _, err = r.Client.Collect(r.Context(2 * time.Minute)); err != nil {
				break
			}
			r.pause()
		}
		if platforms.KindOf(err) != want {
			r.t.Errorf("%s: a round says %v", name, err)
		}
	}
	var target *messages.ReplyTarget
	kind, ok := r.some(kinds...)
	if ok {
		target = r.say(kind, "小美", "还在吗")
	}
	r.must(r.site.Captcha(true))
	expect("captcha", platforms.Challenge)
	if ok {
		if o, _, asked := r.Reply(target, "有验证码"); o.State != messages.ReplyReturned || platforms.KindOf(o.Err) != platforms.Challenge || asked != 0 {
			r.t.Errorf("a reply before a captcha: %+v", o)
		}
	}
	r.must(r.site.Captcha(false))
	r.recovers("captcha")
	r.must(r.site.Layout(true))
	expect("changed layout", platforms.PageChanged)
	r.must(r.site.Layout(false))
	r.recovers("changed layout")
	r.must(r.site.Logout())
	expect("lapse", platforms.LoggedOut)
	_, err := r.enter(true)
	r.must(err)
	r.round()
}

// recovers makes rounds until one is well again. Pages that are open hear of it a moment later.
func (r *run) recovers(from string) {
	r.t.Helper()
	var err error
	for range 3 {
		if _, err = r.Client.Collect(r.Context(2 * time.Minute)); err == nil {
			return
		}
	}
	r.t.Errorf("after %s: %v", from, err)
}
