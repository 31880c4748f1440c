package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Write writes the checkpoint in dir, which Describe has described, as a packed backup. A file that is not any more as it was described is an error:
// what was written until then is of no use.
func Write(ctx context.Context, w io.Writer, dir string, m Manifest) error {
	packed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("pack a backup: %w", err)
	}
	err = write(ctx, packed, dir, m)
	return errors.Join(err, packed.Close())
}

func write(ctx context.Context, w io.Writer, dir string, m Manifest) error {
	text, err := m.encode()
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	if err := t.WriteHeader(header(manifestName, int64(len(text)), m)); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	if _, err := t.Write(text); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	for _, f := range m.Files {
		if err := writeFile(ctx, t, filepath.Join(dir, f.Name), f, m); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	if err := t.Close(); err != nil {
		return fmt.Errorf("end a backup: %w", err)
	}
	return nil
}

func header(name string, size int64, m Manifest) *tar.Header {
	return &tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: m.TakenAt, Typeflag: tar.TypeReg}
}

func writeFile(ctx context.Context, t *tar.Writer, name string, f File, m Manifest) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := t.WriteHeader(header(path.Join(folder, f.Name), f.Size, m)); err != nil {
		return err
	}
	_, err = io.Copy(t, until{ctx, file}) // more or less than f.Size is an error of tar's
	return err
}

// Sink takes the files of a backup, one after the other; content is read to its end before the next one comes.
type Sink func(f File, content io.Reader) error

// Read reads a packed backup to its end and proves that all of it is there and as it was. begin is told the manifest before any file
// comes and may refuse it; it returns where the files go to, nil for nowhere. told hears how many of how many bytes are done.
func Read(ctx context.Context, r io.Reader, begin func(Manifest) (Sink, error), told func(done, of int64)) (Manifest, error) {
	plain, err := zstd.NewReader(until{ctx, r}, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return Manifest{}, fmt.Errorf("unpack a backup: %w", err)
	}
	defer plain.Close()
	m, err := read(tar.NewReader(plain), begin, told)
	if err != nil {
		return m, err
	}
	if _, err := io.Copy(io.Discard, plain); err != nil { // its own checksum stands at its end
		return m, fmt.Errorf("the backup is cut short or damaged: %w", err)
	}
	return m, nil
}

func read(t *tar.Reader, begin func(Manifest) (Sink, error), told func(done, of int64)) (Manifest, error) {
	first, err := t.Next()
	if err != nil || first.Name != manifestName {
		return Manifest{}, errors.Join(errors.New("this is no backup of troupe, or it is cut short: it does not begin with a manifest"), err)
	}
	m, err := decode(t)
	if err != nil {
		return m, err
	}
	sink, err := begin(m)
	if err != nil {
		return m, err
	}
	var done int64
	for _, f := range m.Files {
		h, err := t.Next()
		if err != nil {
			return m, fmt.Errorf("the backup is cut short at %s: %w", f.Name, err)
		}
		if h.Name != path.Join(folder, f.Name) || h.Size != f.Size || h.Typeflag != tar.TypeReg {
			return m, fmt.Errorf("the backup has %q where its manifest has %s", h.Name, f.Name)
		}
		if err := pass(f, t, sink); err != nil {
			return m, err
		}
		done += f.Size
		told(done, m.Size())
	}
	if _, err := t.Next(); !errors.Is(err, io.EOF) {
		return m, errors.Join(errors.New("the backup does not end where its manifest does"), err)
	}
	return m, nil
}

// pass hands one file on and compares its checksum.
func pass(f File, content io.Reader, sink Sink) error {
	sum := sha256.New()
	summed := io.TeeReader(content, sum)
	if sink != nil {
		if err := sink(f, summed); err != nil {
			return fmt.Errorf("take %s: %w", f.Name, err)
		}
	}
	if _, err := io.Copy(io.Discard, summed); err != nil {
		return fmt.Errorf("the backup is cut short at %s: %w", f.Name, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("the backup is damaged: %s is not as it was", f.Name)
	}
	return nil
}
