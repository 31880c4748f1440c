package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
	"google.golang.org/protobuf/reflect/protoreflect"

	"troupe/messages"
)

// ProfileYield is the key of yields that holds the account's own profile; the others are collections.
const ProfileYield = "profile"

// PeerField is a field of conversations and messages that no entity has: the other side's id, from
// which the conversation's id is made.
const PeerField = "peer_id"

// entities are what yields may map to.
var entities = map[string]protoreflect.MessageDescriptor{
	messages.Contents:      (*messages.Content)(nil).ProtoReflect().Descriptor(),
	messages.Comments:      (*messages.Comment)(nil).ProtoReflect().Descriptor(),
	messages.Discussions:   (*messages.Discussion)(nil).ProtoReflect().Descriptor(),
	messages.Conversations: (*messages.Conversation)(nil).ProtoReflect().Descriptor(),
	messages.Messages:      (*messages.DirectMessage)(nil).ProtoReflect().Descriptor(),
	messages.Notifications: (*messages.Notification)(nil).ProtoReflect().Descriptor(),
	ProfileYield:           (*messages.Profile)(nil).ProtoReflect().Descriptor(),
}

// derived are fields that a page cannot say: the store, the master or the engine sets them.
var derived = []string{
	"is_new", "is_read", "is_own", "is_outbound", "is_replied", "detected_at", "last_crawl_time",
	"conversation_id", "msg_id", "platform_comment_id", "platform_discussion_id",
}

func (c *checker) listen() {
	for _, name := range slices.Sorted(maps.Keys(c.d.Listen)) {
		l, path := c.d.Listen[name], "listen."+name
		if l == nil {
			c.wrong(path, "say what to listen for")
			continue
		}
		if l.Response.URL.IsZero() == l.Frames.IsZero() {
			c.wrong(path, "a listen has either a response or frames")
		}
		if !slices.Contains([]string{"", "list", "detail", "page_store", "dom"}, l.Source) {
			c.wrong(path+".source", "%q is no source: list, detail, page_store or dom", l.Source)
		}
		c.query(path+".when", &l.When)
		c.query(path+".more", &l.More)
		for i := range l.Require {
			c.queryAs(fmt.Sprintf("%s.require[%d]", path, i), present, &l.Require[i])
		}
		for _, into := range slices.Sorted(maps.Keys(l.Yields)) {
			q := l.Yields[into]
			c.yields(path+".yields."+into, into, &q)
			l.Yields[into] = q
		}
	}
}

func (c *checker) yields(path, into string, q *Query) {
	entity, ok := entities[into]
	if !ok {
		c.wrong(path, "there is no collection %q; known: %s", into, strings.Join(append(slices.Clone(messages.Collections), ProfileYield), " "))
		return
	}
	if parsed := c.query(path, q); parsed != nil {
		for _, object := range results(parsed, parsed.FuncDefs, 0) {
			c.fields(path, object, entity)
		}
	}
}

// fields checks the keys of an object that an expression builds against the entity's fields.
func (c *checker) fields(path string, o *gojq.Object, entity protoreflect.MessageDescriptor) {
	for _, kv := range o.KeyVals {
		if kv.Key == "" || strings.HasPrefix(kv.Key, "$") || kv.Key == PeerField {
			continue
		}
		f := entity.Fields().ByName(protoreflect.Name(kv.Key))
		switch {
		case f == nil:
			c.wrong(path, "%s has no field %q", entity.Name(), kv.Key)
		case slices.Contains(derived, kv.Key):
			c.wrong(path, "field %q is not the page's to say", kv.Key)
		}
	}
}

// results finds the object literals that an expression ends in, through pipes, commas and calls of defined functions.
func results(q *gojq.Query, defs []*gojq.FuncDef, depth int) []*gojq.Object {
	switch {
	case q == nil || depth > 16:
		return nil
	case q.Op == gojq.OpPipe:
		return results(q.Right, defs, depth+1)
	case q.Op == gojq.OpComma:
		return append(results(q.Left, defs, depth+1), results(q.Right, defs, depth+1)...)
	case q.Term == nil || len(q.Term.SuffixList) > 0:
		return nil
	case q.Term.Object != nil:
		return []*gojq.Object{q.Term.Object}
	case q.Term.Query != nil:
		return results(q.Term.Query, defs, depth+1)
	case q.Term.Func != nil:
		for _, def := range defs {
			if def.Name == q.Term.Func.Name && len(def.Args) == len(q.Term.Func.Args) {
				return results(def.Body, append(slices.Clone(defs), def.Body.FuncDefs...), depth+1)
			}
		}
	}
	return nil
}
