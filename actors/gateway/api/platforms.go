package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
)

// Platform is a platform that accounts can live on, and the version of its definition that runs.
type Platform struct {
	Name       string            `json:"name"`
	Title      map[string]string `json:"title"`    // for people, by language: zh, en
	Accounts   int               `json:"accounts"` // how many there are
	Version    int64             `json:"version"`  // as the definition calls itself
	Digest     string            `json:"digest"`   // of its files; empty when no version was ever valid
	BuiltIn    bool              `json:"built_in"` // part of the program; else from the definitions folder
	RolledBack bool              `json:"rolled_back"`
	Problem    string            `json:"problem,omitempty"` // why the folder's version is refused: every fault with file and line
	Versions   []PlatformVersion `json:"versions"`          // that can run, newest first
}

// Platforms is the answer to GET /platforms.
type Platforms struct {
	Platforms []Platform `json:"platforms"` // by name
}

// PlatformVersion is one version of a platform's definition.
type PlatformVersion struct {
	Version int64  `json:"version"`
	Digest  string `json:"digest"`
	TakenAt int64  `json:"taken_at,omitempty"`
	BuiltIn bool   `json:"built_in"`
	Running bool   `json:"running"`
}

// Rollback is the body of POST /platforms/{platform}/rollback.
type Rollback struct {
	Version string `json:"version,omitempty"` // number, or the beginning of a digest; absent = the one before
}

// NewTrial is the body of POST /accounts/{account}/try.
type NewTrial struct {
	Files map[string]string `json:"files"` // of the definition: platform.yaml, *.js and *.proto by name
}

// Trial says how a version did on one account, beside the one that runs.
type Trial struct {
	Version        int64             `json:"version"`
	Digest         string            `json:"digest"`
	CurrentVersion int64             `json:"current_version"`
	CurrentDigest  string            `json:"current_digest"`
	CurrentOutcome string            `json:"current_outcome"` // of the same on the version that runs: ok, or the kind of trouble
	Outcome        string            `json:"outcome"`
	Reason         string            `json:"reason,omitempty"`
	Step           string            `json:"step,omitempty"` // that failed
	TookMS         int64             `json:"took_ms"`
	Collections    []TrialCollection `json:"collections"`
	Steps          []RoundStep       `json:"steps"`
	Unlisted       map[string]int64  `json:"unlisted"` // connections to hosts in neither list, by name
}

// TrialCollection compares what both versions read of a collection.
type TrialCollection struct {
	Collection string   `json:"collection"`
	Tried      int64    `json:"tried"`
	Current    int64    `json:"current"`
	Missing    []string `json:"missing"` // ids, at most 20
	Extra      []string `json:"extra"`   // ids, at most 20
}

func platformOf(b *board.Board, p *board.Platform) Platform {
	out := Platform{
		Name: string(p.Name), Title: p.Title, Version: p.Version, Digest: p.Digest, BuiltIn: p.BuiltIn, RolledBack: p.RolledBack,
		Problem: p.Problem, Versions: make([]PlatformVersion, 0, len(p.Versions)),
	}
	if out.Title == nil {
		out.Title = map[string]string{"zh": string(p.Name), "en": string(p.Name)}
	}
	for _, v := range p.Versions {
		out.Versions = append(out.Versions, PlatformVersion{v.Version, v.Digest, v.TakenAt, v.BuiltIn, v.Digest == p.Digest})
	}
	for _, acc := range b.Accounts {
		if acc.Record.GetPlatform() == string(p.Name) {
			out.Accounts++
		}
	}
	return out
}

func (a *API) listPlatforms(w http.ResponseWriter, _ *http.Request) error {
	b, list := a.Board.Load(), []Platform{}
	for _, p := range b.Platforms {
		list = append(list, platformOf(b, p))
	}
	return answer(w, http.StatusOK, Platforms{list})
}

func (a *API) showPlatform(w http.ResponseWriter, r *http.Request) error {
	p, err := a.platformAt(r)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, p)
}

// platformAt finds the platform that the path names.
func (a *API) platformAt(r *http.Request) (Platform, error) {
	b, name := a.Board.Load(), r.PathValue("platform")
	if p := b.Platform(messages.PlatformName(name)); p != nil {
		return platformOf(b, p), nil
	}
	return Platform{}, notFound("no platform is named %q: see GET %s/platforms", name, Prefix)
}

// rollBack runs an earlier version until the definitions folder changes, and answers with the platform as it is then.
func (a *API) rollBack(w http.ResponseWriter, r *http.Request) error {
	p, err := a.platformAt(r)
	if err != nil {
		return err
	}
	var body Rollback
	if err := decode(r, &body); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	if _, err := actors.Ask[*messages.DefinitionRolledBack](ctx, a.Root, a.Master, &messages.RollBackDefinition{Platform: p.Name, Version: body.Version}); err != nil {
		return err
	}
	return a.showPlatform(w, r)
}

// trialTime is how long a trial may take: it waits for what the account is doing, and then makes a whole round.
const trialTime = 4 * time.Minute

// try runs a version on one account, read-only, and answers how it did; also a failed trial is an answer.
func (a *API) try(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body NewTrial
	if err := decode(r, &body); err != nil {
		return err
	}
	if len(body.Files) == 0 {
		return invalid("field \"files\" is missing: platform.yaml and what stands beside it, by name")
	}
	packed, err := json.Marshal(body.Files)
	if err != nil {
		return fmt.Errorf("pack definition: %w", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), trialTime)
	defer cancel()
	tried, err := actors.Ask[*messages.DefinitionTried](ctx, a.Root, a.Master, &messages.TryDefinition{Account: acc.Record.GetId(), Packed: packed})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, trialOf(tried))
}

func trialOf(m *messages.DefinitionTried) Trial {
	out := Trial{
		Version: m.GetVersion(), Digest: m.GetDigest(), CurrentVersion: m.GetCurrentVersion(), CurrentDigest: m.GetCurrentDigest(),
		CurrentOutcome: m.GetCurrentOutcome(), Outcome: m.GetOutcome(), Reason: m.GetReason(), Step: m.GetStep(), TookMS: m.GetTookMs(), Unlisted: m.GetUnlisted(),
		Collections: make([]TrialCollection, 0, len(m.GetCollections())), Steps: stepsOf(m.GetSteps()),
	}
	if out.Unlisted == nil {
		out.Unlisted = map[string]int64{}
	}
	for _, c := range m.GetCollections() {
		out.Collections = append(out.Collections, TrialCollection{
			c.GetCollection(), c.GetTried(), c.GetCurrent(), append([]string{}, c.GetMissing()...), append([]string{}, c.GetExtra()...),
		})
	}
	return out
}
