package gateway

import (
	"encoding/json"
	"errors"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
	"troupe/messages"
)

// guest is who a socket belongs to.
type guest struct {
	*people.Identity
	stop func() bool // does not wait for the identity's end any more
}

// errRestricted is for tokens that are limited to some accounts: what is broadcast here is about all of them.
var errRestricted = errors.New("this token is limited to some accounts: use the HTTP API")

// admit says whether a client may join.
func (g *Gateway) admit(h socketio.Handshake) error {
	_, err := g.identify(h)
	if err != nil {
		g.Door.NoteRefused(nil, h.RemoteAddr, "connect", "unauthenticated")
	}
	return err
}

func (g *Gateway) identify(h socketio.Handshake) (*people.Identity, error) {
	who, err := g.Door.AdmitSocket(h.RemoteAddr, h.Header, h.Auth)
	if err == nil && who.Restricted() {
		return nil, errRestricted
	}
	return who, err
}

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

// enterWorker lets a worker's socket last no longer than whom it belongs to.
func (g *Gateway) enterWorker(s *socketio.Socket) {
	h := s.Handshake()
	who, err := g.Door.AdmitWorker(h.RemoteAddr, h.Header, h.Auth)
	if err != nil { // it was revoked this moment
		s.Close()
		return
	}
	g.guests.Store(s, guest{who, who.OnEnd(s.Close)})
}

// enter gives a socket the roles of whom it belongs to, until that ends.
func (g *Gateway) enter(s *socketio.Socket) bool {
	who, err := g.identify(s.Handshake())
	if err != nil { // it was revoked this moment
		s.Close()
		return false
	}
	s.Grant(im.Anyone)
	g.seat(s, who)
	g.Door.Note(who, s.Handshake().RemoteAddr, "connect", people.OK)
	return true
}

// seat makes a socket someone's, until that ends. What it was granted before, it keeps.
func (g *Gateway) seat(s *socketio.Socket, who *people.Identity) {
	for _, role := range people.Roles {
		if who.Role.May(role) {
			s.Grant(string(role))
		}
	}
	g.guests.Store(s, guest{who, who.OnEnd(s.Close)})
}

// present takes a token that a client says after it was let in, as the web administration does.
func (g *Gateway) present(s *socketio.Socket, token string) {
	h := s.Handshake()
	h.Auth, _ = json.Marshal(map[string]string{"token": token}) // cannot fail
	who, err := g.identify(h)
	if err != nil {
		g.Door.NoteRefused(nil, h.RemoteAddr, im.AdminAuthEvent, "unauthenticated")
		return
	}
	g.leave(s)
	g.seat(s, who)
	g.Door.Note(who, h.RemoteAddr, im.AdminAuthEvent, people.OK)
}

func (g *Gateway) leave(s *socketio.Socket) {
	if of, found := g.guests.LoadAndDelete(s); found {
		of.(guest).stop()
	}
}

// note tells the audit log what became of a client's command.
func (g *Gateway) note(s *socketio.Socket, event string, err error, targets ...string) {
	of, _ := g.guests.Load(s)
	who, _ := of.(guest) // one that has left is nobody
	outcome := people.OK
	if err != nil {
		outcome = "failed"
	}
	g.Door.Note(who.Identity, s.Handshake().RemoteAddr, event, outcome, targets...)
}

// subjects are the ids that a request is about; ok is false for read marks, which the audit log does not keep.
func subjects(m answered) (ids []string, ok bool) {
	switch r := m.request.(type) {
	case im.ReplyRequest:
		ids = append(ids, r.TopicID)
		if done, ok := m.result.(*messages.ReplyAccepted); ok {
			ids = append(ids, done.GetReply().GetId())
		}
	case im.CreateAccountRequest:
		if done, ok := m.result.(*messages.AccountDone); ok {
			ids = append(ids, done.GetAccount().GetId())
		}
	case im.DeleteAccountRequest:
		ids = append(ids, r.AccountID)
	case im.ManualLogin:
		ids = append(ids, r.AccountID)
	case im.LoginStart:
		ids = append(ids, r.AccountID, r.SessionID)
	case im.LoginInput:
		ids = append(ids, r.SessionID)
	default:
		return nil, false
	}
	return ids, true
}
