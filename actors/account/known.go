package account

import (
	"sync"

	"troupe/messages"
)

// known is which items of the account were ever sent to the store: where a look may stop. The platform's
// client asks it from its own goroutine, so it has a lock; the actor alone adds.
type known struct {
	mu   sync.RWMutex
	keys map[string]struct{}
}

func newKnown(held map[string]uint64) *known {
	k := &known{keys: make(map[string]struct{}, len(held))}
	for key := range held {
		k.keys[key] = struct{}{}
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
			k.keys[key] = struct{}{}
		}
	}
}
