package gateway

import (
	"encoding/json"
	"errors"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/narrow"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// guest is who a socket belongs to. One without an identity is nobody.
type guest struct {
	*people.Identity
	from  string // the address that it came from
	space string // the namespace
	stop  func() bool
}

// guest is who a socket belongs to now; false once it has left.
func (g *Gateway) guest(socket *socketio.Socket) (by guest, here bool) {
	of, here := g.guests.Load(socket)
	if !here {
		return guest{}, false
	}
	return of.(guest), true
}

// admit says whether a client may join.
func (g *Gateway) admit(h socketio.Handshake) error {
	_, err := g.Door.AdmitSocket(h.RemoteAddr, h.Header, h.Auth)
	if err != nil {
		g.Door.NoteRefused(nil, h.RemoteAddr, "connect", "unauthenticated")
	}
	return err
}

// enter gives a socket the roles of whom it belongs to, until that ends.
func (g *Gateway) enter(s *socketio.Socket, space string) bool {
	h := s.Handshake()
	who, err := g.Door.AdmitSocket(h.RemoteAddr, h.Header, h.Auth)
	if err != nil { // it was revoked this moment
		s.Close()
		return false
	}
	s.Grant(im.Anyone)
	g.seat(s, who, space)
	g.Door.Note(who, h.RemoteAddr, "connect", people.OK)
	return true
}

// seat makes a socket someone's, until that ends. Which events it may send it was granted before, it keeps; what it sees is what
// its new owner sees.
func (g *Gateway) seat(s *socketio.Socket, who *people.Identity, space string) {
	for _, role := range people.Roles {
		if who.Role.May(role) {
			s.Grant(string(role))
		}
	}
	g.admitted(s, who, s.Handshake().RemoteAddr, space)
}

// admitted notes who has a socket, and lets it last no longer than that.
func (g *Gateway) admitted(s *socketio.Socket, who *people.Identity, from, space string) {
	before, had := g.guests.Swap(s, guest{who, from, space, who.OnEnd(s.Close)})
	if had {
		before.(guest).stop()
	}
}

// present takes a token that a client says after it was let in, as the web administration does.
func (g *Gateway) present(s *socketio.Socket, token string) {
	h := s.Handshake()
	h.Auth, _ = json.Marshal(map[string]string{"token": token}) // cannot fail
	who, err := g.Door.AdmitSocket(h.RemoteAddr, h.Header, h.Auth)
	if err != nil {
		g.Door.NoteRefused(nil, h.RemoteAddr, im.AdminAuthEvent, "unauthenticated")
		return
	}
	g.seat(s, who, im.Admin)
	g.Door.Note(who, h.RemoteAddr, im.AdminAuthEvent, people.OK)
}

func (g *Gateway) leave(s *socketio.Socket) {
	if of, found := g.guests.LoadAndDelete(s); found {
		of.(guest).stop()
	}
}

// sight is the cluster as one client may see it.
type sight struct {
	board *board.Board
	view  func(messages.AccountID) *dataset.View
}

// sight is what a guest sees now.
func (g *Gateway) sight(by guest) sight {
	return sight{narrow.Board(g.Board.Load(), by.Identity), narrow.Views(g.Views.Get, by.Identity)}
}

// account is one that is seen, or nil.
func (v sight) account(id string) *board.Account { return v.board.Account(messages.AccountID(id)) }

var (
	errNoAccount = errors.New("the account does not exist")
	errNoSession = errors.New("the login session does not exist")
	errLimited   = errors.New("who is limited to some accounts cannot add one")
)

// mayTouch refuses an account that a guest does not see, as one that does not exist.
func (by guest) mayTouch(account string) error {
	if by.Sees(messages.AccountID(account)) {
		return nil
	}
	return errNoAccount
}

// mayAdd refuses new accounts of a guest who would not see them.
func (by guest) mayAdd() error {
	if by.Restricted() {
		return errLimited
	}
	return nil
}

// mayEnter refuses to touch the login of an account that a guest does not see.
func (g *Gateway) mayEnter(by guest, session string) error {
	if !by.Restricted() {
		return nil // the master says whether there is one
	}
	for _, l := range g.sight(by).board.Logins {
		if l.GetSession() == session {
			return nil
		}
	}
	return errNoSession
}

// announce sends an event to every client of a namespace whose role gets it and that sees the account; an empty account is everybody's
// business.
func (g *Gateway) announce(ns *socketio.Namespace, event string, about messages.AccountID, payload any) {
	ns.BroadcastIf(g.mayGet(event, about), event, payload)
}

// mayGet picks the clients that announce sends to.
func (g *Gateway) mayGet(event string, about messages.AccountID) func(*socketio.Socket) bool {
	return func(s *socketio.Socket) bool {
		by, here := g.guest(s)
		return here && by.gets(event) && (about == "" || by.Sees(about))
	}
}

// gets says whether the table sends an event of its namespace to a guest's role.
func (by guest) gets(event string) bool {
	least := outbound[by.space][event]
	return least == im.Anyone || by.Role.May(people.Role(least))
}

// outbound are the roles that get what is sent, by namespace and event.
var outbound = outboundRoles()

func outboundRoles() map[string]map[string]string {
	roles := map[string]map[string]string{}
	for _, e := range im.Events {
		if roles[e.Namespace] == nil {
			roles[e.Namespace] = map[string]string{}
		}
		if e.Direction == im.Out {
			roles[e.Namespace][e.Name] = e.Role
		}
	}
	return roles
}
