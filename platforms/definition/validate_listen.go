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

// Fields of a row that no entity has.
const (
	// PeerField, of conversations and messages, is the other side's id, from which the conversation's id is made.
	PeerField = "peer_id"
	// OwnField, of comments, discussions and messages, says that the account itself wrote it, where the author's id cannot.
	OwnField = "own"
	// AliasesField holds further ids of the same thing. What names it by one of them is taken to name it by its id.
	AliasesField = "aliases"
)

// rowFields says which collections may have such a field.
var rowFields = map[string][]string{
	PeerField:    {messages.Conversations, messages.Messages},
	OwnField:     {messages.Comments, messages.Discussions, messages.Messages},
	AliasesField: {messages.Contents, messages.Comments, messages.Discussions, messages.Conversations},
}

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
		c.origin(path, l)
		c.stages(path+".decode", l.Decode)
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

// origin checks where a listen has its answers from.
func (c *checker) origin(path string, l *Listen) {
	ways := 0
	for _, set := range []bool{len(l.Response) > 0, !l.Frames.IsZero(), l.Function != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		c.wrong(path, "a listen has one of response, frames or function")
	}
	for i := range l.Response {
		r, at := &l.Response[i], fmt.Sprintf("%s.response[%d]", path, i)
		if r.URL.IsZero() {
			c.wrong(at, "a response is known by its url")
		}
		c.query(at+".post", &r.Post)
	}
	if l.Sent && l.Frames.IsZero() {
		c.wrong(path+".sent", "only frames can be those that the page sent")
	}
	c.function(path, l.Function, l.World)
	if l.Function != "" && len(l.Decode) > 0 {
		c.wrong(path+".decode", "a page function answers JSON: there is nothing to decode")
	}
	if !slices.Contains([]string{"", "list", "detail", "page_store", "dom"}, l.Source) {
		c.wrong(path+".source", "%q is no source: list, detail, page_store or dom", l.Source)
	}
}

// function checks the name of a page function, where there is one, and its world.
func (c *checker) function(path, name, world string) {
	if name != "" && c.d.Functions[name] == "" {
		c.wrong(path+".function", "there is no page function %s.js", name)
	}
	if world != "" && name == "" || !slices.Contains([]string{"", "isolated", "page"}, world) {
		c.wrong(path+".world", "a function's world is isolated or page")
	}
}

func (c *checker) stages(path string, stages []Stage) {
	for i := range stages {
		s, at := &stages[i], fmt.Sprintf("%s[%d]", path, i)
		ways := 0
		for _, set := range []bool{s.Do != "", s.Protobuf != "", len(s.Through) > 0} {
			if set {
				ways++
			}
		}
		switch {
		case ways != 1 || s.At.IsZero() != (len(s.Through) == 0):
			c.wrong(at, "a stage is one of %s, or protobuf with a message, or at with through", strings.Join(stageWords, " "))
		case s.Do != "" && !slices.Contains(stageWords, s.Do):
			c.wrong(at, "%q is no stage: %s, or protobuf", s.Do, strings.Join(stageWords, " "))
		case s.Protobuf != "" && c.protos[s.Protobuf] == nil:
			c.wrong(at, "no .proto file declares the message %q", s.Protobuf)
		case s.Protobuf != "":
			s.message = messageType(c.protos[s.Protobuf])
		}
		c.queryAs(at+".at", places, &s.At)
		c.stages(at+".through", s.Through)
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
			c.fields(path, into, object, entity)
		}
	}
}

// fields checks the keys of an object that an expression builds against the entity's fields.
func (c *checker) fields(path, into string, o *gojq.Object, entity protoreflect.MessageDescriptor) {
	for _, kv := range o.KeyVals {
		if kv.Key == "" || strings.HasPrefix(kv.Key, "$") || slices.Contains(rowFields[kv.Key], into) {
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
