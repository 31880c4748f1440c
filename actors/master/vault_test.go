package master

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/account/vault"
	"troupe/messages"
	"troupe/testkit"
)

func newRing(t *testing.T) *vault.KeyRing {
	t.Helper()
	ring, err := vault.CreateKeyRing(t.TempDir() + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func sealedWith(t *testing.T, ring *vault.KeyRing, account string, epoch, counter uint64) *messages.SealedState {
	t.Helper()
	state := &vault.State{Version: vault.StateVersion, ChromiumMajor: int(counter), Persona: []byte(`{"of":"` + account + `"}`)}
	sealed, err := vault.Seal(ring, messages.AccountID(account), messages.Epoch(epoch), counter, state)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// resting is an account's sealed state as it stands in the store.
func (s *stage) resting(account string) *messages.SealedState {
	s.t.Helper()
	synctest.Wait()
	sealed := &messages.SealedState{}
	if err := proto.Unmarshal(s.records[tableVault][account], sealed); err != nil {
		s.t.Fatal(err)
	}
	return sealed
}

func TestOlderStateNeverReplacesANewerOne(t *testing.T) {
	ring := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStageWith(t, ring)
		id := s.running()
		epoch := s.board.Load().Account(messages.AccountID(id)).Record.GetEpoch()
		save := func(sealed *messages.SealedState) { s.account.Send(s.master, &messages.SaveVault{Sealed: sealed}) }
		save(sealedWith(t, ring, id, epoch, 5))
		if saved := testkit.Expect[*messages.VaultSaved](s.account, nil); saved.GetCounter() != 5 {
			t.Fatalf("%v", saved)
		}
		flipped := sealedWith(t, ring, id, epoch, 6)
		flipped.Ciphertext[len(flipped.Ciphertext)/2] ^= 1
		passedOff := sealedWith(t, ring, "another", epoch, 6)
		passedOff.Account = id
		for name, sealed := range map[string]*messages.SealedState{
			"an older counter": sealedWith(t, ring, id, epoch, 4),
			"an older epoch":   sealedWith(t, ring, id, epoch-1, 9), "an epoch that nobody gave": sealedWith(t, ring, id, epoch+1, 9),
			"an account that is not there": sealedWith(t, ring, "another", epoch, 9),
			"changed on the way":           flipped, "another account's": passedOff, "cut": {Account: id, Epoch: epoch, Counter: 6}, "none": nil,
		} {
			save(sealed)
			testkit.ExpectNone[*messages.VaultSaved](s.account, time.Second)
			if kept := s.resting(id); kept.GetCounter() != 5 || kept.GetEpoch() != epoch {
				t.Errorf("%s took the place of the newer state", name)
			}
		}
		synctest.Wait()
		if len(s.records[tableVault]) != 1 {
			t.Errorf("states of %d accounts are kept", len(s.records[tableVault]))
		}
		save(sealedWith(t, ring, id, epoch, 5)) // said again, because the answer was lost
		if saved := testkit.Expect[*messages.VaultSaved](s.account, nil); saved.GetCounter() != 5 {
			t.Errorf("a state that was said again is acknowledged as %v", saved)
		}
		save(sealedWith(t, ring, id, epoch, 6))
		testkit.Expect[*messages.VaultSaved](s.account, nil)
	})
}

// paused makes an account whose state rests in the store, and pauses it.
func (s *stage) paused(ring *vault.KeyRing) string {
	id := s.running()
	epoch := s.board.Load().Account(messages.AccountID(id)).Record.GetEpoch()
	s.account.Send(s.master, &messages.SaveVault{Sealed: sealedWith(s.t, ring, id, epoch, 5)})
	testkit.Expect[*messages.VaultSaved](s.account, nil)
	s.client.Send(s.master, &messages.PauseAccount{Account: id})
	testkit.Expect[*messages.AccountDone](s.client, nil)
	s.worker.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: epoch, Clean: true, Incarnation: strconv.Itoa(s.life)})
	synctest.Wait()
	return id
}

func TestImportReplacesThePausedAccountsState(t *testing.T) {
	ring := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStageWith(t, ring)
		id := s.paused(ring)
		plain, err := vault.State{Version: 1, ChromiumMajor: 99, Persona: []byte(`{"of":"the file"}`)}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		s.client.Send(s.master, &messages.WriteVault{Account: id, State: plain})
		if written := testkit.Expect[*messages.VaultWritten](s.client, nil); written.GetCounter() != 6 {
			t.Fatalf("%v", written)
		}
		s.client.Send(s.master, &messages.ReadVault{Account: id})
		read := testkit.Expect[*messages.VaultRead](s.client, nil).GetSealed()
		state, err := vault.Open(ring, messages.AccountID(id), read)
		if err != nil || state.ChromiumMajor != 99 || !strings.Contains(string(state.Persona), id) {
			t.Fatalf("%v %v", state, err)
		}
		if !proto.Equal(read, s.resting(id)) {
			t.Error("another state rests in the store than is handed out")
		}
		s.client.Send(s.master, &messages.ResumeAccount{Account: id})
		assigned := testkit.Expect[*messages.AssignAccount](s.worker, nil)
		if assigned.GetProfileUsable() || assigned.GetSealed().GetCounter() != 6 {
			t.Error("the account goes on with the profile from before the import")
		}
	})
}

func TestImportIsRefusedUnlessThePausedAccountRests(t *testing.T) {
	ring := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStageWith(t, ring)
		id := s.running()
		refused := func(account, state, code string) {
			t.Helper()
			s.client.Send(s.master, &messages.WriteVault{Account: account, State: []byte(state)})
			if r := testkit.Expect[*messages.Refused](s.client, nil); r.GetCode() != code || strings.Contains(r.GetMessage(), "canary") {
				t.Errorf("%v", r)
			}
		}
		refused("none", `{"v":1}`, "not_found")
		refused(id, `{"v":1}`, "conflict")
		s.client.Send(s.master, &messages.PauseAccount{Account: id})
		testkit.Expect[*messages.AccountDone](s.client, nil)
		refused(id, `{"v":1}`, "conflict") // its browser is still open
		s.worker.Send(s.master, &messages.AccountRevoked{Account: id, Epoch: s.board.Load().Account(messages.AccountID(id)).Record.GetEpoch(), Incarnation: strconv.Itoa(s.life)})
		refused(id, `{"v":1,"cookies":["canary"]}`, "invalid")
		synctest.Wait()
		if len(s.records[tableVault]) != 0 {
			t.Error("something was written")
		}
	})
}

func TestRotationSealsEverythingAnewAndOldKeysRetire(t *testing.T) {
	ring := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStageWith(t, ring)
		s.fill(t, ring, 250)
		before := ring.Keys()[0].GetId()
		s.client.Send(s.master, &messages.RetireKey{KeyId: before})
		if r := testkit.Expect[*messages.Refused](s.client, nil); r.GetCode() != "conflict" {
			t.Errorf("the newest key: %v", r)
		}
		s.client.Send(s.master, &messages.RotateKeys{})
		done := testkit.Expect[*messages.KeysRotated](s.client, nil)
		newest := ring.Keys()[1].GetId()
		if done.GetResealed() != 251 || done.GetFailed() != 0 || done.GetKeyId() != newest {
			t.Errorf("%v", done)
		}
		s.wantKey(t, ring, newest, 250)
		s.client.Send(s.master, &messages.ListKeys{})
		listed := testkit.Expect[*messages.KeysListed](s.client, nil).GetKeys()
		if len(listed) != 2 || listed[0].GetStates() != 0 || listed[1].GetStates() != 250 || listed[1].GetSecrets() != 1 || !listed[1].GetNewest() {
			t.Errorf("%v", listed)
		}
		s.client.Send(s.master, &messages.RetireKey{KeyId: before})
		if listed := testkit.Expect[*messages.KeysListed](s.client, nil).GetKeys(); len(listed) != 1 {
			t.Errorf("%v", listed)
		}
		s.client.Send(s.master, &messages.RetireKey{KeyId: before})
		if r := testkit.Expect[*messages.Refused](s.client, nil); r.GetCode() != "not_found" {
			t.Errorf("%v", r)
		}
	})
}

// TestRotationThatACrashInterruptedIsFinished ends the master after each durable step of a rotation in turn: nothing is lost, and
// the next start seals the rest.
func TestRotationThatACrashInterruptedIsFinished(t *testing.T) {
	for steps := range 3 {
		ring := newRing(t)
		synctest.Test(t, func(t *testing.T) {
			s := newStageWith(t, ring)
			s.fill(t, ring, 250)
			s.appends = steps // then the store is silent, as if the machine had gone
			s.client.Send(s.master, &messages.RotateKeys{})
			testkit.ExpectNone[*messages.KeysRotated](s.client, time.Second)
			synctest.Wait()
			old := ring.Keys()[0].GetId()
			for id := range s.records[tableVault] {
				if _, err := vault.Open(ring, messages.AccountID(id), s.resting(id)); err != nil {
					t.Fatalf("after %d steps: %v", steps, err)
				}
			}
			s.appends = -1
			s.crash()
			synctest.Wait()
			s.wantKey(t, ring, ring.Keys()[1].GetId(), 250)
			s.client.Send(s.master, &messages.RetireKey{KeyId: old})
			testkit.Expect[*messages.KeysListed](s.client, nil)
		})
	}
}

func TestStateThatDoesNotOpenKeepsItsKeyInTheRing(t *testing.T) {
	ring := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStageWith(t, ring)
		s.fill(t, ring, 3)
		old := ring.Keys()[0].GetId()
		broken := s.resting("sb_1")
		broken.Ciphertext[0] ^= 1
		lost := s.resting("sb_2")
		lost.KeyId = "k0"
		s.put(t, tableVault, "sb_1", broken)
		s.put(t, tableVault, "sb_2", lost)
		s.crash()
		synctest.Wait() // what can be sealed anew at the start is
		s.client.Send(s.master, &messages.RotateKeys{})
		if done := testkit.Expect[*messages.KeysRotated](s.client, nil); done.GetFailed() != 2 || done.GetResealed() != 2 {
			t.Errorf("%v", done)
		}
		s.client.Send(s.master, &messages.RetireKey{KeyId: old})
		if r := testkit.Expect[*messages.Refused](s.client, nil); r.GetCode() != "conflict" {
			t.Errorf("a key that something needs was retired: %v", r)
		}
		s.client.Send(s.master, &messages.ListKeys{})
		listed := testkit.Expect[*messages.KeysListed](s.client, nil).GetKeys()
		if len(listed) != 3 || !listed[0].GetMissing() || listed[0].GetStates() != 1 || listed[1].GetStates() != 1 {
			t.Errorf("%v", listed)
		}
	})
}

// fill ends the master and starts it again over n accounts, each with a state, and a proxy with a password.
func (s *stage) fill(t *testing.T, ring *vault.KeyRing, n int) {
	t.Helper()
	synctest.Wait()
	for i := range n {
		id := fmt.Sprintf("sb_%d", i+1)
		s.put(t, tableAccounts, id, &messages.Account{Id: id, Platform: "sandbox", Paused: true, EpochOver: true, Epoch: 7})
		s.put(t, tableVault, id, sealedWith(t, ring, id, 7, 1))
	}
	password, err := vault.SealSecret(ring, "proxy/p1", []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, tableProxies, "p1", &messages.Proxy{Id: "p1", Name: "office", Password: password})
	s.crash()
	synctest.Wait()
}

func (s *stage) put(t *testing.T, table, key string, record proto.Message) {
	t.Helper()
	raw, err := proto.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	if s.records[table] == nil {
		s.records[table] = map[string][]byte{}
	}
	s.records[table][key] = raw
}

// wantKey checks that everything in the store is sealed with that key, and opens.
func (s *stage) wantKey(t *testing.T, ring *vault.KeyRing, key string, states int) {
	t.Helper()
	synctest.Wait()
	if len(s.records[tableVault]) != states {
		t.Errorf("%d states rest in the store", len(s.records[tableVault]))
	}
	for id := range s.records[tableVault] {
		sealed := s.resting(id)
		if _, err := vault.Open(ring, messages.AccountID(id), sealed); err != nil || sealed.GetKeyId() != key {
			t.Fatalf("%s: %v %v", id, sealed.GetKeyId(), err)
		}
	}
	p := &messages.Proxy{}
	if err := proto.Unmarshal(s.records[tableProxies]["p1"], p); err != nil {
		t.Fatal(err)
	}
	got, err := vault.OpenSecret(ring, "proxy/p1", p.GetPassword())
	if err != nil || !slices.Equal(got, []byte(secret)) || p.GetPassword().GetKeyId() != key {
		t.Errorf("%v %v", p, err)
	}
}

// TestWhatRestsKeepsItsKeyUntilEveryNodeHasTheNewOne would else let a node be given a login that it cannot open.
func TestWhatRestsKeepsItsKeyUntilEveryNodeHasTheNewOne(t *testing.T) {
	ring := newRing(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStageWith(t, ring)
		id := s.running()
		epoch := s.board.Load().Account(messages.AccountID(id)).Record.GetEpoch()
		s.account.Send(s.master, &messages.SaveVault{Sealed: sealedWith(t, ring, id, epoch, 5)})
		testkit.Expect[*messages.VaultSaved](s.account, nil)
		s.hire("w2", 1)
		sealed := func() (states []int64) { // with each key, oldest first
			s.client.Send(s.master, &messages.ListKeys{})
			for _, k := range testkit.Expect[*messages.KeysListed](s.client, nil).GetKeys() {
				states = append(states, k.GetStates())
			}
			return states
		}
		began := time.Now()
		s.client.Send(s.master, &messages.RotateKeys{})
		time.Sleep(4500 * time.Millisecond) // more than two beats
		if n := sealed(); !slices.Equal(n, []int64{1, 0}) {
			t.Errorf("the keys seal %v when a node may not have the newest yet", n)
		}
		if done := testkit.Expect[*messages.KeysRotated](s.client, nil); done.GetResealed() != 1 || time.Since(began) > 6*time.Second {
			t.Errorf("%v after %s", done, time.Since(began))
		}
		if n := sealed(); !slices.Equal(n, []int64{0, 1}) {
			t.Errorf("the keys seal %v in the end", n)
		}
	})
}
