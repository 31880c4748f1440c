package site

import (
	"encoding/json"
	"net/http"

	"github.com/coder/websocket"

	"troupe/testkit/site/stage"
)

const channelPush = "push"

// socket serves wss://im.sandbox.test/push until either side ends it.
func (s *Site) socket(w http.ResponseWriter, r *http.Request) {
	v := stage.VisitOf(r)
	s.mu.Lock()
	ok := v.Session.Valid() && !s.ownerOf(v).captcha
	s.mu.Unlock()
	if !ok {
		http.Error(w, "请先登录", http.StatusUnauthorized)
		return
	}
	v.ServeSocket(w, r, channelPush, &websocket.AcceptOptions{OriginPatterns: []string{hostCreator, hostCreator + ":*"}}, nil)
}

// push tells an owner's open pages. Site.mu is held.
func (s *Site) push(o *owner, kind string, rows map[string]any) {
	rows["type"] = kind
	frame, err := json.Marshal(named(o.changed, rows))
	if err != nil {
		s.log.Error("push not encoded", "kind", kind, "err", err)
		return
	}
	s.Push(o.uid, channelPush, stage.Frame{Data: frame})
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
