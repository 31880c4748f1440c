package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"troupe/actors/gateway/wellformed"
)

// Engine.IO packet types, the first byte of every packet.
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	enginePong    = '3'
	engineMessage = '4'
	engineUpgrade = '5'
	engineNoop    = '6'
)

// Socket.IO packet types, the first byte of an Engine.IO message.
const (
	packetConnect      = '0'
	packetDisconnect   = '1'
	packetEvent        = '2'
	packetAck          = '3'
	packetConnectError = '4'
)

// recordSeparator stands between the packets of one polling body.
const recordSeparator = '\x1e'

// errProtocol is any breach of the protocol: the connection ends.
var errProtocol = errors.New("protocol violation")

// splitPayload takes a polling body apart and checks each packet's type.
func splitPayload(body []byte) ([][]byte, error) {
	packets := bytes.Split(body, []byte{recordSeparator})
	for _, p := range packets {
		if err := checkEngine(p); err != nil {
			return nil, err
		}
	}
	return packets, nil
}

// checkEngine accepts what a client may send outside of an upgrade.
func checkEngine(p []byte) error {
	if len(p) == 0 {
		return fmt.Errorf("%w: empty packet", errProtocol)
	}
	switch p[0] {
	case engineClose, enginePong, engineMessage, engineNoop:
		return nil
	}
	return fmt.Errorf("%w: packet type %q", errProtocol, p[0])
}

// packet is one Socket.IO packet.
type packet struct {
	kind byte
	nsp  string // "/" when none was given
	ack  string // digits; empty when no acknowledgement is asked for
	data []byte // JSON, or empty
	deep bool   // data is nested deeper than any payload may be, and nobody read it
}

// parsePacket reads <type>[<namespace>,][<ack id>][<json>]. Binary types are refused.
func parsePacket(s []byte) (packet, error) {
	if len(s) == 0 {
		return packet{}, fmt.Errorf("%w: empty message", errProtocol)
	}
	p := packet{kind: s[0], nsp: "/"}
	if p.kind < packetConnect || p.kind > packetConnectError {
		return packet{}, fmt.Errorf("%w: message type %q", errProtocol, p.kind)
	}
	s = s[1:]
	if len(s) > 0 && s[0] == '/' {
		name, rest, _ := bytes.Cut(s, []byte{','})
		path, _, _ := strings.Cut(string(name), "?")
		p.nsp, s = path, rest
	}
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits > 16 {
		return packet{}, fmt.Errorf("%w: acknowledgement id", errProtocol)
	}
	p.ack, p.data = string(s[:digits]), s[digits:]
	p.deep = p.kind == packetEvent && wellformed.TooDeep(p.data, wellformed.Deepest+1) // in the event's own array
	if len(p.data) > 0 && !p.deep && !json.Valid(p.data) {
		return packet{}, fmt.Errorf("%w: payload is no JSON", errProtocol)
	}
	return p, nil
}

// parseEvent takes ["name", payload, ...] apart. A missing or null payload is nil; further values are ignored.
func parseEvent(data []byte) (name string, payload json.RawMessage, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil || len(parts) == 0 {
		return "", nil, fmt.Errorf("%w: event is no array", errProtocol)
	}
	if err := json.Unmarshal(parts[0], &name); err != nil || name == "" {
		return "", nil, fmt.Errorf("%w: event without a name", errProtocol)
	}
	if len(parts) > 1 && string(parts[1]) != "null" {
		payload = parts[1]
	}
	return name, payload, nil
}

// encodePacket writes a whole Engine.IO message: the type bytes, namespace, acknowledgement id and data.
func encodePacket(kind byte, nsp, ack string, data []byte) []byte {
	out := make([]byte, 0, len(data)+len(nsp)+len(ack)+3)
	out = append(out, engineMessage, kind)
	if nsp != "/" {
		out = append(append(out, nsp...), ',')
	}
	out = append(out, ack...)
	return append(out, data...)
}

// encodeEvent encodes an event; a json.RawMessage payload is taken as it is and must be valid JSON.
func encodeEvent(nsp, event string, payload any) ([]byte, error) {
	name, err := encodeJSON(event)
	if err != nil {
		return nil, fmt.Errorf("encode the name of %s: %w", event, err)
	}
	raw, encoded := payload.(json.RawMessage)
	var b bytes.Buffer
	b.Grow(len(nsp) + len(name) + len(raw) + 6)
	b.Write([]byte{engineMessage, packetEvent})
	if nsp != "/" {
		b.WriteString(nsp)
		b.WriteByte(',')
	}
	b.WriteByte('[')
	b.Write(name)
	if payload != nil {
		b.WriteByte(',')
	}
	if encoded {
		b.Write(raw)
	} else if payload != nil {
		if err := encodeInto(&b, payload); err != nil {
			return nil, fmt.Errorf("encode %s: %w", event, err)
		}
	}
	b.WriteByte(']')
	return b.Bytes(), nil
}

// encodeAck encodes the answer to an event that asked for one.
func encodeAck(nsp, id string, payload any) ([]byte, error) {
	body, err := encodeJSON(payload)
	if err != nil {
		return nil, fmt.Errorf("encode acknowledgement: %w", err)
	}
	data := append(append([]byte{'['}, body...), ']')
	return encodePacket(packetAck, nsp, id, data), nil
}

func encodeJSON(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var b bytes.Buffer
	if err := encodeInto(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// encodeInto appends a value as JSON; what is markup in HTML is none here and stays as it is.
func encodeInto(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the encoder's line end
	return nil
}
