package site

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"troupe/testkit/site/stage"
)

// submission is the body of every POST of a page.
type submission struct {
	WorkID    string `json:"work_id"`
	CommentID string `json:"comment_id"`
	Peer      string `json:"peer"`
	Text      string `json:"text"`
}

// submitted decodes a POST, which must carry the csrf cookie in a header too.
func submitted(c func(*owner, *stage.Visit, submission) (map[string]any, error)) call {
	return func(o *owner, r *http.Request) (map[string]any, error) {
		cookie, err := r.Cookie(cookieCSRF)
		if err != nil || cookie.Value == "" || cookie.Value != r.Header.Get("X-SB-CSRF") {
			return nil, fmt.Errorf("csrf: %w", errBadParameter)
		}
		var in submission
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return nil, fmt.Errorf("decode: %w", errBadParameter)
		}
		return c(o, stage.VisitOf(r), in)
	}
}

func (s *Site) postComment(o *owner, v *stage.Visit, in submission) (map[string]any, error) {
	p := Post{Kind: "comment", Text: in.Text, Work: in.WorkID, Target: in.WorkID}
	k, parent := o.work(in.WorkID), s.world.comments[in.CommentID]
	err := acceptable(o, in.Text)
	if in.CommentID != "" {
		p.Kind, p.Target = "reply", in.CommentID
		if err == nil && (parent == nil || parent.work != k) {
			err = errGone
		}
	}
	switch {
	case err != nil:
	case k == nil:
		err = errGone
	case k.closed:
		err = refuseClosed
	}
	if err != nil {
		posted(v, p, err)
		return nil, err
	}
	c := s.world.addComment(k, parent, o.person, in.Text, s.world.clock())
	p.ID = c.id
	posted(v, p, nil)
	s.pushComment(c)
	return map[string]any{"comment": c.row()}, nil
}

func (s *Site) postMessage(o *owner, v *stage.Visit, in submission) (map[string]any, error) {
	p := Post{Kind: "message", Text: in.Text, Target: in.Peer}
	conv := o.conversation(in.Peer)
	err := acceptable(o, in.Text)
	if err == nil && conv == nil {
		err = errGone
	}
	if err != nil {
		posted(v, p, err)
		return nil, err
	}
	m := s.world.addMessage(o, conv.peer, true, in.Text, s.world.clock())
	p.ID = m.id
	posted(v, p, nil)
	s.pushMessage(m)
	return map[string]any{"message": m.row()}, nil
}

func (s *Site) postRead(o *owner, v *stage.Visit, in submission) (map[string]any, error) {
	conv := o.conversation(in.Peer)
	if conv == nil {
		return nil, errGone
	}
	if conv.unread != 0 {
		conv.unread, conv.seq = 0, s.world.change()
	}
	v.Note(KindRead, in.Peer)
	return map[string]any{}, nil
}

// acceptable says why an owner may not write that text, or nil.
func acceptable(o *owner, text string) error {
	switch {
	case o.postsLimited:
		return refuseLimited
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("empty text: %w", errBadParameter)
	case strings.Contains(text, "违规"):
		return refuseContent
	}
	return nil
}

// posted enters an attempt to write, which err refused or not.
func posted(v *stage.Visit, p Post, err error) {
	if err != nil {
		p.Code, _ = refused(err)["status_code"].(int)
	}
	v.Posted(p)
}

// upload takes any body, as long as it comes, and says whether the page shall stop.
func (s *Site) upload(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return // cut off in the middle; the bytes are counted
	}
	s.mu.Lock()
	o := s.ownerOf(stage.VisitOf(r))
	stop := o != nil && o.uploadsEnded
	s.mu.Unlock()
	stage.WriteJSON(w, map[string]any{"status_code": 0, "received": n, "stop": stop})
}

func (s *Site) verifyState(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o := s.ownerOf(stage.VisitOf(r))
	clear := o == nil || !o.captcha
	s.mu.Unlock()
	stage.WriteJSON(w, map[string]any{"status_code": 0, "clear": clear})
}

func (s *Site) verifyTouched(w http.ResponseWriter, r *http.Request) {
	stage.VisitOf(r).Note(KindCaptchaClick, "")
	stage.WriteJSON(w, map[string]any{"status_code": 0})
}
