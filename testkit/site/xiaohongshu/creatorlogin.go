package xiaohongshu

import (
	"net/http"

	"troupe/testkit/site/stage"
)

// casStatus are the numbers of the creator centre's login codes, which are not those of the main site.
var casStatus = map[string]int{
	stage.CodeNew: 2, stage.CodeScanned: 3, stage.CodeInput: 3, stage.CodeConfirmed: 1, stage.CodeExpired: -1, stage.CodeRefused: -1,
}

func (s *Site) creatorLoginRoutes(mux *http.ServeMux) {
	mux.HandleFunc(at("POST", hostCustomer, "/api/cas/customer/web/qr-code"), s.casCreate)
	mux.HandleFunc(at("GET", hostCustomer, "/api/cas/customer/web/qr-code"), s.casPoll)
	mux.HandleFunc(at("POST", hostCustomer, "/api/cas/customer/web/verify-code"), s.sendCode)
	mux.HandleFunc(at("POST", hostCustomer, "/api/cas/customer/web/service-ticket"), s.casTicket)
	mux.HandleFunc(at("POST", hostCreator, "/sso/customer_login"), func(w http.ResponseWriter, _ *http.Request) {
		setCookie(w, "customer-sso-sid", stage.Token(), true)
		write(w, fields{}, nil)
	})
	mux.HandleFunc(at("POST", hostCreator, "/api/galaxy/user/cas/login"), s.casLogin)
}

func (s *Site) casCreate(w http.ResponseWriter, r *http.Request) {
	if c, ok := s.newCode(w, r); ok {
		write(w, fields{"id": c.Token, "url": "https://" + hostWWW + "/mobile/login?qrId=" + c.Token}, nil)
	}
}

// casPoll answers a code's state; who is confirmed gets a ticket for it later.
func (s *Site) casPoll(w http.ResponseWriter, r *http.Request) {
	browser, id := cookieOf(r, cookieBrowser), r.FormValue("qr_code_id")
	state, owner := s.PollCode(browser, id)
	if s.Behaves().CaptchaAfter && (state == stage.CodeConfirmed || state == stage.CodeInput) {
		write(w, nil, riskAnswers["471"])
		return
	}
	s.mu.Lock()
	if owner != "" {
		s.tickets[id] = owner
	}
	if state == stage.CodeInput {
		s.pending[browser] = id
	}
	s.mu.Unlock()
	write(w, fields{"status": casStatus[state], "needVerify": s.waits(r)}, nil)
}

// casTicket changes a confirmed code, or a right verification code, into a ticket.
func (s *Site) casTicket(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Type string `json:"type"`
		ID   string `json:"qrCodeId"`
		Code string `json:"verifyCode"`
	}
	if !decode(r, &in) {
		write(w, nil, refuseBad)
		return
	}
	var owner string
	if in.Type == "phoneVerifyCode" {
		var why *refusal
		if owner, why = s.enter(r, in.Code); why != nil {
			write(w, nil, why)
			return
		}
	}
	ticket := "ST-" + stage.Token()
	s.mu.Lock()
	if owner == "" {
		owner = s.tickets[in.ID]
	}
	delete(s.tickets, in.ID)
	s.tickets[ticket] = owner
	s.mu.Unlock()
	if owner == "" {
		write(w, nil, refuseBad)
		return
	}
	write(w, fields{"ticket": ticket}, nil)
}

func (s *Site) casLogin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Ticket string `json:"ticket"`
	}
	ok := decode(r, &in)
	s.mu.Lock()
	owner := s.tickets[in.Ticket]
	delete(s.tickets, in.Ticket)
	s.mu.Unlock()
	if !ok || owner == "" {
		write(w, nil, refuseBad)
		return
	}
	s.letIntoCreator(w, r, owner)
	write(w, fields{"userId": owner}, nil)
}

// letIntoCreator begins a session of the creator centre.
func (s *Site) letIntoCreator(w http.ResponseWriter, r *http.Request, ownerUID string) {
	cookie := stage.VisitOf(r).LogIn(ownerUID)
	s.mu.Lock()
	s.creators[cookie] = true
	s.mu.Unlock()
	setCookie(w, cookieCreator, cookie, true)
	setCookie(w, "access-token-creator.xiaohongshu.com", "customer.creator."+cookie, true)
}
