package site

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

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
	owner string
	out   chan []byte // what is pushed; full = the reader is too slow and is dropped
	end   context.CancelFunc
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

func (h *hub) send(owner string, frame []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.sockets {
		if s.owner != owner {
			continue
		}
		select {
		case s.out <- frame:
		default:
			s.end()
		}
	}
}

func (h *hub) closeOwner(owner string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.sockets {
		if s.owner == owner {
			s.end()
		}
	}
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

// socket serves wss://im.sandbox.test/push until either side ends it.
func (s *Site) socket(w http.ResponseWriter, r *http.Request) {
	v := visitOf(r)
	s.mu.Lock()
	ok := v.session != nil && v.session.state == sessionValid && !v.session.owner.captcha
	s.mu.Unlock()
	if !ok {
		http.Error(w, "请先登录", http.StatusUnauthorized)
		return
	}
	ctx, end := context.WithCancel(r.Context())
	defer end()
	sock := &socket{owner: v.entry.Owner, out: make(chan []byte, 256), end: end}
	if !s.sockets.add(sock) {
		http.Error(w, "closing", http.StatusServiceUnavailable)
		return
	}
	defer s.sockets.drop(sock)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{hostCreator, hostCreator + ":*"}})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	opened := v.entry
	opened.At, opened.Kind = time.Now(), KindSocketOpen
	s.audit.add(opened)
	defer func() {
		over := opened
		over.At, over.Kind = time.Now(), KindSocketClose
		s.audit.add(over)
	}()
	ctx = conn.CloseRead(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case frame := <-sock.out:
			if err := conn.Write(ctx, websocket.MessageText, frame); err != nil {
				return
			}
		}
	}
}

// push tells an owner's open pages. Site.mu is held.
func (s *Site) push(o *owner, kind string, rows map[string]any) {
	rows["type"] = kind
	frame, err := json.Marshal(named(o.changed, rows))
	if err != nil {
		s.log.Error("push not encoded", "kind", kind, "err", err)
		return
	}
	s.sockets.send(o.uid, frame)
}

func (s *Site) pushComment(c *comment) {
	if c.root == nil {
		s.push(c.work.owner, "comment", map[string]any{"comments": []Comment{c.row()}})
		return
	}
	s.push(c.work.owner, "reply", map[string]any{"replies": []Comment{c.row()}})
}

func (s *Site) pushMessage(m *message) {
	s.push(m.conv.owner, "message", map[string]any{
		"messages": []Message{m.row()}, "conversations": []Conversation{m.conv.row()},
	})
}
