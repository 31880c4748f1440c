package api

import (
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// target finds what a reply answers in the dataset, with the person and the text by which the page's row is
// recognised, and fills in the body's account.
func (a *API) target(body *NewReply) (topic string, target *messages.ReplyTarget, err error) {
	if body.Topic != "" {
		v, t, err := a.topicAt(body.Topic)
		if err != nil {
			return "", nil, err
		}
		if body.Account != "" && body.Account != string(v.Account) {
			return "", nil, invalid("the topic belongs to account %q, not %q", v.Account, body.Account)
		}
		body.Account = string(v.Account)
		target, err = inTopic(v, t, body.InReplyTo)
		return body.Topic, target, err
	}
	v, err := a.itemsOf(body.Account)
	if err != nil {
		return "", nil, err
	}
	kind, id, answered, err := body.Target.place(v)
	if err != nil {
		return "", nil, err
	}
	t := v.Topic(kind, id)
	if t == nil {
		return "", nil, notFound("the account does not hold what is to be answered (%s)", id)
	}
	target, err = inTopic(v, t, answered)
	return string(messages.TopicOf(v.Account, kind, id)), target, err
}

// itemsOf is the view of an account whose items are there.
func (a *API) itemsOf(account string) (*dataset.View, error) {
	if account == "" {
		return nil, invalid("field \"account\" is missing: a target's ids are the account's own")
	}
	if err := a.known(account); err != nil {
		return nil, err
	}
	v := a.Views.Get(messages.AccountID(account))
	switch {
	case v == nil:
		return nil, notFound("account %q holds no items yet", account)
	case !v.Loaded:
		return nil, loading(account)
	}
	return v, nil
}

// place says in which topic the target lies, and which item of it is answered.
func (t *Target) place(v *dataset.View) (kind messages.TopicKind, topic, answered string, err error) {
	id := t.CommentID
	switch t.Kind {
	case "work":
		return messages.WorkTopic, t.WorkID, "", nil
	case "message":
		return messages.ConversationTopic, t.ConversationID, "", nil
	case "discussion":
		id = t.DiscussionID
	case "comment":
	default:
		return 0, "", "", invalid("field \"target.kind\" must be work, comment, discussion or message")
	}
	c := v.Comment(id)
	if c == nil {
		return 0, "", "", notFound("the account holds no %s %q", t.Kind, id)
	}
	return messages.WorkTopic, c.WorkID, c.ID, nil
}

// inTopic is the target within a topic: the work or person itself, or the item that answered names.
func inTopic(v *dataset.View, t *dataset.Topic, answered string) (*messages.ReplyTarget, error) {
	target, err := v.Target(t, answered)
	if err != nil {
		return nil, notFound("the topic holds no comment or message %q", answered)
	}
	if t.Kind == messages.ConversationTopic && answered == "" {
		target.Text = t.Conversation.LastMessage
	}
	return target, nil
}
