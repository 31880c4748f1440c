package gateway

import (
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
	"troupe/messages"
)

// forbidden tells the audit log of an event that a client's role may not send. A flood of them is cut there.
func (g *Gateway) forbidden(s *socketio.Socket, event string) {
	by, _ := g.guest(s) // one that has left is nobody
	g.Door.NoteRefused(by.Identity, s.Handshake().RemoteAddr, event, "forbidden")
}

// note tells the audit log what became of a client's command.
func (g *Gateway) note(by guest, event string, err error, targets ...string) {
	outcome := people.OK
	if err != nil {
		outcome = "failed"
	}
	g.Door.Note(by.Identity, by.from, event, outcome, targets...)
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
