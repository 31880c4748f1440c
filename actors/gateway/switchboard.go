package gateway

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/gateway/foreign"
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// joined, left and asked come from the sockets' goroutines.
type (
	joined struct{ socket *socketio.Socket }
	left   struct {
		socket *socketio.Socket
		reason string
	}
	asked struct {
		socket  *socketio.Socket
		event   string
		request any // one of im's requests
		by      guest
	}
)

// switchboard is the gateway's actor: it turns what the store and the master publish into broadcasts, and has one
// child per client for the commands.
type switchboard struct {
	*Gateway
	sessions map[*socketio.Socket]*actor.PID
	shown    map[messages.AccountID]im.ChannelStatus // as last seen; what differs is broadcast
	loaded   map[messages.AccountID]bool             // its items are known to be there
	nodes    map[string]bool                         // by name: whether it is online
	replaced map[messages.AccountID]bool             // its login was replaced by hand, and it is not up again
	pushes   map[messages.AccountID]*push            // of its lists
	told     spacing                                 // of the channels
	narrowed map[*people.Identity]socketio.Frame     // the lists of channels that were sent last to who does not see all
}

func newSwitchboard(g *Gateway) *switchboard {
	return &switchboard{
		Gateway:  g,
		sessions: map[*socketio.Socket]*actor.PID{},
		shown:    map[messages.AccountID]im.ChannelStatus{},
		loaded:   map[messages.AccountID]bool{},
		nodes:    map[string]bool{},
		replaced: map[messages.AccountID]bool{},
		pushes:   map[messages.AccountID]*push{},
	}
}

// Receive implements actor.Actor.
func (s *switchboard) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		s.takeNodeWorkers(c)
		c.Request(s.Store, board.Subscribe{})
		c.Request(s.Master, board.Subscribe{})
	case *dataset.Published:
		s.onPublished(c, m)
	case board.Changed:
		s.onChanged(c, m)
	case *messages.LoginStep:
		s.onLoginStep(m)
	case *messages.LoginEnded:
		s.onLoginEnded(m)
	case loginReplaced:
		s.replaced[m.account] = true
	case joined:
		s.session(c, m.socket)
	case left:
		s.onLeft(c, m)
	case asked:
		c.Send(s.session(c, m.socket), m)
	case queueDue:
		s.onQueueDue(m.reply)
	case listsDue:
		s.onListsDue(m.account)
	case channelsDue:
		s.broadcastChannels()
	}
}

// takeNodeWorkers starts the room of workers of another make.
func (s *switchboard) takeNodeWorkers(c actor.Context) {
	if _, err := c.SpawnNamed(s.workers.Props(), foreign.Name); err != nil {
		panic(err) // the name is its own
	}
}

// session is the actor of one client, spawned when it is first heard of.
func (s *switchboard) session(c actor.Context, socket *socketio.Socket) *actor.PID {
	if pid := s.sessions[socket]; pid != nil {
		return pid
	}
	props := actor.PropsFromProducer(func() actor.Actor { return &session{Gateway: s.Gateway, socket: socket} })
	const prefix = 8
	pid, err := c.SpawnNamed(props, "im-"+socket.ID()[:prefix])
	if err != nil { // the short name is taken
		pid = c.SpawnPrefix(props, "im-")
	}
	s.sessions[socket] = pid
	s.Log.Debug("client joined", "client", socket.ID())
	return pid
}

func (s *switchboard) onLeft(c actor.Context, m left) {
	if pid := s.sessions[m.socket]; pid != nil {
		c.Poison(pid) // after what it was asked before
		delete(s.sessions, m.socket)
	}
	s.Log.Debug("client left", "client", m.socket.ID(), "reason", m.reason)
}

// spacing keeps a broadcast from coming too often.
type spacing struct {
	last    socketio.Frame // what was sent
	at      time.Time
	waiting bool
}
