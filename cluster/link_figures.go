package cluster

import (
	"cmp"
	"slices"
	"sync/atomic"

	"troupe/messages"
)

// LinkFigures is how a link stands towards one other node. What is counted is counted since this node's start.
type LinkFigures struct {
	Peer       messages.NodeID // MasterNode, or a worker's id
	Connected  bool            // this node's own connection to it is there; it makes one when it has something to say
	Reconnects uint64          // connections after the first
	Sent       uint64          // letters, or parts of large ones, that went out for the first time
	Resent     uint64          // that went out again
	Received   uint64          // letters that were delivered here
	Waiting    int64           // letters that the peer has not acknowledged
	Bytes      int64           // of their bodies
}

// figures are a peer's, written by the mailroom alone.
type figures struct {
	connected                           atomic.Bool
	connections, sent, resent, received atomic.Uint64
	waiting, bytes                      atomic.Int64
}

// Figures tells how the link stands towards each node that it knows, in order of their names. It may be called from any goroutine, and asks
// nobody.
func (l *Link) Figures() (list []LinkFigures) {
	l.figures.Range(func(node, value any) bool {
		f := value.(*figures)
		list = append(list, LinkFigures{
			Peer: node.(messages.NodeID), Connected: f.connected.Load(), Reconnects: max(f.connections.Load(), 1) - 1,
			Sent: f.sent.Load(), Resent: f.resent.Load(), Received: f.received.Load(), Waiting: f.waiting.Load(), Bytes: f.bytes.Load(),
		})
		return true
	})
	slices.SortFunc(list, func(a, b LinkFigures) int { return cmp.Compare(a.Peer, b.Peer) })
	return list
}

// show publishes how much waits.
func (p *peer) show() {
	p.figures.waiting.Store(int64(len(p.waiting)))
	p.figures.bytes.Store(int64(p.bytes))
}

// count counts what is sent.
func (p *peer) count(m *messages.Letters) {
	for _, l := range m.GetLetters() {
		if l.GetN() > p.newest {
			p.newest = l.GetN()
			p.figures.sent.Add(1)
		} else {
			p.figures.resent.Add(1)
		}
	}
}
