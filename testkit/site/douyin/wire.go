package douyin

import (
	"context"
	_ "embed" // im.proto
	"encoding/json"
	"fmt"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

//go:embed im.proto
var imProto string

// fields are a message's fields by name, as JSON has them.
type fields = map[string]any

// wire turns fields into the bytes of im.proto's messages and back.
type wire struct {
	messages protoreflect.MessageDescriptors
}

func newWire() (*wire, error) {
	files, err := (&protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"im.proto": imProto}),
	})}).Compile(context.Background(), "im.proto")
	if err != nil {
		return nil, fmt.Errorf("compile im.proto: %w", err)
	}
	return &wire{files[0].Messages()}, nil
}

func (w *wire) message(name string) *dynamicpb.Message {
	return dynamicpb.NewMessage(w.messages.ByName(protoreflect.Name(name)))
}

// encode panics on fields that are not in im.proto: the site itself wrote them.
func (w *wire) encode(name string, f fields) []byte {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	m := w.message(name)
	if err := protojson.Unmarshal(text, m); err != nil {
		panic(fmt.Errorf("encode %s: %w", name, err))
	}
	out, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(err)
	}
	return out
}

// request is what the site reads of a Request.
type request struct {
	Cmd      int32  `json:"cmd"`
	Sequence int64  `json:"sequence_id,string"`
	Token    string `json:"token"`
	Body     map[string]struct {
		ConversationID string   `json:"conversation_id"`
		Cursor         int64    `json:"cursor,string"`
		Anchor         int64    `json:"anchor_index,string"`
		Limit          int      `json:"limit"`
		Content        string   `json:"content"`
		Type           int      `json:"message_type"`
		ClientID       string   `json:"client_message_id"`
		ReadIndex      int64    `json:"read_index,string"`
		Participants   []string `json:"participants"`
		Keys           []struct {
			ConversationID string `json:"conversation_id"`
		} `json:"keys"`
	} `json:"body"`
}

func (w *wire) decodeRequest(raw []byte) (q request, err error) {
	text, err := w.show("Request", raw)
	if err != nil {
		return q, err
	}
	return q, json.Unmarshal(text, &q)
}

// show renders a message's bytes as JSON with the names of im.proto.
func (w *wire) show(name string, raw []byte) ([]byte, error) {
	m := w.message(name)
	if err := proto.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("decode %s: %w", name, err)
	}
	return protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
}
