package socketio

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"troupe/actors/gateway/wellformed"
)

// Socket is one client in one namespace.
type Socket struct {
	conn *conn
	ns   *Namespace
	id   string
	from Handshake

	roles sync.Map // string -> true; granted once, asked from any goroutine

	// Used while a packet of the connection is handled.
	limits map[string]*rate.Limiter // by event
}

// ID names the socket; it is new at each connection and no secret.
func (s *Socket) ID() string { return s.id }

// Handshake is what the client said when it connected.
func (s *Socket) Handshake() Handshake { return s.from }

// Grant gives the socket a role, for the rules that ask for one. It is called from OnConnect or a handler.
func (s *Socket) Grant(role string) { s.roles.Store(role, true) }

// Holds says whether the socket was granted a role.
func (s *Socket) Holds(role string) bool {
	_, granted := s.roles.Load(role)
	return granted
}

// Emit sends an event to this client; to one that is gone it does nothing. A json.RawMessage payload is sent as it is.
func (s *Socket) Emit(event string, payload any) {
	f, err := s.ns.Frame(event, payload)
	if err != nil {
		s.ns.log.Error("event could not be encoded", "event", event, "err", err)
		return
	}
	s.Send(f)
}

// Send sends a frame of the socket's namespace to this client; to one that is gone it does nothing.
func (s *Socket) Send(f Frame) { s.conn.send(f.wire) }

// EmitError sends the event by which a client learns that it was not understood.
func (s *Socket) EmitError(message string) {
	s.Emit(s.ns.complaint, s.ns.complain(message))
}

// Close ends the client's connection; it may come back.
func (s *Socket) Close() { s.conn.close(ReasonServer) }

func (s *Socket) leave(reason string) { s.ns.drop(s, reason) }

// dispatch calls the handler of one event, unless its rule says otherwise.
func (s *Socket) dispatch(p packet, read time.Time) error {
	if p.deep {
		s.EmitError(fmt.Sprintf("the payload is nested deeper than %d levels: send it flatter", wellformed.Deepest))
		return nil
	}
	event, payload, err := parseEvent(p.data)
	if err != nil {
		return err
	}
	rule, known := s.ns.rules[event]
	switch {
	case !known:
		s.ns.log.Debug("unknown event", "client", s.id)
	case rule.Role != "" && !s.Holds(rule.Role):
		s.EmitError(event + ": not allowed")
		if s.ns.forbidden != nil {
			s.ns.forbidden(s, event)
		}
	case rule.MaxBytes > 0 && len(payload) > rule.MaxBytes:
		s.EmitError(fmt.Sprintf("%s: payload over %d bytes: send less at a time", event, rule.MaxBytes))
	case !s.withinRate(rule):
		s.EmitError(event + ": too many at once, try again later")
	default:
		if payload != nil {
			if err := wellformed.Check(payload); err != nil {
				s.EmitError(event + ": the payload " + err.Error())
				return nil
			}
		}
		rule.Handler(s, payload, s.ack(p.ack))
		s.conn.srv.served.Observe(time.Since(read))
	}
	return nil
}

func (s *Socket) withinRate(rule Rule) bool {
	if rule.PerSecond == 0 {
		return true
	}
	limit := s.limits[rule.Event]
	if limit == nil {
		limit = rate.NewLimiter(rate.Limit(rule.PerSecond), max(rule.Burst, 1))
		s.limits[rule.Event] = limit
	}
	return limit.Allow()
}

// ack is the answer function of one event.
func (s *Socket) ack(id string) func(any) {
	var answered atomic.Bool
	return func(payload any) {
		if id == "" || !answered.CompareAndSwap(false, true) {
			return
		}
		frame, err := encodeAck(s.ns.name, id, payload)
		if err != nil {
			s.ns.log.Error("acknowledgement could not be encoded", "err", err)
			return
		}
		s.conn.send(frame)
	}
}

// message handles one Socket.IO packet that was read at that moment.
func (c *conn) message(data []byte, read time.Time) error {
	p, err := parsePacket(data)
	if err != nil {
		return err
	}
	if p.kind == packetConnect {
		return c.connect(p)
	}
	s := c.sockets[p.nsp]
	if s == nil {
		return fmt.Errorf("%w: not connected to the namespace", errProtocol)
	}
	switch p.kind {
	case packetEvent:
		return s.dispatch(p, read)
	case packetDisconnect:
		delete(c.sockets, p.nsp)
		c.joined.Add(-1)
		s.leave(ReasonClient)
	case packetAck: // we never ask for one
	default:
		return fmt.Errorf("%w: message type %q", errProtocol, p.kind)
	}
	return nil
}

// connect lets the client into a namespace, or tells it why not.
func (c *conn) connect(p packet) error {
	if c.sockets[p.nsp] != nil {
		return fmt.Errorf("%w: connected twice to one namespace", errProtocol)
	}
	from := c.from
	if len(p.data) > 0 {
		from.Auth = json.RawMessage(p.data)
	}
	ns := c.srv.namespaces[p.nsp]
	if ns == nil {
		c.refuse(p.nsp, "Invalid namespace")
		return nil
	}
	if ns.auth != nil {
		if err := ns.auth(from); err != nil {
			c.refuse(p.nsp, err.Error())
			return nil
		}
	}
	s := &Socket{conn: c, ns: ns, id: newID(), from: from, limits: map[string]*rate.Limiter{}}
	c.sockets[p.nsp] = s
	c.joined.Add(1)
	ns.join(s)
	return nil
}

func (c *conn) refuse(nsp, why string) {
	answer, _ := json.Marshal(map[string]string{"message": why}) // cannot fail
	c.send(encodePacket(packetConnectError, nsp, "", answer))
}
