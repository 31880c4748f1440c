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

// A version of a definition is tried by clients beside the present one, over the account's own browser: one probe and one round on the version
// that runs, the same on the tried one, as an operation among the others. They reply to nobody and mark nothing as read, and what they read
// goes nowhere. What the pages receive meanwhile is still heard for the present client.

// trialLimit is how long a trial may take with each of the versions.
const trialLimit = 90 * time.Second

// idsTold is how many ids of a difference are told.
const idsTold = 20

// yields are the ids that a round read, by collection.
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
		whole: slices.Clone(a.whole),
	}
	packed := m.GetPacked()
	a.do(c, &op{
		name: "try", urgency: soon, interrupts: true,
		run: func(ctx context.Context) any {
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
	a.noteOn(tried.GetDigest(), "try", t.began, len(t.tried.items), t.tried.steps, t.tried.err)
	if t.client == a.client && t.Definition != a.Definition { // another version was taken up while the trial waited
		a.reload(c, a.Definition)
	}
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
	whole   []string

	began time.Time
	tried course
}

// course is how a probe and a round on one version went.
type course struct {
	items []*messages.Item
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
	defer t.restore()
	t.began = t.Node.Now()
	now := t.once(ctx, t.Definition)
	reach(t.gate, t.browser, d, t.Log)
	t.tried = t.once(ctx, d)
	return t.result(d, now, t.tried)
}

// once makes a probe and a round on one version.
func (t *trial) once(ctx context.Context, d *definition.Definition) (c course) {
	ctx, cancel := context.WithTimeout(ctx, trialLimit)
	defer cancel()
	memory, err := t.copyMemory()
	if err != nil {
		return course{err: fmt.Errorf("copy the account's memory: %w", err)}
	}
	client := t.Node.Client(ClientConfig{
		Definition: d, Browser: bystander{t.browser, t.Definition}, Account: t.ID, Owner: t.owner, Whole: t.whole, Known: t.known.has,
		Holds: t.known.holds, Memory: memory, ReadOnly: true, Evidence: func(e Evidence) { c.steps = e.Steps }, Log: t.Log,
	})
	if _, c.err = client.Probe(ctx); c.err != nil {
		return c
	}
	batch, err := client.Collect(ctx)
	c.items, c.err = batch.Items, err
	if len(batch.Steps) > 0 {
		c.steps = batch.Steps
	}
	return c
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

// restore gives browser and gate back to the present version.
func (t *trial) restore() {
	reach(t.gate, t.browser, t.Definition, t.Log)
	if r, ok := t.client.(platforms.Reloader); ok {
		r.Reload(t.Definition)
	}
}

func (t *trial) result(d *definition.Definition, now, tried course) *messages.DefinitionTried {
	out := &messages.DefinitionTried{
		Digest: d.Digest, Version: int64(d.Version), CurrentDigest: t.Definition.Digest, CurrentVersion: int64(t.Definition.Version), Outcome: outcomeOf(tried.err),
		CurrentOutcome: outcomeOf(now.err),
		TookMs:         t.Node.Now().Sub(t.began).Milliseconds(), Collections: yieldOf(tried.items).compared(yieldOf(now.items)),
		Unlisted: missingHosts(t.gate, d.Hosts, t.began),
	}
	if tried.err != nil {
		out.Reason, out.Step = tried.err.Error(), platforms.StepOf(tried.err)
	}
	for _, s := range tried.steps {
		out.Steps = append(out.Steps, stepOf(s))
	}
	return out
}

// outcomeOf is ok, or the kind of trouble.
func outcomeOf(err error) string {
	if err == nil {
		return "ok"
	}
	return platforms.KindOf(err).String()
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
