package gateway

import (
	"troupe/actors/gateway/foreign"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
)

// admitWorker says whether a worker of another make may join.
func (g *Gateway) admitWorker(h socketio.Handshake) error {
	who, err := g.Door.AdmitWorker(h.RemoteAddr, h.Header, h.Auth)
	if err != nil {
		g.Door.NoteRefused(nil, h.RemoteAddr, "connect_worker", "unauthenticated")
		return err
	}
	g.Door.Note(who, h.RemoteAddr, "connect_worker", people.OK)
	return nil
}

// enterWorker lets a worker's socket last no longer than whom it belongs to. What the worker does stands in the audit log under that
// name.
func (g *Gateway) enterWorker(s *socketio.Socket) foreign.Note {
	h := s.Handshake()
	who, err := g.Door.AdmitWorker(h.RemoteAddr, h.Header, h.Auth)
	if err != nil { // it was revoked this moment
		s.Close()
		return nil
	}
	g.admitted(s, who, h.RemoteAddr, foreign.Namespace)
	return func(what, outcome string, targets ...string) {
		g.Door.Note(who, h.RemoteAddr, what, outcome, targets...)
	}
}
