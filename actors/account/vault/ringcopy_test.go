package vault

import (
	"path/filepath"
	"strings"
	"testing"

	"troupe/messages"
)

// TestWorkersCopyOpensWhatTheMasterSeals follows a ring over a rotation and a retirement: what was sealed before still opens here.
func TestWorkersCopyOpensWhatTheMasterSeals(t *testing.T) {
	dir := t.TempDir()
	master, err := CreateKeyRing(filepath.Join(dir, "master"))
	if err != nil {
		t.Fatal(err)
	}
	exported := export(t, master)
	worker, err := TakeKeyRing(filepath.Join(dir, "worker"), exported)
	if err != nil {
		t.Fatal(err)
	}
	before, err := SealSecret(worker, "o", []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := master.Retire(master.Keys()[0].GetId()); err != nil {
		t.Fatal(err)
	}
	after, err := SealSecret(master, "o", []byte("after"))
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Take(export(t, master)); err != nil {
		t.Fatal(err)
	}
	for text, sealed := range map[string]*messages.SealedSecret{"before": before, "after": after} {
		if plain, err := OpenSecret(worker, "o", sealed); err != nil || string(plain) != text {
			t.Errorf("%s: %v", text, err)
		}
	}
	again, err := LoadKeyRing(filepath.Join(dir, "worker"))
	if err != nil || again.String() != master.String() {
		t.Errorf("%v on disk, the master has %v: %v", again, master, err)
	}
	if err := worker.Take(messages.Secret(`{"keys":"` + string(exported[:20]))); err == nil || strings.Contains(err.Error(), string(exported[:20])) {
		t.Errorf("a damaged ring: %v", err)
	}
}

func export(t *testing.T, r *KeyRing) messages.Secret {
	t.Helper()
	exported, err := r.Export()
	if err != nil {
		t.Fatal(err)
	}
	return exported
}
