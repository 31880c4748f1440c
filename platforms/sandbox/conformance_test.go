package sandbox_test

import (
	"fmt"
	"testing"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/sandbox"
	"troupe/testkit/conformance"
	"troupe/testkit/site"
)

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
	owner, err := web.CreateOwner(site.NewOwner{Nickname: "小厨娘阿月"})
	if err != nil {
		t.Fatal(err)
	}
	if err := web.Fill(site.Fill{Owner: owner.UID, Works: 22, Comments: 60, Conversations: 45, Messages: 60, Notifications: 24}); err != nil {
		t.Fatal(err)
	}
	conformance.Run(t, conformance.Platform{FS: sandbox.FS, Account: "sb_1", Site: &made{Site: web, owner: owner.UID}})
}

// made lets the suite control the made-up site.
type made struct {
	*site.Site
	owner  string
	people int // who said something so far
}

// stranger is a new one's id.
func (m *made) stranger() string {
	m.people++
	return fmt.Sprintf("39%010d", m.people)
}

func (m *made) OwnerID() string { return m.owner }

func (m *made) Standing() map[string]int {
	n := map[string]int{
		messages.Contents: len(m.Works(m.owner)), messages.Messages: len(m.Messages(m.owner)), messages.Notifications: len(m.Notifications(m.owner)),
	}
	for _, w := range m.Works(m.owner) {
		for _, c := range m.Comments(w.ID) {
			if c.Level == 1 {
				n[messages.Comments]++
			} else {
				n[messages.Discussions]++
			}
		}
	}
	return n
}

func (m *made) Enter(step platforms.Step, owner bool) []platforms.Input {
	switch {
	case step.Status != "qrcode_ready":
	case owner:
		_ = m.Confirm("", m.owner) // a code that is over is shown anew
	default:
		_ = m.Refuse("")
	}
	return nil
}

func (m *made) Say(kind messages.ReplyKind, name, text string) (*messages.ReplyTarget, error) {
	to := &messages.ReplyTarget{Kind: kind, PersonName: name, Text: text}
	switch kind {
	case messages.ReplyKind_REPLY_MESSAGE:
		said, err := m.AddMessage(site.NewMessage{Owner: m.owner, Author: name, Text: text, AuthorID: m.stranger()})
		to.PersonId, to.ConversationId = said.Peer, m.owner+":"+said.Peer
		return to, err
	case messages.ReplyKind_REPLY_WORK:
		w, err := m.AddWork(site.NewWork{Owner: m.owner, Title: text})
		to.WorkId, to.WorkTitle, to.PersonName = w.ID, text, ""
		return to, err
	}
	c, err := m.AddComment(site.NewComment{Work: m.Works(m.owner)[0].ID, Author: name, AuthorID: m.stranger(), Text: text})
	to.WorkId, to.CommentId, to.PersonId = c.WorkID, c.ID, c.User.UID
	if err == nil && kind == messages.ReplyKind_REPLY_DISCUSSION {
		c, err = m.AddComment(site.NewComment{ReplyTo: c.ID, Author: name, AuthorID: m.stranger(), Text: text})
		to.DiscussionId, to.PersonId = c.ID, c.User.UID
	}
	return to, err
}

func (m *made) Delete(target *messages.ReplyTarget) error {
	for _, id := range []string{target.GetDiscussionId(), target.GetCommentId()} {
		if id != "" {
			return m.Site.Delete(id)
		}
	}
	return m.Site.Delete(target.GetWorkId())
}

func (m *made) Logout() error             { return m.Site.Logout(m.owner, true) }
func (m *made) Captcha(on bool) error     { return m.Site.Captcha(m.owner, on) }
func (m *made) RateLimit(on bool) error   { return m.Site.RateLimit(m.owner, on, false) }
func (m *made) Layout(changed bool) error { return m.SetLayout(m.owner, changed) }

func (m *made) Mislead(on bool) error {
	if on {
		return m.Misbehave(m.owner, "astray")
	}
	return m.Misbehave(m.owner, "")
}

func (m *made) Clear() error {
	for _, said := range m.Messages(m.owner) {
		if err := m.Site.Delete(said.ID); err != nil {
			return err
		}
	}
	for _, w := range m.Works(m.owner) {
		if err := m.Site.Delete(w.ID); err != nil {
			return err
		}
	}
	return nil
}
