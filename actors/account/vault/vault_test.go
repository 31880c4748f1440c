package vault

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

func testState() *State {
	return &State{
		Version:       StateVersion,
		Cookies:       []json.RawMessage{json.RawMessage(`{"name":"sid","value":"canary-cookie","domain":"a.test","path":"/","expires":-1,"partitionKey":{"topLevelSite":"https://a.test","hasCrossSiteAncestor":true}}`)},
		Origins:       []Origin{{Origin: "https://a.test", LocalStorage: [][2]Text{{"k", "值 canary-storage"}, {"k2", ""}, {"😀\xed\xa0\xbd", "\xed\xb8\x80half"}}}},
		ExportedAt:    time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC),
		ChromiumMajor: 156,
		Persona:       json.RawMessage(`{"v":1,"seed":"canary-persona"}`),
	}
}

func testRing(t *testing.T) (*KeyRing, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	ring, err := CreateKeyRing(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring, path
}

func testSeal(t *testing.T, ring *KeyRing) *messages.SealedState {
	t.Helper()
	sealed, err := Seal(ring, "dy_1", 7, 3, testState())
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealedStateComesBackWhole(t *testing.T) {
	made, path := testRing(t)
	sealed := testSeal(t, made)
	loaded, err := LoadKeyRing(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(loaded, "dy_1", sealed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testState(), got); diff != "" {
		t.Error(diff)
	}
}

// TestStateOfTheFirstFormIsRead opens what version 1 of the state sealed: no persona.
func TestStateOfTheFirstFormIsRead(t *testing.T) {
	ring, _ := testRing(t)
	old := testState()
	old.Version, old.Persona = 1, nil
	sealed, err := Seal(ring, "dy_1", 1, 1, old)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(ring, "dy_1", sealed)
	if err != nil || cmp.Diff(old, got) != "" {
		t.Errorf("%v %s", err, cmp.Diff(old, got))
	}
	for _, version := range []int{0, StateVersion + 1} {
		old.Version = version
		if sealed, err = Seal(ring, "dy_1", 1, 1, old); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(ring, "dy_1", sealed); err == nil {
			t.Errorf("version %d was read", version)
		}
	}
}

func TestSealBreaksOnEveryBit(t *testing.T) {
	ring, _ := testRing(t)
	sealed := testSeal(t, ring)
	for i := range len(sealed.Ciphertext) * 8 {
		flipped := proto.CloneOf(sealed)
		flipped.Ciphertext[i/8] ^= 1 << (i % 8)
		if _, err := Open(ring, "dy_1", flipped); !errors.Is(err, ErrSealBroken) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
}

// TestSealedRecordBreaksWhereverItIsTouched changes each byte of the record as it rests on disk, and cuts it at each length.
func TestSealedRecordBreaksWhereverItIsTouched(t *testing.T) {
	ring, _ := testRing(t)
	record, err := proto.Marshal(testSeal(t, ring))
	if err != nil {
		t.Fatal(err)
	}
	opens := func(b []byte) error {
		sealed := &messages.SealedState{}
		if proto.Unmarshal(b, sealed) != nil {
			return ErrSealBroken // refused before its seal is looked at
		}
		_, err := Open(ring, "dy_1", sealed)
		return err
	}
	if err := opens(record); err != nil {
		t.Fatal(err)
	}
	for i := range record {
		changed := append([]byte(nil), record...)
		changed[i] ^= 0x11
		if err := opens(changed); !errors.Is(err, ErrSealBroken) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if err := opens(record[:i]); !errors.Is(err, ErrSealBroken) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

func TestSealIsBoundToItsPlace(t *testing.T) {
	ring, _ := testRing(t)
	sealed := testSeal(t, ring)
	for name, change := range map[string]func(*messages.SealedState){
		"another account": func(s *messages.SealedState) { s.Account = "dy_2" },
		"another epoch":   func(s *messages.SealedState) { s.Epoch = 8 },
		"older as newer":  func(s *messages.SealedState) { s.Counter = 4 },
		"another nonce":   func(s *messages.SealedState) { s.Nonce[0] ^= 1 },
		"another key":     func(s *messages.SealedState) { s.KeyId = "k0" },
		"short nonce":     func(s *messages.SealedState) { s.Nonce = s.Nonce[:3] },
		"cut off":         func(s *messages.SealedState) { s.Ciphertext = s.Ciphertext[:20] },
		"empty":           func(s *messages.SealedState) { s.Ciphertext = nil },
	} {
		t.Run(name, func(t *testing.T) {
			moved := proto.CloneOf(sealed)
			change(moved)
			if _, err := Open(ring, messages.AccountID(moved.Account), moved); !errors.Is(err, ErrSealBroken) {
				t.Errorf("opened: %v", err)
			}
		})
	}
	if _, err := Open(ring, "dy_2", sealed); !errors.Is(err, ErrSealBroken) {
		t.Errorf("opened for another account: %v", err)
	}
	if _, err := Open(ring, "dy_1", nil); !errors.Is(err, ErrSealBroken) {
		t.Errorf("nothing was opened: %v", err)
	}
	other, _ := testRing(t)
	if _, err := Open(other, "dy_1", sealed); !errors.Is(err, ErrSealBroken) {
		t.Errorf("another cluster's ring opened it: %v", err)
	}
}

func TestSecretOpensForItsOwnerOnly(t *testing.T) {
	ring, _ := testRing(t)
	sealed, err := SealSecret(ring, "proxy_1", []byte("canary-password"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenSecret(ring, "proxy_1", sealed); err != nil || string(got) != "canary-password" {
		t.Errorf("%v", err)
	}
	moved := proto.CloneOf(sealed)
	moved.Owner = "proxy_2"
	flipped := proto.CloneOf(sealed)
	flipped.Ciphertext[0] ^= 1
	for name, open := range map[string]func() (messages.Secret, error){
		"asked for by another": func() (messages.Secret, error) { return OpenSecret(ring, "proxy_2", sealed) },
		"moved":                func() (messages.Secret, error) { return OpenSecret(ring, "proxy_2", moved) },
		"changed":              func() (messages.Secret, error) { return OpenSecret(ring, "proxy_1", flipped) },
		"missing":              func() (messages.Secret, error) { return OpenSecret(ring, "proxy_1", nil) },
	} {
		if _, err := open(); !errors.Is(err, ErrSealBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	state := &messages.SealedState{Account: "proxy_1", KeyId: sealed.KeyId, Nonce: sealed.Nonce, Ciphertext: sealed.Ciphertext}
	if _, err := Open(ring, "proxy_1", state); !errors.Is(err, ErrSealBroken) {
		t.Errorf("a secret passed for a state: %v", err)
	}
}

func TestNewerGoesByEpochThenCounter(t *testing.T) {
	at := func(epoch, counter uint64) *messages.SealedState {
		return &messages.SealedState{Epoch: epoch, Counter: counter}
	}
	if !Newer(at(2, 1), at(1, 9)) || !Newer(at(2, 2), at(2, 1)) || !Newer(at(1, 1), nil) {
		t.Error("newer state not recognised")
	}
	if Newer(at(1, 9), at(2, 1)) || Newer(at(2, 1), at(2, 1)) {
		t.Error("older or equal state taken as newer")
	}
}

func TestImportedStateKeepsTheAccountsPersona(t *testing.T) {
	ring, _ := testRing(t)
	file := &State{Version: 1, Persona: json.RawMessage(`{"from":"the file"}`)}
	plain, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	broken := testSeal(t, ring)
	broken.Ciphertext[3] ^= 1
	for name, tc := range map[string]struct {
		old  *messages.SealedState
		want json.RawMessage
	}{
		"its own":            {testSeal(t, ring), testState().Persona},
		"none yet":           {nil, file.Persona},
		"its seal is broken": {broken, file.Persona},
	} {
		sealed, err := ring.Replace(tc.old, "dy_1", 9, 4, plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Open(ring, "dy_1", sealed)
		if err != nil || string(got.Persona) != string(tc.want) || sealed.Epoch != 9 || sealed.Counter != 4 {
			t.Errorf("%s: %s %v", name, got.Persona, err)
		}
	}
	if _, err := ring.Replace(nil, "dy_1", 9, 4, []byte(`{"v":1,"cookies":[{}]}`)); err == nil {
		t.Error("a state with a broken cookie was sealed")
	}
}
