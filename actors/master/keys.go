package master

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/messages"
)

// Keys is the cluster's key ring, as far as the master works with it: it sees neither a key nor a state in the plain. The methods
// may be called from any goroutine.
type Keys interface {
	// Keys lists the ring's keys by name, oldest first; the last is the newest, with which all is sealed that is new.
	Keys() []*messages.SealingKey
	// Rotate adds a newest key and returns when it is on disk. It blocks.
	Rotate() error
	// Retire takes a key out of the ring. The caller knows that nothing is sealed with it any more. It blocks.
	Retire(id string) error
	// Reseal closes a sealed state anew, with the newest key. It fails when the state's seal is broken.
	Reseal(sealed *messages.SealedState) (*messages.SealedState, error)
	// ResealSecret does the same with a secret.
	ResealSecret(sealed *messages.SealedSecret) (*messages.SealedSecret, error)
	// Replace seals a state given in the plain in place of old, which may be nil, and checks it. It takes as long as the state is large.
	Replace(old *messages.SealedState, account messages.AccountID, epoch messages.Epoch, counter uint64, plain []byte) (*messages.SealedState, error)
}

// A rotation adds a key and then seals everything anew that rests in the store, some at a time. A crash in the middle loses nothing:
// the old keys stay in the ring, and the next start seals the rest.

// resealStep is how much is sealed anew in one durable change: it is what other messages wait for.
const resealStep = 100

// rotation is what is being sealed anew.
type rotation struct {
	asker                     *actor.PID // nil when it goes on after a start
	rest                      []resealing
	total                     int
	resealed, already, failed int64
}

// resealing seals one thing anew, if it still is where it was.
type resealing func(ch *change) error

// rotated is the end of a Rotate.
type rotated struct{ err error }

// ringSpread says that every node that beats has the new key by now.
type ringSpread struct{}

// onRotateKeys adds a key and has all sealed anew with it.
func (m *master) onRotateKeys(c actor.Context, sender *actor.PID) {
	switch {
	case m.Keys == nil:
		refuse(c, sender, "unsupported", errNoRing.Error())
		return
	case m.rotation != nil:
		refuse(c, sender, "conflict", "the keys are being rotated already")
		return
	}
	m.rotation = &rotation{asker: sender}
	keys := m.Keys
	actors.Job(c, func(context.Context) any { return rotated{keys.Rotate()} })
}

func (m *master) onRotated(c actor.Context, r rotated) {
	if r.err != nil {
		m.Log.Error("no key added", "err", r.err)
		refuse(c, m.rotation.asker, "unavailable", "no key was added; the node's log says why")
		m.rotation = nil
		return
	}
	m.Log.Info("key added", "key", m.newestKey())
	if m.nodesOnline() > 1 {
		actors.After(c, ringTime, ringSpread{})
		return
	}
	m.resealAll(c)
}

// ringTime is how long what rests stays under its old key after a rotation: two beats, whose answer tells a node that the ring is another
// one, and a second to fetch that. Sealed anew at once, a login that is assigned meanwhile could not be opened there.
const ringTime = 5 * time.Second

func (m *master) nodesOnline() (n int) {
	for id := range m.nodes {
		if m.online(id) {
			n++
		}
	}
	return n
}

// resumeRotation goes on with what a rotation before this start left over.
func (m *master) resumeRotation(c actor.Context) {
	if m.Keys != nil {
		m.rotation = &rotation{}
		m.resealAll(c)
	}
}

func (m *master) newestKey() string {
	keys := m.Keys.Keys()
	return keys[len(keys)-1].GetId()
}

// resealAll lists what is not sealed with the newest key, and begins.
func (m *master) resealAll(c actor.Context) {
	r, newest := m.rotation, m.newestKey()
	note := func(key string, again resealing) {
		if key == newest {
			r.already++
		} else {
			r.rest = append(r.rest, again)
		}
	}
	for _, a := range m.sortedAccounts() {
		if a.vault != nil {
			note(a.vault.GetKeyId(), func(ch *change) error { return m.resealState(ch, a) })
		}
	}
	for _, p := range m.sortedProxies() {
		if p.GetPassword() != nil {
			note(p.GetPassword().GetKeyId(), func(ch *change) error { return m.resealProxy(ch, p.GetId()) })
		}
	}
	r.total = len(r.rest)
	m.resealSome(c)
}

// resealSome is one step; the next follows when it is on disk.
func (m *master) resealSome(c actor.Context) {
	r := m.rotation
	if len(r.rest) == 0 {
		m.endRotation(c)
		return
	}
	var ch change
	n := min(resealStep, len(r.rest))
	for _, again := range r.rest[:n] {
		if err := again(&ch); err != nil {
			m.Log.Error("not sealed anew, it stays under its old key", "err", err)
			r.failed++
		} else {
			r.resealed++
		}
	}
	r.rest = r.rest[n:]
	m.persist(c, ch, func() {
		m.Log.Info("sealing anew", "done", r.total-len(r.rest), "of", r.total)
		m.resealSome(c)
	})
}

func (m *master) endRotation(c actor.Context) {
	r := m.rotation
	m.rotation = nil
	if r.asker == nil && r.total == 0 {
		return
	}
	m.Log.Info("all is sealed with the newest key", "key", m.newestKey(), "resealed", r.resealed, "already", r.already, "failed", r.failed)
	if r.asker != nil {
		c.Send(r.asker, &messages.KeysRotated{KeyId: m.newestKey(), Resealed: r.resealed, Already: r.already, Failed: r.failed})
	}
}

func (m *master) resealState(ch *change, a *account) error {
	if m.accounts[a.id()] != a {
		return nil
	}
	again, err := m.Keys.Reseal(a.vault)
	if err != nil {
		return fmt.Errorf("state of account %s: %w", a.id(), err)
	}
	m.setVault(ch, a, again)
	return nil
}

// resealProxy seals a proxy's password anew. Its accounts' way out is still the one that they were told.
func (m *master) resealProxy(ch *change, id string) error {
	p := m.proxies[id]
	if p.GetPassword() == nil {
		return nil
	}
	again, err := m.Keys.ResealSecret(p.GetPassword())
	if err != nil {
		return fmt.Errorf("password of proxy %s: %w", p.GetName(), err)
	}
	next := proto.CloneOf(p)
	next.Password = again
	before := upstreamOf(id, p)
	m.setProxy(ch, next)
	for _, a := range m.users(id) {
		if proto.Equal(a.told, before) {
			a.told = m.upstream(a)
		}
	}
	return nil
}

// onListKeys says which keys there are and what is sealed with each.
func (m *master) onListKeys(c actor.Context, sender *actor.PID) {
	if m.Keys == nil {
		refuse(c, sender, "unsupported", errNoRing.Error())
		return
	}
	m.answerKeys(c, sender)
}

func (m *master) answerKeys(c actor.Context, to *actor.PID) {
	if to != nil {
		c.Send(to, &messages.KeysListed{Keys: m.sealingKeys()})
	}
}

func (m *master) sealingKeys() []*messages.SealingKey {
	list := m.Keys.Keys()
	byID := map[string]*messages.SealingKey{}
	for _, k := range list {
		byID[k.GetId()] = k
	}
	of := func(id string) *messages.SealingKey {
		if byID[id] == nil {
			byID[id] = &messages.SealingKey{Id: id, Missing: true}
		}
		return byID[id]
	}
	for _, a := range m.accounts {
		if a.vault != nil {
			of(a.vault.GetKeyId()).States++
		}
	}
	for _, p := range m.proxies {
		if p.GetPassword() != nil {
			of(p.GetPassword().GetKeyId()).Secrets++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		if byID[id].GetMissing() {
			list = slices.Insert(list, 0, byID[id])
		}
	}
	return list
}

// retired is the end of a Retire.
type retired struct {
	id    string
	err   error
	asker *actor.PID
}

// onRetireKey takes a key out of the ring once nothing is sealed with it, which an empty change proves: when the store has it, it has
// all that was sealed anew before.
func (m *master) onRetireKey(c actor.Context, msg *messages.RetireKey, sender *actor.PID) {
	if m.Keys == nil {
		refuse(c, sender, "unsupported", errNoRing.Error())
		return
	}
	id := msg.GetKeyId()
	list := m.sealingKeys()
	i := slices.IndexFunc(list, func(k *messages.SealingKey) bool { return k.GetId() == id && !k.GetMissing() })
	switch {
	case i < 0:
		refuse(c, sender, "not_found", fmt.Sprintf("the ring has no key %q; see: troupe keys list", id))
		return
	case list[i].GetNewest():
		refuse(c, sender, "conflict", fmt.Sprintf("key %s is the newest: rotate the keys before it is retired", id))
		return
	case m.rotation != nil:
		refuse(c, sender, "conflict", "the keys are being rotated: try again when that is over")
		return
	case list[i].GetStates()+list[i].GetSecrets() > 0:
		refuse(c, sender, "conflict", fmt.Sprintf("key %s still seals %d logins and %d passwords: rotate the keys, so that they are sealed anew",
			id, list[i].GetStates(), list[i].GetSecrets()))
		return
	}
	keys := m.Keys
	m.persist(c, change{}, func() {
		actors.Job(c, func(context.Context) any { return retired{id, keys.Retire(id), sender} })
	})
}

func (m *master) onRetired(c actor.Context, r retired) {
	if r.err != nil {
		m.Log.Error("key not retired", "key", r.id, "err", r.err)
		refuse(c, r.asker, "unavailable", "the key was not retired; the node's log says why")
		return
	}
	m.Log.Info("key retired", "key", r.id)
	m.answerKeys(c, r.asker)
}
