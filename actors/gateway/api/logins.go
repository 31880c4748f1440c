package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
)

// Login is a login session in JSON. The QR picture is given only to those who name the session.
type Login struct {
	Session     string `json:"session"`
	Account     string `json:"account"`
	Status      string `json:"status"`            // pending scanning success failed timeout expired cancelled
	Final       bool   `json:"final"`             // no further step will come
	Step        string `json:"step,omitempty"`    // qrcode_ready qrcode_refreshed scanning sms_input_required
	Ask         string `json:"ask,omitempty"`     // which input is wanted: verification_code phone_number
	Message     string `json:"message,omitempty"` // of the page, for people
	QR          string `json:"qr,omitempty"`      // data URL of a PNG
	QRExpiresAt int64  `json:"qr_expires_at,omitempty"`
	Reason      string `json:"reason,omitempty"` // why it ended without success
	CreatedAt   int64  `json:"created_at,omitempty"`
	ExpiresAt   int64  `json:"expires_at,omitempty"`
	EndedAt     int64  `json:"ended_at,omitempty"`
}

// Logins is the answer to GET /logins.
type Logins struct {
	Logins []Login `json:"logins"` // oldest first
}

// NewLogin is the body of POST /accounts/{account}/login.
type NewLogin struct {
	Session string `json:"session,omitempty"` // the client's own id for it; empty = the node makes one
}

// Input is the body of POST /logins/{session}/input.
type Input struct {
	Kind  string `json:"kind"` // verification_code phone_number password refresh
	Value string `json:"value,omitempty"`
}

// inputKinds are what a person may enter; only refresh has no value.
var inputKinds = []string{"verification_code", "phone_number", "password", "refresh"}

var sessionForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (a *API) startLogin(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body NewLogin
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Session != "" && !sessionForm.MatchString(body.Session) {
		return invalid("field \"session\" must be 1 to 64 letters, digits, _ or -")
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	started, err := actors.Ask[*messages.LoginStarted](ctx, a.Root, a.Master,
		&messages.StartLogin{Account: acc.Record.GetId(), Session: body.Session, TraceId: newTrace()})
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, Login{
		Session: started.GetSession(), Account: started.GetAccount(),
		Status: "pending", CreatedAt: a.Now().UnixMilli(), ExpiresAt: started.GetExpiresAt(),
	})
}

func (a *API) listLogins(w http.ResponseWriter, r *http.Request) error {
	account := r.URL.Query().Get("account")
	if err := a.known(account); err != nil {
		return err
	}
	list := []Login{}
	for _, rec := range a.Board.Load().Logins {
		if account == "" || rec.GetAccount() == account {
			list = append(list, loginOf(rec))
		}
	}
	return answer(w, http.StatusOK, Logins{list})
}

func (a *API) showLogin(w http.ResponseWriter, r *http.Request) error {
	login, err := a.loginNow(r.Context(), r.PathValue("session"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, login)
}

// loginNow is a login as it stands, with its picture.
func (a *API) loginNow(ctx context.Context, session string) (Login, error) {
	step, err := a.lastStep(ctx, messages.LoginID(session))
	if err != nil {
		return Login{}, err
	}
	rec := loginRecord(a.Board.Load(), session)
	switch {
	case rec == nil && step == nil:
		return Login{}, noLogin(session)
	case step == nil || rec != nil && rec.GetEndedAt() != 0:
		return loginOf(rec), nil
	}
	return stepOf(rec, step, true), nil
}

func (a *API) loginInput(w http.ResponseWriter, r *http.Request) error {
	var body Input
	if err := decode(r, &body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	return a.tellLogin(w, r, &messages.LoginInput{Session: r.PathValue("session"), Kind: body.Kind, Value: []byte(body.Value)})
}

func (in *Input) check() error {
	switch {
	case !slices.Contains(inputKinds, in.Kind):
		return invalid("field \"kind\" must be one of %s", join(inputKinds))
	case in.Kind != "refresh" && in.Value == "":
		return invalid("field \"value\" is missing: what the person entered")
	}
	return limited("value", in.Value, 200)
}

func (a *API) cancelLogin(w http.ResponseWriter, r *http.Request) error {
	return a.tellLogin(w, r, &messages.CancelLogin{Session: r.PathValue("session"), Reason: "cancelled by the operator"})
}

// tellLogin passes a command on to a running login.
func (a *API) tellLogin(w http.ResponseWriter, r *http.Request, command any) error {
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	if _, err := actors.Ask[*messages.LoginStarted](ctx, a.Root, a.Master, command); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func noLogin(session string) *Problem {
	return notFound("no login session is named %q: start one with POST %s/accounts/{account}/login", session, Prefix)
}

func loginRecord(b *board.Board, session string) *messages.LoginSession {
	for _, rec := range b.Logins {
		if rec.GetSession() == session {
			return rec
		}
	}
	return nil
}

func loginOf(rec *messages.LoginSession) Login {
	return Login{
		Session: rec.GetSession(), Account: rec.GetAccount(), Status: rec.GetStatus(), Final: rec.GetEndedAt() != 0,
		Reason: rec.GetReason(), CreatedAt: rec.GetCreatedAt(), ExpiresAt: rec.GetExpiresAt(), EndedAt: rec.GetEndedAt(),
	}
}

// stepOf is a running login at its last step; rec may be nil when the board does not show it yet.
func stepOf(rec *messages.LoginSession, step *messages.LoginStep, picture bool) Login {
	out := loginOf(rec)
	out.Session, out.Account, out.Final = step.GetSession(), step.GetAccount(), false
	out.Step, out.Ask, out.Message, out.QRExpiresAt = step.GetStatus(), step.GetStep(), step.GetMessage(), step.GetExpiresAt()
	out.Status = "pending"
	if step.GetStatus() == "scanning" || step.GetStatus() == "sms_input_required" {
		out.Status = "scanning"
	}
	if picture && len(step.GetQrPng()) > 0 {
		out.QR = "data:image/png;base64," + base64.StdEncoding.EncodeToString(step.GetQrPng())
	}
	return out
}

func endedOf(rec *messages.LoginSession, ended *messages.LoginEnded) Login {
	out := loginOf(rec)
	out.Session, out.Account, out.Final = ended.GetSession(), ended.GetAccount(), true
	out.Status, out.Reason, out.EndedAt = ended.GetStatus(), ended.GetReason(), ended.GetAt()
	return out
}
