package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"troupe/messages"
	"troupe/platforms/definition"
)

// entity turns what a jq expression yielded for a collection into an item. It returns nil for what is not the
// account's business: another author's work.
func entity(collection string, row any, owner string, source messages.Source) (*messages.Item, error) {
	fields, ok := row.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: the mapping yields %T, not an object", collection, row)
	}
	item := &messages.Item{Source: source}
	var err error
	switch collection {
	case messages.Contents:
		var work *messages.Content
		if work, err = contentOf(fields); err == nil && work.AuthorId != "" && work.AuthorId != owner {
			return nil, nil
		}
		item.Entity = &messages.Item_Content{Content: work}
	case messages.Comments:
		var c *messages.Comment
		c, err = commentOf(fields, owner)
		item.Entity = &messages.Item_Comment{Comment: c}
	case messages.Discussions:
		var d *messages.Discussion
		d, err = discussionOf(fields, owner)
		item.Entity = &messages.Item_Discussion{Discussion: d}
	case messages.Conversations:
		var c *messages.Conversation
		c, err = conversationOf(fields, owner)
		item.Entity = &messages.Item_Conversation{Conversation: c}
	case messages.Messages:
		var m *messages.DirectMessage
		m, err = messageOf(fields, owner)
		item.Entity = &messages.Item_Message{Message: m}
	case messages.Notifications:
		n := &messages.Notification{}
		err = fill(n, fields)
		item.Entity = &messages.Item_Notification{Notification: n}
	default:
		return nil, fmt.Errorf("there is no collection %q", collection)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", collection, err)
	}
	if _, _, ok := item.Key(); !ok {
		return nil, fmt.Errorf("%s: a row has no id", collection)
	}
	return item, nil
}

func contentOf(fields map[string]any) (*messages.Content, error) {
	work := &messages.Content{}
	err := fill(work, fields)
	if work.WorkId == "" {
		work.WorkId = work.Id
	}
	return work, err
}

func commentOf(fields map[string]any, owner string) (*messages.Comment, error) {
	c := &messages.Comment{}
	if err := fill(c, fields); err != nil {
		return nil, err
	}
	if c.WorkId == "" || c.CreateTime == 0 {
		return nil, errors.New("a row has no work_id or no create_time")
	}
	c.PlatformCommentId = c.Id
	c.IsOwn = own(fields, owner, c.AuthorId)
	return c, nil
}

func discussionOf(fields map[string]any, owner string) (*messages.Discussion, error) {
	d := &messages.Discussion{}
	if err := fill(d, fields); err != nil {
		return nil, err
	}
	if d.CommentId == "" || d.CreateTime == 0 {
		return nil, errors.New("a row has no comment_id or no create_time")
	}
	d.PlatformDiscussionId = d.Id
	d.IsOwn = own(fields, owner, d.AuthorId)
	return d, nil
}

func conversationOf(fields map[string]any, owner string) (*messages.Conversation, error) {
	c := &messages.Conversation{}
	if err := fill(c, fields); err != nil {
		return nil, err
	}
	peer, ok := text(fields[definition.PeerField])
	if !ok {
		peer = c.GetParticipant().GetUserId()
	}
	id, err := conversationID(owner, peer)
	if c.Id, c.ConversationId = id, id; c.Status == "" {
		c.Status = "active"
	}
	return c, err
}

func messageOf(fields map[string]any, owner string) (*messages.DirectMessage, error) {
	m := &messages.DirectMessage{}
	if err := fill(m, fields); err != nil {
		return nil, err
	}
	m.MsgId = m.Id
	m.IsOutbound = own(fields, owner, m.GetSender().GetUserId())
	peer, ok := text(fields[definition.PeerField])
	switch {
	case ok:
	case m.IsOutbound:
		peer = m.GetRecipient().GetUserId()
	default:
		peer = m.GetSender().GetUserId()
	}
	if m.CreateTime == 0 {
		return nil, errors.New("a row has no create_time")
	}
	var err error
	m.ConversationId, err = conversationID(owner, peer)
	return m, err
}

// own says whether the account itself wrote a row: the row says so, or its author's id does.
func own(fields map[string]any, owner, author string) bool {
	return owner != "" && author == owner || truth(fields[definition.OwnField])
}

// conversationID names a conversation by both of its sides: a visitor may write to two accounts.
func conversationID(owner, peer string) (string, error) {
	if owner == "" || peer == "" {
		return "", errors.New("a conversation's two sides are not both known")
	}
	return owner + ":" + peer, nil
}

// rowOnly are fields of a row that no entity has.
var rowOnly = []string{definition.PeerField, definition.OwnField, definition.AliasesField}

// fill sets the fields of m from an object with the same names. null leaves a field unset; a counter that does
// not say a number stays absent.
func fill(m proto.Message, fields map[string]any) error {
	r := m.ProtoReflect()
	all := r.Descriptor().Fields()
	for name, v := range fields {
		if v == nil || slices.Contains(rowOnly, name) {
			continue
		}
		f := all.ByName(protoreflect.Name(name))
		if f == nil {
			return fmt.Errorf("%s has no field %q", r.Descriptor().Name(), name)
		}
		if err := set(r, f, v); err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
	}
	return nil
}

func set(r protoreflect.Message, f protoreflect.FieldDescriptor, v any) error {
	switch f.Kind() {
	case protoreflect.StringKind:
		s, ok := text(v)
		if !ok {
			return fmt.Errorf("%T is no text", v)
		}
		r.Set(f, protoreflect.ValueOfString(s))
	case protoreflect.Int64Kind:
		return setInteger(r, f, v)
	case protoreflect.DoubleKind:
		if n, ok := number(v); ok {
			r.Set(f, protoreflect.ValueOfFloat64(n))
		}
	case protoreflect.BoolKind:
		r.Set(f, protoreflect.ValueOfBool(truth(v)))
	case protoreflect.MessageKind:
		inner, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%T is no object", v)
		}
		return fill(r.Mutable(f).Message().Interface(), inner)
	default:
		return fmt.Errorf("a page cannot say a %s", f.Kind())
	}
	return nil
}

func setInteger(r protoreflect.Message, f protoreflect.FieldDescriptor, v any) error {
	if name := string(f.Name()); !strings.HasSuffix(name, "_time") && !strings.HasSuffix(name, "_at") {
		if n, ok := count(v); ok {
			r.Set(f, protoreflect.ValueOfInt64(n))
		}
		return nil
	}
	ms, ok, err := instant(v)
	if ok {
		r.Set(f, protoreflect.ValueOfInt64(ms))
	}
	return err
}

// momentOf is when an item came to be on the platform, for the order of a batch.
func momentOf(i *messages.Item) int64 {
	switch e := i.GetEntity().(type) {
	case *messages.Item_Content:
		return e.Content.GetPublishTime()
	case *messages.Item_Comment:
		return e.Comment.GetCreateTime()
	case *messages.Item_Discussion:
		return e.Discussion.GetCreateTime()
	case *messages.Item_Conversation:
		return e.Conversation.GetCreateTime()
	case *messages.Item_Message:
		return e.Message.GetCreateTime()
	case *messages.Item_Notification:
		return e.Notification.GetCreatedAt()
	}
	return 0
}
