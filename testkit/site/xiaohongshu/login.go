package xiaohongshu

import (
	"fmt"
	"net/http"

	"troupe/testkit/site/stage"
)

// The numbers of the main site's login codes.
const (
	codeWaiting = iota
	codeScanned
	codeSuccess
	codeExpired
)

// Confirm presses "confirm" on the phone of an owner; "" is a new owner.
func (s *Site) Confirm(token, ownerUID string) error {
	s.mu.Lock()
	o := s.world.owner(ownerUID)
	if ownerUID == "" {
		o = s.world.createOwner(NewOwner{})
	}
	s.mu.Unlock()
	if o == nil {
		return fmt.Errorf("owner %q: %w", ownerUID, stage.ErrGone)
	}
	return s.ConfirmCode(token, o.uid)
}

func (s *Site) loginRoutes(mux *http.ServeMux) {
	mux.HandleFunc(at("POST", hostAPI, "/api/sns/web/v1/login/qrcode/create"), s.createQRCode)
	mux.HandleFunc(at("POST", hostAPI, "/api/qrcode/userinfo"), s.pollNew)
	mux.HandleFunc(at("GET", hostAPI, "/api/sns/web/v1/login/qrcode/status"), s.pollOld)
	mux.HandleFunc(at("GET", hostAPI, "/api/sns/web/v2/login/send_code"), s.sendCode)
	mux.HandleFunc(at("GET", hostAPI, "/api/sns/web/v1/login/check_code"), s.checkCode)
	for _, host := range []string{hostWWW, hostCreator} {
		mux.HandleFunc(at("GET", host, "/qr/{id}"), s.codePicture)
	}
}

// newCode makes a QR code for the browser that asks, or answers why there is none.
func (s *Site) newCode(w http.ResponseWriter, r *http.Request) (c stage.NewCode, ok bool) {
	if s.Behaves().QRLimit {
		write(w, nil, refuseOften)
		return c, false
	}
	c, err := s.MakeCode(cookieOf(r, cookieBrowser))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return c, false
	}
	s.mu.Lock()
	s.pictures[c.Token] = c.PNG
	s.mu.Unlock()
	return c, true
}

func (s *Site) createQRCode(w http.ResponseWriter, r *http.Request) {
	if c, ok := s.newCode(w, r); ok {
		write(w, fields{
			"qr_id": c.Token, "code": opaque("code", c.Token)[:6], "url": "https://" + hostWWW + "/mobile/login?qrId=" + c.Token, "multi_flag": 0,
		}, nil)
	}
}

// codePicture is a QR code as a picture, which the page puts into a data URL.
func (s *Site) codePicture(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	picture := s.pictures[r.PathValue("id")]
	s.mu.Unlock()
	if picture == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(picture) // the reader may be gone
}

// poll is what the main site's login hears of a code: its number, and who logs in.
func (s *Site) poll(r *http.Request, id string) (status int, ownerUID string, why *refusal) {
	browser := cookieOf(r, cookieBrowser)
	state, ownerUID := s.PollCode(browser, id)
	if (state == stage.CodeConfirmed || state == stage.CodeInput) && s.Behaves().CaptchaAfter {
		return 0, "", riskAnswers["471"]
	}
	switch state {
	case stage.CodeNew:
		return codeWaiting, "", nil
	case stage.CodeScanned:
		return codeScanned, "", nil
	case stage.CodeConfirmed:
		return codeSuccess, ownerUID, nil
	case stage.CodeInput:
		s.mu.Lock()
		s.pending[browser] = id
		s.mu.Unlock()
		return codeScanned, "", nil
	}
	return codeExpired, "", nil
}

// pollNew answers in the newer form.
func (s *Site) pollNew(w http.ResponseWriter, r *http.Request) {
	var in struct {
		QRID string `json:"qrId"`
	}
	if !decode(r, &in) {
		write(w, nil, refuseBad)
		return
	}
	status, owner, why := s.poll(r, in.QRID)
	s.answerPoll(w, r, fields{"codeStatus": status, "userId": owner, "needVerify": s.waits(r)}, owner, why)
}

// pollOld answers in the older form.
func (s *Site) pollOld(w http.ResponseWriter, r *http.Request) {
	status, owner, why := s.poll(r, r.FormValue("qr_id"))
	data := fields{"code_status": status, "need_verify": s.waits(r)}
	if owner != "" {
		data["login_info"] = fields{"user_id": owner, "secure_session": stage.Token()}
	}
	s.answerPoll(w, r, data, owner, why)
}

func (s *Site) answerPoll(w http.ResponseWriter, r *http.Request, data fields, owner string, why *refusal) {
	if owner != "" {
		s.letIn(w, r, owner)
	}
	write(w, data, why)
}

// letIn changes the guest's session into the owner's.
func (s *Site) letIn(w http.ResponseWriter, r *http.Request, ownerUID string) {
	setCookie(w, cookieSession, stage.VisitOf(r).LogIn(ownerUID), true)
}

// waits says whether the login of this browser waits for a verification code.
func (s *Site) waits(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending[cookieOf(r, cookieBrowser)] != ""
}

func (s *Site) sendCode(w http.ResponseWriter, r *http.Request) {
	if !s.waits(r) {
		write(w, nil, refuseBad)
		return
	}
	stage.VisitOf(r).Note(stage.KindCode, "sent")
	write(w, fields{}, nil)
}

// refuseCode is what a wrong verification code gets; after five of them the login begins anew.
var refuseCode = &refusal{code: -9001, text: "验证码错误"}

// enter types a verification code for the login that waits in this browser.
func (s *Site) enter(r *http.Request, typed string) (ownerUID string, why *refusal) {
	browser := cookieOf(r, cookieBrowser)
	s.mu.Lock()
	id := s.pending[browser]
	s.mu.Unlock()
	right, err := s.EnterCode(browser, id, typed)
	switch {
	case err != nil:
		return "", refuseBad
	case !right:
		return "", refuseCode
	}
	s.mu.Lock()
	delete(s.pending, browser)
	s.mu.Unlock()
	_, ownerUID = s.PollCode(browser, id)
	return ownerUID, nil
}

func (s *Site) checkCode(w http.ResponseWriter, r *http.Request) {
	owner, why := s.enter(r, r.FormValue("code"))
	if why == nil {
		s.letIn(w, r, owner)
	}
	write(w, fields{"mobile_token": ""}, why)
}
