package hostile

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Fill puts a text into every text field of a message that is no id, and of the messages in it.
func Fill(m proto.Message, text string) { fill(m.ProtoReflect(), text) }

func fill(m protoreflect.Message, text string) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		name := string(f.Name())
		switch {
		case f.Kind() == protoreflect.MessageKind && !f.IsList() && m.Has(f):
			fill(m.Mutable(f).Message(), text)
		case f.Kind() == protoreflect.StringKind && !f.IsList() && name != "id" && !strings.HasSuffix(name, "_id"):
			m.Set(f, protoreflect.ValueOfString(text))
		}
	}
}
