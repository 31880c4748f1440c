package api

import (
	"context"
	"net/http"
	"time"

	"troupe/actors"
	"troupe/messages"
)

// NewRecording is the body of POST /accounts/{account}/record.
type NewRecording struct {
	// Texts keeps what people wrote, and pictures; else it is hidden behind words of the same length.
	Texts bool `json:"texts,omitempty"`
}

// The headers that say how the recorded round ended.
const (
	RecordedOutcome = "Troupe-Outcome" // ok, or the kind of trouble
	RecordedStep    = "Troupe-Step"    // that failed
)

// recordTime is how long a recorded round may take: it waits for what the account is doing first.
const recordTime = 4 * time.Minute

// record makes one round, read-only, and answers with the zip of its recording; also a round that failed is recorded.
func (a *API) record(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body NewRecording
	if err := decode(r, &body); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), recordTime)
	defer cancel()
	rec, err := actors.Ask[*messages.RoundRecorded](ctx, a.Root, a.Master, &messages.RecordRound{Account: acc.Record.GetId(), KeepTexts: body.Texts})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set(RecordedOutcome, rec.GetOutcome())
	if rec.GetStep() != "" {
		h.Set(RecordedStep, rec.GetStep())
	}
	_, _ = w.Write(rec.GetArchive())
	return nil
}
