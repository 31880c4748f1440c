package disk

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// scan goes through the records of one prefix. Key and value are valid only during the call.
func (db *DB) scan(what string, prefix []byte, each func(key, value []byte) error) error {
	return db.span(what, prefix, past(prefix), each)
}

// span goes through the records from one key up to, and without, another.
func (db *DB) span(what string, from, to []byte, each func(key, value []byte) error) error {
	return db.use(what, func(p *pebble.DB) error {
		it, err := p.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
		if err != nil {
			return err
		}
		for valid := it.First(); valid && err == nil; valid = it.Next() {
			var value []byte
			if value, err = it.ValueAndErr(); err == nil {
				err = each(it.Key(), value)
			}
		}
		return errors.Join(err, it.Error(), it.Close())
	})
}

// Summaries goes through all accounts, by id.
func (db *DB) Summaries(each func(messages.AccountID, *messages.StoredSummary) error) error {
	return db.scan("read the accounts", []byte{summarySpace}, func(key, value []byte) error {
		s := &messages.StoredSummary{}
		if err := proto.Unmarshal(value, s); err != nil {
			return fmt.Errorf("decode a summary: %w", err)
		}
		return each(messages.AccountID(key[1:]), s)
	})
}

// Items goes through an account's items, collection by collection. The value is valid only during the call.
func (db *DB) Items(account messages.AccountID, each func(collection, id string, value []byte) error) error {
	return db.scan("read items", named(itemSpace, string(account)), func(key, value []byte) error {
		_, collection, id, err := splitItem(key)
		if err != nil {
			return err
		}
		return each(collection, id, value)
	})
}

// Expired goes through the names of an account's expired items.
func (db *DB) Expired(account messages.AccountID, each func(hash uint64, at int64)) error {
	return db.scan("read expired names", named(expiredSpace, string(account)), func(key, value []byte) error {
		_, rest, _ := split(key, expiredSpace)
		hash, err := number(rest)
		if err != nil {
			return err
		}
		at, err := number(value)
		if err != nil {
			return err
		}
		each(hash, int64(at))
		return nil
	})
}

// Changes goes through the change log, oldest first.
func (db *DB) Changes(each func(messages.Rev, *messages.StoredChange) error) error {
	return db.scan("read the change log", []byte{changeSpace}, func(key, value []byte) error {
		rev, err := number(key[1:])
		if err != nil {
			return err
		}
		c := &messages.StoredChange{}
		if err := proto.Unmarshal(value, c); err != nil {
			return fmt.Errorf("decode a change: %w", err)
		}
		return each(messages.Rev(rev), c)
	})
}

// auditTable grows for as long as the node lives, so nobody reads it whole by accident.
const auditTable = "audit"

// Control reads every control record but those of the audit log, by table and key.
func (db *DB) Control() ([]*messages.Put, error) {
	audit := controlKey(auditTable, "")
	before, err := db.control([]byte{controlSpace}, audit, 0)
	if err != nil {
		return nil, err
	}
	behind, err := db.control(past(audit), past([]byte{controlSpace}), 0)
	return append(before, behind...), err
}

// Table reads the control records of one table whose keys are greater than after, at most limit of them; 0 reads all.
func (db *DB) Table(table, after string, limit int) ([]*messages.Put, error) {
	from := controlKey(table, after)
	if after != "" {
		from = append(from, 0)
	}
	return db.control(from, past(controlKey(table, "")), limit)
}

// errEnough ends a scan early.
var errEnough = errors.New("enough")

func (db *DB) control(from, to []byte, limit int) ([]*messages.Put, error) {
	var out []*messages.Put
	err := db.span("read control records", from, to, func(key, value []byte) error {
		table, rest, ok := split(key, controlSpace)
		if !ok {
			return fmt.Errorf("no key of a control record: %d bytes", len(key))
		}
		if limit > 0 && len(out) == limit {
			return errEnough
		}
		out = append(out, &messages.Put{Table: table, Key: string(rest), Value: slices.Clone(value)})
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}
