package vault

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"troupe/messages"
)

// KeyRing holds the cluster's keys. What is new is sealed with the newest; older ones only open. The first master makes the
// ring; a worker is given it at its join and never makes one.
//
// It is safe for concurrent use. The file is the truth: Rotate, Retire and Reload read it anew, and change it as a whole or
// not at all. Two processes must not change one file; the lock of the node's data folder sees to that.
type KeyRing struct {
	path     string
	changing sync.Mutex // held while the file is read or written anew
	keys     atomic.Pointer[[]key]

	// retired keys left the file; until this process ends they still open what was under way when they did.
	retired atomic.Pointer[[]key]
}

type key struct {
	ID      string    `json:"id"`
	Secret  []byte    `json:"key"` // 32 random bytes
	Created time.Time `json:"created,omitzero"`
}

const (
	keySize = 32
	maxRing = 1 << 20 // bytes of a ring's file
)

// ErrKeyInUse means that a key cannot be retired: it is the newest.
var ErrKeyInUse = errors.New("new states are sealed with this key: rotate first")

// ErrNoSuchKey means that the ring does not have a key of that name.
var ErrNoSuchKey = errors.New("the key ring has no such key")

// CreateKeyRing makes a ring of one fresh key and writes it to path (mode 0600, synced). It never replaces a
// file that exists: then it fails with an error that is fs.ErrExist.
func CreateKeyRing(path string) (*KeyRing, error) {
	first, err := newKey(nil)
	if err != nil {
		return nil, fmt.Errorf("create key ring: %w", err)
	}
	ring := newRing(path, []key{first})
	if err := createFile(path, ring.all()); err != nil {
		return nil, fmt.Errorf("create key ring: %w", err)
	}
	return ring, nil
}

// LoadKeyRing reads a ring. It refuses a file that others than its owner may read or write. A missing file is an
// error that is fs.ErrNotExist.
func LoadKeyRing(path string) (*KeyRing, error) {
	keys, err := readKeys(path)
	if err != nil {
		return nil, fmt.Errorf("load key ring: %w", err)
	}
	return newRing(path, keys), nil
}

// Reload reads the ring's file anew, in which another hand may have added keys. A file that lacks one of the ring's keys is
// refused: it is an older copy, and what is sealed with that key would be lost.
func (r *KeyRing) Reload() error {
	r.changing.Lock()
	defer r.changing.Unlock()
	return r.reload()
}

func (r *KeyRing) reload() error {
	keys, err := readKeys(r.path)
	if err != nil {
		return fmt.Errorf("reload key ring: %w", err)
	}
	for _, k := range r.all() {
		if !slices.ContainsFunc(keys, func(other key) bool { return other.ID == k.ID }) {
			return fmt.Errorf("reload key ring: %s lacks key %s, which seals: put the newer file back", r.path, k.ID)
		}
	}
	r.keys.Store(&keys)
	return nil
}

// Rotate adds a fresh key, which seals from now on. It returns when the key is on disk; after an error
// the newest key is the one that it was.
func (r *KeyRing) Rotate() error {
	r.changing.Lock()
	defer r.changing.Unlock()
	if err := r.reload(); err != nil {
		return err
	}
	fresh, err := newKey(r.all())
	if err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	return r.replace("rotate keys", append(slices.Clone(r.all()), fresh))
}

// Retire takes a key out of the ring's file. The caller has proven that nothing is sealed with it any more. It fails with
// ErrKeyInUse for the newest key and with ErrNoSuchKey for an unknown one.
func (r *KeyRing) Retire(id string) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	if err := r.reload(); err != nil {
		return err
	}
	keys := slices.Clone(r.all())
	i := slices.IndexFunc(keys, func(k key) bool { return k.ID == id })
	switch {
	case i < 0:
		return fmt.Errorf("retire key: %w", ErrNoSuchKey)
	case i == len(keys)-1:
		return fmt.Errorf("retire key: %w", ErrKeyInUse)
	}
	gone := append(slices.Clone(*r.retired.Load()), keys[i])
	if err := r.replace("retire key", slices.Delete(keys, i, i+1)); err != nil {
		return err
	}
	r.retired.Store(&gone)
	return nil
}

// replace writes keys in place of the ring's, on disk first.
func (r *KeyRing) replace(what string, keys []key) error {
	if err := replaceFile(r.path, keys); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	r.keys.Store(&keys)
	return nil
}

// Keys lists the ring's keys by name, oldest first; the last is the newest.
func (r *KeyRing) Keys() []*messages.SealingKey {
	var list []*messages.SealingKey
	for _, k := range r.all() {
		one := &messages.SealingKey{Id: k.ID}
		if !k.Created.IsZero() {
			one.CreatedAt = k.Created.UnixMilli()
		}
		list = append(list, one)
	}
	list[len(list)-1].Newest = true
	return list
}

// LogValue shows the keys' names only.
func (r *KeyRing) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String shows the keys' names only.
func (r *KeyRing) String() string {
	var ids []string
	for _, k := range r.all() {
		ids = append(ids, k.ID)
	}
	return fmt.Sprintf("key ring %v", ids)
}

// Format shows the keys' names only, whatever the verb.
func (r *KeyRing) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

func newRing(path string, keys []key) *KeyRing {
	r := &KeyRing{path: path}
	r.keys.Store(&keys)
	r.retired.Store(&[]key{})
	return r
}

// all is the ring's keys, oldest first. The list is replaced, never changed.
func (r *KeyRing) all() []key { return *r.keys.Load() }

func (r *KeyRing) newest() key {
	keys := r.all()
	return keys[len(keys)-1]
}

// find looks a key up that opens.
func (r *KeyRing) find(id string) (key, bool) {
	for _, keys := range [][]key{r.all(), *r.retired.Load()} {
		if i := slices.IndexFunc(keys, func(k key) bool { return k.ID == id }); i >= 0 {
			return keys[i], true
		}
	}
	return key{}, false
}

// newKey makes a key whose name none of the others has.
func newKey(others []key) (key, error) {
	k := key{Secret: make([]byte, keySize), Created: time.Now().UTC().Truncate(time.Millisecond)}
	name := make([]byte, 4)
	rand.Read(k.Secret) // never fails
	rand.Read(name)
	k.ID = "k" + hex.EncodeToString(name)
	return k, checkKeys(append(slices.Clone(others), k))
}

func checkKeys(keys []key) error {
	if len(keys) == 0 {
		return errors.New("it holds no key")
	}
	seen := map[string]bool{}
	for _, k := range keys {
		if k.ID == "" || len(k.Secret) != keySize {
			return fmt.Errorf("key %q is not %d bytes with a name", k.ID, keySize)
		}
		if seen[k.ID] {
			return fmt.Errorf("two keys are named %q", k.ID)
		}
		seen[k.ID] = true
	}
	return nil
}

// readKeys reads a ring's file, and refuses one that others than its owner may read or write.
func readKeys(path string) ([]key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o, others may read it: run chmod 600 %s", path, mode, path)
	}
	var file ringFile
	if err := json.NewDecoder(io.LimitReader(f, maxRing)).Decode(&file); err != nil {
		return nil, fmt.Errorf("%s is not a key ring", path)
	}
	if err := checkKeys(file.Keys); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file.Keys, nil
}
