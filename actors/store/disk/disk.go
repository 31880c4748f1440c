package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"troupe/messages"
)

// ErrClosed is returned by everything before Open and after Close.
var ErrClosed = errors.New("the store's folder is not open")

// Config says where the records lie.
type Config struct {
	Dir string
	FS  FS // nil = the real disk
	Log *slog.Logger
	// ReadOnly refuses a folder that is not there, and leaves one that is as it is; every Commit fails.
	ReadOnly bool

	// Fatal is called, from any goroutine, when nothing on this disk can be trusted any more. It should end the process;
	// if it returns, the goroutine panics with the same text. nil panics at once.
	Fatal func(reason string)
}

// FS is where files lie; the real disk, or one for tests.
type FS = vfs.FS

// DB is the store's folder. The one that made it closes it.
type DB struct {
	cfg Config

	mu     sync.RWMutex // held for reading by every operation, so that Close waits for them
	pebble *pebble.DB   // nil before Open and after Close
	closed bool
}

// New returns a folder that is not open yet.
func New(cfg Config) *DB {
	if cfg.FS == nil {
		cfg.FS = vfs.Default
	}
	return &DB{cfg: cfg}
}

// Open opens the folder, making it when there is none. A folder that another process has open, that is damaged, or that a
// newer version wrote is refused with an error that names it. Called once; after Close it returns ErrClosed.
func (db *DB) Open() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return ErrClosed
	}
	if err := db.keepPrivate(); err != nil {
		return fmt.Errorf("open the store in %s: %w", db.cfg.Dir, err)
	}
	log := &logger{log: db.cfg.Log, dir: db.cfg.Dir, fatal: db.cfg.Fatal}
	p, err := pebble.Open(db.cfg.Dir, &pebble.Options{
		FS:                 db.cfg.FS,
		ReadOnly:           db.cfg.ReadOnly,
		ErrorIfNotExists:   db.cfg.ReadOnly,
		FormatMajorVersion: pebble.FormatNewest, // the default does not tell a torn log tail from damage
		Logger:             log,
		EventListener:      log.listener(),
	})
	if err != nil {
		return fmt.Errorf("open the store in %s: %w", db.cfg.Dir, explain(err))
	}
	if err := checkSchema(p, db.cfg.ReadOnly); err != nil {
		return errors.Join(fmt.Errorf("open the store in %s: %w", db.cfg.Dir, explain(err)), p.Close())
	}
	db.pebble = p
	return nil
}

// keepPrivate lets only this process's own user into the folder. Browsers run as other users, and the folders above let them pass.
func (db *DB) keepPrivate() error {
	if db.cfg.FS != vfs.Default || db.cfg.ReadOnly {
		return nil
	}
	return errors.Join(os.MkdirAll(db.cfg.Dir, 0o700), os.Chmod(db.cfg.Dir, 0o700))
}

// explain adds what to do to the errors of a damaged folder.
func explain(err error) error {
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("its files are damaged; restore a backup with: troupe store restore FILE --replace: %w", err)
	}
	return err
}

// checkSchema refuses a folder of another layout, and marks a new one. A new folder's first log still has the oldest
// format, in which damage cannot be told from a torn tail; the flush begins another.
func checkSchema(p *pebble.DB, readOnly bool) error {
	value, closer, err := p.Get(schemaKey)
	if readOnly && errors.Is(err, pebble.ErrNotFound) {
		return FitsSchema(0)
	}
	if errors.Is(err, pebble.ErrNotFound) {
		return errors.Join(p.Set(schemaKey, []byte{Schema}, pebble.Sync), p.Flush())
	}
	if err != nil {
		return err
	}
	found := slices.Clone(value)
	if err := closer.Close(); err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("its layout is no number: %v", found)
	}
	return FitsSchema(int(found[0]))
}

// FitsSchema says why a folder of that layout cannot be opened; nil = it can.
func FitsSchema(found int) error {
	switch {
	case found > Schema:
		return fmt.Errorf("a newer troupe wrote it (layout %d, this one knows %d): run that version, or restore a backup from before the upgrade", found, Schema)
	case found < Schema:
		return fmt.Errorf("its layout %d is older than any that this troupe reads (%d)", found, Schema)
	}
	return nil
}

// Close waits for running operations and closes the folder. Closing twice is harmless.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closed = true
	if db.pebble == nil {
		return nil
	}
	err := db.pebble.Close()
	db.pebble = nil
	if err != nil {
		return fmt.Errorf("close the store in %s: %w", db.cfg.Dir, err)
	}
	return nil
}

// use runs an operation on the open folder and names the folder in its error.
func (db *DB) use(what string, op func(*pebble.DB) error) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.pebble == nil {
		return ErrClosed
	}
	if err := op(db.pebble); err != nil {
		return fmt.Errorf("%s in %s: %w", what, db.cfg.Dir, explain(err))
	}
	return nil
}

// Checkpoint makes a copy of the folder, as of now, in dir, which must not exist. Files are linked, not copied, where
// the file system can.
func (db *DB) Checkpoint(dir string) error {
	return db.use("make a checkpoint of the store", func(p *pebble.DB) error {
		return p.Checkpoint(dir, pebble.WithFlushedWAL())
	})
}

// State is where the records stand.
type State struct {
	Rev     messages.Rev // the newest that was committed
	LogFrom messages.Rev // the change log holds every change after it
}

// State reads where the records stand.
func (db *DB) State() (State, error) {
	var s State
	err := db.use("read the state of the store", func(p *pebble.DB) error {
		rev, err := getNumber(p, revKey)
		if err != nil {
			return err
		}
		from, err := getNumber(p, logFromKey)
		s = State{Rev: messages.Rev(rev), LogFrom: messages.Rev(from)}
		return err
	})
	return s, err
}

// getNumber reads a number, 0 when there is none.
func getNumber(p *pebble.DB, key []byte) (uint64, error) {
	value, closer, err := p.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := number(value)
	return n, errors.Join(err, closer.Close())
}

// Size is how many bytes the folder's files take; 0 before Open and after Close.
func (db *DB) Size() (bytes uint64) {
	_ = db.use("measure the store", func(p *pebble.DB) error { // a closed folder has none
		bytes = p.Metrics().DiskSpaceUsage()
		return nil
	})
	return bytes
}
