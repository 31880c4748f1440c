package engine

import (
	"cmp"
	"context"
	"hash/fnv"
	"maps"
	"slices"
	"sync"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// seenLimit bounds the memory of seen items; beyond it everything counts as unknown once more.
const seenLimit = 200_000

// inbox turns what pages receive into items, each record once. Drain may use it while a flow runs: frames are always
// Drain's; answers too, except during a round, whose answers are handed out together, oldest item first, so that an
// interrupted store knows a prefix and the next look goes on until it meets it.
type inbox struct {
	client *client

	mu        sync.Mutex
	owner     string
	frames    uint64 // all frames up to this record were read
	responses uint64 // all answers up to this record were read
	past      uint64 // signs in answers up to this record are over: the login was proved since
	round     bool   // answers belong to the running round
	flows     int    // flows that run: they judge the signs in answers themselves
	gap       bool   // something was missed
	seen      map[uint64]struct{}
	pending   []*answer       // read from a page, not yet handed out
	asked     map[string]bool // looks that a listen asked for
}

func newInbox(c *client) inbox {
	now := c.Browser.Traffic().Seq()
	return inbox{client: c, owner: c.Owner, frames: now, responses: now, seen: make(map[uint64]struct{}), asked: make(map[string]bool)}
}

// Drain maps what arrived since the last call. What could be read is returned even when something else could not.
func (c *client) Drain(ctx context.Context) (platforms.Batch, error) {
	c.inbox.mu.Lock()
	defer c.inbox.mu.Unlock()
	if c.inbox.owner == "" {
		return platforms.Batch{}, nil // not yet known whose items these are
	}
	batch, err := c.inbox.read(ctx, !c.inbox.round)
	c.note(err)
	return batch, err
}

// read maps every record after the cursors; answers only if told to. The caller holds the lock.
func (in *inbox) read(ctx context.Context, answers bool) (platforms.Batch, error) {
	var batch platforms.Batch
	bad := make(map[string]error) // by listen; a later good answer makes up for it
	after := in.frames
	if answers {
		after = min(in.frames, in.responses)
	}
	records, dropped := in.client.Browser.Traffic().Since(after)
	in.gap = in.gap || dropped
	frames, responses := in.frames, in.responses
	for _, rec := range records {
		in.frames = max(in.frames, rec.Seq)
		if answers {
			in.responses = max(in.responses, rec.Seq)
		}
		if rec.Kind == page.Frame && rec.Seq <= frames || rec.Kind != page.Frame && (!answers || rec.Seq <= responses) {
			continue
		}
		in.take(ctx, rec, &batch, bad)
	}
	if answers {
		for _, a := range in.pending {
			in.put(a, &batch)
		}
		in.pending = nil
	}
	for _, i := range batch.Items { // a later answer may have taught a name
		in.client.Memory.named(i)
	}
	batch.Items = in.distinct(batch.Items)
	slices.SortStableFunc(batch.Items, func(a, b *messages.Item) int { return cmp.Compare(momentOf(a), momentOf(b)) })
	for _, listen := range slices.Sorted(maps.Keys(bad)) {
		return batch, bad[listen]
	}
	return batch, nil
}

// take adds the items of one record to batch. Answers that are not good are judged by the signs, unless a flow does.
func (in *inbox) take(ctx context.Context, rec page.Record, batch *platforms.Batch, bad map[string]error) {
	if rec.Kind == page.Failed {
		return
	}
	var all []*answer
	if rec.Body != nil {
		all = in.client.answers(ctx, rec, in.owner)
	} else if in.client.yields(ctx, rec) { // it came, but could not be had
		in.gap = true
	}
	for _, a := range all {
		if a.good {
			delete(bad, a.listen)
		}
		if a.err != nil && a.good {
			bad[a.listen] = a.err
			continue
		}
		if a.odd > 0 {
			in.client.Log.Warn("rows not understood", "listen", a.listen, "rows", a.odd)
		}
		if a.good {
			in.put(in.client.named(a), batch)
		}
	}
	if rec.Kind == page.Response && in.flows == 0 && rec.Seq > in.past {
		if err := in.client.judge(ctx, rec, in.owner); err != nil {
			bad[""] = err
		}
	}
}

// put adds the items of one good answer to batch, and notes what it asks for.
func (in *inbox) put(a *answer, batch *platforms.Batch) {
	unknown := in.unknown(a.items)
	if unknown || in.client.Definition.Listen[a.listen] != nil && len(in.client.Definition.Listen[a.listen].Yields) == 0 {
		in.ask(a.listen, a.rec.Tab)
	}
	if a.more && !in.round && unknown {
		in.gap = true
	}
	batch.Items = append(batch.Items, a.items...)
	if len(a.items) > 0 && a.rec.At.After(batch.PageAt) {
		batch.PageAt = a.rec.At
	}
}

// ask notes the looks that are to be made after something came to a listen in a tab. What a look's own page received, which
// is closed after it, asks for nothing: otherwise one look would ask for the next.
func (in *inbox) ask(listen, tab string) {
	for _, look := range in.client.Definition.Collect.Looks {
		own := look.Tab == tab && tab != "" && tab != definition.WatchTab
		if slices.Contains(look.After, listen) && !own {
			in.asked[look.Name] = true
		}
	}
}

// add takes what was read from a page, to be handed out with the next answers.
func (in *inbox) add(a *answer) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.pending = append(in.pending, a)
}

// askedFor says whether a look was asked for since it was made last.
func (in *inbox) askedFor(look string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	asked := in.asked[look]
	delete(in.asked, look)
	return asked
}

// unknown says whether any of the items was never seen. The caller holds the lock.
func (in *inbox) unknown(items []*messages.Item) bool {
	return slices.ContainsFunc(items, func(i *messages.Item) bool {
		key, _ := i.KnownKey()
		if _, ok := in.seen[hash(key)]; ok {
			return false
		}
		return in.client.Known == nil || !in.client.Known(key)
	})
}

// distinct remembers the items and makes one of those that are about the same thing: a weaker source only adds what a
// stronger one did not say, whichever came first.
func (in *inbox) distinct(items []*messages.Item) []*messages.Item {
	at := make(map[string]int, len(items))
	var all []*messages.Item
	for _, i := range items {
		key, _ := i.KnownKey()
		in.remember(key)
		n, twice := at[key]
		if !twice {
			at[key] = len(all)
			all = append(all, i)
			continue
		}
		all[n] = merged(all[n], i)
	}
	return all
}

func (in *inbox) remember(key string) {
	if len(in.seen) >= seenLimit {
		clear(in.seen)
	}
	in.seen[hash(key)] = struct{}{}
}

func hash(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash never fails
	return h.Sum64()
}

// begin notes that a flow runs; the returned function ends it.
func (in *inbox) begin() func() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.flows++
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.flows--
	}
}

// beginRound keeps answers for the round; endRound hands them out.
func (in *inbox) beginRound() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.round = true
}

func (in *inbox) endRound(ctx context.Context) (platforms.Batch, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	batch, err := in.read(context.WithoutCancel(ctx), true)
	in.round = false
	return batch, err
}

// miss notes that something was missed.
func (in *inbox) miss() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.gap = true
}

// missed says whether something was missed since the last call.
func (in *inbox) missed() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	gap := in.gap
	in.gap = false
	return gap
}

// proved notes that the login was proved by what came after a record.
func (in *inbox) proved(since uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.past = since
}

func (in *inbox) hasUnknown(items []*messages.Item) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.unknown(items)
}

func (in *inbox) ownerID() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.owner
}

func (in *inbox) setOwner(id string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.owner = id
}
