package disk

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"troupe/messages"
)

func config(t *testing.T, dir string, fs FS) Config {
	return Config{Dir: dir, FS: fs, Log: slog.New(slog.DiscardHandler), Fatal: func(reason string) { t.Logf("fatal: %s", reason) }}
}

// open opens a folder and closes it when the test ends.
func open(t *testing.T, dir string, fs FS) *DB {
	t.Helper()
	db := New(config(t, dir, fs))
	if err := db.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func commit(t *testing.T, db *DB, fill func(*Batch)) {
	t.Helper()
	b := db.Batch()
	fill(b)
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
}

// content is all that can be read of a folder, as text.
func content(t *testing.T, db *DB) []string {
	t.Helper()
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	state, err := db.State()
	say("state %+v %v", state, err)
	err = db.Summaries(func(id messages.AccountID, s *messages.StoredSummary) error {
		say("account %s rev %d", id, s.GetRev())
		err := db.Items(id, func(collection, item string, value []byte) error {
			say("item %s %s %s", collection, item, value)
			return nil
		})
		return errors.Join(err, db.Expired(id, func(hash uint64, at int64) { say("expired %d %d", hash, at) }))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Changes(func(rev messages.Rev, c *messages.StoredChange) error {
		say("change %d %s/%s %v", rev, c.GetCollection(), c.GetId(), c.GetNew())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func fill(b *Batch) {
	for _, id := range []messages.AccountID{"a", "ab", "b"} {
		b.Item(id, messages.Comments, "c1", []byte("one"))
		b.Item(id, messages.Notifications, "n\x00/1", []byte("two"))
		b.Expired(id, 1<<63+5, 77)
		b.Summary(id, &messages.StoredSummary{Rev: 9})
	}
	b.Change(8, &messages.StoredChange{Account: "a", Collection: messages.Comments, Id: "c1", New: true})
	b.Change(9, &messages.StoredChange{Account: "b", Collection: messages.Comments, Id: "c1"})
	b.Rev(9)
}

func TestWhatWasCommittedIsReadBack(t *testing.T) {
	fs := vfs.NewMem()
	db := New(config(t, "data", fs))
	if err := db.Open(); err != nil {
		t.Fatal(err)
	}
	commit(t, db, fill)
	before := content(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"state {Rev:9 LogFrom:0} <nil>"}
	for _, id := range []string{"a", "ab", "b"} {
		want = append(want, "account "+id+" rev 9", "item comments c1 one", "item notifications n\x00/1 two",
			fmt.Sprintf("expired %d 77", uint64(1<<63+5)))
	}
	want = append(want, "change 8 comments/c1 true", "change 9 comments/c1 false")
	if diff := cmp.Diff(want, before); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, content(t, open(t, "data", fs))); diff != "" {
		t.Errorf("after reopening: %s", diff)
	}
}

func TestEraseTakesOneAccountAndNoOther(t *testing.T) {
	db := open(t, "data", vfs.NewMem())
	commit(t, db, fill)
	commit(t, db, func(b *Batch) { b.Erase("a") })
	for _, line := range content(t, db) {
		if strings.HasPrefix(line, "account a ") {
			t.Error("the account is still there")
		}
	}
	n := 0
	for _, id := range []messages.AccountID{"a", "ab", "b"} {
		err := db.Items(id, func(string, string, []byte) error { n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != 4 {
		t.Errorf("%d items are left, want those of the two others", n)
	}
}

func TestEmptyValuesDelete(t *testing.T) {
	db := open(t, "data", vfs.NewMem())
	commit(t, db, func(b *Batch) {
		b.Item("a", messages.Comments, "c1", []byte("one"))
		b.Control(&messages.Put{Table: "replies", Key: "r1", Value: []byte("x")})
		b.Control(&messages.Put{Table: "replies", Key: "r\x002", Value: []byte("y")})
		b.Control(&messages.Put{Table: "accounts", Key: "a", Value: []byte("z")})
	})
	commit(t, db, func(b *Batch) {
		b.Item("a", messages.Comments, "c1", nil)
		b.Control(&messages.Put{Table: "replies", Key: "r1"})
	})
	records, err := db.Control()
	want := []*messages.Put{{Table: "accounts", Key: "a", Value: []byte("z")}, {Table: "replies", Key: "r\x002", Value: []byte("y")}}
	if diff := cmp.Diff(want, records, protocmp.Transform()); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if err := db.Items("a", func(string, string, []byte) error { return errors.New("still there") }); err != nil {
		t.Error(err)
	}
}

func TestTheChangeLogIsTrimmedFromItsBeginning(t *testing.T) {
	db := open(t, "data", vfs.NewMem())
	commit(t, db, func(b *Batch) {
		for rev := range messages.Rev(300) {
			b.Change(rev, &messages.StoredChange{Id: "x"})
		}
	})
	commit(t, db, func(b *Batch) {
		b.TrimLog(297)
		b.ForgetChange(299)
	})
	want := []string{"state {Rev:0 LogFrom:297} <nil>", "change 298 /x false"}
	if diff := cmp.Diff(want, content(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestABatchWithARecordThatCannotBeIsRefusedWhole(t *testing.T) {
	db := open(t, "data", vfs.NewMem())
	b := db.Batch()
	b.Item("a", messages.Comments, "c1", []byte("one"))
	b.Item("a", "no such collection", "c2", []byte("two"))
	if err := b.Commit(); err == nil {
		t.Error("it was taken")
	}
	if err := db.Items("a", func(string, string, []byte) error { return errors.New("half of it is there") }); err != nil {
		t.Error(err)
	}
}

func TestAClosedFolderRefusesEverything(t *testing.T) {
	db := New(config(t, "data", vfs.NewMem()))
	if _, err := db.Control(); !errors.Is(err, ErrClosed) {
		t.Errorf("before Open: %v", err)
	}
	if err := errors.Join(db.Open(), db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	b := db.Batch()
	b.Rev(1)
	if err := b.Commit(); !errors.Is(err, ErrClosed) {
		t.Errorf("Commit: %v", err)
	}
	if err := db.Open(); !errors.Is(err, ErrClosed) {
		t.Errorf("Open: %v", err)
	}
}

func TestAFolderOfAnotherLayoutIsRefusedAndNamed(t *testing.T) {
	for found, why := range map[byte]string{Schema + 1: "a newer troupe wrote it", Schema - 1: "older than any"} {
		fs := vfs.NewMem()
		db := New(config(t, "data", fs))
		if err := db.Open(); err != nil {
			t.Fatal(err)
		}
		commit(t, db, func(b *Batch) { b.set(schemaKey, []byte{found}) })
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		err := New(config(t, "data", fs)).Open()
		if err == nil || !strings.Contains(err.Error(), "data") || !strings.Contains(err.Error(), why) {
			t.Errorf("layout %d opened, or not explained: %v", found, err)
		}
	}
}

func TestAReadOnlyFolderStaysAsItIs(t *testing.T) {
	fs := vfs.NewMem()
	if err := New(Config{Dir: "data", FS: fs, Log: slog.New(slog.DiscardHandler), ReadOnly: true}).Open(); err == nil {
		t.Error("a folder was made to be read")
	}
	db := New(config(t, "data", fs))
	if err := db.Open(); err != nil {
		t.Fatal(err)
	}
	commit(t, db, func(b *Batch) { b.Rev(7) })
	if db.Size() == 0 {
		t.Error("an open folder has no size")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	reader := New(Config{Dir: "data", FS: fs, Log: slog.New(slog.DiscardHandler), ReadOnly: true})
	if err := reader.Open(); err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if state, err := reader.State(); err != nil || state.Rev != 7 {
		t.Errorf("%+v %v", state, err)
	}
	b := reader.Batch()
	b.Rev(8)
	if err := b.Commit(); err == nil {
		t.Error("it was written to")
	}
}

func TestAFolderInUseIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, nil)
	if err := New(config(t, dir, nil)).Open(); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("opened twice, or the folder is not named: %v", err)
	}
}

func TestNoOtherUserReadsTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.Mkdir(dir, 0o755); err != nil { // as earlier versions made it
		t.Fatal(err)
	}
	open(t, dir, nil)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestACheckpointIsAWholeCopy(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "data"), nil)
	commit(t, db, fill)
	copied := filepath.Join(dir, "copy")
	if err := db.Checkpoint(copied); err != nil {
		t.Fatal(err)
	}
	commit(t, db, func(b *Batch) { b.Erase("a") })
	if diff := cmp.Diff(9+6, len(content(t, open(t, copied, nil)))); diff != "" {
		t.Error(diff)
	}
	if err := db.Checkpoint(copied); err == nil {
		t.Error("an existing folder was overwritten")
	}
}

// TestAFlippedBitInTheLogIsRefusedByName damages the log of a closed folder in several places. Wrong values are never
// read. Only damage in the log's last 32 KiB looks like a write that a crash cut off, and is taken for one.
func TestAFlippedBitInTheLogIsRefusedByName(t *testing.T) {
	dir := t.TempDir()
	db := New(config(t, dir, nil))
	if err := db.Open(); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		commit(t, db, func(b *Batch) { b.Item("a", messages.Comments, fmt.Sprint("c", i), bytes.Repeat([]byte("v"), 1000)) })
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no log: %v", err)
	}
	for _, file := range files {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for at := 20; at < len(whole)-64<<10; at += len(whole) / 8 {
			if !damaged(t, dir, file, whole, at) {
				t.Errorf("a flipped bit at %d of %d was not noticed", at, len(whole))
			}
		}
	}
}

// damaged flips one bit of file in a copy of the folder, and says whether that is refused by name.
func damaged(t *testing.T, dir, file string, whole []byte, at int) bool {
	t.Helper()
	scratch := t.TempDir()
	if err := os.CopyFS(scratch, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(whole)
	broken[at] ^= 0x10
	if err := os.WriteFile(filepath.Join(scratch, filepath.Base(file)), broken, 0o600); err != nil {
		t.Fatal(err)
	}
	db := New(config(t, scratch, nil))
	if err := db.Open(); err != nil {
		if !strings.Contains(err.Error(), scratch) || !strings.Contains(err.Error(), "restore a backup") {
			t.Errorf("the folder is not named, or there is no advice: %v", err)
		}
		return true
	}
	err := db.Items("a", func(_, _ string, value []byte) error {
		if !bytes.Equal(value, bytes.Repeat([]byte("v"), 1000)) {
			return errors.New("a wrong value was read")
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Error(err)
	}
	return false
}

func FuzzKeysComeApartAsTheyWerePutTogether(f *testing.F) {
	f.Add("dy_1", uint8(0), "c1", []byte("ia\x00\x01c"))
	f.Add("a", uint8(5), "\x00\xff", []byte("i\x00\x00"))
	f.Fuzz(func(t *testing.T, account string, collection uint8, id string, raw []byte) {
		if _, _, _, err := splitItem(raw); err == nil && len(raw) < 4 {
			t.Errorf("%q is no key", raw)
		}
		if id == "" || strings.Contains(account, "\x00") {
			return
		}
		name := messages.Collections[int(collection)%len(messages.Collections)]
		a, c, i, err := splitItem(itemKey(messages.AccountID(account), name, id))
		if err != nil || string(a) != account || c != name || i != id {
			t.Errorf("%q %q %q came back as %q %q %q: %v", account, name, id, a, c, i, err)
		}
		prefix := named(itemSpace, account)
		if k := itemKey(messages.AccountID(account), name, id); bytes.Compare(k, prefix) < 0 || bytes.Compare(k, past(prefix)) >= 0 {
			t.Error("the key is outside of its account")
		}
	})
}
