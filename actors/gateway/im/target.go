package im

import (
	"cmp"
	"errors"
	"time"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Why a request cannot be carried out, as the client is told.
var (
	errTopic     = errors.New("the topic does not exist")
	errChannel   = errors.New("the topic does not belong to this channel")
	errNotHeld   = errors.New("the comment or message is not there any more")
	errAmbiguous = errors.New("channelId is missing and the id does not say which channel is meant")
)

// Views finds an account's view; nil when nothing is held of it.
type Views func(messages.AccountID) *dataset.View

// SubmitReply turns a client's reply into the master's command: what is answered, and who must stand on the page before
// anything is typed, are read from the account's view. id is the new reply's key.
func SubmitReply(id messages.ReplyID, r ReplyRequest, views Views) (*messages.SubmitReply, error) {
	topic := messages.TopicID(r.TopicID)
	account, kind, topicID, ok := topic.Parts()
	if !ok {
		return nil, errTopic
	}
	if r.ChannelID != "" && r.ChannelID != string(account) {
		return nil, errChannel
	}
	v := views(account)
	if v == nil || v.Topic(kind, topicID) == nil {
		return nil, errTopic
	}
	target, err := target(v, v.Topic(kind, topicID), r.ReplyToID)
	if err != nil {
		return nil, err
	}
	return &messages.SubmitReply{
		Id:       string(id),
		Account:  string(account),
		Topic:    r.TopicID,
		Target:   target,
		Content:  r.Content,
		FromName: r.FromName,
		FromId:   r.FromID,
	}, nil
}

// target resolves what is answered. A message that is gone does not keep the answer from its conversation.
func target(v *dataset.View, t *dataset.Topic, replyTo *string) (*messages.ReplyTarget, error) {
	answered := ""
	if replyTo != nil {
		answered = *replyTo
	}
	out, err := v.Target(t, answered)
	switch {
	case err != nil && t.Kind == messages.ConversationTopic:
		return v.Target(t, "")
	case err != nil:
		return nil, errNotHeld
	}
	return out, nil
}

// MarkTopic turns a request to mark a topic read into the store's command.
func MarkTopic(r MarkTopicRequest, now time.Time) (*messages.MarkRead, error) {
	account, kind, id, ok := messages.TopicID(cmp.Or(r.ConversationID, r.TopicID)).Parts()
	if !ok {
		return nil, errTopic
	}
	if r.ChannelID != string(account) {
		return nil, errChannel
	}
	mark := &messages.MarkRead{Account: string(account), At: now.UnixMilli()}
	if kind == messages.WorkTopic {
		mark.WorkId = id
	} else {
		mark.ConversationId = id
	}
	return mark, nil
}

// MarkItems turns a request to mark single items read into the store's command. Item ids are unique only within an
// account: without a channel, exactly one of the accounts must hold the first of them.
func MarkItems(r MarkItemsRequest, accounts []messages.AccountID, views Views, now time.Time) (*messages.MarkRead, error) {
	ids := r.IDs
	if r.ID != "" {
		ids = []string{r.ID}
	}
	account := messages.AccountID(r.ChannelID)
	if account == "" {
		for _, candidate := range accounts {
			if !holds(views(candidate), r.Type, ids[0]) {
				continue
			}
			if account != "" {
				return nil, errAmbiguous
			}
			account = candidate
		}
	}
	v := views(account)
	for _, id := range ids {
		if !holds(v, r.Type, id) {
			return nil, errNotHeld
		}
	}
	mark := &messages.MarkRead{Account: string(account), At: now.UnixMilli()}
	if r.Type == "comment" {
		mark.CommentIds = ids
	} else {
		mark.MessageIds = ids
	}
	return mark, nil
}

func holds(v *dataset.View, kind, id string) bool {
	if v == nil {
		return false
	}
	if kind == "comment" {
		return v.Comment(id) != nil
	}
	return v.Message(id) != nil
}

// CreateAccount turns a request for a new account into the master's command.
func CreateAccount(r CreateAccountRequest) *messages.CreateAccount {
	return &messages.CreateAccount{
		Platform:        r.Platform,
		Name:            r.AccountName,
		AccountId:       r.AccountID,
		MonitorInterval: int64(r.MonitorInterval),
	}
}
