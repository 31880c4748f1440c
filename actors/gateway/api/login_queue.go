package api

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/messages"
)

// LoginQueue are the accounts that wait for somebody who scans their code, in order. The first ones' codes are shown; see GET
// /logins/{session}.
type LoginQueue struct {
	AtOnce  int64         `json:"at_once"` // how many codes are shown side by side
	Waiting []QueuedLogin `json:"waiting"`
}

// QueuedLogin is one account in the queue.
type QueuedLogin struct {
	Account  string   `json:"account"`
	Name     string   `json:"name"`
	Platform string   `json:"platform"`
	Tags     []string `json:"tags"`
	State    string   `json:"state"`             // of the account
	Session  string   `json:"session,omitempty"` // whose code is shown now
	Tries    int64    `json:"tries"`             // sessions that nobody finished
	Reason   string   `json:"reason,omitempty"`  // why the newest one ended
	GivenUp  bool     `json:"given_up"`          // it waits until it is queued again
}

// NewLogins is the body of POST /login-queue: accounts by id, or all that are logged out, with a tag or without.
type NewLogins struct {
	Accounts  []string `json:"accounts,omitempty"`
	LoggedOut bool     `json:"logged_out,omitempty"` // every account that is logged out
	Tag       string   `json:"tag,omitempty"`        // of those, only the ones with this tag
	AtOnce    int64    `json:"at_once,omitempty"`    // 1 to 20; absent = as it is
}

// LoginLink is the right to log one account in, for whoever opens it first.
type LoginLink struct {
	Account   string `json:"account"`
	URL       string `json:"url"` // its secret stands after the #, which no server sees
	ExpiresAt int64  `json:"expires_at"`
}

// OpenLink is the body of POST /login-link.
type OpenLink struct {
	Token  string `json:"token"`           // of the link
	Holder string `json:"holder"`          // made up by who opens it, at least 16 random bytes in base64url; only this holder may come again
	Again  bool   `json:"again,omitempty"` // begin another login when the one before ended
	Input  *Input `json:"input,omitempty"` // what the person entered
}

// LinkedLogin is what the holder of a link sees: one account's name, and its login.
type LinkedLogin struct {
	Name      string `json:"name"`
	Platform  string `json:"platform"`
	Login     Login  `json:"login"`
	ExpiresAt int64  `json:"expires_at"` // of the link
}

func queueOf(b *board.Board) LoginQueue {
	out := LoginQueue{AtOnce: b.Queue.AtOnce, Waiting: []QueuedLogin{}}
	for _, q := range b.Queue.Waiting {
		one := QueuedLogin{Account: q.GetAccount(), Tags: []string{}, Tries: q.GetTries(), Reason: q.GetReason(), GivenUp: q.GetGivenUp()}
		if acc := b.Account(messages.AccountID(q.GetAccount())); acc != nil {
			one.Name, one.Platform, one.State = acc.Record.GetName(), acc.Record.GetPlatform(), acc.Status.GetState()
			one.Tags = append(one.Tags, acc.Record.GetTags()...)
		}
		if rec := loginRecord(b, q.GetSession()); rec != nil && rec.GetEndedAt() == 0 {
			one.Session = q.GetSession()
		}
		out.Waiting = append(out.Waiting, one)
	}
	return out
}

func (a *API) showQueue(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, http.StatusOK, queueOf(a.Board.Load()))
}

func (a *API) queueLogins(w http.ResponseWriter, r *http.Request) error {
	var body NewLogins
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Tag != "" && !body.LoggedOut {
		return invalid("field \"tag\" goes with \"logged_out\"")
	}
	if body.AtOnce != 0 && a.who != nil {
		return tooWide()
	}
	for _, id := range body.Accounts {
		if !a.sees(id) {
			return notFound("there is no account %s", id)
		}
	}
	command := &messages.QueueLogins{Accounts: body.Accounts, AtOnce: body.AtOnce}
	for _, acc := range a.Board.Load().Accounts {
		rec := acc.Record
		if body.LoggedOut && acc.Status.GetState() == string(messages.LoggedOut) && (body.Tag == "" || slices.Contains(rec.GetTags(), body.Tag)) {
			command.Accounts = append(command.Accounts, rec.GetId())
		}
	}
	if _, err := askIn[*messages.LoginsQueued](r.Context(), a, command); err != nil {
		return err
	}
	return a.showQueue(w, r)
}

func (a *API) unqueueLogins(w http.ResponseWriter, r *http.Request) error {
	command := &messages.UnqueueLogins{}
	if account := r.URL.Query().Get("account"); account != "" {
		if err := a.known(account); err != nil {
			return err
		}
		command.Accounts = []string{account}
	} else if a.who != nil { // no account would mean all
		for _, q := range a.Board.Load().Queue.Waiting {
			command.Accounts = append(command.Accounts, q.GetAccount())
		}
		if len(command.Accounts) == 0 {
			return a.showQueue(w, r)
		}
	}
	if _, err := askIn[*messages.LoginsQueued](r.Context(), a, command); err != nil {
		return err
	}
	return a.showQueue(w, r)
}

// NewLink is the body of POST /accounts/{account}/login-link.
type NewLink struct {
	Minutes int64 `json:"minutes,omitempty"` // 1 to 60; absent = 10
}

// makeLink answers with a link whose secret is shown this once.
func (a *API) makeLink(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body NewLink
	if err := decode(r, &body); err != nil {
		return err
	}
	made, err := askIn[*messages.LoginLinkMade](r.Context(), a, &messages.MakeLoginLink{
		Account: acc.Record.GetId(), ValidMs: body.Minutes * time.Minute.Milliseconds(),
	})
	if err != nil {
		return err
	}
	token := base64.RawURLEncoding.EncodeToString(made.GetToken())
	return answer(w, http.StatusCreated, LoginLink{made.GetAccount(), a.URL() + "/#/link/" + token, made.GetExpiresAt()})
}

// What holders of links do, in the audit log. That a link was made stands there as any command.
const (
	linkOpened = "login_link_opened"
	linkBegan  = "login_link_began"
	linkInput  = "login_link_input"
)

// noteLink tells the audit log what a link's holder did. Nobody knows who that is: the account's link stands for him.
func (a *API) noteLink(r *http.Request, what string, of *messages.LoginLinkOpened) {
	a.Door.Record(&messages.AuditEntry{
		At: a.Now().UnixMilli(), Who: "link:" + of.GetAccount(), From: people.HostOnly(r.RemoteAddr), What: what, Outcome: people.OK,
		Targets: []string{of.GetAccount(), of.GetSession()},
	})
}

// openLink shows a link's holder the login of its account, and nothing else. It needs no sign-in: the token is the right.
func (a *API) openLink(w http.ResponseWriter, r *http.Request) error {
	var body OpenLink
	if err := decode(r, &body); err != nil {
		return err
	}
	token, tokenErr := base64.RawURLEncoding.DecodeString(body.Token)
	holder, holderErr := base64.RawURLEncoding.DecodeString(body.Holder)
	if tokenErr != nil || holderErr != nil {
		return invalid("fields \"token\" and \"holder\" must be base64url")
	}
	opened, err := askIn[*messages.LoginLinkOpened](r.Context(), a, &messages.OpenLoginLink{Token: token, Holder: holder, Again: body.Again})
	if err != nil {
		a.Door.NoteRefused(nil, r.RemoteAddr, linkOpened, problemOf(err).Code)
		return err
	}
	session := opened.GetSession()
	if opened.GetFirst() {
		a.noteLink(r, linkOpened, opened)
	}
	if opened.GetBegan() {
		a.noteLink(r, linkBegan, opened)
	}
	if in := body.Input; in != nil {
		if err := in.check(); err != nil {
			return err
		}
		a.noteLink(r, linkInput, opened)
		if _, err := askIn[*messages.LoginStarted](r.Context(), a, &messages.LoginInput{Session: session, Kind: in.Kind, Value: []byte(in.Value)}); err != nil {
			return err
		}
	}
	login, err := a.loginNow(r.Context(), session)
	if err != nil {
		return err
	}
	out := LinkedLogin{Login: login, ExpiresAt: opened.GetExpiresAt()}
	if acc := a.Board.Load().Account(messages.AccountID(opened.GetAccount())); acc != nil {
		out.Name, out.Platform = acc.Record.GetName(), acc.Record.GetPlatform()
	}
	return answer(w, http.StatusOK, out)
}
