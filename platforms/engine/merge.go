package engine

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"troupe/messages"
)

// merged is what two items say together about the same thing. The stronger source decides, of equal ones the later; the
// other fills what it did not say. Neither is changed.
func merged(earlier, later *messages.Item) *messages.Item {
	strong, weak := later, earlier
	if earlier.GetSource() > later.GetSource() {
		strong, weak = earlier, later
	}
	out := proto.Clone(strong).(*messages.Item)
	fillFrom(out.ProtoReflect(), weak.ProtoReflect())
	out.Source = strong.Source
	return out
}

// fillFrom sets the fields of m that say nothing from other.
func fillFrom(m, other protoreflect.Message) {
	other.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case !m.Has(f):
			m.Set(f, v)
		case f.Message() != nil && !f.IsList() && !f.IsMap():
			fillFrom(m.Mutable(f).Message(), v.Message())
		}
		return true
	})
}
