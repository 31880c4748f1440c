package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
)

// How long a command may take before the client is told that nothing is known.
const (
	commandTime = 10 * time.Second
	pageTime    = 40 * time.Second // what touches a page, or waits until a browser is closed
)

// NewAccount is the body of POST /accounts.
type NewAccount struct {
	ID              string   `json:"id,omitempty"` // empty = the node makes one
	Platform        string   `json:"platform"`
	Name            string   `json:"name"`
	AccountID       string   `json:"account_id,omitempty"`
	MonitorInterval int64    `json:"monitor_interval,omitempty"` // seconds, 10 to 300
	Proxy           string   `json:"proxy,omitempty"`            // name or id of the proxy that it goes out through; empty = directly
	Noise           string   `json:"noise,omitempty"`            // of its persona: off or seed; empty = the node's default
	Tags            []string `json:"tags,omitempty"`             // the operator's own words for it, at most 20
	Paused          bool     `json:"paused,omitempty"`           // nothing of it is started until it is resumed
	Worker          string   `json:"worker,omitempty"`           // pin it to this Node worker from the start; empty = our own nodes run it
}

// AccountChange is the body of PATCH /accounts/{account}: what is absent stays.
type AccountChange struct {
	Name            *string   `json:"name,omitempty"`
	AccountID       *string   `json:"account_id,omitempty"`
	MonitorInterval *int64    `json:"monitor_interval,omitempty"` // seconds, 10 to 300, 0 = the platform's own pace; from the next start on
	Tags            *[]string `json:"tags,omitempty"`             // all of them
}

// Pause is the body of POST /accounts/{account}/pause.
type Pause struct {
	Reason string `json:"reason,omitempty"`
}

// Pin is the body of PUT /accounts/{account}/pin.
type Pin struct {
	Worker *string `json:"worker"` // name of a Node worker; "" = back to our own nodes, paused until resumed
}

// accountAt finds the account that the path names.
func (a *API) accountAt(r *http.Request) (*board.Board, *board.Account, error) {
	id := r.PathValue("account")
	b := a.Board.Load()
	acc := b.Account(messages.AccountID(id))
	if acc == nil {
		return nil, nil, notFound("no account is named %q: see GET %s/accounts", id, Prefix)
	}
	return b, acc, nil
}

// known refuses an account in a filter that does not exist; empty means every account.
func (a *API) known(id string) error {
	if id != "" && a.Board.Load().Account(messages.AccountID(id)) == nil {
		return notFound("no account is named %q: see GET %s/accounts", id, Prefix)
	}
	return nil
}

func (a *API) listAccounts(w http.ResponseWriter, r *http.Request) error {
	platform, state, tag := r.URL.Query().Get("platform"), r.URL.Query().Get("state"), r.URL.Query().Get("tag")
	b := a.Board.Load()
	list := []Account{}
	for _, acc := range b.Accounts {
		if !fits(platform, acc.Record.GetPlatform()) || !fits(state, acc.Status.GetState()) || tag != "" && !slices.Contains(acc.Record.GetTags(), tag) {
			continue
		}
		list = append(list, accountOf(b, acc, a.Views.Get(acc.ID())))
	}
	return answer(w, http.StatusOK, Accounts{list})
}

func (a *API) showAccount(w http.ResponseWriter, r *http.Request) error {
	b, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, accountOf(b, acc, a.Views.Get(acc.ID())))
}

func (a *API) createAccount(w http.ResponseWriter, r *http.Request) error {
	var body NewAccount
	if err := decode(r, &body); err != nil {
		return err
	}
	switch {
	case body.Platform == "":
		return invalid("field \"platform\" is missing: see GET %s/platforms", Prefix)
	case body.Name == "":
		return invalid("field \"name\" is missing: a name for people, 1 to 50 characters")
	case body.ID != "" && !messages.AccountID(body.ID).Valid():
		return invalid("field \"id\" must be 1 to 64 of a-z 0-9 _ - and begin with a letter or digit")
	case body.MonitorInterval != 0 && (body.MonitorInterval < 10 || body.MonitorInterval > 300):
		return invalid("field \"monitor_interval\" must be 10 to 300 seconds")
	}
	if err := limited("name", body.Name, 50); err != nil {
		return err
	}
	if err := limited("account_id", body.AccountID, 100); err != nil {
		return err
	}
	if err := a.mayAdd(body.ID); err != nil {
		return err
	}
	return a.change(w, r, http.StatusCreated, &messages.CreateAccount{
		Id: body.ID, Platform: body.Platform, Name: body.Name,
		AccountId: body.AccountID, MonitorInterval: body.MonitorInterval, Proxy: body.Proxy, Noise: body.Noise,
		Tags: body.Tags, Paused: body.Paused,
		Foreign: body.Worker,
	})
}

func (a *API) changeAccount(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body AccountChange
	if err := decode(r, &body); err != nil {
		return err
	}
	command := &messages.ChangeAccount{
		Account: acc.Record.GetId(), Name: body.Name, AccountId: body.AccountID, MonitorInterval: body.MonitorInterval,
	}
	if body.Tags != nil {
		command.Tags = &messages.Tags{Tags: *body.Tags}
	}
	return a.change(w, r, http.StatusOK, command)
}

func (a *API) pauseAccount(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body Pause
	if err := decode(r, &body); err != nil {
		return err
	}
	if err := limited("reason", body.Reason, 200); err != nil {
		return err
	}
	return a.change(w, r, http.StatusOK, &messages.PauseAccount{Account: acc.Record.GetId(), Reason: body.Reason})
}

func (a *API) resumeAccount(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	if err := decode(r, &struct{}{}); err != nil {
		return err
	}
	return a.change(w, r, http.StatusOK, &messages.ResumeAccount{Account: acc.Record.GetId()})
}

// pinAccount hands an account to a Node worker, or takes it back. What that means for its fence is the master's to say.
func (a *API) pinAccount(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body Pin
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Worker == nil {
		return invalid("field \"worker\" is missing: the name of a Node worker, or \"\" for our own nodes")
	}
	return a.change(w, r, http.StatusOK, &messages.PinAccount{Account: acc.Record.GetId(), Worker: *body.Worker})
}

// change asks the master for a change of one account and answers with the account as it is then.
func (a *API) change(w http.ResponseWriter, r *http.Request, status int, command any) error {
	return a.changeWithin(w, r, status, commandTime, command)
}

// changeWithin is change for what takes longer.
func (a *API) changeWithin(w http.ResponseWriter, r *http.Request, status int, limit time.Duration, command any) error {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	done, err := actors.Ask[*messages.AccountDone](ctx, a.Root, a.Master, command)
	if err != nil {
		return err
	}
	b := a.Board.Load()
	acc := board.Account{Record: done.GetAccount(), Status: &messages.AccountStatus{State: string(messages.Starting)}}
	if now := b.Account(acc.ID()); now != nil {
		acc.Status, acc.Online, acc.Queue = now.Status, now.Online, now.Queue
	}
	return answer(w, status, accountOf(b, &acc, a.Views.Get(acc.ID())))
}

func (a *API) removeAccount(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	id := acc.Record.GetId()
	if r.URL.Query().Get("confirm") != id {
		return &Problem{http.StatusBadRequest, "confirm", "this erases the account's profile, sealed login and data for ever: repeat with ?confirm=" + id}
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	if _, err := actors.Ask[*messages.AccountDone](ctx, a.Root, a.Master, &messages.RemoveAccount{Account: id}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) collect(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	if err := decode(r, &struct{}{}); err != nil {
		return err
	}
	return a.change(w, r, http.StatusAccepted, &messages.CollectNow{Account: acc.Record.GetId()})
}

func (a *API) screenshot(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	if err := decode(r, &struct{}{}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	shot, err := actors.Ask[*messages.ScreenshotTaken](ctx, a.Root, a.Master, &messages.TakeScreenshot{Account: acc.Record.GetId()})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(shot.GetPng())
	return nil
}
