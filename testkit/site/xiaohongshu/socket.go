package xiaohongshu

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"troupe/testkit/site/stage"
)

// The channels of sockets.
const (
	channelPush  = "push"  // private messages, both ways, in frames that nobody can read
	channelStage = "stage" // the stage's own hand in the open pages; carries no data
)

func (s *Site) socketRoutes(mux *http.ServeMux) {
	mux.HandleFunc(at("GET", hostSocket, "/rwp"), s.socket)
	for _, host := range []string{hostWWW, hostCreator} {
		mux.HandleFunc(at("GET", host, "/stage"), func(w http.ResponseWriter, r *http.Request) {
			v := stage.VisitOf(r)
			v.ServeSocket(w, r, channelStage, &websocket.AcceptOptions{}, func() stage.Frame { return s.riskOf(v) })
		})
		mux.HandleFunc(at("POST", host, "/stage/touch"), func(_ http.ResponseWriter, r *http.Request) {
			stage.VisitOf(r).Note(stage.KindCaptchaClick, "")
		})
	}
}

// socket serves the private messages' socket until either side ends it.
func (s *Site) socket(w http.ResponseWriter, r *http.Request) {
	v := stage.VisitOf(r)
	if !v.Session.Valid() || s.Behaves().PushOff {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	v.ServeTalk(w, r, channelPush, &websocket.AcceptOptions{OriginPatterns: []string{hostWWW}}, nil, func(f stage.Frame) *stage.Frame {
		return s.heard(v, f)
	})
}

// sent is what a page says through the socket.
type sent struct {
	ID   string `json:"id"` // the page's own
	To   string `json:"to"` // peer
	Text string `json:"text"`
	How  string `json:"how"` // how it was typed
}

// heard writes the message that a page sent, and enters the attempt in the audit log either way.
func (s *Site) heard(v *stage.Visit, f stage.Frame) *stage.Frame {
	var in sent
	text, ok := unseal(f.Data)
	if !ok || json.Unmarshal(text, &in) != nil {
		v.Note(stage.KindUnknown, "frame")
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.manners.SendLost || !v.Session.Valid() {
		return nil
	}
	o := s.world.owner(v.Session.Owner)
	c := find(o.convs, func(c *conversation) bool { return c.peer.uid == in.To })
	p := stage.Post{Kind: "message", Text: in.Text, Target: in.To}
	why := s.maySend(o, c, in.Text)
	answer := fields{"type": "ack", "id": in.ID, "code": 0, "wait": s.manners.SendMS}
	switch {
	case why != nil:
		p.Code = why.code
		answer["code"], answer["text"] = why.code, why.text
		if why == refuseStranger {
			s.world.addMessage(c, c.peer, typeHint, why.text, "", s.world.clock())
		}
	default:
		p.ID = s.world.addMessage(c, o.person, typeText, in.Text, "", s.world.clock()).id
	}
	v.Entry.Detail = in.How
	v.Posted(p)
	if v.Reset {
		return nil
	}
	return frameOf(answer)
}

func (s *Site) maySend(o *owner, c *conversation, text string) *refusal {
	switch {
	case c == nil || c.kind == kindOfficial || strings.TrimSpace(text) == "":
		return refuseBad
	case o.limits["message"] || riskAnswers[o.risk] != nil:
		return refuseMessage
	case c.exhausted(s.world.clock()):
		return refuseStranger
	}
	return nil
}

// pushMessage tells an owner's open pages that a conversation has changed; they ask for it themselves. Site.mu is held.
func (s *Site) pushMessage(m *message) {
	frame := frameOf(fields{"type": "changed", "to": m.conv.peer.uid})
	s.Push(m.conv.owner.uid, channelPush, *frame)
	if s.manners.PushTwice {
		s.Push(m.conv.owner.uid, channelPush, *frame)
	}
}

// sealMark begins every frame, before eight bytes that all others are mixed with.
const sealMark = "RWP\x01"

// frameOf seals what a page is told.
func frameOf(what fields) *stage.Frame {
	salt := make([]byte, 8)
	_, _ = rand.Read(salt) // never fails
	return &stage.Frame{Binary: true, Data: append(append([]byte(sealMark), salt...), mix(salt, []byte(asJSON(what)))...)}
}

// unseal reads a frame; false = it is none.
func unseal(frame []byte) (text []byte, ok bool) {
	if len(frame) < len(sealMark)+8 || string(frame[:len(sealMark)]) != sealMark {
		return nil, false
	}
	salt := frame[len(sealMark) : len(sealMark)+8]
	return mix(salt, frame[len(sealMark)+8:]), true
}

// mix makes text unreadable, or readable again. It is no cipher: it keeps a reader of frames from finding words in them.
func mix(salt, text []byte) []byte {
	out := make([]byte, len(text))
	for i, b := range text {
		out[i] = b ^ salt[i%len(salt)] ^ byte(i*31+7)
	}
	return out
}

// riskOf says what stands before the pages of whoever asks, for a page that was opened just before it came.
func (s *Site) riskOf(v *stage.Visit) stage.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := ""
	if v.Session.Valid() {
		kind = s.world.owner(v.Session.Owner).risk
	}
	return actFrame(fields{"act": "captcha", "kind": kind})
}

func actFrame(what fields) stage.Frame { return stage.Frame{Data: []byte(asJSON(what))} }

// act moves something in the open pages of an owner, or of everybody (""). Site.mu is not held.
func (s *Site) act(ownerUID string, what fields) {
	to := []string{ownerUID}
	if ownerUID == "" {
		for _, o := range s.Owners() {
			to = append(to, o.UID)
		}
	}
	for _, uid := range to {
		s.Push(uid, channelStage, actFrame(what))
	}
}
