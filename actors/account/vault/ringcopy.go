package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"troupe/messages"
)

// Export is the ring's file, for a node of the same cluster.
func (r *KeyRing) Export() (messages.Secret, error) {
	raw, err := json.Marshal(ringFile{r.all()})
	if err != nil {
		return nil, fmt.Errorf("export key ring: %w", err)
	}
	return raw, nil
}

// TakeKeyRing writes a ring that another node exported to path, in place of what is there, and loads it.
func TakeKeyRing(path string, exported messages.Secret) (*KeyRing, error) {
	keys, err := readExported(exported)
	if err != nil {
		return nil, err
	}
	if err := replaceFile(path, keys); err != nil {
		return nil, fmt.Errorf("take key ring: %w", err)
	}
	return newRing(path, keys), nil
}

// Take puts a ring that the master exported in the place of this one, on disk first. Keys that left it open until this process ends.
func (r *KeyRing) Take(exported messages.Secret) error {
	keys, err := readExported(exported)
	if err != nil {
		return err
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	gone := slices.Clone(*r.retired.Load())
	for _, k := range r.all() {
		if !slices.ContainsFunc(keys, func(other key) bool { return other.ID == k.ID }) {
			gone = append(gone, k)
		}
	}
	if err := r.replace("take key ring", keys); err != nil {
		return err
	}
	r.retired.Store(&gone)
	return nil
}

// readExported reads what Export made. Its errors quote nothing of it.
func readExported(exported messages.Secret) ([]key, error) {
	var file ringFile
	if len(exported) > maxRing || json.Unmarshal(exported, &file) != nil {
		return nil, errors.New("take key ring: not a key ring")
	}
	if err := checkKeys(file.Keys); err != nil {
		return nil, fmt.Errorf("take key ring: %w", err)
	}
	return file.Keys, nil
}
