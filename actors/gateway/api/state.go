package api

import (
	"context"
	"encoding/json"
	"net/http"

	"troupe/actors"
	"troupe/messages"
)

// States opens logins that leave as a file and reads those that enter as one. Its methods may be called from any goroutine.
type States interface {
	// Export unseals a state as a file (JSON): in Playwright's form, or in troupe's own, which holds everything.
	Export(sealed *messages.SealedState, playwright bool) ([]byte, error)
	// Read reads such a file and says what it holds; plain is what the master takes. Errors name the place in the file and what is
	// wrong there, never a value.
	Read(file []byte) (plain []byte, holds StateFile, err error)
}

// StateFile says what a login's file holds, in numbers and names, and whether it was written.
type StateFile struct {
	Written     bool     `json:"written"`
	Cookies     int      `json:"cookies"`
	Session     int      `json:"session_cookies"`     // that end with the session
	Partitioned int      `json:"partitioned_cookies"` // kept apart by top-level site
	Domains     []string `json:"domains"`             // of cookies
	Origins     []string `json:"origins"`             // with local storage
	Entries     int      `json:"entries"`             // of local storage
	Ignored     []string `json:"ignored,omitempty"`   // places in the file that cannot be taken over
}

// NewState is the body of PUT /accounts/{account}/state.
type NewState struct {
	State  json.RawMessage `json:"state"`             // as exported, or a storage state of Playwright
	DryRun bool            `json:"dry_run,omitempty"` // only say what it holds
}

// The forms of an exported login.
const (
	formTroupe     = "troupe"
	formPlaywright = "playwright"
)

// exportState answers with a login in the plain.
func (a *API) exportState(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	form := r.URL.Query().Get("form")
	if form != "" && form != formTroupe && form != formPlaywright {
		return invalid("parameter \"form\" must be %s or %s", formTroupe, formPlaywright)
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	read, err := actors.Ask[*messages.VaultRead](ctx, a.Root, a.Master, &messages.ReadVault{Account: acc.Record.GetId()})
	if err != nil {
		return err
	}
	if read.GetSealed() == nil {
		return notFound("account %s has no saved login yet: log it in", acc.Record.GetId())
	}
	file, err := a.States.Export(read.GetSealed(), form == formPlaywright)
	if err != nil {
		a.Log.Error("login not exported", acc.ID().Attr(), "err", err)
		return &Problem{http.StatusConflict, "conflict", "the saved login of " + acc.Record.GetId() + " does not open; see: troupe keys list"}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+acc.Record.GetId()+`.state.json"`)
	_, _ = w.Write(file)
	return nil
}

// importState replaces a paused account's login, or only says what would be written.
func (a *API) importState(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body NewState
	if err := decode(r, &body); err != nil {
		return err
	}
	if len(body.State) == 0 {
		return invalid("field \"state\" is missing: the file of an exported login, or a storage state of Playwright")
	}
	plain, holds, err := a.States.Read(body.State)
	if err != nil {
		return invalid("field \"state\": %v", err)
	}
	if !acc.Record.GetPaused() {
		return &Problem{http.StatusConflict, "conflict", "account " + acc.Record.GetId() + " runs: pause it before its login is replaced"}
	}
	if body.DryRun {
		return answer(w, http.StatusOK, holds)
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	if _, err := actors.Ask[*messages.VaultWritten](ctx, a.Root, a.Master, &messages.WriteVault{Account: acc.Record.GetId(), State: plain}); err != nil {
		return err
	}
	holds.Written = true
	return answer(w, http.StatusOK, holds)
}
