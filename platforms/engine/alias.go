package engine

import (
	"slices"
	"strings"

	"troupe/messages"
	"troupe/platforms/definition"
)

// A thing may have several ids, of which one answer of a platform says one and the next another. An answer that says
// both in one row teaches them; afterwards every item names the thing by its first id.

// The kinds of thing that have names of their own.
const (
	workName    = "work"
	commentName = "comment"
	personName  = "person"
)

// aliasesOf are the further names that a row gives for its item, by kind and name.
func aliasesOf(item *messages.Item, row map[string]any) map[string]string {
	names, _ := row[definition.AliasesField].([]any)
	if len(names) == 0 {
		return nil
	}
	kind, id := "", ""
	switch e := item.GetEntity().(type) {
	case *messages.Item_Content:
		kind, id = workName, e.Content.GetId()
	case *messages.Item_Comment:
		kind, id = commentName, e.Comment.GetId()
	case *messages.Item_Discussion:
		kind, id = commentName, e.Discussion.GetId()
	case *messages.Item_Conversation:
		_, peer, _ := strings.Cut(e.Conversation.GetId(), ":")
		kind, id = personName, peer
	}
	all := make(map[string]string)
	for _, name := range names {
		if s, ok := text(name); ok && s != "" && s != id && id != "" {
			all[kind+"/"+s] = id
		}
	}
	return all
}

// named makes an item, that nobody else holds yet, name things by their first ids.
func (m *Memory) named(item *messages.Item) {
	switch e := item.GetEntity().(type) {
	case *messages.Item_Content:
		e.Content.Id = m.real(workName, e.Content.GetId())
		e.Content.WorkId = m.real(workName, e.Content.GetWorkId())
	case *messages.Item_Comment:
		c := e.Comment
		c.Id, c.WorkId = m.real(commentName, c.GetId()), m.real(workName, c.GetWorkId())
		c.PlatformCommentId = c.Id
	case *messages.Item_Discussion:
		d := e.Discussion
		d.Id, d.WorkId = m.real(commentName, d.GetId()), m.real(workName, d.GetWorkId())
		d.CommentId, d.ReplyToId = m.real(commentName, d.GetCommentId()), m.real(commentName, d.GetReplyToId())
		d.PlatformDiscussionId = d.Id
	case *messages.Item_Conversation:
		c := e.Conversation
		c.Id = m.conversation(c.GetId())
		c.ConversationId = c.Id
	case *messages.Item_Message:
		e.Message.ConversationId = m.conversation(e.Message.GetConversationId())
	}
}

// alsoKnown are the further names of things that names hold: target.comment_aliases beside target.comment_id, with blanks
// between. A page function that reads a row may know the thing by one of them only.
func (m *Memory) alsoKnown(names map[string]string) {
	for _, one := range []struct{ name, kind string }{{"target.work", workName}, {"target.comment", commentName}, {"target.discussion", commentName}} {
		if id := names[one.name+"_id"]; id != "" {
			names[one.name+"_aliases"] = strings.Join(m.aliases(one.kind, id), " ")
		}
	}
}

// aliases are the further names of a thing, sorted.
func (m *Memory) aliases(kind, id string) (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, of := range m.kept.Aliases {
		if alias, ok := strings.CutPrefix(name, kind+"/"); ok && of == id {
			names = append(names, alias)
		}
	}
	slices.Sort(names)
	return names
}

// conversation is a conversation's id with the first id of the other side.
func (m *Memory) conversation(id string) string {
	owner, peer, ok := strings.Cut(id, ":")
	if !ok {
		return id
	}
	return owner + ":" + m.real(personName, peer)
}
