package master

import (
	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

func sameProfile(a, b *messages.Profile) bool { return proto.Equal(a, b) }

// takeProfile folds what the account's own page says into its record; what the page did not say stays.
func takeProfile(r *messages.Account, p *messages.Profile) {
	merged := &messages.Profile{}
	if r.GetProfile() != nil {
		merged = proto.CloneOf(r.GetProfile())
	}
	proto.Merge(merged, p)
	r.Profile = merged
	if r.GetAccountId() == "" {
		r.AccountId = p.GetPlatformUserId()
	}
}

// onSaveVault keeps an account's sealed state, if its epoch and counter are newer than what is kept.
func (m *master) onSaveVault(c actor.Context, msg *messages.SaveVault, sender *actor.PID) {
	sealed := msg.GetSealed()
	a := m.accounts[messages.AccountID(sealed.GetAccount())]
	if a == nil || a.record.GetRemoving() || sealed.GetEpoch() != a.record.GetEpoch() || sealed.GetCounter() <= a.vault.GetCounter() {
		return
	}
	a.vault = sealed
	var ch change
	ch.put(tableVault, sealed.GetAccount(), sealed)
	m.persist(c, ch, func() {
		if sender != nil {
			c.Send(sender, &messages.VaultSaved{Account: sealed.GetAccount(), Epoch: sealed.GetEpoch(), Counter: sealed.GetCounter()})
		}
	})
}
