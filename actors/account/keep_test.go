package account

import (
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

func TestStateThatTheMasterDidNotTakeIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		refused := testkit.Expect(s.master, func(m *messages.SaveVault) bool { return m.GetSealed().GetCounter() > 1 })
		saved, asker := testkit.ExpectFrom(s.master, func(m *messages.SaveVault) bool { return m.GetSealed().GetCounter() > refused.GetSealed().GetCounter() })
		s.master.Send(asker, &messages.VaultSaved{Account: "sb_1", Epoch: 7, Counter: saved.GetSealed().GetCounter()})
		testkit.ExpectNone[*messages.SaveVault](s.master, 3*time.Minute)
	})
}

func TestDrainSavesTheVaultBeforeTheBrowserIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		for range 2 { // its persona, and what the first round left
			saved, asker := testkit.ExpectFrom[*messages.SaveVault](s.master, nil)
			s.master.Send(asker, &messages.VaultSaved{Account: "sb_1", Epoch: 7, Counter: saved.GetSealed().GetCounter()})
		}
		s.master.Send(s.account, &messages.RevokeAccount{Account: "sb_1", Epoch: 7, Reason: "moved"})
		if revoked := testkit.Expect[*messages.AccountRevoked](s.parent, nil); !revoked.GetClean() {
			t.Error("not clean")
		}
	})
}

func TestDrainThatNoMasterAnswersClosesTheBrowserInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		began := time.Now()
		s.master.Send(s.account, &messages.RevokeAccount{Account: "sb_1", Epoch: 7, Reason: "the node is being stopped"})
		if revoked := testkit.Expect[*messages.AccountRevoked](s.parent, nil); !revoked.GetClean() || time.Since(began) >= 10*time.Second {
			t.Errorf("ended after %s, clean: %t", time.Since(began), revoked.GetClean())
		}
	})
}
