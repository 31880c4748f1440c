package douyin_test

import (
	"testing"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/douyin"
	"troupe/testkit/conformance"
	site "troupe/testkit/site/douyin"
	"troupe/testkit/site/stage"
)

// TestPlatformConforms is the suite of every platform. It takes a minute, and the heart of it is proven by the tests that always
// run.
func TestPlatformConforms(t *testing.T) {
	if !inFull(t) {
		return
	}
	web, err := site.Start(site.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	})
	owner, err := web.CreateOwner(site.NewOwner{Nickname: "小厨"})
	if err != nil {
		t.Fatal(err)
	}
	if err := web.Fill(site.Fill{Owner: owner.UID, Works: 10, Comments: 20, Conversations: 55, Messages: 20, Notices: 12}); err != nil {
		t.Fatal(err)
	}
	conformance.Run(t, conformance.Platform{FS: douyin.FS, Account: "dy_1", Site: &alike{Site: web, owner: owner.UID}})
}

// alike lets the suite control the look-alike.
type alike struct {
	*site.Site
	owner string
}

func (a *alike) OwnerID() string { return a.owner }

func (a *alike) Standing() map[string]int {
	n := map[string]int{
		messages.Contents: len(a.Works(a.owner)), messages.Conversations: len(a.Conversations(a.owner)), messages.Messages: len(a.Messages(a.owner)),
		messages.Notifications: len(a.Notices(a.owner)),
	}
	for _, w := range a.Works(a.owner) {
		for _, c := range a.Comments(w.ID) {
			if c.Level == 1 {
				n[messages.Comments]++
			} else {
				n[messages.Discussions]++
			}
		}
	}
	return n
}

func (a *alike) Enter(step platforms.Step, owner bool) []platforms.Input {
	switch {
	case step.Status != "qrcode_ready":
	case owner:
		_ = a.Confirm("", a.owner) // a code that is over is shown anew
	default:
		_ = a.Refuse("")
	}
	return nil
}

func (a *alike) Say(kind messages.ReplyKind, name, text string) (*messages.ReplyTarget, error) {
	to := &messages.ReplyTarget{Kind: kind, PersonName: name, Text: text}
	switch kind {
	case messages.ReplyKind_REPLY_MESSAGE:
		m, err := a.AddMessage(site.NewMessage{Owner: a.owner, NewName: name, Text: text})
		to.PersonId, to.ConversationId = m.SenderID, a.owner+":"+m.SenderID
		return to, err
	case messages.ReplyKind_REPLY_WORK:
		w, err := a.AddWork(site.NewWork{Owner: a.owner, Title: text})
		to.WorkId, to.WorkTitle, to.PersonName = w.ID, text, ""
		return to, err
	}
	c, err := a.AddComment(site.NewComment{Work: a.Works(a.owner)[0].ID, NewName: name, Text: text})
	to.WorkId, to.CommentId, to.PersonId = c.Work, c.ID, c.AuthorID
	if err == nil && kind == messages.ReplyKind_REPLY_DISCUSSION {
		c, err = a.AddComment(site.NewComment{ReplyTo: c.ID, NewName: name, Text: text})
		to.DiscussionId, to.PersonId = c.ID, c.AuthorID
	}
	return to, err
}

func (a *alike) Delete(target *messages.ReplyTarget) error {
	for _, id := range []string{target.GetDiscussionId(), target.GetCommentId()} {
		if id != "" {
			return a.Site.Delete(id)
		}
	}
	return a.Site.Delete(target.GetWorkId())
}

func (a *alike) Logout() error { return a.Site.Logout(a.owner, "silently") }

func (a *alike) Captcha(on bool) error {
	if on {
		return a.Site.Captcha(a.owner, "overlay")
	}
	return a.Site.Captcha(a.owner, "")
}

func (a *alike) RateLimit(on bool) error {
	if err := a.Limit(a.owner, "comment", on); err != nil {
		return err
	}
	return a.Limit(a.owner, "message", on)
}

func (a *alike) Layout(changed bool) error {
	if changed {
		return a.Tamper(stage.Tamper{Route: "www.douyin.com/aweme/v1/web/notice/", Do: "rename", Key: "notice_list_v2", To: "notice_list"})
	}
	a.Reset()
	return nil
}

func (a *alike) Clear() error {
	for _, m := range a.Messages(a.owner) {
		if err := a.Site.Delete(m.ID); err != nil {
			return err
		}
	}
	for _, w := range a.Works(a.owner) {
		if err := a.Site.Delete(w.ID); err != nil {
			return err
		}
	}
	return nil
}
