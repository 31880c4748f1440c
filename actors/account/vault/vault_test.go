package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

func testState() *State {
	return &State{
		Version:       StateVersion,
		Cookies:       []json.RawMessage{json.RawMessage(`{"name":"sid","value":"canary-cookie","partitionKey":{"topLevelSite":"https://a.test"}}`)},
		Origins:       []Origin{{Origin: "https://a.test", LocalStorage: [][2]string{{"k", "值"}, {"k2", ""}}}},
		ExportedAt:    time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC),
		ChromiumMajor: 156,
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

func TestSealedStateComesBackWhole(t *testing.T) {
	made, path := testRing(t)
	sealed, err := Seal(made, "dy_1", 7, 3, testState())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadKeyRing(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(loaded, sealed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testState(), got); diff != "" {
		t.Error(diff)
	}
}

func TestSealBreaksOnEveryBit(t *testing.T) {
	ring, _ := testRing(t)
	sealed, err := Seal(ring, "dy_1", 7, 3, testState())
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(sealed.Ciphertext) * 8 {
		flipped := proto.CloneOf(sealed)
		flipped.Ciphertext[i/8] ^= 1 << (i % 8)
		if _, err := Open(ring, flipped); !errors.Is(err, ErrSealBroken) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
}

func TestSealIsBoundToItsPlace(t *testing.T) {
	ring, _ := testRing(t)
	sealed, err := Seal(ring, "dy_1", 7, 3, testState())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*messages.SealedState){
		"another account": func(s *messages.SealedState) { s.Account = "dy_2" },
		"another epoch":   func(s *messages.SealedState) { s.Epoch = 8 },
		"older as newer":  func(s *messages.SealedState) { s.Counter = 4 },
		"another nonce":   func(s *messages.SealedState) { s.Nonce[0] ^= 1 },
		"short nonce":     func(s *messages.SealedState) { s.Nonce = s.Nonce[:3] },
		"cut off":         func(s *messages.SealedState) { s.Ciphertext = s.Ciphertext[:20] },
	} {
		t.Run(name, func(t *testing.T) {
			moved := proto.CloneOf(sealed)
			change(moved)
			if _, err := Open(ring, moved); !errors.Is(err, ErrSealBroken) {
				t.Errorf("opened: %v", err)
			}
		})
	}
	other, _ := testRing(t)
	if _, err := Open(other, sealed); err == nil {
		t.Error("another cluster's ring opened it")
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

func TestKeyRingThatOthersMayReadIsRefused(t *testing.T) {
	_, path := testRing(t)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeyRing(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("loaded: %v", err)
	}
}

func TestKeyRingIsNeverReplaced(t *testing.T) {
	_, path := testRing(t)
	if _, err := CreateKeyRing(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created twice: %v", err)
	}
	if _, err := LoadKeyRing(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing ring: %v", err)
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	ring, _ := testRing(t)
	for _, shown := range []string{fmt.Sprint(testState()), fmt.Sprintf("%v %+v", ring, ring), fmt.Sprintf("%#v", ring)} {
		if strings.Contains(shown, "canary") || strings.Contains(shown, fmt.Sprint(ring.newest().Secret)) {
			t.Errorf("secret in %q", shown)
		}
	}
}
