package account

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account/vault"
	"troupe/messages"
)

// The vault is exported after a login, after each round and before a close. It counts as saved when the master
// acknowledged it: from then on an unchanged one is not sent again.

type exported struct {
	state *vault.State
	sum   [32]byte
	err   error
}

// exportOp reads cookies and storage out of the browser.
func (a *account) exportOp() *op {
	instance := a.instance
	return &op{
		name: "export", urgency: forPerson,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			state, err := instance.Export(ctx)
			if err != nil {
				return exported{err: err}
			}
			return exported{state: state, sum: sumOf(state)}
		},
		done: func(c actor.Context, result any) {
			if e, ok := result.(exported); ok {
				a.onExported(c, e)
			}
		},
	}
}

// sumOf tells whether two exports differ in what matters: cookies and storage, not the time.
func sumOf(s *vault.State) [32]byte {
	b, err := json.Marshal(struct {
		Cookies []json.RawMessage
		Origins []vault.Origin
	}{s.Cookies, s.Origins})
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(b)
}

// takeMemory reads what earlier clients remembered; what cannot be read is begun anew.
func (a *account) takeMemory() (err error) {
	if a.Node.Memory == nil {
		return nil
	}
	if a.vault != nil && len(a.vault.Memory) > 0 {
		if a.memory, err = a.Node.Memory(a.vault.Memory); err == nil {
			return nil
		}
	}
	fresh, freshErr := a.Node.Memory(nil)
	a.memory = fresh
	return errors.Join(err, freshErr)
}

func (a *account) saveVault(c actor.Context) {
	if a.instance == nil || a.draining != nil || a.ops.waits("export") {
		return
	}
	a.do(c, a.exportOp())
}

func (a *account) onExported(c actor.Context, e exported) {
	loginWaits := a.login != nil && a.login.profile != nil
	if e.err != nil {
		a.Log.Warn("cookies and storage not exported", "err", e.err)
		if loginWaits {
			a.endLogin(c, "failed", "the login's cookies could not be saved")
		}
		return
	}
	if e.sum == a.vaultSum && a.saved == a.counter && !loginWaits {
		return
	}
	if !a.probed && a.vault != nil {
		return // an account that was not seen logged in must not overwrite a state that may be good
	}
	if a.vault != nil {
		e.state.Persona = a.vault.Persona
	}
	if a.memory != nil {
		memory, err := a.memory.Export()
		if err != nil {
			a.Log.Warn("memory not kept", "err", err)
		}
		e.state.Memory = memory
	}
	if !a.seal(c, e.state) {
		return
	}
	a.vault, a.vaultSum = e.state, e.sum
	if loginWaits {
		a.login.saving = a.counter
	}
	if a.draining != nil {
		a.draining.saving = a.counter
		actors.After(c, saveLimit, saveOver{a.counter})
	}
	if loginWaits || a.draining != nil {
		actors.After(c, savePause, saveDue{a.counter})
	}
}

// seal has the master store a state under the next counter.
func (a *account) seal(c actor.Context, state *vault.State) bool {
	sealed, err := vault.Seal(a.Node.Ring, a.ID, a.Epoch, a.counter+1, state)
	if err != nil {
		a.Log.Error("cookies and storage not sealed", "err", err)
		return false
	}
	a.counter++
	a.sealed = sealed
	c.Request(a.Master, &messages.SaveVault{Sealed: sealed})
	return true
}

// saveAgain repeats the state that a drain or a login waits for: the message, or its answer, may have been lost.
func (a *account) saveAgain(c actor.Context, m saveDue) {
	waits := a.draining != nil && a.draining.saving == m.counter || a.login != nil && a.login.saving == m.counter
	if !waits || a.saved >= m.counter || a.sealed.GetCounter() != m.counter {
		return
	}
	c.Request(a.Master, &messages.SaveVault{Sealed: a.sealed})
	actors.After(c, savePause, m)
}

// goUnsaved lets a drain go on although the master, which may be gone, did not take the state: what was saved last is good, and a browser
// that is closed in order keeps the newest in its profile.
func (a *account) goUnsaved(c actor.Context, m saveOver) {
	if d := a.draining; d != nil && d.saving == m.counter {
		a.Log.Warn("closing without the master having taken the newest login state", "dur", saveLimit)
		d.saving = 0
		a.drainStep(c)
	}
}

type (
	saveDue  struct{ counter uint64 } // the time to save a state again
	saveOver struct{ counter uint64 } // the time to wait for it no longer
)

const (
	savePause = 2 * time.Second
	saveLimit = 6 * time.Second // of a drain; the rest of partingLimit is for closing the browser
)

func (a *account) onVaultSaved(c actor.Context, m *messages.VaultSaved) {
	a.saved = max(a.saved, m.GetCounter())
	if a.login != nil && a.login.saving != 0 && m.GetCounter() >= a.login.saving {
		a.loginSaved(c)
	}
	if d := a.draining; d != nil && d.saving != 0 && m.GetCounter() >= d.saving {
		d.saving = 0
		a.drainStep(c)
	}
}
