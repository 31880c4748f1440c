package douyin

import (
	"encoding/json"
	"net/http"

	"github.com/coder/websocket"

	"troupe/testkit/site/stage"
)

// The channels of sockets.
const (
	channelPush  = "push"  // frontier-im: what the real site pushes
	channelStage = "stage" // the stage's own hand in the open pages; carries no data
)

func (s *Site) pushRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+hostPush+"/ws/v2", s.socket)
	for _, host := range []string{hostWWW, hostCreator, hostChat} {
		mux.HandleFunc("GET "+host+"/stage", func(w http.ResponseWriter, r *http.Request) {
			v := stage.VisitOf(r)
			v.ServeSocket(w, r, channelStage, &websocket.AcceptOptions{}, func() stage.Frame { return s.captchaOf(v) })
		})
		mux.HandleFunc("POST "+host+"/stage/touch", func(_ http.ResponseWriter, r *http.Request) {
			stage.VisitOf(r).Note(stage.KindCaptchaClick, "")
		})
	}
}

// socket serves wss://frontier-im.douyin.com/ws/v2 until either side ends it.
func (s *Site) socket(w http.ResponseWriter, r *http.Request) {
	v := stage.VisitOf(r)
	s.mu.Lock()
	if one := s.tokens[r.FormValue("token")]; v.Session == nil && one != nil {
		v.Belongs(one)
	}
	_, why := s.asker(v)
	off := s.manners.PushOff
	s.mu.Unlock()
	if why != nil || off {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	v.ServeSocket(w, r, channelPush, &websocket.AcceptOptions{
		OriginPatterns: []string{hostWWW, hostCreator, hostChat}, Subprotocols: []string{"pbbp2", "binary", "base64"},
	}, nil)
}

// pushMessage tells an owner's open pages of a message. Site.mu is held.
func (s *Site) pushMessage(m *message) {
	kind := 1
	if m.conv.group {
		kind = 2
	}
	s.push(m.conv.owner, "pb", s.wire.encode("Response", fields{
		"cmd": cmdNotify, "error_desc": "OK", "my_uid": number(m.conv.owner.uid), "body": fields{"new_message_notify": fields{
			"conversation_id": m.conv.id, "conversation_type": kind, "notify_type": 1, "message": imMessage(m),
		}},
	}))
}

// pushNotice tells them that there is a notice; they ask for it themselves. Site.mu is held.
func (s *Site) pushNotice(n *notice) {
	if !s.manners.ByPush {
		return
	}
	text, err := json.Marshal(fields{"notice_list": []fields{{"notice_id_str": n.id, "type": n.kind}}, "notice_count": 1})
	if err != nil {
		panic(err) // strings and numbers
	}
	s.push(n.owner, "text/json", text)
}

func (s *Site) push(o *owner, kind string, payload []byte) {
	s.frames++
	frame := stage.Frame{Binary: true, Data: s.wire.encode("PushFrame", fields{
		"seq_id": s.frames, "log_id": s.frames, "service": 5, "method": 1, "payload_type": kind, "payload_encoding": "",
		"headers": []fields{{"key": "cmd", "value": "500"}}, "payload": payload,
	})}
	s.Push(o.uid, channelPush, frame)
	if s.manners.PushTwice {
		s.Push(o.uid, channelPush, frame)
	}
}

// captchaOf says what stands before the pages of whoever asks, for a page that was opened just before it came.
func (s *Site) captchaOf(v *stage.Visit) stage.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := ""
	if o, why := s.asker(v); why == nil {
		kind = o.captcha
	}
	return actFrame(fields{"act": "captcha", "kind": kind})
}

func actFrame(what fields) stage.Frame {
	text, err := json.Marshal(what)
	if err != nil {
		panic(err) // strings
	}
	return stage.Frame{Data: text}
}

// act moves something in the open pages of an owner, or of everybody (""). Site.mu is not held.
func (s *Site) act(ownerUID string, what fields) {
	to := []string{ownerUID}
	if ownerUID == "" {
		s.mu.Lock()
		for _, o := range s.world.owners {
			to = append(to, o.uid)
		}
		s.mu.Unlock()
	}
	for _, uid := range to {
		s.Push(uid, channelStage, actFrame(what))
	}
}
