package gateway

import (
	"troupe/actors/gateway/foreign"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
	"troupe/messages"
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

// enterWorker lets a worker's socket last no longer than whom it belongs to. A token opens the name that it was made for: nobody gets another
// worker's proxies and logins with it. What the worker does stands in the audit log under the token's name.
func (g *Gateway) enterWorker(s *socketio.Socket) foreign.Visit {
	h := s.Handshake()
	who, err := g.Door.AdmitWorker(h.RemoteAddr, h.Header, h.Auth)
	if err != nil { // it was revoked this moment
		s.Close()
		return foreign.Visit{}
	}
	g.admitted(s, who, h.RemoteAddr, foreign.Namespace)
	return foreign.Visit{Only: messages.NodeID(who.Token()), Note: func(what, outcome string, targets ...string) {
		g.Door.Note(who, h.RemoteAddr, what, outcome, targets...)
	}}
}
