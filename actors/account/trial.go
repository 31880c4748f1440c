package account

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// A version of a definition is tried by a second client over the account's own browser: one probe and one round, as an operation
// among the others. It replies to nobody and marks nothing as read, and what it reads goes nowhere. What the pages receive meanwhile
// is still heard for the present client.

// trialLimit is how long a trial may take.
const trialLimit = 2 * time.Minute

// idsTold is how many ids of a difference are told.
const idsTold = 20

// yields are the ids that the newest round read, by collection; a collection that it read nothing of keeps what an earlier one did.
type yields map[string]map[string]bool

// yieldOf sorts what was read by collection.
func yieldOf(items []*messages.Item) yields {
	y := yields{}
	for _, i := range items {
		collection, id, ok := i.Key()
		if !ok {
			continue
		}
		if y[collection] == nil {
			y[collection] = map[string]bool{}
		}
		y[collection][id] = true
	}
	return y
}

// noteYield remembers what a round of the present version read.
func (a *account) noteYield(items []*messages.Item) {
	if a.yields == nil {
		a.yields = yields{}
	}
	maps.Copy(a.yields, yieldOf(items))
}

// compared sets what a trial read beside what the present version did.
func (y yields) compared(current yields) []*messages.TriedCollection {
	var all []*messages.TriedCollection
	for _, collection := range messages.Collections {
		tried, now := y[collection], current[collection]
		if len(tried)+len(now) == 0 {
			continue
		}
		all = append(all, &messages.TriedCollection{
			Collection: collection, Tried: int64(len(tried)), Current: int64(len(now)), Missing: without(now, tried), Extra: without(tried, now),
		})
	}
	return all
}

// without lists some ids of one set that are not in the other.
func without(of, other map[string]bool) []string {
	var ids []string
	for id := range of {
		if !other[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), idsTold)]
}

// onTry tries a version and answers how it did.
func (a *account) onTry(c actor.Context, m *messages.TryDefinition) {
	asker := c.Sender()
	if asker == nil {
		return
	}
	if why := a.mayTry(); why != "" {
		c.Send(asker, refused("conflict", why))
		return
	}
	t := &trial{
		Config: a.Config, client: a.client, browser: a.instance, gate: a.gate, memory: a.memory, owner: a.owner, known: a.known,
		before: maps.Clone(a.yields), whole: slices.Clone(a.whole),
	}
	packed := m.GetPacked()
	a.do(c, &op{
		name: "try", urgency: soon, interrupts: true,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, trialLimit)
			defer cancel()
			return t.run(ctx, packed)
		},
		done: func(c actor.Context, result any) {
			if result == nil {
				result = refused("unavailable", "the account was stopped")
			}
			c.Send(asker, result)
			a.afterTrial(c, t, result)
		},
	})
}

// mayTry says why nothing can be tried now, "" when it can.
func (a *account) mayTry() string {
	switch {
	case a.ops.waits("try"):
		return "a version is being tried on this account already"
	case a.client == nil || a.draining != nil:
		return fmt.Sprintf("the account is %s and has no page to try it on", a.state)
	case a.state != messages.Watching && a.state != messages.PageChanged:
		return fmt.Sprintf("the account is %s: a version is tried on one that is watching, or whose page changed", a.state)
	case !a.gate.Open() || !a.Node.Leases.MayBegin(a.ID, a.Epoch):
		return "the account holds no lease at the moment; try again in a few seconds"
	}
	return ""
}

// afterTrial notes it in the timeline and brings the present client's page back.
func (a *account) afterTrial(c actor.Context, t *trial, result any) {
	tried, ok := result.(*messages.DefinitionTried)
	if !ok || a.draining != nil {
		return
	}
	a.noteOn(tried.GetDigest(), "try", t.began, t.read, t.steps, t.err)
	if t.client == a.client && (a.state == messages.Watching || a.state == messages.PageChanged) {
		a.probe(c)
	}
}

// trial is one version being tried. It runs off the mailbox, on a copy of what it needs of the account.
type trial struct {
	Config                   // its Definition is the present one
	client  platforms.Client // the present one; it rests meanwhile
	browser browser.Chromium
	gate    Gate
	memory  platforms.Memory
	owner   string
	known   *known
	before  yields
	whole   []string

	began time.Time
	read  int
	steps []platforms.StepLog
	err   error
}

// run answers DefinitionTried or Refused.
func (t *trial) run(ctx context.Context, packed []byte) any {
	d, err := definition.Unpack(packed)
	switch {
	case err != nil:
		return refused("invalid", err.Error())
	case d.Platform != t.Definition.Platform:
		return refused("invalid", fmt.Sprintf("this defines %q; the account lives on %q", d.Platform, t.Definition.Platform))
	}
	memory, err := t.copyMemory()
	if err != nil {
		return refused("unavailable", "the account's memory could not be copied: "+err.Error())
	}
	reach(t.gate, t.browser, d, t.Log)
	defer t.restore()
	t.began = t.Node.Now()
	client := t.Node.Client(ClientConfig{
		Definition: d, Browser: bystander{t.browser, t.Definition}, Account: t.ID, Owner: t.owner, Whole: t.whole, Known: t.known.has,
		Holds: t.known.holds, Memory: memory, ReadOnly: true, Evidence: t.take, Log: t.Log,
	})
	var batch platforms.Batch
	if _, t.err = client.Probe(ctx); t.err == nil {
		batch, t.err = client.Collect(ctx)
	}
	if len(batch.Steps) > 0 {
		t.steps = batch.Steps
	}
	t.read = len(batch.Items)
	return t.result(d, batch)
}

// copyMemory is a copy of the account's, so that a trial keeps to its budgets and leaves nothing in it.
func (t *trial) copyMemory() (platforms.Memory, error) {
	if t.memory == nil {
		return nil, nil
	}
	exported, err := t.memory.Export()
	if err != nil {
		return nil, err
	}
	return t.Node.Memory(exported)
}

// take keeps the course of a flow that failed.
func (t *trial) take(e Evidence) { t.steps = e.Steps }

// restore gives browser and gate back to the present version.
func (t *trial) restore() {
	reach(t.gate, t.browser, t.Definition, t.Log)
	if r, ok := t.client.(platforms.Reloader); ok {
		r.Reload(t.Definition)
	}
}

func (t *trial) result(d *definition.Definition, batch platforms.Batch) *messages.DefinitionTried {
	out := &messages.DefinitionTried{
		Digest: d.Digest, Version: int64(d.Version), CurrentDigest: t.Definition.Digest, CurrentVersion: int64(t.Definition.Version), Outcome: "ok",
		TookMs: t.Node.Now().Sub(t.began).Milliseconds(), Collections: yieldOf(batch.Items).compared(t.before),
		Unlisted: missingHosts(t.gate, d.Hosts, t.began),
	}
	if t.err != nil {
		out.Outcome, out.Reason, out.Step = platforms.KindOf(t.err).String(), t.err.Error(), platforms.StepOf(t.err)
	}
	for _, s := range t.steps {
		out.Steps = append(out.Steps, stepOf(s))
	}
	return out
}

// missingHosts counts connections to hosts that are in neither of the lists: those that were made, and those refused since.
func missingHosts(g Gate, lists definition.Hosts, since time.Time) map[string]int64 {
	missing := map[string]int64{}
	for host, n := range g.Stats().Unlisted {
		missing[host] += n
	}
	for _, r := range g.Refusals() {
		if r.Class == gate.HostNotAllowed && !r.At.Before(since) {
			missing[r.Host]++
		}
	}
	listed := slices.Concat(lists.Sites, lists.Resources)
	maps.DeleteFunc(missing, func(host string, _ int64) bool { return gate.Listed(listed, host) })
	names := slices.SortedFunc(maps.Keys(missing), func(x, y string) int { return cmp.Or(cmp.Compare(missing[y], missing[x]), cmp.Compare(x, y)) })
	for _, name := range names[min(len(names), unlistedTold):] {
		delete(missing, name)
	}
	return missing
}

// bystander is the account's browser for a client beside the present one: what that one's version listens to is kept too.
type bystander struct {
	page.Browser
	present *definition.Definition
}

// Traffic is what the pages receive, for both.
func (b bystander) Traffic() page.Traffic { return overhearing{b.Browser.Traffic(), b.present} }

type overhearing struct {
	page.Traffic
	present *definition.Definition
}

// Watch keeps what either version wants.
func (o overhearing) Watch(keep func(kind page.RecordKind, method, url string) bool) {
	o.Traffic.Watch(func(kind page.RecordKind, method, url string) bool {
		if keep(kind, method, url) {
			return true
		}
		if kind == page.Frame || kind == page.Sent {
			return o.present.HearsSocket(kind == page.Sent, url)
		}
		return o.present.Hears(method, url)
	})
}

// Arrived gives no tokens: they are the present client's.
func (o overhearing) Arrived() <-chan struct{} { return nil }
