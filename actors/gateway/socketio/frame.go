package socketio

import "bytes"

// Frame is an event of one namespace as it goes over the wire, encoded once for any number of clients. The zero Frame is none.
type Frame struct {
	wire []byte // never changed
	key  string
}

// Frame encodes an event. A payload of type json.RawMessage is taken as it is; it must be valid JSON.
func (n *Namespace) Frame(event string, payload any) (Frame, error) {
	wire, err := encodeEvent(n.name, event, payload)
	return Frame{wire: wire}, err
}

// As names what the frame tells of. Where it is broadcast and an older one of that name still waits to be written to a client, that
// client gets the newer one only.
func (f Frame) As(name string) Frame {
	f.key = name
	return f
}

// Len is the frame's size in bytes.
func (f Frame) Len() int { return len(f.wire) }

// Equal says whether two frames say the same.
func (f Frame) Equal(other Frame) bool { return bytes.Equal(f.wire, other.wire) }
