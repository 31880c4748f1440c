package vault

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
)

// ringFile is a ring's file: JSON, mode 0600.
type ringFile struct {
	Keys []key `json:"keys"` // oldest first
}

// createFile writes a ring where no file is yet.
func createFile(path string, keys []key) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(writeKeys(f, keys), syncDir(filepath.Dir(path))); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// replaceFile writes a ring in place of the one at path. At each moment, also of a crash, the old file or the new one stands there
// whole; what a crash leaves beside it is overwritten the next time.
func replaceFile(path string, keys []key) error {
	beside := path + ".new"
	f, err := os.OpenFile(beside, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := writeKeys(f, keys); err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	if err := os.Rename(beside, path); err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	return syncDir(filepath.Dir(path))
}

// writeKeys writes f whole, to the disk, and closes it.
func writeKeys(f *os.File, keys []key) error {
	return errors.Join(json.NewEncoder(f).Encode(ringFile{keys}), f.Sync(), f.Close())
}

// syncDir makes a new name in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
