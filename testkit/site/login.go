package site

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"troupe/testkit/site/stage"
)

// Confirm presses "confirm" on the phone of an owner; "" is a new owner.
func (s *Site) Confirm(token, ownerID string) error {
	s.mu.Lock()
	o := s.world.owner(ownerID)
	if ownerID == "" {
		o = s.world.createOwner(NewOwner{})
	}
	s.mu.Unlock()
	if o == nil {
		return fmt.Errorf("owner %q: %w", ownerID, errGone)
	}
	return s.ConfirmCode(token, o.uid)
}

func (s *Site) loginRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+hostCreator+"/api/login/qr", s.makeCode)
	mux.HandleFunc("GET "+hostCreator+"/api/login/poll", s.pollCode)
	mux.HandleFunc("POST "+hostCreator+"/api/login/code", s.enterCode)
}

func (s *Site) makeCode(w http.ResponseWriter, r *http.Request) {
	c, err := s.MakeCode(guestOf(r))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	stage.WriteJSON(w, map[string]any{
		"status_code": 0, "token": c.Token, "expires_in_ms": c.TTL.Milliseconds(),
		"image": "data:image/png;base64," + base64.StdEncoding.EncodeToString(c.PNG),
	})
}

// pollCode answers the code's state; the first answer "confirmed" brings the session cookie.
func (s *Site) pollCode(w http.ResponseWriter, r *http.Request) {
	state, owner := s.PollCode(guestOf(r), r.URL.Query().Get("token"))
	if owner != "" {
		setCookie(w, cookieSession, stage.VisitOf(r).LogIn(owner), sessionLife, true)
		setCookie(w, cookieCSRF, stage.Token(), 0, false)
	}
	stage.WriteJSON(w, map[string]any{"status_code": 0, "state": state})
}

func (s *Site) enterCode(w http.ResponseWriter, r *http.Request) {
	var in struct{ Token, Code string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in)
	right := false
	if err == nil {
		right, err = s.EnterCode(guestOf(r), in.Token, in.Code)
	}
	switch {
	case err != nil:
		stage.WriteJSON(w, map[string]any{"status_code": 3, "status_msg": "参数错误"})
	case right:
		stage.WriteJSON(w, map[string]any{"status_code": 0})
	default:
		stage.WriteJSON(w, map[string]any{"status_code": 11, "status_msg": "验证码错误"})
	}
}

func guestOf(r *http.Request) string {
	c, err := r.Cookie(cookieGuest)
	if err != nil {
		return ""
	}
	return c.Value
}
