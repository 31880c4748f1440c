package vault

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// KeyRing holds the cluster's keys. New states are sealed with the newest; older ones only open. The first master
// makes it; a worker is given it at its join and never makes one.
type KeyRing struct{ keys []key }

type key struct {
	ID     string `json:"id"`
	Secret []byte `json:"key"` // 32 random bytes
}

const keySize = 32

// CreateKeyRing makes a ring of one fresh key and writes it to path (mode 0600, synced). It never replaces a
// file that exists: then it fails with an error that is fs.ErrExist.
func CreateKeyRing(path string) (*KeyRing, error) {
	k := key{Secret: make([]byte, keySize)}
	rand.Read(k.Secret) // never fails
	id := make([]byte, 4)
	rand.Read(id)
	k.ID = "k" + hex.EncodeToString(id)
	ring := &KeyRing{keys: []key{k}}
	if err := ring.write(path); err != nil {
		return nil, fmt.Errorf("create key ring: %w", err)
	}
	return ring, nil
}

// LoadKeyRing reads a ring. It refuses a file that others than its owner may read or write. A missing file is an
// error that is fs.ErrNotExist.
func LoadKeyRing(path string) (*KeyRing, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load key ring: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("load key ring: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("load key ring: %s has mode %04o, others may read it: run chmod 600 %s", path, mode, path)
	}
	var file struct {
		Keys []key `json:"keys"`
	}
	if err := json.NewDecoder(f).Decode(&file); err != nil {
		return nil, fmt.Errorf("load key ring %s: not a key ring", path)
	}
	ring := &KeyRing{keys: file.Keys}
	if err := ring.check(); err != nil {
		return nil, fmt.Errorf("load key ring %s: %w", path, err)
	}
	return ring, nil
}

// LogValue shows the keys' names only.
func (r *KeyRing) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String shows the keys' names only.
func (r *KeyRing) String() string {
	ids := make([]string, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.ID
	}
	return fmt.Sprintf("key ring %v", ids)
}

// GoString shows the keys' names only.
func (r *KeyRing) GoString() string { return r.String() }

func (r *KeyRing) newest() key { return r.keys[len(r.keys)-1] }

func (r *KeyRing) find(id string) (key, bool) {
	i := slices.IndexFunc(r.keys, func(k key) bool { return k.ID == id })
	if i < 0 {
		return key{}, false
	}
	return r.keys[i], true
}

func (r *KeyRing) check() error {
	if len(r.keys) == 0 {
		return errors.New("it holds no key")
	}
	for _, k := range r.keys {
		if k.ID == "" || len(k.Secret) != keySize {
			return fmt.Errorf("key %q is not %d bytes with a name", k.ID, keySize)
		}
	}
	return nil
}

func (r *KeyRing) write(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(
		json.NewEncoder(f).Encode(map[string][]key{"keys": r.keys}),
		f.Sync(),
		f.Close(),
		syncDir(filepath.Dir(path)),
	)
	if err != nil {
		os.Remove(path)
	}
	return err
}

// syncDir makes a new name in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
