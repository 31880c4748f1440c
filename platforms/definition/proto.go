package definition

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// protobufNodes bounds what one message may hold: tiny bytes can say a great many empty messages.
const protobufNodes = 500_000

// schemas are the messages that the .proto files beside a definition declare, by full name.
type schemas map[string]protoreflect.MessageDescriptor

// compileProtos reads the .proto files among files. What is wrong with them is named with its file and line.
func compileProtos(files map[string]string) (schemas, Problems) {
	sources := maps.Clone(files)
	maps.DeleteFunc(sources, func(name, _ string) bool { return !strings.HasSuffix(name, ".proto") })
	if len(sources) == 0 {
		return nil, nil
	}
	var problems Problems
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(sources)}),
		Reporter: reporter.NewReporter(func(err reporter.ErrorWithPos) error {
			at := err.GetPosition()
			problems = append(problems, Problem{File: at.Filename, Line: at.Line, Text: err.Unwrap().Error()})
			return nil
		}, nil),
		MaxParallelism: 1,
	}
	found, err := compiler.Compile(context.Background(), slices.Sorted(maps.Keys(sources))...)
	if err != nil {
		if len(problems) == 0 {
			problems = Problems{{Text: "the .proto files: " + err.Error()}}
		}
		return nil, problems
	}
	known := make(schemas)
	for _, file := range found {
		known.add(file.Messages())
	}
	return known, nil
}

func (s schemas) add(messages protoreflect.MessageDescriptors) {
	for i := range messages.Len() {
		m := messages.Get(i)
		s[string(m.FullName())] = m
		s.add(m.Messages())
	}
}

// fromProtobuf decodes one message to a JSON value: fields by their names as the .proto writes them, absent ones left out,
// integers exact, bytes as base64, enums by name.
func fromProtobuf(t protoreflect.MessageType, b []byte) (v any, err error) {
	if len(b) > protobufMost {
		return nil, fmt.Errorf("protobuf: more than %d bytes", protobufMost)
	}
	m := t.New()
	name := m.Descriptor().FullName()
	if err := (proto.UnmarshalOptions{RecursionLimit: 64}).Unmarshal(b, m.Interface()); err != nil {
		return nil, fmt.Errorf("protobuf %s: %w", name, err)
	}
	w := &protoWalk{left: protobufNodes}
	if v = w.message(m); w.left < 0 {
		return nil, fmt.Errorf("protobuf %s: more than %d values", name, protobufNodes)
	}
	if len(b) > 0 && len(v.(map[string]any)) == 0 {
		return nil, fmt.Errorf("protobuf %s: %w", name, errors.New("none of its fields is there"))
	}
	return v, nil
}

func messageType(d protoreflect.MessageDescriptor) protoreflect.MessageType {
	return dynamicpb.NewMessageType(d)
}

// protoWalk turns messages into JSON values until it has made too many.
type protoWalk struct{ left int }

func (w *protoWalk) message(m protoreflect.Message) map[string]any {
	out := make(map[string]any)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			out[string(f.Name())] = w.mapping(f, v.Map())
		case f.IsList():
			out[string(f.Name())] = w.list(f, v.List())
		default:
			out[string(f.Name())] = w.value(f, v)
		}
		return w.left >= 0
	})
	return out
}

func (w *protoWalk) list(f protoreflect.FieldDescriptor, l protoreflect.List) []any {
	out := make([]any, 0, min(l.Len(), 1024))
	for i := 0; i < l.Len() && w.left >= 0; i++ {
		out = append(out, w.value(f, l.Get(i)))
	}
	return out
}

func (w *protoWalk) mapping(f protoreflect.FieldDescriptor, m protoreflect.Map) map[string]any {
	out := make(map[string]any)
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		out[k.String()] = w.value(f.MapValue(), v)
		return w.left >= 0
	})
	return out
}

func (w *protoWalk) value(f protoreflect.FieldDescriptor, v protoreflect.Value) any {
	w.left--
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return w.message(v.Message())
	case protoreflect.BytesKind:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	case protoreflect.EnumKind:
		if known := f.Enum().Values().ByNumber(v.Enum()); known != nil {
			return string(known.Name())
		}
		return int(v.Enum())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind, protoreflect.Int64Kind, protoreflect.Sint64Kind,
		protoreflect.Sfixed64Kind:
		return int(v.Int())
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return unsigned(v.Uint())
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return v.Float()
	}
	return v.Interface() // a string or a bool
}

// unsigned is n as jq holds integers.
func unsigned(n uint64) any {
	if int(n) >= 0 {
		return int(n)
	}
	return new(big.Int).SetUint64(n)
}
