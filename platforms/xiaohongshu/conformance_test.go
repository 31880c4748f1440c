package xiaohongshu_test

import (
	"testing"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/xiaohongshu"
	"troupe/testkit/conformance"
	"troupe/testkit/site/stage"
	site "troupe/testkit/site/xiaohongshu"
)

// TestPlatformConforms is the suite of every platform: its heart always, all of it in a full test.
func TestPlatformConforms(t *testing.T) {
	t.Parallel()
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
	a := &alike{Site: web, owner: owner.UID}
	if full() {
		err = web.Fill(site.Fill{Owner: owner.UID, Notes: 12, Comments: 30, Conversations: 20, Messages: 40, Mentions: 25})
	}
	if err == nil {
		err = a.eager()
	}
	if err != nil {
		t.Fatal(err)
	}
	conformance.Run(t, conformance.Platform{FS: xiaohongshu.FS, Account: "xhs_3", Site: a, Short: true})
}

// alike lets the suite control the look-alike.
type alike struct {
	*site.Site
	owner string
}

// eager has pages ask every second, and editors come at once.
func (a *alike) eager() error {
	return a.Behave(func(b *site.Behaviour) { b.EditorMS, b.PollMS, b.LagMS = 50, 1000, 50 })
}

func (a *alike) OwnerID() string { return a.owner }

func (a *alike) Standing() map[string]int {
	return standing(a.Site, a.owner)
}

// Enter lets a person who is not the owner guess at the verification code: a refusal on the phone is told as an expiry.
func (a *alike) Enter(step platforms.Step, owner bool) []platforms.Input {
	switch {
	case step.Status == "sms_input_required":
		return []platforms.Input{{Kind: step.Ask, Value: messages.Secret("000000")}}
	case step.Status != "qrcode_ready":
		return nil
	case owner:
		a.RequireCode("")
	default:
		a.RequireCode("123456")
	}
	_ = a.Confirm("", a.owner) // a code that is over is shown anew
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
		n, err := a.AddNote(site.NewNote{Owner: a.owner, Title: text})
		to.WorkId, to.WorkTitle, to.PersonName = n.ID, text, ""
		return to, err
	}
	c, err := a.AddComment(site.NewComment{Note: a.Notes(a.owner)[0].ID, NewName: name, Text: text})
	to.WorkId, to.CommentId, to.PersonId = c.Note, c.ID, c.AuthorID
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

func (a *alike) Logout() error { return a.Site.Logout(a.owner, "") }

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

func (a *alike) Mislead(on bool) error { return a.Behave(func(b *site.Behaviour) { b.Astray = on }) }

// Layout renames the list of chats, and has the open page ask for it.
func (a *alike) Layout(changed bool) error {
	if !changed {
		a.Reset()
		return a.eager()
	}
	err := a.Tamper(stage.Tamper{Route: "/api/im/web/v3/chats", Do: "rename", Key: "chats", To: "list"})
	if err == nil {
		_, err = a.AddMessage(site.NewMessage{Owner: a.owner, Author: "路人", Text: "在吗"})
	}
	return err
}

func (a *alike) Clear() error {
	for _, m := range a.Messages(a.owner) {
		if err := a.Site.Delete(m.ID); err != nil {
			return err
		}
	}
	for _, n := range a.Notes(a.owner) {
		if err := a.Site.Delete(n.ID); err != nil {
			return err
		}
	}
	return nil
}

var (
	_ conformance.Site      = (*alike)(nil)
	_ conformance.Misleader = (*alike)(nil)
)
