package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Unpack writes a packed backup into dir, which must be empty, as a folder with manifest.json and store/, and everything to disk. After
// an error dir holds something of no use.
func Unpack(ctx context.Context, r io.Reader, dir string, told func(done, of int64)) (Manifest, error) {
	return Read(ctx, r, into(dir), told)
}

// Load copies the backup at path, packed or a folder, into dir, which must be empty; dir/store then holds the files of a store. Every
// file has been checked when it returns without an error. accept may refuse a manifest before anything is copied.
func Load(ctx context.Context, from, dir string, accept func(Manifest) error, told func(done, of int64)) (Manifest, error) {
	begin := func(m Manifest) (Sink, error) {
		if err := accept(m); err != nil {
			return nil, err
		}
		return into(dir)(m)
	}
	info, err := os.Stat(from)
	if err != nil {
		return Manifest{}, fmt.Errorf("open the backup: %w", err)
	}
	if info.IsDir() {
		return loadFolder(ctx, from, begin, told)
	}
	f, err := os.Open(from)
	if err != nil {
		return Manifest{}, fmt.Errorf("open the backup: %w", err)
	}
	defer f.Close()
	return Read(ctx, f, begin, told)
}

func loadFolder(ctx context.Context, from string, begin func(Manifest) (Sink, error), told func(done, of int64)) (Manifest, error) {
	text, err := os.Open(filepath.Join(from, manifestName))
	if err != nil {
		return Manifest{}, fmt.Errorf("this is no backup of troupe: %w", err)
	}
	m, err := decode(text)
	if err := errors.Join(err, text.Close()); err != nil {
		return m, err
	}
	sink, err := begin(m)
	if err != nil {
		return m, err
	}
	var done int64
	for _, f := range m.Files {
		if err := passFile(ctx, filepath.Join(from, folder, f.Name), f, sink); err != nil {
			return m, err
		}
		done += f.Size
		told(done, m.Size())
	}
	return m, nil
}

func passFile(ctx context.Context, name string, f File, sink Sink) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("the backup is incomplete: %w", err)
	}
	defer file.Close()
	return pass(f, until{ctx, file}, sink)
}

// into makes the sink that writes a backup into dir.
func into(dir string) func(Manifest) (Sink, error) {
	return func(m Manifest) (Sink, error) {
		text, err := m.encode()
		if err != nil {
			return nil, err
		}
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, fmt.Errorf("make the backup's folder: %w", err)
		}
		if err := durably(filepath.Join(dir, manifestName), func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		}); err != nil {
			return nil, err
		}
		written := 0
		return func(f File, content io.Reader) error {
			if err := durably(filepath.Join(dir, folder, f.Name), func(w io.Writer) error {
				_, err := io.Copy(w, content)
				return err
			}); err != nil {
				return err
			}
			if written++; written < len(m.Files) {
				return nil
			}
			return errors.Join(SyncFolder(filepath.Join(dir, folder)), SyncFolder(dir))
		}, nil
	}
}

// durably writes a new file and returns when it is on disk.
func durably(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// SyncFolder returns when a folder's names are on disk.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
