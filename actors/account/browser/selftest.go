package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"troupe/actors/account/persona"
)

// PersonaMismatch is why Start gave up a Chromium that does not show what its persona says, before anything was opened:
// a platform would see another device than before. Starting again does not help; a person must look.
type PersonaMismatch struct{ Items []persona.Mismatch }

func (e PersonaMismatch) Error() string { return "persona mismatch: " + persona.Words(e.Items) }

// looks remembers what the browsers of one node saw in the mirror: the same Chromium shows the same again.
type looks struct {
	identities sync.Map // version -> persona.Identity
	passed     sync.Map // look -> persona.Report
	machines   sync.Map // version -> persona.Answer of a look at canvas, WebGL and audio without noise
}

// look names one that was passed. Mode and switches are the same for all browsers of a node.
type look struct {
	version string
	persona string // its fingerprint
}

func (i *Instance) look() look { return look{i.version, i.cfg.Persona.Fingerprint()} }

// openFirst learns who this Chromium is and opens the page that stays, in this order: every page but the one that
// asks is set up with the answer.
func (i *Instance) openFirst(ctx context.Context) error {
	if known, ok := i.host.looks.identities.Load(i.version); ok {
		own := known.(persona.Identity)
		i.identity.Store(&own)
		return i.targets.openAnchor(ctx)
	}
	m, err := i.openMirror(ctx, blankMirror, false)
	if err != nil {
		return fmt.Errorf("open mirror: %w", err)
	}
	own, err := m.identify(ctx)
	if err == nil {
		i.host.looks.identities.Store(i.version, own)
		i.identity.Store(&own)
		err = i.targets.openAnchor(ctx)
	}
	return errors.Join(err, m.close(ctx))
}

// selfTest holds what every kind of context shows against the persona, once for each persona and Chromium.
func (i *Instance) selfTest(ctx context.Context) error {
	if _, ok := i.host.looks.passed.Load(i.look()); ok {
		return nil
	}
	report, err := i.observe(ctx, i.cfg.Persona.Noise == persona.NoiseSeed)
	if err != nil {
		return fmt.Errorf("test persona: %w", err)
	}
	if len(report.Wrong) > 0 {
		return PersonaMismatch{report.Wrong}
	}
	i.host.looks.passed.Store(i.look(), report)
	return nil
}

// Persona says for people what this Chromium was seen to show at its start, and what it has in common with every other on this
// machine. The first call on a node may take seconds and leaves Chromium a little larger, because it has it draw and
// play; it touches neither the network nor the account's pages.
func (i *Instance) Persona(ctx context.Context) (persona.Report, error) {
	known, ok := i.host.looks.passed.Load(i.look())
	if !ok {
		return persona.Report{}, errors.New("look at persona: Chromium is not up yet")
	}
	report := known.(persona.Report)
	if i.cfg.Persona.Noise != persona.NoiseOff {
		return report, nil
	}
	if machine, ok := i.host.looks.machines.Load(i.version); ok {
		return report.With(i.cfg.Persona, machine.(persona.Answer)), nil
	}
	report, err := i.observe(ctx, true)
	if err != nil {
		return report, fmt.Errorf("look at persona: %w", err)
	}
	i.host.looks.machines.Store(i.version, report.Items)
	return report, nil
}

// observe opens a mirror for one look.
func (i *Instance) observe(ctx context.Context, deep bool) (persona.Report, error) {
	m, err := i.openMirror(ctx, fullMirror, deep)
	if err != nil {
		return persona.Report{}, err
	}
	answers, err := m.look(ctx)
	if err = errors.Join(err, m.close(ctx)); err != nil {
		return persona.Report{}, err
	}
	return persona.NewReport(i.cfg.Persona, *i.identity.Load(), answers), nil
}

var _ error = PersonaMismatch{}
