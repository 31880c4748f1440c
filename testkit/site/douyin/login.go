package douyin

import (
	"encoding/base64"
	"fmt"
	"net/http"

	"troupe/testkit/site/stage"
)

// Confirm presses "confirm" on the phone of an owner; "" is a new owner.
func (s *Site) Confirm(token, ownerUID string) error {
	s.mu.Lock()
	o := s.world.owner(ownerUID)
	if ownerUID == "" {
		o = s.world.createOwner(NewOwner{})
	}
	if o != nil {
		o.card = false
	}
	s.mu.Unlock()
	if o == nil {
		return fmt.Errorf("owner %q: %w", ownerUID, stage.ErrGone)
	}
	return s.ConfirmCode(token, o.uid)
}

func (s *Site) loginRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+hostLogin+"/passport/web/get_qrcode/", s.getQRCode)
	mux.HandleFunc("POST "+hostLogin+"/passport/web/check_qrconnect/", s.checkQRConnect)
	mux.HandleFunc("POST "+hostLogin+"/passport/web/send_code/", s.sendCode)
	mux.HandleFunc("POST "+hostLogin+"/passport/web/validate_code/", s.validateCode)
}

// passport answers as all login calls do.
func passport(w http.ResponseWriter, data fields) {
	message := "success"
	if data["error_code"] != 0 {
		message = "error"
	}
	stage.WriteJSON(w, fields{"data": data, "message": message})
}

var qrErrors = map[int]string{4031: "请求签名校验失败", 2156: "系统繁忙，请稍后再试", 7: "访问太频繁，请稍后再试"}

func (s *Site) getQRCode(w http.ResponseWriter, r *http.Request) {
	if bad := s.Behaves().QRError; bad != 0 && bad != 2156 {
		passport(w, fields{"error_code": bad, "description": qrErrors[bad]})
		return
	}
	c, err := s.MakeCode(cookieOf(r, cookieGuest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	passport(w, fields{
		"error_code": 0, "qrcode": base64.StdEncoding.EncodeToString(c.PNG), "token": c.Token, "expire_time": c.Expires.Unix(),
		"qrcode_index_url": "https://" + hostLogin + "/passport/web/qrcode/?token=" + c.Token,
	})
}

// checkQRConnect answers the code's state. What confirms it brings the cookies, or leads to the verification code.
func (s *Site) checkQRConnect(w http.ResponseWriter, r *http.Request) {
	m := s.Behaves()
	guest, token := cookieOf(r, cookieGuest), r.FormValue("token")
	home := "https://" + hostCreator + "/creator-micro/home"
	if m.CaptchaAfter {
		passport(w, fields{"error_code": 1105, "verify_center_decision_conf": `{"type":"verify","subtype":"slide","event":"tt_sso_send_code"}`})
		return
	}
	state, owner := s.PollCode(guest, token)
	switch {
	case m.QRError == 2156 && (state == stage.CodeConfirmed || state == stage.CodeInput):
		passport(w, fields{"error_code": 2156, "description": qrErrors[2156]})
	case state == stage.CodeInput:
		ticket := stage.Token()
		s.mu.Lock()
		s.pending[ticket] = token
		s.mu.Unlock()
		setCookie(w, cookieTicket, ticket, 0, true)
		passport(w, fields{"error_code": 0, "status": stage.CodeConfirmed, "redirect_url": home + "?mfa=1"})
	case owner != "":
		s.letIn(w, r, owner)
		passport(w, fields{"error_code": 0, "status": state, "redirect_url": home})
	default:
		passport(w, fields{"error_code": 0, "status": state})
	}
}

// letIn sets the cookies of a login.
func (s *Site) letIn(w http.ResponseWriter, r *http.Request, ownerUID string) {
	id := stage.VisitOf(r).LogIn(ownerUID)
	for _, name := range []string{cookieSession, "sessionid_ss", "sid_tt"} {
		setCookie(w, name, id, sessionLife, true)
	}
	setCookie(w, "sid_guard", id+"%7C5184000", sessionLife, true)
	setCookie(w, "uid_tt", opaque("t", ownerUID), sessionLife, true)
	setCookie(w, "LOGIN_STATUS", "1", sessionLife, false)
	setCookie(w, cookieCSRF, stage.Token(), sessionLife, false)
	setCookie(w, cookieTicket, "", -1, true)
}

// ticketOf is the QR code whose login waits for a verification code in this browser; "" = none.
func (s *Site) ticketOf(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending[cookieOf(r, cookieTicket)]
}

func (s *Site) sendCode(w http.ResponseWriter, r *http.Request) {
	if s.ticketOf(r) == "" {
		passport(w, fields{"error_code": 1011, "description": "请重新登录"})
		return
	}
	stage.VisitOf(r).Note(stage.KindCode, "sent")
	passport(w, fields{"error_code": 0, "mobile": "138******00", "retry_time": 60})
}

func (s *Site) validateCode(w http.ResponseWriter, r *http.Request) {
	guest, token := cookieOf(r, cookieGuest), s.ticketOf(r)
	right, err := s.EnterCode(guest, token, r.FormValue("code"))
	switch {
	case err != nil:
		passport(w, fields{"error_code": 1011, "description": "请重新登录"})
	case !right:
		passport(w, fields{"error_code": 1202, "description": "验证码错误，请重新输入"})
	default:
		_, owner := s.PollCode(guest, token)
		s.letIn(w, r, owner)
		passport(w, fields{"error_code": 0})
	}
}
