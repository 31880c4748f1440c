package cluster

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// mailroomName is the well-known name of a node's link actor: the only one that other nodes can reach.
const mailroomName = "link"

// peerHeader carries the name that the peer's certificate proved, put there by the server before a message reaches us.
const peerHeader = "peer"

// mailroom is the actor of a node's link. It holds one post for each peer, gives it what is to be sent, and delivers what it
// completed. It lives in one mailbox and never waits.
type mailroom struct {
	LinkConfig
	limits
	carry func(c actor.Context, address string, m *messages.Letters) // may lose, double and delay

	peers map[messages.NodeID]*peer
	dirty []*peer // have something to send

	waiting []*actor.PID // want to know when everything is delivered
	shown   *sync.Map    // figures by node, for other goroutines
}

type peer struct {
	*post
	node    messages.NodeID
	address string // of its remote; empty = nothing is sent
	gone    bool   // given up: nothing is sent, and nothing kept, until it is heard or set again
	dirty   bool
	armed   bool   // a wake is on its way
	full    bool   // its queue overflowed, and that was logged
	silent  bool   // it does not acknowledge anything, and that was logged
	lost    bool   // the connection to it broke, and there is no other yet
	newest  uint64 // number of the newest letter that was sent; what is not newer is sent again
	figures *figures
}

// Messages of the mailroom to itself, and of the Link.
type (
	outgoing struct {
		node    messages.NodeID
		target  string
		message any
		sender  *actor.PID
	}
	setPeer struct {
		node                 messages.NodeID
		address, incarnation string
	}
	forgetPeer  struct{ node messages.NodeID }
	connected   struct{ address string }
	hungUp      struct{ address string }
	flush       struct{}
	wake        struct{ peer *peer }
	whenFlushed struct{}
	flushed     struct{}
)

func (r *mailroom) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case outgoing:
		r.onOutgoing(c, m)
	case *messages.Letters:
		r.onLetters(c, m)
	case setPeer:
		r.onSetPeer(c, m)
	case forgetPeer:
		r.onForget(c, m)
	case connected:
		r.onConnected(c, m)
	case hungUp:
		r.onHungUp(c, m)
	case flush:
		r.onFlush(c)
	case wake:
		r.onWake(c, m.peer)
	case whenFlushed:
		r.waiting = append(r.waiting, c.Sender())
		r.sayFlushed(c)
	}
}

func (r *mailroom) onOutgoing(c actor.Context, m outgoing) {
	p := r.peers[m.node]
	if p == nil && r.Keep && m.node == MasterNode {
		p = r.add(m.node)
	}
	if p == nil || p.gone {
		r.Log.Debug("no such peer", "peer", m.node, "target", m.target)
		r.undeliverable(c, m.node, m.target, m.message, m.sender)
		return
	}
	l, err := seal(m.target, m.message, r.whole)
	if err != nil {
		r.Log.Error("message not sent", "peer", m.node, "target", m.target, "err", err)
		r.undeliverable(c, m.node, m.target, m.message, m.sender)
		return
	}
	l.sender, l.senderNode = r.returnAddress(c, m.sender)
	switch p.put(l, time.Now()) {
	case accepted:
		p.full = false
		r.touch(c, p)
	case skipped:
		r.Log.Debug("peer is out of reach, message left to its sender to repeat", "peer", m.node, "target", m.target, "type", l.kind)
	case refused:
		if !p.full {
			r.Log.Error("queue for a peer is full, messages to it are dropped", "peer", m.node, "letters", len(p.waiting), "bytes", p.bytes)
		}
		p.full = true
		r.undeliverable(c, m.node, m.target, m.message, m.sender)
	}
}

// returnAddress names a sender so that its answer finds back: an actor of ours, or of another node for whom we passed it on.
func (r *mailroom) returnAddress(c actor.Context, sender *actor.PID) (name, node string) {
	if sender == nil {
		return "", ""
	}
	if id, named := nodeOf(sender.GetAddress()); named && !r.own(id) {
		return sender.GetId(), string(id)
	}
	return sender.GetId(), ""
}

// undeliverable makes a dead letter, which also answers a request.
func (r *mailroom) undeliverable(c actor.Context, node messages.NodeID, target string, message any, sender *actor.PID) {
	c.ActorSystem().DeadLetter.SendUserMessage(PID(node, target), &actor.MessageEnvelope{Message: message, Sender: sender})
}

func (r *mailroom) giveUp(c actor.Context, p *peer, dropped []*letter) {
	for _, l := range dropped {
		var sender *actor.PID
		switch {
		case l.senderNode != "":
			sender = PID(messages.NodeID(l.senderNode), l.sender)
		case l.sender != "":
			sender = c.ActorSystem().NewLocalPID(l.sender)
		}
		r.undeliverable(c, p.node, l.target, &messages.Letter{Type: l.kind}, sender)
	}
}

func (r *mailroom) onLetters(c actor.Context, m *messages.Letters) {
	from := messages.NodeID(m.GetFrom())
	if proven := c.MessageHeader().Get(peerHeader); proven != m.GetFrom() {
		r.Log.Warn("letters refused: they come from another node than they say", "peer", proven, "from", from)
		return
	}
	p := r.peers[from]
	if p == nil {
		r.Log.Debug("letters of a node that is not registered", "peer", from)
		return
	}
	whole, ok := p.receive(m, time.Now())
	if !ok {
		r.Log.Debug("letters of another life", "peer", from, "incarnation", m.GetFromIncarnation(), "to_incarnation", m.GetToIncarnation())
		return
	}
	if p.silent || p.gone {
		r.Log.Info("peer is heard again", "peer", from)
	}
	p.here(time.Now())
	p.figures.received.Add(uint64(len(whole)))
	for _, l := range whole {
		r.deliver(c, p, l)
	}
	r.touch(c, p)
}

func (r *mailroom) deliver(c actor.Context, p *peer, l *messages.Letter) {
	if !admitted(p.node, l) {
		r.Log.Warn("letter refused: its sender may not say this", "peer", p.node, "target", l.GetTarget(), "type", l.GetType())
		return
	}
	m, err := unseal(l)
	if err != nil {
		r.Log.Error("letter not understood", "peer", p.node, "target", l.GetTarget(), "err", err)
		return
	}
	env := &actor.MessageEnvelope{Message: m}
	if l.GetSender() != "" {
		node := p.node
		if l.GetSenderNode() != "" && p.node == MasterNode { // only the master passes on what others ask
			node = messages.NodeID(l.GetSenderNode())
		}
		env.Sender = PID(node, l.GetSender())
	}
	c.Send(c.ActorSystem().NewLocalPID(l.GetTarget()), env)
}

func (r *mailroom) add(node messages.NodeID) *peer {
	p := &peer{post: newPost(r.Incarnation, r.limits), node: node, figures: &figures{}}
	r.peers[node] = p
	return p
}

func (r *mailroom) onSetPeer(c actor.Context, m setPeer) {
	p := r.peers[m.node]
	if p == nil {
		p = r.add(m.node)
	}
	if p.peer != m.incarnation {
		dropped := p.begin(m.incarnation, r.Keep)
		p.newest = 0
		r.Log.Info("peer is known", "peer", m.node, "address", m.address, "waiting", len(p.waiting), "dropped", len(dropped))
		r.giveUp(c, p, dropped)
	}
	if p.address != "" && p.address != m.address {
		hangUp(c.ActorSystem(), p.address)
		p.figures.connected.Store(false)
	}
	p.address, p.lost = m.address, false
	r.shown.Store(p.node, p.figures)
	p.here(time.Now())
	p.ask(time.Now())
	r.touch(c, p)
}

func (r *mailroom) onForget(c actor.Context, m forgetPeer) {
	if p := r.peers[m.node]; p != nil && !p.gone {
		r.letGo(c, p)
	}
	r.shown.Delete(m.node)
}

// letGo gives up what waits for a peer.
func (r *mailroom) letGo(c actor.Context, p *peer) {
	p.gone = true
	dropped := p.abandon()
	p.show()
	r.Log.Info("peer is gone", "peer", p.node, "dropped", len(dropped))
	r.giveUp(c, p, dropped)
	if p.address != "" {
		hangUp(c.ActorSystem(), p.address)
	}
}

// onConnected asks at once how much of what the old connection carried arrived.
func (r *mailroom) onConnected(c actor.Context, m connected) {
	for _, p := range r.peers {
		if p.address == m.address {
			p.lost = false
			p.figures.connected.Store(true)
			p.figures.connections.Add(1)
			p.ask(time.Now())
			r.touch(c, p)
		}
	}
}

// onHungUp notes that a connection broke. What waits is sent again by and by, on another one.
func (r *mailroom) onHungUp(c actor.Context, m hungUp) {
	for _, p := range r.peers {
		if p.address == m.address {
			p.lost = true
			p.figures.connected.Store(false)
		}
	}
	r.sayFlushed(c)
}

// touch has a peer's post looked at once everything is handled that is in the mailbox now, so that much of it travels together.
func (r *mailroom) touch(c actor.Context, p *peer) {
	if p.dirty {
		return
	}
	if p.dirty = true; len(r.dirty) == 0 {
		c.Send(c.Self(), flush{})
	}
	r.dirty = append(r.dirty, p)
}

func (r *mailroom) onFlush(c actor.Context) {
	gone := func(l *letter) bool {
		if l.senderNode != "" || !isFuture(l.sender) {
			return false
		}
		_, waits := c.ActorSystem().ProcessRegistry.GetLocal(l.sender)
		return !waits
	}
	for _, p := range r.dirty {
		p.dirty = false
		p.show()
		if p.address == "" || p.gone {
			continue
		}
		for _, m := range p.take(time.Now(), gone) {
			m.From = string(r.Node)
			p.count(m)
			r.carry(c, p.address, m)
		}
		p.show()
		r.arm(c, p)
	}
	r.dirty = nil
	r.sayFlushed(c)
}

// arm looks at the peer again after a while, as long as something of it is in flight.
func (r *mailroom) arm(c actor.Context, p *peer) {
	if p.armed || len(p.flight) == 0 {
		return
	}
	p.armed = true
	self, root := c.Self(), c.ActorSystem().Root
	time.AfterFunc(r.patience, func() { root.Send(self, wake{p}) })
}

func (r *mailroom) onWake(c actor.Context, p *peer) {
	p.armed = false
	now := time.Now()
	p.overdue(now)
	if !p.silent && p.address != "" && !p.lively(now) && now.Sub(p.moved) >= r.stale {
		p.silent = true
		r.Log.Warn("peer does not answer, messages wait", "peer", p.node, "letters", len(p.waiting))
	}
	if !r.Keep && !p.gone && p.silent && now.Sub(p.moved) >= r.despair {
		r.letGo(c, p)
	}
	r.touch(c, p)
}

// within says whether the peer is in reach, as far as is known.
func (p *peer) within() bool { return p.address != "" && !p.gone && !p.silent && !p.lost }

// here notes that the peer is there after all.
func (p *peer) here(now time.Time) {
	if p.gone {
		p.moved = now // it has its time again
	}
	p.silent, p.gone = false, false
}

// sayFlushed answers who waits, when nothing is on its way any more. A master does not wait for workers that are away; a worker's last words
// are worth the hope that its master comes back.
func (r *mailroom) sayFlushed(c actor.Context) {
	for _, p := range r.peers {
		if len(p.waiting) > 0 && (r.Keep || p.within()) {
			return
		}
	}
	for _, pid := range r.waiting {
		c.Send(pid, flushed{})
	}
	r.waiting = nil
}

func (r *mailroom) own(node messages.NodeID) bool { return node == r.Node || node == r.Alias }
