package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// Batch collects changes for one Commit. It belongs to one goroutine. The first error of any of its methods is
// kept, and returned by Commit.
type Batch struct {
	db  *DB
	ops []op
	err error
}

// op is one change; end is set for a range.
type op struct{ key, value, end []byte }

// Batch begins a batch.
func (db *DB) Batch() *Batch { return &Batch{db: db} }

func (b *Batch) set(key, value []byte) { b.ops = append(b.ops, op{key: key, value: value}) }
func (b *Batch) remove(key []byte)     { b.ops = append(b.ops, op{key: key}) }
func (b *Batch) removeRange(from, to []byte) {
	b.ops = append(b.ops, op{key: from, end: to})
}

func (b *Batch) setMessage(key []byte, m proto.Message) {
	value, err := proto.Marshal(m)
	if err != nil {
		b.err = errors.Join(b.err, fmt.Errorf("encode a record: %w", err))
		return
	}
	b.set(key, value)
}

// Item writes an item, or deletes it when value is empty.
func (b *Batch) Item(account messages.AccountID, collection, id string, value []byte) {
	if !slices.Contains(messages.Collections, collection) || id == "" {
		b.err = errors.Join(b.err, fmt.Errorf("no such collection, or no id: %q", collection))
		return
	}
	b.put(itemKey(account, collection, id), value)
}

// put writes a record under a key, or deletes it when value is empty.
func (b *Batch) put(key, value []byte) {
	if len(value) == 0 {
		b.remove(key)
		return
	}
	b.set(key, value)
}

// Expired remembers that an item of that hash expired at a time in ms.
func (b *Batch) Expired(account messages.AccountID, hash uint64, at int64) {
	b.set(expiredKey(account, hash), binary.BigEndian.AppendUint64(nil, uint64(at)))
}

// Forget takes Expired back.
func (b *Batch) Forget(account messages.AccountID, hash uint64) { b.remove(expiredKey(account, hash)) }

// Summary writes an account's summary.
func (b *Batch) Summary(account messages.AccountID, s *messages.StoredSummary) {
	b.setMessage(summaryKey(account), s)
}

// Change writes an entry of the change log.
func (b *Batch) Change(rev messages.Rev, c *messages.StoredChange) { b.setMessage(changeKey(rev), c) }

// ForgetChange deletes one entry of the change log.
func (b *Batch) ForgetChange(rev messages.Rev) { b.remove(changeKey(rev)) }

// TrimLog deletes every entry of the change log up to and including rev.
func (b *Batch) TrimLog(rev messages.Rev) {
	b.removeRange(changeKey(0), changeKey(rev+1))
	b.set(logFromKey, binary.BigEndian.AppendUint64(nil, uint64(rev)))
}

// Control writes a control record, or deletes it when its value is empty.
func (b *Batch) Control(p *messages.Put) {
	b.put(controlKey(p.GetTable(), p.GetKey()), p.GetValue())
}

// Erase deletes everything of an account but its entries in the change log: ForgetChange deletes those.
func (b *Batch) Erase(account messages.AccountID) {
	for _, space := range []byte{itemSpace, expiredSpace} {
		prefix := named(space, string(account))
		b.removeRange(prefix, past(prefix))
	}
	b.remove(summaryKey(account))
}

// Rev notes the newest rev.
func (b *Batch) Rev(rev messages.Rev) { b.set(revKey, binary.BigEndian.AppendUint64(nil, uint64(rev))) }

// Empty says whether there is nothing to commit.
func (b *Batch) Empty() bool { return len(b.ops) == 0 }

// Commit writes the batch and returns when it is safe on disk, all of it or nothing.
func (b *Batch) Commit() error {
	if b.err != nil {
		return b.err
	}
	return b.db.use("write to the store", func(p *pebble.DB) error {
		batch := p.NewBatch()
		for _, o := range b.ops {
			if err := apply(batch, o); err != nil {
				return errors.Join(err, batch.Close())
			}
		}
		return batch.Commit(pebble.Sync)
	})
}

func apply(batch *pebble.Batch, o op) error {
	switch {
	case o.end != nil:
		return batch.DeleteRange(o.key, o.end, nil)
	case o.value == nil:
		return batch.Delete(o.key, nil)
	default:
		return batch.Set(o.key, o.value, nil)
	}
}
