package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"troupe/messages"
	"troupe/platforms"
)

// clockTolerance is how much a site's clock may be behind ours when an own item is looked for.
const clockTolerance = time.Minute

// FindReply reads the thread around a reply's target again. An own item counts when it stands in the right place, says the
// same in other white space and emoji codes, is no older than the reply's dispatch, and belongs to no other
// reply. A thread that could not be read far enough is an error, never "not found".
func (c *client) FindReply(ctx context.Context, r *messages.Reply, matched []string) (platformID string, found bool, err error) {
	steps := c.Definition.ThreadFlow(r.GetTarget().GetKind())
	if len(steps) == 0 {
		return "", false, &platforms.Error{Op: "thread", Kind: platforms.Unsupported}
	}
	if err := c.mayAct("thread"); err != nil {
		return "", false, err
	}
	if c.inbox.ownerID() == "" {
		if _, err := c.Probe(ctx); err != nil {
			return "", false, err
		}
	}
	f, err := c.newFlow(ctx, "thread."+kindName(r.GetTarget().GetKind()), actTab)
	if err != nil {
		return "", false, err
	}
	defer c.closeTab(ctx, actTab)
	since := r.GetDispatchedAt()
	if since == 0 {
		since = r.GetAcceptedAt()
	}
	since -= clockTolerance.Milliseconds()
	f.fresh = true
	f.enough = func(a *answer) bool {
		return slices.ContainsFunc(a.items, func(i *messages.Item) bool { return momentOf(i) > 0 && momentOf(i) < since })
	}
	names := targetNames(r)
	delete(names, "reply.content")
	maps.Copy(f.names, names)
	c.Memory.alsoKnown(f.names)
	if err := f.run(ctx, steps); err != nil {
		return "", false, err
	}
	if id, ok := findOwn(f.items(), r, since, matched); ok {
		return id, true, nil
	}
	if f.short {
		return "", false, &platforms.Error{Op: f.name, Kind: platforms.Timeout, Err: errors.New("the thread is longer than what was read")}
	}
	return "", false, nil
}

// findOwn is the oldest own item that can be the reply.
func findOwn(items []*messages.Item, r *messages.Reply, since int64, matched []string) (id string, found bool) {
	want := plain(r.GetContent())
	var best int64
	for _, i := range items {
		_, key, _ := i.Key()
		at := momentOf(i)
		if at < since || slices.Contains(matched, key) || !standsAt(i, r.GetTarget()) || plain(wordsOf(i)) != want {
			continue
		}
		if !found || at < best {
			id, best, found = key, at, true
		}
	}
	return id, found
}

// standsAt says whether an item is the account's own and stands where a reply to the target would.
func standsAt(i *messages.Item, t *messages.ReplyTarget) bool {
	switch t.GetKind() {
	case messages.ReplyKind_REPLY_COMMENT, messages.ReplyKind_REPLY_DISCUSSION:
		d := i.GetDiscussion()
		return d.GetIsOwn() && d.GetCommentId() == t.GetCommentId()
	case messages.ReplyKind_REPLY_WORK:
		c := i.GetComment()
		return c.GetIsOwn() && c.GetWorkId() == t.GetWorkId()
	case messages.ReplyKind_REPLY_MESSAGE:
		m := i.GetMessage()
		return m.GetIsOutbound() && (m.GetConversationId() == t.GetConversationId() ||
			t.GetConversationId() == "" && t.GetPersonId() != "" && m.GetRecipient().GetUserId() == t.GetPersonId())
	}
	return false
}

func wordsOf(i *messages.Item) string {
	switch e := i.GetEntity().(type) {
	case *messages.Item_Comment:
		return e.Comment.GetContent()
	case *messages.Item_Discussion:
		return e.Discussion.GetContent()
	case *messages.Item_Message:
		return e.Message.GetContent()
	}
	return ""
}
