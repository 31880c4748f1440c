package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"troupe/messages"
)

func TestKeyRingThatOthersMayReadIsRefused(t *testing.T) {
	ring, path := testRing(t)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeyRing(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("loaded: %v", err)
	}
	if err := ring.Rotate(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("rotated: %v", err)
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

func TestBrokenRingFilesAreRefused(t *testing.T) {
	ring, path := testRing(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut": string(whole[:len(whole)/2]), "empty": "", "no key": `{"keys":[]}`, "short key": `{"keys":[{"id":"k1","key":"AAAA"}]}`,
		"twice": strings.Replace(string(whole), "[", "["+strings.TrimSuffix(strings.SplitN(string(whole), "[", 2)[1], "]}\n")+",", 1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKeyRing(path); err == nil {
			t.Errorf("%s: loaded", name)
		}
		if ring.Rotate() == nil {
			t.Errorf("%s: rotated", name)
		}
	}
	if _, err := Open(ring, "dy_1", testSeal(t, ring)); err != nil {
		t.Errorf("the ring in memory suffered: %v", err)
	}
}

func TestRotatedRingOpensOldAndSealsWithTheNewest(t *testing.T) {
	ring, path := testRing(t)
	old := testSeal(t, ring)
	secret, err := SealSecret(ring, "proxy_1", []byte("pw"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	keys := ring.Keys()
	if len(keys) != 2 || keys[0].Newest || !keys[1].Newest || keys[0].Id != old.KeyId || keys[1].CreatedAt == 0 {
		t.Fatalf("%v", keys)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again, err := ring.Reseal(old)
	if err != nil {
		t.Fatal(err)
	}
	secretAgain, err := ring.ResealSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	if again.KeyId != keys[1].Id || secretAgain.KeyId != keys[1].Id || again.Epoch != old.Epoch || again.Counter != old.Counter {
		t.Errorf("%v", again)
	}
	loaded, err := LoadKeyRing(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*KeyRing{ring, loaded} {
		for _, s := range []*messages.SealedState{old, again} {
			if _, err := Open(r, "dy_1", s); err != nil {
				t.Error(err)
			}
		}
		if _, err := OpenSecret(r, "proxy_1", secretAgain); err != nil {
			t.Error(err)
		}
	}
}

func TestRetiredKeyLeavesTheFile(t *testing.T) {
	ring, path := testRing(t)
	old := testSeal(t, ring)
	if err := ring.Retire(old.KeyId); !errors.Is(err, ErrKeyInUse) {
		t.Errorf("the newest key was retired: %v", err)
	}
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := ring.Retire("k0"); !errors.Is(err, ErrNoSuchKey) {
		t.Errorf("an unknown key was retired: %v", err)
	}
	if err := ring.Retire(old.KeyId); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ring, "dy_1", old); err != nil {
		t.Errorf("what was under way is lost: %v", err)
	}
	loaded, err := LoadKeyRing(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(loaded, "dy_1", old); !errors.Is(err, ErrSealBroken) {
		t.Errorf("the next process opens it: %v", err)
	}
	if len(ring.Keys()) != 1 {
		t.Error("the key is still listed")
	}
}

// TestOlderCopyOfTheRingIsRefused puts an older file back while the ring is in use: what was sealed since must not be lost.
func TestOlderCopyOfTheRingIsRefused(t *testing.T) {
	ring, path := testRing(t)
	older, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	newer, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, older, 0o600); err != nil {
		t.Fatal(err)
	}
	if ring.Reload() == nil || ring.Rotate() == nil || len(ring.Keys()) != 2 {
		t.Error("an older ring took the place of the newer one")
	}
	behind, err := LoadKeyRing(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := behind.Reload(); err != nil || len(behind.Keys()) != 2 {
		t.Errorf("a key that another hand added is not seen: %v", err)
	}
}

func TestRingIsUsedWhileItIsRotated(t *testing.T) {
	ring, _ := testRing(t)
	var users sync.WaitGroup
	for n := range 4 {
		users.Go(func() {
			for range 50 {
				sealed, err := SealSecret(ring, "p", []byte{byte(n)})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := OpenSecret(ring, "p", sealed); err != nil || !bytes.Equal(got, []byte{byte(n)}) {
					t.Errorf("%v", err)
				}
				_ = fmt.Sprint(ring)
			}
		})
	}
	for range 5 {
		if err := ring.Rotate(); err != nil {
			t.Error(err)
		}
		if err := ring.Retire(ring.Keys()[0].Id); err != nil {
			t.Error(err)
		}
	}
	users.Wait()
}
