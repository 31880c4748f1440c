package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

func TestPacketsAreReadAsWritten(t *testing.T) {
	for _, test := range []struct {
		wire string
		want packet
	}{
		{`0`, packet{kind: '0', nsp: "/"}},
		{`0{"token":"t"}`, packet{kind: '0', nsp: "/", data: []byte(`{"token":"t"}`)}},
		{`0/admin,`, packet{kind: '0', nsp: "/admin"}},
		{`0/admin?a=1,{}`, packet{kind: '0', nsp: "/admin", data: []byte(`{}`)}},
		{`1/admin`, packet{kind: '1', nsp: "/admin"}},
		{`213["a"]`, packet{kind: '2', nsp: "/", ack: "13", data: []byte(`["a"]`)}},
		{`2/n,7["a",{"b":1}]`, packet{kind: '2', nsp: "/n", ack: "7", data: []byte(`["a",{"b":1}]`)}},
	} {
		got, err := parsePacket([]byte(test.wire))
		if err != nil || got.kind != test.want.kind || got.nsp != test.want.nsp || got.ack != test.want.ack || !bytes.Equal(got.data, test.want.data) {
			t.Errorf("%s: got %+v, %v", test.wire, got, err)
		}
	}
}

func TestRawPayloadIsSentAsItIs(t *testing.T) {
	frame, err := encodeEvent("/admin", "e", json.RawMessage(`{"a": "<"}`))
	if err != nil || string(frame) != `42/admin,["e",{"a": "<"}]` {
		t.Errorf("got %s, %v", frame, err)
	}
}

// FuzzDecoder feeds what a client may send; nothing may panic, and what is accepted is written back the same.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{`40`, `42["a",{"b":1}]`, `42/n,12["a",null]`, `40/admin?x=1,{"t":1}`, `451-["a",{"_placeholder":true}]`, "40\x1e42[]", `3`, `2probe`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := splitPayload(body)
		if err != nil {
			if !errors.Is(err, errProtocol) {
				t.Fatalf("unnamed error %v", err)
			}
			return
		}
		for _, raw := range packets {
			if raw[0] != engineMessage {
				continue
			}
			p, err := parsePacket(raw[1:])
			if err != nil {
				continue
			}
			again, err := parsePacket(encodePacket(p.kind, p.nsp, p.ack, p.data)[1:])
			if err != nil || again.kind != p.kind || again.nsp != p.nsp || again.ack != p.ack || !bytes.Equal(again.data, p.data) {
				t.Fatalf("%q became %+v, then %+v (%v)", raw, p, again, err)
			}
			if name, payload, err := parseEvent(p.data); err == nil {
				if name == "" || payload != nil && !json.Valid(payload) {
					t.Fatalf("event %q with payload %q", name, payload)
				}
			}
		}
	})
}
