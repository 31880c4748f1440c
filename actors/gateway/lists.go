package gateway

import (
	"sync"
	"sync/atomic"
	"weak"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// listBytes bounds the encoded lists that are kept; they are made anew when it is reached.
const listBytes = 64 << 20

// lists keeps topics and messages as they were last encoded: every list of channels makes every client ask for every account's topics,
// and all of them get the same bytes. It is used from any goroutine.
type lists struct {
	byName sync.Map // messages.AccountID or messages.TopicID -> list
	bytes  atomic.Int64
}

// list is what was made of one version.
type list struct {
	from  version
	frame socketio.Frame
}

// version names what a list was made from, and does not keep it.
type version struct {
	view   weak.Pointer[dataset.View]
	record weak.Pointer[messages.Account] // of the account; for topics none
}

// get returns what name had at that version; else it is encoded.
func (l *lists) get(name any, v version, encode func() (socketio.Frame, error)) (socketio.Frame, error) {
	if held, ok := l.byName.Load(name); ok && held.(list).from == v {
		return held.(list).frame, nil
	}
	frame, err := encode()
	if err != nil {
		return frame, err
	}
	grown := int64(frame.Len())
	if old, ok := l.byName.Swap(name, list{v, frame}); ok {
		grown -= int64(old.(list).frame.Len())
	}
	if l.bytes.Add(grown) > listBytes {
		l.byName.Clear()
		l.bytes.Store(0)
	}
	return frame, nil
}

// forget drops the topics of an account that is gone.
func (l *lists) forget(account messages.AccountID) {
	if old, ok := l.byName.LoadAndDelete(account); ok {
		l.bytes.Add(-int64(old.(list).frame.Len()))
	}
}

// topicList is an account's topics as that view has them; v may be nil.
func (g *Gateway) topicList(account messages.AccountID, v *dataset.View) (socketio.Frame, error) {
	encode := func() (socketio.Frame, error) {
		f, err := g.inbox.Frame(im.TopicsEvent, im.Topics(account, v))
		return f.As(im.TopicsEvent + string(account)), err
	}
	if v == nil { // an account that does not exist is not remembered
		return encode()
	}
	return g.lists.get(account, version{view: weak.Make(v)}, encode)
}

// messageList is a topic's history as that view has it, and the replies to it as that board has them; v may be nil. A history with replies
// in it changes with the time too, and is made anew each time.
func (g *Gateway) messageList(topic messages.TopicID, b *board.Board, v *dataset.View) (socketio.Frame, error) {
	encode := func() (socketio.Frame, error) {
		f, err := g.inbox.Frame(im.MessagesEvent, im.Messages(topic, b, v, g.Now()))
		return f.As(im.MessagesEvent + string(topic)), err
	}
	if v == nil || im.Replied(topic, b) {
		return encode()
	}
	from := version{view: weak.Make(v)}
	if a := b.Account(v.Account); a != nil {
		from.record = weak.Make(a.Record) // it has the account's own picture
	}
	return g.lists.get(topic, from, encode)
}

// loaded says whether a view's lists are the account's; before that, its emptiness is ours.
func loaded(v *dataset.View) bool { return v == nil || v.Loaded }
