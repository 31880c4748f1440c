package gateway

import (
	"slices"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/gateway/socketio"
	"troupe/messages"
)

const (
	// pushTopics bounds of how many topics of an account the messages are pushed at once; clients fetch the rest after the hint.
	pushTopics = 16
	// watchTopics is how many topics a client may look at: the PC client shows one, and comes back to a few.
	watchTopics = 4
)

// push is what is still to be sent of an account's lists, and when they were last sent.
type push struct {
	at      time.Time
	grown   []messages.TopicID
	waiting bool
}

// listsDue comes when an account's lists may be sent again.
type listsDue struct{ account messages.AccountID }

// pushListsSoon sends the account's topics, and the messages of those that grew: at once, or as soon as the spacing lets it.
func (s *switchboard) pushListsSoon(c actor.Context, account messages.AccountID, grown []messages.TopicID) {
	p := s.pushes[account]
	if p == nil {
		p = &push{}
		s.pushes[account] = p
	}
	for _, topic := range grown {
		if len(p.grown) < pushTopics && !slices.Contains(p.grown, topic) {
			p.grown = append(p.grown, topic)
		}
	}
	if p.waiting {
		return
	}
	wait := min(s.ListSpacing-s.Now().Sub(p.at), s.ListSpacing)
	if wait <= 0 {
		s.pushLists(account)
		return
	}
	p.waiting = true
	actors.After(c, wait, listsDue{account})
}

// onListsDue sends an account's lists, unless they went ahead of the channels.
func (s *switchboard) onListsDue(account messages.AccountID) {
	if p := s.pushes[account]; p != nil && p.waiting {
		s.pushLists(account)
	}
}

// pushWaiting sends what waits of every account: the client expects topics before the channels that count them.
func (s *switchboard) pushWaiting() {
	for account, p := range s.pushes {
		if p.waiting {
			s.pushLists(account)
		}
	}
}

// pushLists sends what is due of an account, as it is now.
func (s *switchboard) pushLists(account messages.AccountID) {
	p := s.pushes[account]
	grown := p.grown
	*p = push{at: s.Now()}
	s.broadcastTopics(account)
	for _, topic := range grown {
		s.broadcastMessages(topic, s.watched.by(topic))
	}
}

// watched are the topics whose messages each client asked for last: what grows there it is told unasked. It is used from any goroutine.
type watched struct{ bySocket sync.Map } // *socketio.Socket -> []messages.TopicID, newest first

// add notes that a client asked for a topic; it is called while the client's request is handled.
func (w *watched) add(s *socketio.Socket, topic messages.TopicID) {
	old, _ := w.bySocket.Load(s)
	held, _ := old.([]messages.TopicID)
	if len(held) > 0 && held[0] == topic {
		return
	}
	topics := append(make([]messages.TopicID, 0, watchTopics), topic)
	for _, t := range held {
		if t != topic && len(topics) < watchTopics {
			topics = append(topics, t)
		}
	}
	w.bySocket.Store(s, topics)
}

// by picks the clients that look at a topic.
func (w *watched) by(topic messages.TopicID) func(*socketio.Socket) bool {
	return func(s *socketio.Socket) bool {
		topics, watches := w.bySocket.Load(s)
		return watches && slices.Contains(topics.([]messages.TopicID), topic)
	}
}

// forget drops a client that is gone; none of its requests is handled any more.
func (w *watched) forget(s *socketio.Socket) { w.bySocket.Delete(s) }
