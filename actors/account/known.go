package account

import (
	"strings"
	"sync"

	"troupe/messages"
)

// known is which items of the account were ever sent to the store: where a look may stop. The platform's
// client asks it from its own goroutine, so it has a lock; the actor alone adds.
type known struct {
	mu     sync.RWMutex
	keys   map[string]struct{}
	counts map[string]int // of them, by collection
}

// holds is how many items of a collection are known.
func (k *known) holds(collection string) int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.counts[collection]
}

func newKnown(held map[string]uint64) *known {
	k := &known{keys: make(map[string]struct{}, len(held)), counts: map[string]int{}}
	for key := range held {
		k.put(key)
	}
	return k
}

func (k *known) has(key string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.keys[key]
	return ok
}

func (k *known) add(items []*messages.Item) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, item := range items {
		if key, ok := item.KnownKey(); ok {
			k.put(key)
		}
	}
}

// put adds a key. Others hold the lock, or there are no others yet.
func (k *known) put(key string) {
	if _, ok := k.keys[key]; ok {
		return
	}
	k.keys[key] = struct{}{}
	collection, _, _ := strings.Cut(key, "/")
	k.counts[collection]++
}
