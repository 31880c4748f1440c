package api

import (
	"context"
	"net/http"
	"path"

	"troupe/actors"
	"troupe/messages"
)

// Round is one thing that an account did in its browser.
type Round struct {
	At         int64       `json:"at"`
	TookMS     int64       `json:"took_ms"`
	What       string      `json:"what"`                 // round probe login reply try
	Definition string      `json:"definition,omitempty"` // digest of the version that it ran on
	Items      int64       `json:"items"`
	Outcome    string      `json:"outcome"` // ok, or the kind of trouble
	Reason     string      `json:"reason,omitempty"`
	Evidence   string      `json:"evidence,omitempty"`       // of GET /accounts/{account}/evidence/{name}: the picture
	Files      []string    `json:"evidence_files,omitempty"` // all of it: picture, document, answers
	Steps      []RoundStep `json:"steps"`
}

// Rounds is the answer to GET /accounts/{account}/rounds.
type Rounds struct {
	Rounds []Round `json:"rounds"` // newest first
}

// RoundStep is one step of a flow: what it looked for, what matched, how long it took.
type RoundStep struct {
	Step    string `json:"step"`
	Matched string `json:"matched,omitempty"`
	TookMS  int64  `json:"took_ms"`
	Error   string `json:"error,omitempty"`
}

func (a *API) listRounds(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	listed, err := actors.Ask[*messages.RoundsListed](ctx, a.Root, a.Master, &messages.ListRounds{Account: acc.Record.GetId()})
	if err != nil {
		return err
	}
	rounds := make([]Round, 0, len(listed.GetRounds()))
	for _, one := range listed.GetRounds() {
		rounds = append(rounds, roundOf(one))
	}
	return answer(w, http.StatusOK, Rounds{rounds})
}

func roundOf(m *messages.Round) Round {
	return Round{
		At: m.GetAt(), TookMS: m.GetTookMs(), What: m.GetWhat(), Definition: m.GetDefinition(), Items: m.GetItems(), Outcome: m.GetOutcome(), Reason: m.GetReason(),
		Evidence: m.GetEvidence(), Files: m.GetEvidenceFiles(), Steps: stepsOf(m.GetSteps()),
	}
}

func stepsOf(steps []*messages.RoundStep) []RoundStep {
	list := make([]RoundStep, 0, len(steps))
	for _, s := range steps {
		list = append(list, RoundStep{Step: s.GetStep(), Matched: s.GetMatched(), TookMS: s.GetTookMs(), Error: s.GetError()})
	}
	return list
}

func (a *API) showEvidence(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	read, err := actors.Ask[*messages.EvidenceRead](ctx, a.Root, a.Master, &messages.ReadEvidence{
		Account: acc.Record.GetId(), Name: r.PathValue("name"),
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", evidenceType(r.PathValue("name")))
	_, _ = w.Write(read.GetContent())
	return nil
}

// evidenceType is how a browser is to take a file of evidence. A document of a page is shown as text: it is a stranger's.
func evidenceType(name string) string {
	switch path.Ext(name) {
	case ".png":
		return "image/png"
	case ".json":
		return "application/json"
	default:
		return "text/plain; charset=utf-8"
	}
}
