package messages

import (
	"context"
	"fmt"
	"log/slog"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// idFields are the fields of a message that a log may show. All else may hold people's words or secrets.
var idFields = map[protoreflect.Name]bool{
	"account": true, "platform": true, "worker": true, "epoch": true, "session": true, "reply": true, "id": true,
	"stream": true, "n": true, "rev": true, "seq": true, "attempt": true, "state": true, "status": true, "outcome": true,
	"table": true, "counter": true, "trace_id": true,
}

// Describe says what a message is without saying what is in it: its type and its ids.
func Describe(m proto.Message) slog.Value {
	r := m.ProtoReflect()
	attrs := []slog.Attr{slog.String("type", string(r.Descriptor().Name()))}
	r.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if idFields[f.Name()] && !f.IsList() && !f.IsMap() && f.Message() == nil {
			attrs = append(attrs, slog.Any(string(f.Name()), v.Interface()))
		}
		return true
	})
	return slog.GroupValue(attrs...)
}

// LogHandler wraps h so that no message is ever logged whole: protobuf values become their type and
// ids, and a value under the key "message" (how the actor library logs dead letters) its Go type.
func LogHandler(h slog.Handler) slog.Handler { return &redactor{h} }

type redactor struct{ slog.Handler }

func (r *redactor) Handle(ctx context.Context, rec slog.Record) error {
	clean := slog.NewRecord(rec.Time, rec.Level, rec.Message, rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redact(a))
		return true
	})
	return r.Handler.Handle(ctx, clean)
}

func (r *redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = redact(a)
	}
	return &redactor{r.Handler.WithAttrs(clean)}
}

func (r *redactor) WithGroup(name string) slog.Handler { return &redactor{r.Handler.WithGroup(name)} }

func redact(a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindAny {
		return a
	}
	switch v := a.Value.Any().(type) {
	case proto.Message:
		return slog.Attr{Key: a.Key, Value: Describe(v)}
	case error, slog.LogValuer, *slog.Source:
		return a
	default:
		if a.Key == "message" {
			return slog.String(a.Key, goType(v))
		}
	}
	return a
}

func goType(v any) string { return fmt.Sprintf("%T", v) }
