package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"troupe/messages"
)

// The first byte of a key.
const (
	itemSpace    = 'i'
	expiredSpace = 'h'
	summarySpace = 'm'
	changeSpace  = 'l'
	controlSpace = 'c'
	systemSpace  = 'x'
)

// The keys of the system space.
var (
	schemaKey  = []byte("xschema")
	revKey     = []byte("xrev")
	logFromKey = []byte("xlog")
)

// Schema is the layout that this version writes. A folder with another one is refused: there is none before it.
const Schema = 1

// named is the beginning of every key of one account in a space.
func named(space byte, name string) []byte {
	key := make([]byte, 0, len(name)+64)
	return append(append(append(key, space), name...), 0)
}

// past is the first key after all that begin with prefix, which does not end in 0xff.
func past(prefix []byte) []byte {
	end := slices.Clone(prefix)
	end[len(end)-1]++
	return end
}

func itemKey(account messages.AccountID, collection, id string) []byte {
	key := append(named(itemSpace, string(account)), byte(slices.Index(messages.Collections, collection)+1))
	return append(key, id...)
}

// splitItem takes an item's key apart.
func splitItem(key []byte) (account messages.AccountID, collection, id string, err error) {
	name, rest, ok := split(key, itemSpace)
	if !ok || len(rest) < 2 || rest[0] == 0 || int(rest[0]) > len(messages.Collections) {
		return "", "", "", fmt.Errorf("no key of an item: %q", key)
	}
	return messages.AccountID(name), messages.Collections[rest[0]-1], string(rest[1:]), nil
}

// split takes apart a key made by named and what was appended to it.
func split(key []byte, space byte) (name string, rest []byte, ok bool) {
	if len(key) == 0 || key[0] != space {
		return "", nil, false
	}
	before, rest, ok := bytes.Cut(key[1:], []byte{0})
	return string(before), rest, ok
}

func expiredKey(account messages.AccountID, hash uint64) []byte {
	return binary.BigEndian.AppendUint64(named(expiredSpace, string(account)), hash)
}

func summaryKey(account messages.AccountID) []byte { return append([]byte{summarySpace}, account...) }

func changeKey(rev messages.Rev) []byte {
	return binary.BigEndian.AppendUint64([]byte{changeSpace}, uint64(rev))
}

func controlKey(table, key string) []byte { return append(named(controlSpace, table), key...) }

// number reads a big-endian number that is all of b.
func number(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("no number: %d bytes", len(b))
	}
	return binary.BigEndian.Uint64(b), nil
}
