package gateway

import (
	"sync"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/messages"
)

func (g *Gateway) adminHandlers() map[string]socketio.Handler {
	return map[string]socketio.Handler{
		im.AdminAuthEvent:   read(g.adminAuth),
		im.AdminStatusEvent: read(g.adminStatus),
		im.AdminLoginsEvent: read(g.adminLogins),
		im.LoginStartEvent:  command[im.LoginStart](g, im.LoginStartEvent),
		im.LoginInputEvent:  command[im.LoginInput](g, im.LoginInputEvent),
	}
}

// adminAuth takes the token that the web administration sends on each connect. One of ours gives the client its roles; the constant that the
// unmodified administration sends is none, and leaves it what it may without. What a client may do, its role decides at each event.
func (g *Gateway) adminAuth(s *socketio.Socket, r im.AdminAuth) {
	now := g.Now().UnixMilli()
	if r.Token != "" {
		g.present(s, r.Token)
	}
	if r.Token == "" || !s.Holds(im.Viewer) {
		s.Emit(im.AdminAuthFailedEvent, im.AdminAuthFailed{Error: "not allowed", Timestamp: now})
		return
	}
	s.Emit(im.AdminAuthSuccessEvent, im.AdminAuthSuccess{UserID: r.UserID, Timestamp: now})
}

func (g *Gateway) adminStatus(s *socketio.Socket, _ im.Nothing) {
	if by, here := g.guest(s); here {
		sees := g.sight(by)
		s.Emit(im.AdminStatusAnswerEvent, im.AdminStatusOf(sees.board, sees.view, g.Now().UnixMilli()))
	}
}

func (g *Gateway) adminLogins(s *socketio.Socket, _ im.Nothing) {
	by, here := g.guest(s)
	if !here {
		return
	}
	picture := g.codes.get
	if !s.Holds(im.Operator) {
		picture = func(string) string { return "" }
	}
	s.Emit(im.AdminLoginsAnswerEvent, im.LoginSessions(g.sight(by).board, picture, g.Now().UnixMilli()))
}

// loginCodes keeps the newest QR code of each login under way, as a data URL. It is used from any goroutine.
type loginCodes struct{ bySession sync.Map } // string -> string

func (l *loginCodes) get(session string) string {
	code, _ := l.bySession.Load(session)
	url, _ := code.(string)
	return url
}

// onLoginStep shows a step of a login to everybody who may log accounts in.
func (s *switchboard) onLoginStep(m *messages.LoginStep) {
	if picture := im.Picture(m); picture != "" {
		s.codes.bySession.Store(m.GetSession(), picture)
	}
	s.announce(s.admin, im.LoginUpdateEvent, messages.AccountID(m.GetAccount()), im.LoginUpdateOf(m))
}

func (s *switchboard) onLoginEnded(m *messages.LoginEnded) {
	s.codes.bySession.Delete(m.GetSession())
	s.announce(s.admin, im.LoginUpdateEvent, messages.AccountID(m.GetAccount()), im.LoginEndOf(m))
}

// nodesChanged tells the administration which nodes came and went.
func (s *switchboard) nodesChanged(b *board.Board, quiet bool) {
	online := map[string]bool{}
	for _, n := range b.Nodes {
		online[n.Status.GetWorker()] = n.Online
	}
	for worker := range s.nodes {
		if _, known := online[worker]; !known {
			online[worker] = false
		}
	}
	for worker, now := range online {
		if s.nodes[worker] == now {
			continue
		}
		s.nodes[worker] = now
		if !quiet {
			s.nodeChanged(worker, now)
		}
	}
}

func (s *switchboard) nodeChanged(worker string, online bool) {
	news, event := im.WorkerNews{WorkerID: worker, Status: "offline", Timestamp: s.Now().UnixMilli()}, im.WorkerStoppedEvent
	if online {
		news.Status, event = "online", im.WorkerStartedEvent
	}
	s.announce(s.admin, im.WorkerStatusEvent, "", news)
	s.announce(s.admin, event, "", news)
}

// onLoginCommand acknowledges what the master took.
func (s *session) onLoginCommand(m answered) {
	now := s.Now().UnixMilli()
	switch r := m.request.(type) {
	case im.LoginStart:
		worker := ""
		if a := s.Board.Load().Account(messages.AccountID(r.AccountID)); a != nil {
			worker = a.Record.GetWorker()
		}
		s.socket.Emit(im.LoginStartAckEvent, im.LoginStarted{AccountID: r.AccountID, WorkerID: worker, SessionID: r.SessionID, Status: "sent", Timestamp: now})
	case im.LoginInput:
		s.socket.Emit(im.LoginInputAckEvent, im.LoginInputTaken{SessionID: r.SessionID, InputType: r.InputType, Status: "received", Timestamp: now})
	}
}
