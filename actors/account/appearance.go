package account

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account/browser"
	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
	"troupe/messages"
)

// An account's persona is drawn once, when there is no sealed state yet that holds one, and lives in the sealed state from
// then on: it goes wherever the login goes, and nothing draws it again.

// takePersona reads the stored persona, or draws the first one; a stored one that this program does not understand is an
// error, for another persona would be another device to the platform.
func (a *account) takePersona() error {
	if a.vault != nil && len(a.vault.Persona) > 0 {
		stored, err := persona.Decode(a.vault.Persona)
		if err != nil {
			return err
		}
		a.persona = stored
		return nil
	}
	a.persona = persona.Make(seedOf(a.ID), a.Definition.Locale, a.Definition.TimeZone, a.Record.GetNoise(), persona.Machine{Cores: runtime.NumCPU()})
	if err := a.persona.Check(); err != nil {
		return err
	}
	encoded, err := json.Marshal(a.persona)
	if err != nil {
		return fmt.Errorf("encode persona: %w", err)
	}
	with := vault.State{Version: vault.StateVersion, ExportedAt: a.Node.Now()}
	if a.vault != nil {
		with = *a.vault
	}
	with.Persona = encoded
	a.vault, a.drawn = &with, true
	return nil
}

// keepPersona has a persona that was just drawn stored by the master.
func (a *account) keepPersona(c actor.Context) {
	if !a.drawn {
		return
	}
	a.drawn = false
	a.seal(c, a.vault)
}

// seedOf makes an account's persona seed from its id: stable, and different for each account.
func seedOf(id messages.AccountID) uint64 {
	var seed uint64 = 14695981039346656037
	for _, b := range []byte(id) {
		seed = (seed ^ uint64(b)) * 1099511628211
	}
	return seed
}

// onBrowserFailed knows of one failed start that no other start will cure.
func (a *account) onBrowserFailed(c actor.Context, m browser.Failed) {
	if a.draining == nil && m.Mismatch() {
		a.appearance = a.shown()
		a.appearance.SelfTest = m.Err.Error()
		a.fail(c, "Chromium does not show the account's persona; nothing was opened: "+m.Err.Error())
	}
}

// shown is the persona for people, before Chromium was asked.
func (a *account) shown() *messages.Persona {
	p := a.persona
	return &messages.Persona{
		Locale: p.Locale, TimeZone: p.TimeZone, Languages: p.Languages, Width: int32(p.Width), Height: int32(p.Height),
		Cores: int32(p.Cores), Noise: p.Noise,
	}
}

// lookLimit is for Chromium's report on itself.
const lookLimit = 20 * time.Second

// look asks Chromium once an epoch what it shows, when nothing more urgent is to be done.
func (a *account) look(c actor.Context) {
	if a.appearance.GetUserAgent() != "" || a.ops.waits("look") {
		return
	}
	instance := a.instance
	a.do(c, &op{
		name: "look", urgency: whenIdle, interrupts: true,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, lookLimit)
			defer cancel()
			report, err := instance.Persona(ctx)
			if err != nil {
				a.Log.Debug("appearance not read", "err", err)
				return nil
			}
			return report
		},
		done: func(c actor.Context, result any) {
			if report, ok := result.(persona.Report); ok {
				a.onLooked(c, report)
			}
		},
	})
}

func (a *account) onLooked(c actor.Context, report persona.Report) {
	a.appearance = a.shown()
	a.appearance.UserAgent, a.appearance.SelfTest, a.appearance.Shared = report.UserAgent, report.Verdict(), report.Shared
	if len(report.Wrong) > 0 {
		a.fail(c, "Chromium does not show the account's persona: "+report.Verdict())
		return
	}
	a.report(c)
}
