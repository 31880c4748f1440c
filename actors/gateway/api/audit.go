package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"

	"troupe/actors"
	"troupe/actors/gateway/people"
	"troupe/messages"
)

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	Seq     string   `json:"seq"`
	At      int64    `json:"at"`
	Who     string   `json:"who"` // user, token:NAME, pc-im, local; - = nobody that is known
	From    string   `json:"from"`
	What    string   `json:"what"` // method and pattern of a route, name of an event, or a word such as sign_in
	Targets []string `json:"targets,omitempty"`
	Outcome string   `json:"outcome"` // ok, or the code of the refusal
	Hash    string   `json:"hash"`
}

// AuditList is the answer of GET /audit.
type AuditList struct {
	Entries []AuditEntry `json:"entries"` // newest first; with after, oldest first
	Last    string       `json:"last"`    // seq of the newest entry that there is
}

// AuditCheck is the answer of GET /audit/verify.
type AuditCheck struct {
	OK       bool   `json:"ok"`
	Entries  uint64 `json:"entries"` // that were found in order
	First    string `json:"first"`   // seq of the oldest one that is kept
	Last     string `json:"last"`
	Hash     string `json:"hash"`                // of the last entry: note it elsewhere
	FirstBad string `json:"first_bad,omitempty"` // seq
	Why      string `json:"why,omitempty"`
}

const (
	usualEntries = 100
	mostEntries  = 1000
)

func (a *API) listAudit(w http.ResponseWriter, r *http.Request) error {
	limit, err := count(r, "limit", usualEntries, mostEntries)
	if err != nil {
		return err
	}
	ask := people.ReadAudit{Who: r.URL.Query().Get("user"), Limit: limit}
	var from uint64
	for name, into := range map[string]*uint64{"after": &ask.After, "before": &ask.Before, "from": &from} {
		if text := r.URL.Query().Get(name); text != "" {
			if *into, err = strconv.ParseUint(text, 10, 63); err != nil {
				return invalid("parameter %q must be a number", name)
			}
		}
	}
	ask.Since = int64(from)
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	read, err := actors.Ask[people.AuditRead](ctx, a.Root, a.People, ask)
	if err != nil {
		return err
	}
	list := AuditList{Entries: []AuditEntry{}, Last: strconv.FormatUint(read.Last, 10)}
	for _, e := range read.Entries {
		list.Entries = append(list.Entries, auditEntryOf(e))
	}
	return answer(w, http.StatusOK, list)
}

func auditEntryOf(e *messages.AuditEntry) AuditEntry {
	return AuditEntry{
		Seq: strconv.FormatUint(e.GetSeq(), 10), At: e.GetAt(), Who: e.GetWho(), From: e.GetFrom(), What: e.GetWhat(),
		Targets: e.GetTargets(), Outcome: e.GetOutcome(), Hash: hex.EncodeToString(e.GetHash()),
	}
}

func (a *API) verifyAudit(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	v, err := actors.Ask[people.Verified](ctx, a.Root, a.People, people.VerifyAudit{})
	if err != nil {
		return err
	}
	check := AuditCheck{
		OK: v.Fault == nil, Entries: v.Entries, First: strconv.FormatUint(v.First, 10), Last: strconv.FormatUint(v.Last, 10),
		Hash: hex.EncodeToString(v.Hash),
	}
	if v.Fault != nil {
		check.FirstBad, check.Why = strconv.FormatUint(v.Fault.Seq, 10), v.Fault.Why
	}
	return answer(w, http.StatusOK, check)
}
