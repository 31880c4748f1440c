package conformance

import (
	"troupe/messages"
	"troupe/platforms"
	"troupe/testkit/site/talk"
)

// Talk lets the suite control a site whose talk is testkit/site/talk.
type Talk struct{ *talk.Talk }

// OwnerID implements Site.
func (t Talk) OwnerID() string { return t.Owner().ID }

// Standing implements Site.
func (t Talk) Standing() map[string]int {
	n := map[string]int{messages.Contents: len(t.Works()), messages.Messages: len(t.Letters())}
	for _, c := range t.Comments() {
		if c.Root == "" {
			n[messages.Comments]++
		} else {
			n[messages.Discussions]++
		}
	}
	people := map[string]bool{}
	for _, l := range t.Letters() {
		people[l.With.ID] = true
	}
	n[messages.Conversations] = len(people)
	return n
}

// Enter implements Site.
func (t Talk) Enter(step platforms.Step, owner bool) []platforms.Input {
	known := map[string]string{"username": t.Owner().Name, "password": talk.Password, "phone_number": talk.Phone, "verification_code": talk.Code}
	value := known[step.Ask]
	if !owner && (step.Ask == "password" || step.Ask == "verification_code") {
		value = "guess"
	}
	return []platforms.Input{{Kind: step.Ask, Value: messages.Secret(value)}}
}

// Say implements Site.
func (t Talk) Say(kind messages.ReplyKind, name, text string) (*messages.ReplyTarget, error) {
	to := &messages.ReplyTarget{Kind: kind, PersonName: name, Text: text}
	if kind == messages.ReplyKind_REPLY_MESSAGE {
		l := t.AddLetter(talk.NewLetter{Author: name, Text: text})
		to.PersonId, to.ConversationId = l.With.ID, t.OwnerID()+":"+l.With.ID
		return to, nil
	}
	if kind == messages.ReplyKind_REPLY_WORK {
		to.WorkId, to.WorkTitle, to.PersonName = t.AddWork(text).ID, text, ""
		return to, nil
	}
	works := t.Works()
	c, err := t.AddComment(talk.NewComment{Work: works[len(works)-1].ID, Author: name, Text: text})
	if err == nil && kind == messages.ReplyKind_REPLY_DISCUSSION {
		to.CommentId = c.ID
		c, err = t.AddComment(talk.NewComment{To: c.ID, Author: name, Text: text})
		to.DiscussionId = c.ID
	} else {
		to.CommentId = c.ID
	}
	to.WorkId, to.PersonId = c.Work, c.By.ID
	return to, err
}

// Delete implements Site.
func (t Talk) Delete(target *messages.ReplyTarget) error {
	t.Talk.Delete(answered(target))
	return nil
}

// Logout implements Site.
func (t Talk) Logout() error {
	t.Talk.Logout()
	return nil
}

// Captcha implements Site.
func (t Talk) Captcha(on bool) error { return t.fault(func(f *talk.Faults) { f.Captcha = on }) }

// RateLimit implements Site.
func (t Talk) RateLimit(on bool) error { return t.fault(func(f *talk.Faults) { f.Limited = on }) }

// Layout implements Site.
func (t Talk) Layout(changed bool) error {
	return t.fault(func(f *talk.Faults) { f.Changed = changed })
}

// Mislead implements Misleader.
func (t Talk) Mislead(on bool) error { return t.fault(func(f *talk.Faults) { f.Astray = on }) }

// Clear implements Site.
func (t Talk) Clear() error {
	t.Talk.Delete("")
	return nil
}

func (t Talk) fault(change func(*talk.Faults)) error {
	t.SetFaults(change)
	return nil
}

var (
	_ Site      = Talk{}
	_ Misleader = Talk{}
)
