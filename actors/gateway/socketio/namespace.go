package socketio

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
)

// Handshake is what a client said when it connected.
type Handshake struct {
	RemoteAddr string
	Header     http.Header
	Query      url.Values
	Auth       json.RawMessage // of the namespace's CONNECT; nil when there was none
}

// Handler answers one event. payload is nil when the client sent none or null. ack is never nil; it answers the client if
// the client asked for an acknowledgement, at most once. Of one connection, one handler runs at a time.
type Handler func(s *Socket, payload json.RawMessage, ack func(any))

// Rule is one inbound event: who may send it, how much of it, and who answers.
type Rule struct {
	Event     string
	Role      string  // the socket must hold it; empty = everybody
	MaxBytes  int     // of the payload; 0 = the server's MaxPayload
	PerSecond float64 // per socket; 0 = as fast as it is handled
	Burst     int     // how many at once when PerSecond is set; at least 1
	Handler   Handler
}

// Namespace is one of the server's channels, "/" for the PC client. It is declared completely before the first request.
type Namespace struct {
	name string
	log  *slog.Logger

	rules      map[string]Rule
	auth       func(Handshake) error
	connect    func(*Socket)
	disconnect func(*Socket, string)
	forbidden  func(s *Socket, event string)
	complaint  string           // the event by which a client learns that it was not understood
	complain   func(string) any // its payload

	mu      sync.RWMutex
	sockets map[*Socket]struct{}
}

// Auth sets who may join: an error's text is sent to the client as the reason.
func (n *Namespace) Auth(allow func(Handshake) error) { n.auth = allow }

// OnConnect is called once per socket, when it is in the broadcast group and its CONNECT is answered, before its first event.
func (n *Namespace) OnConnect(f func(*Socket)) { n.connect = f }

// OnDisconnect is called once per socket, after its last event, with one of the reasons.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason string)) { n.disconnect = f }

// OnForbidden is called when a socket sends an event whose role it does not hold, on the connection's goroutine. The event is one that
// has a rule.
func (n *Namespace) OnForbidden(f func(s *Socket, event string)) { n.forbidden = f }

// Complain sets the event by which a client learns that it was not understood, and its payload; else it is error {message}.
func (n *Namespace) Complain(event string, payload func(message string) any) {
	n.complaint, n.complain = event, payload
}

// Handle adds rules; an event has one.
func (n *Namespace) Handle(rules ...Rule) {
	for _, r := range rules {
		if _, double := n.rules[r.Event]; double {
			panic(fmt.Sprintf("socketio: two rules for event %s", r.Event))
		}
		n.rules[r.Event] = r
	}
}

// Len is how many sockets are in the namespace.
func (n *Namespace) Len() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.sockets)
}

// Broadcast sends an event to every socket. A payload of type json.RawMessage is sent as it is; it must be valid JSON and
// is not changed afterwards.
func (n *Namespace) Broadcast(event string, payload any) { n.BroadcastIf(nil, event, payload) }

// BroadcastIf sends an event to every socket that to picks; nil picks all. to is called under the namespace's lock.
func (n *Namespace) BroadcastIf(to func(*Socket) bool, event string, payload any) {
	if n.Len() == 0 {
		return // nothing to encode it for
	}
	f, err := n.Frame(event, payload)
	if err != nil {
		n.log.Error("event could not be encoded", "event", event, "err", err)
		return
	}
	n.Send(f, to)
}

// Send sends a frame of this namespace to every socket that to picks; nil picks all. to is called under the namespace's lock.
func (n *Namespace) Send(f Frame, to func(*Socket) bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for s := range n.sockets {
		if to == nil || to(s) {
			s.conn.push(f)
		}
	}
}

// join answers the CONNECT and puts the socket into the broadcast group in one step: no broadcast comes before the answer.
func (n *Namespace) join(s *Socket) {
	answer, _ := json.Marshal(map[string]string{"sid": s.id}) // cannot fail
	n.mu.Lock()
	s.conn.send(encodePacket(packetConnect, n.name, "", answer))
	n.sockets[s] = struct{}{}
	n.mu.Unlock()
	if n.connect != nil {
		n.connect(s)
	}
}

func (n *Namespace) drop(s *Socket, reason string) {
	n.mu.Lock()
	delete(n.sockets, s)
	n.mu.Unlock()
	if n.disconnect != nil {
		n.disconnect(s, reason)
	}
}
