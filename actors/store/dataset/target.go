package dataset

import (
	"errors"

	"troupe/messages"
)

// ErrNotHeld means that a topic does not hold the comment or message that was named.
var ErrNotHeld = errors.New("the topic does not hold it")

// Target is what an answer in a topic goes to, with the person and the text by which the page's row is recognised. answered is the
// comment, discussion or message that is answered; empty means the work or the person itself. It fails with ErrNotHeld.
func (v *View) Target(t *Topic, answered string) (*messages.ReplyTarget, error) {
	if t.Kind == messages.ConversationTopic {
		return v.personTarget(t.Conversation, answered)
	}
	target := &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_WORK, WorkId: t.Work.ID, WorkTitle: t.Work.Title}
	if answered == "" {
		return target, nil
	}
	c := v.Comment(answered)
	if c == nil || c.WorkID != t.Work.ID {
		return nil, ErrNotHeld
	}
	target.Kind, target.CommentId = messages.ReplyKind_REPLY_COMMENT, c.ID
	target.PersonId, target.PersonName, target.Text = c.AuthorID, c.AuthorName, c.Text
	if c.Discussion() {
		target.Kind, target.CommentId, target.DiscussionId = messages.ReplyKind_REPLY_DISCUSSION, c.Root, c.ID
	}
	return target, nil
}

func (v *View) personTarget(c *Conversation, answered string) (*messages.ReplyTarget, error) {
	target := &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, ConversationId: c.ID, PersonId: c.PeerID, PersonName: c.PeerName}
	if answered == "" {
		return target, nil
	}
	m := v.Message(answered)
	if m == nil || m.ConversationID != c.ID {
		return nil, ErrNotHeld
	}
	target.Text = m.Text
	return target, nil
}
