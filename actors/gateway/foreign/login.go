package foreign

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// session is a login that the worker was asked for.
type session struct {
	account messages.AccountID
	shown   bool // a picture was shown: the next one is a new one
}

func (w *worker) onStartLogin(c actor.Context, m *messages.StartLogin) {
	a := w.accounts[messages.AccountID(m.GetAccount())]
	if a == nil {
		return
	}
	p, err := w.proxy(a.upstream)
	if err != nil {
		w.endLogin(c, messages.LoginID(m.GetSession()), a, "failed", err.Error(), nil)
		return
	}
	w.sessions[messages.LoginID(m.GetSession())] = &session{account: a.id()}
	w.enter(c, a, messages.LoggingIn, "")
	w.peer.Emit("master:login:start", loginStart{AccountID: string(a.id()), SessionID: m.GetSession(), Platform: a.record.GetPlatform(), Proxy: p})
}

// onLoginInput hands on what a person entered, if Node workers know its kind.
func (w *worker) onLoginInput(m *messages.LoginInput) {
	switch m.GetKind() {
	case "phone_number", "verification_code":
		w.peer.Emit("master:login:user_input", loginInput{m.GetSession(), m.GetKind(), string(m.GetValue())})
	}
}

// onCancelLogin ends a session. Node workers know no word for it: what the worker says of it later is not heard.
func (w *worker) onCancelLogin(c actor.Context, m *messages.CancelLogin) {
	id := messages.LoginID(m.GetSession())
	s := w.sessions[id]
	if s == nil {
		return
	}
	status := "cancelled"
	if m.GetReason() == "timeout" {
		status = "timeout"
	}
	w.endLogin(c, id, w.accounts[s.account], status, m.GetReason(), nil)
}

func (w *worker) loggingIn(id messages.AccountID) bool {
	for _, s := range w.sessions {
		if s.account == id {
			return true
		}
	}
	return false
}

// onLoginStep passes a step of a login on. Of a success only the profile is read: cookies and fingerprint stay unread.
func (w *worker) onLoginStep(c actor.Context, h heard, m loginStep) {
	id := messages.LoginID(m.session)
	s := w.sessions[id]
	if s == nil {
		w.refuse(h, m.account, "this login session is not open on this worker")
		return
	}
	a := w.accounts[s.account]
	if a == nil {
		delete(w.sessions, id)
		return
	}
	h.ack(done{true, w.Now().UnixMilli()})
	status := m.record.text("status")
	if m.picture {
		status = "qrcode_ready"
	}
	switch status {
	case "qrcode_ready", "qrcode_refreshed":
		w.showPicture(c, h, id, s, m.record)
	case "scanning":
		w.step(c, id, s, &messages.LoginStep{Status: status, Message: m.record.brief("message")})
	case "sms_input_required":
		w.step(c, id, s, &messages.LoginStep{Status: status, Step: m.record.brief("step"), Message: m.record.brief("message")})
	case "success":
		w.note(loginEvent, status, string(s.account), string(id))
		w.endLogin(c, id, a, status, "", profileOf(m.record.object("user_info", "userInfo")))
	case "failed", "timeout", "expired":
		w.note(loginEvent, status, string(s.account), string(id))
		w.endLogin(c, id, a, status, m.record.brief("error_message", "message", "error"), nil)
	}
}

func (w *worker) showPicture(c actor.Context, h heard, id messages.LoginID, s *session, r record) {
	png, err := pictureOf(r.text("qr_code_data", "qrCodeData"))
	if err != nil {
		w.refuse(h, string(s.account), err.Error())
		return
	}
	status := "qrcode_ready"
	if s.shown {
		status = "qrcode_refreshed"
	}
	s.shown = true
	w.step(c, id, s, &messages.LoginStep{Status: status, QrPng: png, ExpiresAt: r.at("expires_at", "expiresAt")})
}

func (w *worker) step(c actor.Context, id messages.LoginID, s *session, step *messages.LoginStep) {
	step.Session, step.Account, step.At = string(id), string(s.account), w.Now().UnixMilli()
	if a := w.accounts[s.account]; a != nil {
		step.Epoch = a.epoch
	}
	c.Request(w.Master, step)
}

// endLogin says how a login ended, and what the account does then.
func (w *worker) endLogin(c actor.Context, id messages.LoginID, a *account, status, reason string, p *messages.Profile) {
	delete(w.sessions, id)
	if a == nil {
		return
	}
	c.Request(w.Master, &messages.LoginEnded{
		Session: string(id), Account: string(a.id()), Epoch: a.epoch, Status: status, Reason: reason, Profile: p, At: w.Now().UnixMilli(),
	})
	switch {
	case status == "success":
		w.learn(c, a, p)
		w.enter(c, a, messages.Watching, "")
	case a.record.GetLoggedIn():
		w.enter(c, a, messages.Watching, "")
	default:
		w.enter(c, a, messages.LoggedOut, "the login did not succeed")
	}
}

const mostPicture = 512 << 10

var (
	pngHead    = []byte("\x89PNG\r\n\x1a\n")
	errPicture = errors.New("qr_code_data must be a PNG in base64, data:image/png;base64,… , of at most 512 KiB")
)

// pictureOf reads a data URL, or base64 alone.
func pictureOf(data string) ([]byte, error) {
	if head, rest, is := strings.Cut(data, ","); is && strings.HasPrefix(head, "data:") {
		data = rest
	}
	png, err := base64.StdEncoding.DecodeString(strings.TrimSpace(data))
	if err != nil || len(png) > mostPicture || !bytes.HasPrefix(png, pngHead) {
		return nil, errPicture
	}
	return png, nil
}
