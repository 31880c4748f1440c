package stage

import (
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// hub knows the open sockets. Its lock is never held while writing to one.
type hub struct {
	mu      sync.Mutex
	closed  bool
	sockets map[*socket]bool
	wg      sync.WaitGroup
}

type socket struct {
	owner, channel string
	out            chan Frame // what is pushed; full = the reader is too slow and is dropped
	end            context.CancelFunc
}

// Frame is one WebSocket message.
type Frame struct {
	Binary bool
	Data   []byte
}

func (h *hub) add(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	if h.sockets == nil {
		h.sockets = map[*socket]bool{}
	}
	h.sockets[s] = true
	h.wg.Add(1)
	return true
}

func (h *hub) drop(s *socket) {
	h.mu.Lock()
	delete(h.sockets, s)
	h.mu.Unlock()
	h.wg.Done()
}

func (h *hub) closeAll() {
	h.mu.Lock()
	h.closed = true
	for s := range h.sockets {
		s.end()
	}
	h.mu.Unlock()
	h.wg.Wait()
}

// Push sends a frame to an owner's open sockets of a channel.
func (s *Stage) Push(ownerUID, channel string, f Frame) {
	h := &s.sockets
	h.mu.Lock()
	defer h.mu.Unlock()
	for one := range h.sockets {
		if one.owner != ownerUID || one.channel != channel {
			continue
		}
		one.answer(&f)
	}
}

// answer queues a frame, if there is one, without waiting.
func (s *socket) answer(f *Frame) {
	if f == nil {
		return
	}
	select {
	case s.out <- *f:
	default:
		s.end()
	}
}

// CloseSockets ends all of an owner's open sockets.
func (s *Stage) CloseSockets(ownerUID string) {
	h := &s.sockets
	h.mu.Lock()
	defer h.mu.Unlock()
	for one := range h.sockets {
		if one.owner == ownerUID {
			one.end()
		}
	}
}

// ServeSocket makes a socket of a channel out of a visit, until either side ends it. What greet returns (it may be nil)
// is sent first; nothing that was pushed after it was asked is missed. What the page sends is read and forgotten.
func (v *Visit) ServeSocket(w http.ResponseWriter, r *http.Request, channel string, o *websocket.AcceptOptions, greet func() Frame) {
	v.ServeTalk(w, r, channel, o, greet, func(Frame) *Frame { return nil })
}

// ServeTalk is ServeSocket for a socket that the page speaks through: heard gets each of its frames, one after the other,
// and what it returns is sent back unless nil. The socket ends when heard has reset the visit.
func (v *Visit) ServeTalk(
	w http.ResponseWriter, r *http.Request, channel string, o *websocket.AcceptOptions, greet func() Frame, heard func(Frame) *Frame,
) {
	s := v.stage
	ctx, end := context.WithCancel(r.Context())
	defer end()
	sock := &socket{owner: v.Entry.Owner, channel: channel, out: make(chan Frame, 256), end: end}
	if !s.sockets.add(sock) {
		http.Error(w, "closing", http.StatusServiceUnavailable)
		return
	}
	defer s.sockets.drop(sock)
	conn, err := websocket.Accept(w, r, o)
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	v.Note(KindSocketOpen, channel)
	defer v.Note(KindSocketClose, channel)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer end()
	reading.Go(func() {
		defer end()
		for ctx.Err() == nil && !v.Reset {
			kind, data, err := conn.Read(ctx)
			if err != nil {
				return
			}
			sock.answer(heard(Frame{kind == websocket.MessageBinary, data}))
		}
	})
	if greet != nil {
		f := greet()
		if err := conn.Write(ctx, kindOf(f), f.Data); err != nil {
			return
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-sock.out:
			if err := conn.Write(ctx, kindOf(f), f.Data); err != nil {
				return
			}
		}
	}
}

func kindOf(f Frame) websocket.MessageType {
	if f.Binary {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}
