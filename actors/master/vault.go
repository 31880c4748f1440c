package master

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/messages"
)

// Sealed states: the master's store keeps the record of each account's login, by epoch and counter. A running account saves it; a
// person may read it for an export, and, while the account is paused, replace it by an import.

// onSaveVault keeps an account's sealed state, if it comes from the account's present epoch and its counter is newer than what is
// kept. What does not open is refused, so that the older one, which does, stands; what does is kept under the newest key. One that was
// said again is acknowledged again. An epoch that is newer than the records know comes from before a backup was restored: it counts.
func (m *master) onSaveVault(c actor.Context, msg *messages.SaveVault, sender *actor.PID) {
	sealed := msg.GetSealed()
	a := m.accounts[messages.AccountID(sealed.GetAccount())]
	if a == nil || a.record.GetRemoving() || !m.savesFor(a, messages.Epoch(sealed.GetEpoch())) || sealed.GetCounter() < a.vault.GetCounter() {
		return
	}
	saved := func() {
		if sender != nil {
			c.Send(sender, &messages.VaultSaved{Account: sealed.GetAccount(), Epoch: sealed.GetEpoch(), Counter: sealed.GetCounter()})
		}
	}
	if sealed.GetCounter() == a.vault.GetCounter() {
		if sealed.GetEpoch() == a.vault.GetEpoch() {
			m.persist(c, change{}, saved) // after the one that it repeats
		}
		return
	}
	if m.Keys != nil {
		again, err := m.Keys.Reseal(sealed)
		if err != nil {
			m.Log.Error("sealed state refused, the one before it stays", a.id().Attr(), "err", err)
			return
		}
		sealed = again
	}
	var ch change
	m.setVault(&ch, a, sealed)
	m.persist(c, ch, saved)
}

// savesFor says whether a state of that epoch is to be kept.
func (m *master) savesFor(a *account, epoch messages.Epoch) bool {
	return epoch == a.epoch() || m.restored && epoch > a.epoch()
}

func (m *master) setVault(ch *change, a *account, sealed *messages.SealedState) {
	a.vault = sealed
	ch.put(tableVault, sealed.GetAccount(), sealed)
}

// onReadVault hands out an account's sealed state.
func (m *master) onReadVault(c actor.Context, msg *messages.ReadVault, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil || sender == nil {
		return
	}
	m.Log.Info("sealed state read for an export", a.id().Attr())
	c.Send(sender, &messages.VaultRead{Sealed: a.vault})
}

// replaced is an imported state, sealed off the mailbox.
type replaced struct {
	account *account
	before  *messages.SealedState
	sealed  *messages.SealedState
	err     error
	asker   *actor.PID
}

// onWriteVault replaces a paused account's state by an imported one.
func (m *master) onWriteVault(c actor.Context, msg *messages.WriteVault, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil || m.mayNotReplace(c, a, sender) {
		return
	}
	keys, before, epoch := m.Keys, a.vault, messages.Epoch(a.record.GetEpoch())
	actors.Job(c, func(context.Context) any {
		sealed, err := keys.Replace(before, a.id(), epoch, before.GetCounter()+1, msg.GetState())
		return replaced{a, before, sealed, err, sender}
	})
}

// mayNotReplace answers an import by itself that cannot be now.
func (m *master) mayNotReplace(c actor.Context, a *account, sender *actor.PID) bool {
	switch {
	case m.Keys == nil:
		refuse(c, sender, "unsupported", errNoRing.Error())
	case !a.record.GetPaused():
		refuse(c, sender, "conflict", fmt.Sprintf("account %s runs: pause it before its login is replaced", a.id()))
	case a.running:
		refuse(c, sender, "conflict", fmt.Sprintf("account %s is still being closed: try again in a few seconds", a.id()))
	default:
		return false
	}
	return true
}

// onReplaced keeps an imported state. The profile of before is not used any more: the next browser begins with the import.
func (m *master) onReplaced(c actor.Context, r replaced) {
	a := r.account
	switch {
	case m.accounts[a.id()] != a || a.record.GetRemoving():
		refuse(c, r.asker, "not_found", fmt.Sprintf("account %s was removed meanwhile", a.id()))
		return
	case m.mayNotReplace(c, a, r.asker):
		return
	case r.err != nil:
		refuse(c, r.asker, "invalid", r.err.Error())
		return
	case a.vault != r.before:
		refuse(c, r.asker, "conflict", fmt.Sprintf("another state of account %s was saved meanwhile: try again", a.id()))
		return
	}
	var ch change
	m.setVault(&ch, a, r.sealed)
	m.edit(&ch, a, func(record *messages.Account) {
		record.ClosedCleanly, record.LoginBrought = false, record.GetForeign() != ""
	})
	m.persist(c, ch, func() {
		m.Log.Info("login imported", a.id().Attr(), "counter", r.sealed.GetCounter())
		if r.asker != nil {
			c.Send(r.asker, &messages.VaultWritten{Account: r.sealed.GetAccount(), Counter: r.sealed.GetCounter()})
		}
	})
}
